from datetime import UTC, datetime, timedelta

from workbench.project.history import UndoStack
from workbench.project.project import Project


def said(project: Project, image: int) -> list[tuple[str, str, str, str]]:
    return [(row.what, row.detail, row.source, row.grader) for row in project.decisions(image)]


def test_everything_decided_about_an_image_oldest_first(project: Project, add):
    add(good=20)
    pit = project.labels.add_class("pit")
    undo = UndoStack()
    undo.push(project.labels.assign([3], pit, grader="ann"))
    undo.push(project.tags.add(range(1, 20, 2), "odd", grader="bob"))
    undo.push(project.rejection.set([3, 4], True))
    undo.push(project.notes.set(3, "see"))
    undo.push(project.regions.add(3, "box", [(0, 0), (1, 1)]))
    undo.push(project.splits.move([3], "test"))
    undo.undo(project)
    undo.undo(project)
    found = said(project, 3)
    pins = [row for row in found if row[0] == "pin"]
    assert [row for row in found if row[0] != "pin"] == [
        ("label", "good", "folder", ""),
        ("label", "pit", "user", "ann"),
        ("tag", "added 'odd'", "user", "bob"),
        ("reject", "rejected", "user", ""),
        ("note", "see", "user", ""),
        ("region", "added box", "user", ""),
        ("region", "removed box", "undo", ""),
    ]
    assert [row[2] for row in pins] == ["user", "undo"]
    assert said(project, 4) == [("label", "good", "folder", ""), ("reject", "rejected", "user", "")]
    assert all(timedelta(0) <= datetime.now(UTC) - row.when < timedelta(minutes=1) for row in project.decisions(3))


def test_labels_are_told_by_the_names_of_their_classes(project: Project, add):
    add(good=1)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    project.labels.assign([1], pit)
    project.labels.set_task("multi")
    for value in ((pit, good), (), None):
        project.labels.assign([1], value)
    project.labels.remove_class(pit)
    assert [detail for what, detail, _, _ in said(project, 1) if what == "label"] == [
        "good",
        "a class that is gone",
        "good, a class that is gone",
        "none of the classes",
        "no label",
    ]


def test_edits_of_the_classes_are_decisions_about_the_project(project: Project, add):
    add(good=1, pit=1)
    good, pit = [row.id for row in project.labels.classes()]
    undo = UndoStack()
    undo.push(project.labels.rename(good, "fine", grader="ann"))
    undo.push(project.labels.merge([pit], good))
    undo.undo(project)
    project.labels.set_task("ordinal")
    assert [(row.what, row.detail, row.source, row.grader) for row in project.decisions.of_project()] == [
        ("classes", "renamed 'good' to 'fine'", "user", "ann"),
        ("classes", "merged 'pit' into 'fine'", "user", ""),
        ("classes", "taken back: merged 'pit' into 'fine'", "undo", ""),
        ("classes", "single became ordinal", "user", ""),
    ]
    assert [(row.detail, row.source) for row in project.decisions(2)] == [
        ("pit", "folder"),
        ("fine", "merge"),
        ("pit", "undo"),
    ]
