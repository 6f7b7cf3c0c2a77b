import pytest

from workbench.errors import WorkbenchError
from workbench.project.history import UndoStack
from workbench.project.ids import NO_CLASS
from workbench.project.project import Project


def names(project: Project) -> list[str]:
    return [row.name for row in project.labels.classes()]


def by_name(project: Project) -> dict[str, int]:
    return {row.name: row.id for row in project.labels.classes()}


def test_a_merge_moves_labels_grades_regions_and_predictions_and_the_old_name_stays_an_alias(
    project: Project, add, scan
):
    add(crack=2, dent=2, pit=2)
    crack, dent, pit = by_name(project).values()
    project.labels.assign([3], dent, grader="ann")
    project.regions.add(3, "box", [(0, 0), (1, 1)], dent)
    project.predictions.replace("test", [1, 3], [dent, pit], [0.5, 0.6], [0.1, 0.2])
    change = project.labels.merge([dent, pit], crack, grader="bob")
    assert names(project) == ["crack"]
    assert project.labels.counts() == {crack: 6, None: 0}
    assert project.graders.by_image(3) == {"ann": crack}
    assert project.regions.of(3)[0].class_id == crack
    assert project.predictions.of([1, 3])[0].tolist() == [crack, crack]
    assert change.ids.tolist() == [3, 4, 5, 6]
    assert [(row.value, row.source, row.grader) for row in project.labels.history(5)] == [
        (pit, "folder", ""),
        (crack, "merge", "bob"),
    ]
    add(scan("pit/new.png"))
    assert names(project) == ["crack"]
    assert project.labels.of([7]) == [crack]


def test_undo_of_a_merge_brings_everything_back_but_leaves_what_came_since(project: Project, add, scan):
    add(crack=2, dent=2)
    crack, dent = by_name(project).values()
    project.labels.rename(dent, "bump")
    project.labels.recolour(dent, "#112233")
    before = project.labels.classes()
    undo = UndoStack()
    undo.push(project.labels.merge([dent], crack))
    add(scan("dent/late.png"), scan("other/late.png"))
    undo.undo(project)
    assert project.labels.classes()[:2] == before
    assert names(project) == ["crack", "bump", "other"]
    assert project.labels.of([1, 2, 3, 4, 5]) == [crack, crack, dent, dent, crack]
    assert project.labels.ensure_classes(["dent", "bump"]) == {"dent": dent, "bump": dent}
    undo.redo(project)
    assert names(project) == ["crack", "other"]
    assert [row.position for row in project.labels.classes()] == [0, 1]
    assert project.labels.ensure_classes(["dent", "bump"]) == {"dent": crack, "bump": crack}


def test_undo_of_a_merge_restores_sets_of_classes(project: Project, add):
    add(a=6)
    a, b, c = by_name(project)["a"], project.labels.add_class("b"), project.labels.add_class("c")
    project.labels.set_task("multi")
    values = [(a,), (b,), (a, b), (b, c), (), None]
    project.labels.assign_each(range(1, 7), values)
    project.labels.assign_each(range(1, 7), values, grader="ann")
    undo = UndoStack()
    undo.push(project.labels.merge([a, b], c))
    merged = [(c,), (c,), (c,), (c,), (), None]
    assert project.labels.of(range(1, 7)) == merged
    assert [project.graders.by_image(n).get("ann") for n in range(1, 7)] == merged
    assert project.labels.counts() == {c: 4, NO_CLASS: 1, None: 1}
    undo.undo(project)
    assert project.labels.of(range(1, 7)) == values
    assert [project.graders.by_image(n).get("ann") for n in range(1, 7)] == values
    assert project.labels.counts() == {a: 2, b: 3, c: 1, NO_CLASS: 1, None: 1}
    undo.redo(project)
    assert project.labels.of(range(1, 7)) == merged


def test_a_merge_of_single_labels_is_not_taken_back_among_several(project: Project, add):
    add(a=1, b=1)
    a, b = by_name(project).values()
    undo = UndoStack()
    undo.push(project.labels.merge([b], a))
    project.labels.set_task("multi")
    with pytest.raises(WorkbenchError, match="set what a label is back to that first"):
        undo.undo(project)
    assert project.labels.of([1, 2]) == [(a,), (a,)]
    project.labels.set_task("single")
    undo.undo(project)
    assert project.labels.of([1, 2]) == [a, b]


def test_a_class_is_not_merged_into_itself(project: Project, add):
    add(a=1, b=1)
    a, b = by_name(project).values()
    for sources in ([], [a], [b, a]):
        with pytest.raises(WorkbenchError, match="merged into another one"):
            project.labels.merge(sources, a)
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        project.labels.merge([99], a)


def test_every_edit_of_the_classes_is_a_step_of_undo(project: Project, add):
    add(a=1, b=1)
    a, b = by_name(project).values()
    undo, states = UndoStack(), [project.labels.classes()]
    for edit in (
        lambda: project.labels.create_class("c"),
        lambda: project.labels.rename(a, "z"),
        lambda: project.labels.reorder([by_name(project)["c"], b, a]),
        lambda: project.labels.recolour(b, "#ABCDEF"),
        lambda: project.labels.remove_class(by_name(project)["c"]),
        lambda: project.labels.merge([a], b),
    ):
        undo.push(edit())
        states.append(project.labels.classes())
    assert states[2][0].name == "z"
    assert [row.name for row in states[3]] == ["c", "b", "z"]
    assert states[4][1].colour == "#abcdef"
    for state in states[-2::-1]:
        undo.undo(project)
        assert project.labels.classes() == state
    for state in states[1:]:
        undo.redo(project)
        assert project.labels.classes() == state


def test_a_new_class_that_is_in_use_is_not_taken_back(project: Project, add):
    add(a=1)
    undo = UndoStack()
    change = project.labels.create_class("b")
    undo.push(change)
    [made] = change.added
    project.labels.assign([1], made)
    with pytest.raises(WorkbenchError, match="'b' still has 1 image;"):
        undo.undo(project)
    assert undo.can_undo
    assert names(project) == ["a", "b"]


def test_a_name_taken_since_is_not_given_twice(project: Project, add):
    add(a=1)
    undo = UndoStack()
    undo.push(project.labels.rename(by_name(project)["a"], "b"))
    project.labels.add_class("a")
    with pytest.raises(WorkbenchError, match="already a class named 'a'"):
        undo.undo(project)
    assert names(project) == ["b", "a"]


def test_a_class_that_graders_or_regions_name_is_not_removed(project: Project, add):
    add(a=2)
    a, b = by_name(project)["a"], project.labels.add_class("b")
    project.labels.assign([1], b, grader="ann")
    project.labels.assign([1], a)
    with pytest.raises(WorkbenchError, match="'b' still has 1 grade; merge it"):
        project.labels.remove_class(b)
    project.labels.assign([1], a, grader="ann")
    region = project.regions.add(1, "box", [(0, 0), (1, 1)], b).after[0]
    with pytest.raises(WorkbenchError, match="'b' still has 1 region; merge it"):
        project.labels.remove_class(b)
    project.regions.remove(region.id)
    project.predictions.replace("test", [1, 2], [b, a], [0.5, 0.6], [0.1, 0.2])
    undo = UndoStack()
    undo.push(project.labels.remove_class(b))
    assert project._database.rows("SELECT image_id FROM prediction") == [(2,)]
    undo.undo(project)
    assert project.predictions.of([1])[0].tolist() == [b]


def test_the_first_class_of_an_image_follows_the_order(project: Project, add):
    add(a=2, b=1)
    a, b = by_name(project).values()
    project.labels.set_task("multi")
    project.labels.assign([1], (a, b))

    def first() -> list[int]:
        return [row.class_id for row in project.images.page([1, 2, 3])]

    assert first() == [a, a, b]
    change = project.labels.reorder([b, a])
    assert first() == [b, a, b]
    assert project.labels.of([1]) == [(a, b)]
    change.inverse().apply(project, source="undo")
    assert first() == [a, a, b]
