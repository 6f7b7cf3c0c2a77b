import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.project.history import UndoStack
from workbench.project.ids import ImageId
from workbench.project.images import Query
from workbench.project.project import Project


def test_a_move_pins_and_is_undone_and_kept(project: Project, add):
    add(good=6)
    project.splits.assign([1, 2], "train")
    undo = UndoStack()
    change = project.splits.move([4, 2, 3], "test", grader="Ada")
    assert (change.what, change.ids.tolist()) == ("pin", [2, 3, 4])
    undo.push(change)
    assert project.splits.of([1, 2, 3, 4]).tolist() == [0, 2, 2, 2]
    assert [row.pinned for row in project.images.page([1, 2, 3, 4])] == [False, True, True, True]
    assert undo.undo(project) is not None
    assert project.splits.of([1, 2, 3, 4]).tolist() == [0, 0, -1, -1]
    assert not any(row.pinned for row in project.images.page([1, 2, 3, 4]))
    undo.redo(project)
    assert project.splits.of([2, 3]).tolist() == [2, 2]
    told = [(row.what, row.detail, row.source) for row in project.decisions(ImageId(2)) if row.what == "pin"]
    assert told == [("pin", "test, pinned", "user"), ("pin", "train", "undo"), ("pin", "test, pinned", "redo")]
    assert next(row.grader for row in project.decisions(ImageId(2)) if row.what == "pin") == "Ada"


def test_what_is_so_already_is_no_change(project: Project, add):
    add(good=3)
    project.splits.move([1], "test")
    assert not len(project.splits.move([1], "test").ids)
    assert project.splits.pin([1, 2], True).ids.tolist() == []  # image 2 has no split to be held in
    assert project.splits.pin([1, 2], False).ids.tolist() == [1]
    assert project.splits.move([2], "train", pin=False).after.tolist() == [0]
    assert project.splits.move([2], None).after.tolist() == [-1]


def test_an_id_that_is_no_image(project: Project, add):
    add(good=3)
    for ids in ([0, 1], [4]):
        with pytest.raises(ValueError, match="not the id of an image"):
            project.splits.move(ids, "test")
    assert len(project.splits.of([])) == 0


def test_frozen_test_sets_hold_their_images(project: Project, add):
    add(good=30, pit=30)
    project.splits.make(seed=1)
    spring = project.images.ids(Query(split="test"))
    assert project.splits.freeze_test(" spring ") == len(spring) == 12
    with pytest.raises(WorkbenchError, match="No test image is left to freeze as 'autumn'"):
        project.splits.freeze_test("autumn")
    project.splits.move(project.images.ids(Query(split="train"))[:5], "test")
    assert project.splits.freeze_test("autumn") == 5
    assert project.splits.test_sets() == {"spring": 12, "autumn": 5}
    with pytest.raises(WorkbenchError, match="already a test set named 'autumn'"):
        project.splits.freeze_test("autumn")
    outcome = project.splits.make(seed=9)
    assert project.images.ids(Query(test_set="spring")).tolist() == spring.tolist()
    assert set(project.splits.of(spring).tolist()) == {2}
    assert outcome.pinned == 17
    assert {row.test_set for row in project.images.page(spring)} == {"spring"}
    assert {row.test_set for row in project.images.samples("test")} == {"spring", "autumn"}


def test_nothing_takes_an_image_out_of_a_frozen_test_set(project: Project, add):
    add(good=10, pit=10)
    project.splits.make(seed=1)
    frozen = project.images.ids(Query(split="test"))
    project.splits.freeze_test("spring")
    for attempt in (
        lambda: project.splits.assign(frozen[:2], "train"),
        lambda: project.splits.move(frozen[:2], None),
        lambda: project.splits.pin(frozen[:2], False),
        lambda: project.splits.move(frozen[:2], "test", pin=False),
    ):
        with pytest.raises(WorkbenchError, match="2 of these images belong to the frozen test set 'spring'"):
            attempt()
    project.splits.assign(frozen, "test")
    assert project.images.count(Query(test_set="spring", split="test")) == len(frozen)


def test_a_released_test_set_is_forgotten(project: Project, add):
    add(good=10, pit=10)
    project.splits.make(seed=1)
    project.splits.freeze_test("spring")
    with pytest.raises(WorkbenchError, match="no test set named 'autumn'; there are spring"):
        project.splits.release_test("autumn")
    project.splits.release_test("spring")
    assert project.splits.test_sets() == {}
    rows = project.images.page(project.images.ids(Query(split="test")))
    assert len(rows) == 4
    assert not any(row.pinned or row.test_set for row in rows)
    with pytest.raises(WorkbenchError, match="none was frozen"):
        project.splits.release_test("spring")


def test_an_undo_that_would_break_a_test_set_is_refused(project: Project, add):
    add(good=5)
    undo = UndoStack()
    undo.push(project.splits.move([1, 2], "test"))
    project.splits.freeze_test("spring")
    with pytest.raises(WorkbenchError, match="frozen test set"):
        undo.undo(project)
    assert undo.can_undo
    assert np.array_equal(project.splits.of([1, 2]), [2, 2])


def test_rejected_images_are_not_frozen(project: Project, add):
    add(good=4)
    project.splits.move([1, 2], "test")
    project.rejection.set([1], True)
    assert project.splits.freeze_test("spring") == 1
