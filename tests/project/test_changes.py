import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.project.every_edit import edits, everything, filled, state, tried
from workbench.errors import WorkbenchError
from workbench.project.changes import one_line, record, require_images
from workbench.project.history import UndoStack
from workbench.project.project import Project

TASKS = ["single", "ordinal", "multi"]


@pytest.mark.parametrize("task", TASKS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=st.lists(edits(), min_size=1, max_size=10))
def test_undoing_everything_restores_everything_and_redoing_it_too(task: str, made):
    with tempfile.TemporaryDirectory() as scratch, filled(Path(scratch) / "project", task) as project:
        undo, states = UndoStack(), [state(project)]
        for edit in made:
            change = tried(edit, project)
            if change is None:
                continue
            steps = len(undo._done)
            undo.push(change)
            if len(undo._done) > steps:
                states.append(state(project))
            else:
                assert state(project) == states[-1], "a change that is no step changed something"
        for expected in states[-2::-1]:
            assert undo.undo(project) is not None
            assert state(project) == expected
        assert undo.undo(project) is None
        for expected in states[1:]:
            assert undo.redo(project) is not None
            assert state(project) == expected
        assert undo.redo(project) is None


class Broken(Exception):
    pass


def _edits_by_hand(project: Project) -> dict[str, object]:
    a, b, c, d = [row.id for row in project.labels.classes()]
    value = (a, b) if project.labels.task == "multi" else a
    edits = {
        "assign": lambda: project.labels.assign([1, 3, 5, 7, 9], value, grader="cleo"),
        "assign_each": lambda: project.labels.assign_each([1, 2, 3], [value, None, d], grader="ann"),
        "create": lambda: project.labels.create_class("e"),
        "rename": lambda: project.labels.rename(a, "z"),
        "recolour": lambda: project.labels.recolour(a, "#000000"),
        "reorder": lambda: project.labels.reorder([d, c, b, a]),
        "merge": lambda: project.labels.merge([b, d], c),
        "reject": lambda: project.rejection.set([2, 4], True),
        "tag": lambda: project.tags.add([2, 4], "blurred"),
        "rename tag": lambda: project.tags.rename("odd", "new"),
        "note": lambda: project.notes.set(2, "see"),
        "region": lambda: project.regions.add(3, "box", [(0, 0), (1, 1)], c),
        "change region": lambda: project.regions.change(1, class_id=c),
        "pin": lambda: project.splits.move([3, 4], "test"),
        "task": lambda: project.labels.set_task("single" if project.labels.task == "ordinal" else "ordinal"),
    }
    if project.labels.task == "multi":
        edits["toggle"] = lambda: project.labels.toggle([1, 2, 3, 5], a, True, grader="bob")
        del edits["task"]
    return edits


@pytest.mark.parametrize("task", TASKS)
def test_an_error_in_the_middle_leaves_nothing_half_done(tmp_path: Path, task: str, monkeypatch: pytest.MonkeyPatch):
    with filled(tmp_path / "project", task) as project:
        database = project._database
        execute, execute_many = database.execute, database.execute_many
        left = 0

        def failing(sql: str) -> None:
            nonlocal left
            if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "DROP", "CREATE")):
                left -= 1
                if left < 0:
                    raise Broken

        def broken_execute(sql, parameters=()):
            failing(sql)
            return execute(sql, parameters)

        def broken_execute_many(sql, rows):
            failing(sql)
            execute_many(sql, rows)

        monkeypatch.setattr(database, "execute", broken_execute)
        monkeypatch.setattr(database, "execute_many", broken_execute_many)
        for name, edit in _edits_by_hand(project).items():
            before, writes = everything(project), 0
            while True:
                left = writes
                try:
                    change = edit()
                except Broken:
                    left = 10**9
                    assert everything(project) == before, f"{name} stopped at write {writes}"
                    writes += 1
                    continue
                break
            assert writes > 0, name
            if change is not None:
                left, after = 0, everything(project)
                with pytest.raises(Broken):
                    change.inverse().apply(project, source="undo")
                left = 10**9
                assert everything(project) == after
                change.inverse().apply(project, source="undo")


def test_a_transaction_makes_several_edits_one(project: Project, add):
    add(good=2)
    before = state(project)

    def several() -> None:
        with project.transaction():
            project.tags.add([1], "odd")
            project.rejection.set([2], True)
            raise Broken

    with pytest.raises(Broken):
        several()
    assert state(project) == before


def test_a_name_is_one_line_of_text():
    assert one_line("  a \n b\t\u0007c\udce9", "A tag") == "a b c?"
    with pytest.raises(WorkbenchError, match="A tag needs a name"):
        one_line(" \n", "A tag")


def test_an_edit_of_an_image_that_is_not_there_is_a_bug_and_changes_nothing(project: Project, add):
    add(good=3)
    before = everything(project)
    for wrong in ([0], [2, 4], [-1, 1]):
        for edit in (
            lambda ids=wrong: project.tags.add(ids, "odd"),
            lambda ids=wrong: project.rejection.set(ids, True),
            lambda ids=wrong: project.labels.assign(ids, None),
            lambda ids=wrong: project.notes.set(min(ids) if 0 in ids or -1 in ids else max(ids), "x"),
            lambda ids=wrong: project.regions.add(max(ids) if max(ids) > 3 else min(ids), "box", [(0, 0), (1, 1)]),
        ):
            with pytest.raises(ValueError, match="not the id of an image"):
                edit()
    assert everything(project) == before
    require_images(project._database, np.array([1, 2, 3]))


def test_a_decision_without_images_is_about_the_project(project: Project, add):
    add(good=2)
    record(project._database, "classes", "said", ids=(), source="user", grader="ann")
    assert [(made.what, made.detail, made.grader) for made in project.decisions.of_project()] == [
        ("classes", "said", "ann")
    ]
    assert project.decisions(1)[-1].what == "label"
