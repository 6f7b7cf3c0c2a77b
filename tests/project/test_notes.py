from workbench.project.history import UndoStack
from workbench.project.project import Project


def test_a_note_is_written_replaced_and_taken_away(project: Project, add):
    add(good=2)
    assert project.notes.get(1) == ""
    change = project.notes.set(1, "  scratch at\nthe edge\0 ", grader="ann")
    assert (change.ids, change.before, change.after) == ((1,), "", "scratch at\nthe edge")
    assert project.notes.get(1) == "scratch at\nthe edge"
    assert project.notes.count() == 1
    assert project.notes.set(1, "scratch at\nthe edge").ids == ()
    project.notes.set(1, "")
    assert project.notes.count() == 0
    found = [(row.what, row.detail, row.grader) for row in project.decisions(1) if row.what == "note"]
    assert found == [("note", "scratch at\nthe edge", "ann"), ("note", "", "")]


def test_undo_brings_the_note_before_back(project: Project, add):
    add(good=2)
    undo = UndoStack()
    for text in ("one", "two", "two"):
        undo.push(project.notes.set(2, text))
    undo.undo(project)
    assert project.notes.get(2) == "one"
    undo.undo(project)
    assert project.notes.get(2) == ""
    assert not undo.can_undo
    undo.redo(project)
    assert project.notes.get(2) == "one"
