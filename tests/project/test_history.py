import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from workbench.errors import WorkbenchError
from workbench.project.history import UndoStack
from workbench.project.ids import ImageId
from workbench.project.images import NewImage
from workbench.project.project import Project


def test_undo_and_redo_and_a_new_change_that_ends_redo(project: Project, add):
    add(good=3)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    undo = UndoStack()
    assert undo.undo(project) is None
    assert undo.redo(project) is None
    undo.push(project.labels.assign([1, 2], pit))
    undone = undo.undo(project)
    assert undone is not None
    assert undone.after == (good, good)
    assert (undo.can_undo, undo.can_redo) == (False, True)
    redone = undo.redo(project)
    assert redone is not None
    assert redone.after == (pit, pit)
    undo.undo(project)
    undo.push(project.labels.assign([3], pit))
    assert (undo.can_undo, undo.can_redo) == (True, False)
    assert [row.source for row in project.labels.history(ImageId(1))] == ["folder", "user", "undo", "redo", "undo"]


def test_an_empty_change_is_not_a_step(project: Project, add):
    add(good=1)
    undo = UndoStack()
    undo.push(project.labels.assign([], None))
    assert not undo.can_undo


def test_the_oldest_steps_are_forgotten(project: Project, add):
    add(good=9)
    pit = project.labels.add_class("pit")
    shallow, narrow = UndoStack(depth=2), UndoStack(images=4)
    for ids in ([1, 2], [3, 4], [5, 6]):
        change = project.labels.assign(ids, pit)
        shallow.push(change)
        narrow.push(change)
    for stack in (shallow, narrow):
        assert [bool(stack.undo(project)) for _ in range(3)] == [True, True, False]
    narrow.push(project.labels.assign(range(1, 10), pit))
    assert narrow.can_undo  # the newest is kept whatever its size


def test_a_failed_undo_leaves_the_stack_as_it_was(project: Project, add):
    add(good=2)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    undo = UndoStack()
    undo.push(project.labels.assign([1, 2], pit))
    project.labels.remove_class(good)
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        undo.undo(project)
    assert (undo.can_undo, undo.can_redo) == (True, False)
    undo.clear()
    assert not undo.can_undo


def test_every_kind_of_change_is_a_step_even_one_without_images(project: Project, add):
    add(good=3)
    good = project.labels.classes()[0].id
    undo = UndoStack()
    assert undo.last is None
    undo.push(project.labels.rename(good, "fine"))
    undo.push(project.rejection.set([1], True))
    undo.push(project.rejection.set([1], True))  # nothing changed
    undo.push(project.tags.add([2], "odd"))
    assert undo.last is not None
    assert undo.last.what == "tag"
    assert [change.what for change in (undo.undo(project), undo.undo(project), undo.undo(project)) if change] == [
        "tag",
        "reject",
        "classes",
    ]
    assert project.labels.classes()[0].name == "good"
    assert undo.last is None


class UndoMachine(RuleBasedStateMachine):
    """The labels after any sequence of changes, undos and redos are those of a list of snapshots."""

    @initialize()
    def open(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        folder = Path(self.scratch.name)
        self.project = Project.create(folder / "project")
        root = self.project.images.add_root(folder)
        self.project.images.add(root, [NewImage(f"{n}.png", 4, 4, 3, 8, 1, 1) for n in range(12)])
        self.classes = [None, *[self.project.labels.add_class(name) for name in "ab"]]
        self.undo = UndoStack()
        self.snapshots = [self.labels()]
        self.now = 0

    def labels(self) -> list[int | None]:
        return [row.class_id for row in self.project.images.page(range(1, 13))]

    @rule(ids=st.sets(st.integers(1, 12), min_size=1), choice=st.integers(0, 2))
    def change(self, ids, choice) -> None:
        self.undo.push(self.project.labels.assign(sorted(ids), self.classes[choice]))
        del self.snapshots[self.now + 1 :]
        self.snapshots.append(self.labels())
        self.now += 1

    @rule()
    def step_back(self) -> None:
        assert self.undo.can_undo == (self.now > 0)
        if self.undo.undo(self.project) is not None:
            self.now -= 1
        assert self.labels() == self.snapshots[self.now]

    @rule()
    def step_forward(self) -> None:
        assert self.undo.can_redo == (self.now < len(self.snapshots) - 1)
        if self.undo.redo(self.project) is not None:
            self.now += 1
        assert self.labels() == self.snapshots[self.now]

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()
            self.scratch.cleanup()


UndoMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestUndo = UndoMachine.TestCase
