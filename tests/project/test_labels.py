from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.ids import NO_CLASS, ClassId, ImageId
from workbench.project.images import NewImage, Query
from workbench.project.labels import LabelChange
from workbench.project.project import Project


def names(project: Project) -> list[str]:
    return [row.name for row in project.labels.classes()]


def test_new_classes_come_in_natural_order_behind_the_ones_that_are_there(project: Project):
    project.labels.add_class("zebra")
    project.labels.ensure_classes(["grade 10", "grade 2", "Grade 1", "zebra"])
    assert names(project) == ["zebra", "Grade 1", "grade 2", "grade 10"]
    assert [row.position for row in project.labels.classes()] == [0, 1, 2, 3]


def test_the_order_is_the_projects_own_and_survives_a_rescan(project: Project):
    made = project.labels.ensure_classes(["1", "10", "2"])
    project.labels.reorder([made["10"], made["1"], made["2"]])
    assert project.labels.ensure_classes(["2", "1", "10"]) == made
    assert names(project) == ["10", "1", "2"]
    with pytest.raises(ValueError, match="each class once"):
        project.labels.reorder([made["10"], made["1"]])


def test_ten_classes_have_ten_colours(project: Project):
    project.labels.ensure_classes([str(n) for n in range(11)])
    colours = [row.colour for row in project.labels.classes()]
    assert len(set(colours[:10])) == 10
    assert colours[10] == colours[0]


def test_a_class_can_have_another_colour(project: Project):
    pit = project.labels.add_class("pit")
    project.labels.recolour(pit, "#123abc")
    assert project.labels.classes()[0].colour == "#123abc"
    with pytest.raises(ValueError, match="is not a colour"):
        project.labels.recolour(pit, "blue")


def test_a_class_can_have_a_name_once(project: Project):
    pit = project.labels.add_class("  pit ")
    other = project.labels.add_class("other")
    assert names(project) == ["pit", "other"]
    with pytest.raises(WorkbenchError, match="already a class named 'pit'"):
        project.labels.add_class("pit")
    with pytest.raises(WorkbenchError, match="already a class named 'pit'"):
        project.labels.rename(other, "pit")
    with pytest.raises(WorkbenchError, match="needs a name"):
        project.labels.rename(pit, " \n ")


def test_the_name_of_a_folder_that_is_no_text_still_names_a_class(project: Project):
    made = project.labels.ensure_classes(["a\nb", "caf\udce9", "größe 大"])
    assert names(project) == ["a b", "caf?", "größe 大"]
    assert set(made) == {"a\nb", "caf\udce9", "größe 大"}


def test_a_renamed_class_keeps_its_folder(project: Project, add, scan):
    add(good=2)
    good = project.labels.classes()[0].id
    project.labels.rename(good, "sound")
    add(scan("good/new.png"))
    assert names(project) == ["sound"]
    assert project.labels.counts() == {good: 3, None: 0}
    project.labels.add_class("good")
    assert project.labels.ensure_classes(["good"])["good"] != good


def test_a_class_is_removed_only_when_no_image_has_it(project: Project, add):
    add(good=2, pit=1)
    good, pit = [row.id for row in project.labels.classes()]
    with pytest.raises(WorkbenchError, match="'good' still has 2 images"):
        project.labels.remove_class(good)
    project.labels.assign(project.images.ids(Query(class_id=good)), pit)
    project.labels.remove_class(good)
    assert [(row.name, row.position) for row in project.labels.classes()] == [("pit", 0)]
    assert project.labels.add_class("good") != good
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        project.labels.assign([1], good)


def test_assign_says_what_changed_and_is_on_the_disk_when_it_returns(project: Project, add, scan):
    add(scan("loose.png"), good=2)
    loose = ImageId(1)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    change = project.labels.assign([3, loose, 3], pit, grader="ann")
    assert change == LabelChange(
        ids=(1, 3),
        before=(None, good),
        after=(pit, pit),
        grader="ann",
        graded_before=(None, None),
        graded_after=(pit, pit),
    )
    with Project.open(project.folder) as other:
        assert other.images.get(loose).class_id == pit
        assert other.labels.counts() == {good: 1, pit: 2, None: 0}


def test_numpy_ids_and_an_empty_selection_are_fine(project: Project, add):
    add(good=3)
    pit = project.labels.add_class("pit")
    assert project.labels.assign(np.array([2, 3]), np.int64(pit)).ids == (2, 3)  # type: ignore[arg-type]
    assert project.labels.assign([], pit).ids == ()
    assert project.labels.apply(LabelChange((), (), ())).ids == ()


def test_an_id_that_is_no_image_changes_nothing(project: Project, add):
    add(good=3)
    pit = project.labels.add_class("pit")
    for ids in ([2, 99], [1, 2, 3, 4], [0, 1]):
        with pytest.raises(ValueError, match="not the id of an image"):
            project.labels.assign(ids, pit)
    assert project.labels.counts()[pit] == 0
    assert len(project.labels.history(ImageId(2))) == 1


def test_every_decision_is_kept_with_time_source_and_grader(project: Project, add):
    add(good=20)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    project.labels.assign([5], pit, grader="ann")
    project.labels.assign(range(1, 21, 2), None, source="import", grader="bob")
    project.labels.assign([4], pit)
    found = project.labels.history(ImageId(5))
    assert [(row.class_id, row.source, row.grader) for row in found] == [
        (good, "folder", ""),
        (pit, "user", "ann"),
        (None, "import", "bob"),
    ]
    assert all(timedelta(0) <= datetime.now(UTC) - row.when < timedelta(minutes=1) for row in found)
    assert [row.class_id for row in project.labels.history(ImageId(4))] == [good, pit]


def test_a_relabelling_of_many_images_leaves_the_index_in_place(project: Project, add, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.project.bulk.MANY", 10)
    add(good=30, pit=10)
    good, pit = [row.id for row in project.labels.classes()]
    change = project.labels.assign(project.images.ids(), pit)
    assert project.labels.counts() == {good: 0, pit: 40, None: 0}
    project.labels.apply(change.inverse())
    assert project.labels.counts() == {good: 30, pit: 10, None: 0}
    assert project._database.value("SELECT count(*) FROM sqlite_master WHERE name = 'image_by_class'") == 1
    project._database.check()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 60), max_size=60), st.sampled_from([None, 0, 1, 2])), min_size=1, max_size=6
    )
)
def test_the_inverse_of_any_change_restores_the_labels(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("inverse")
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder)
        project.images.add(root, [NewImage(f"{n}.png", 4, 4, 3, 8, 1, 1) for n in range(60)])
        classes = [project.labels.add_class(name) for name in "abc"]

        def labels() -> list[int | None]:
            return [row.class_id for row in project.images.page(range(1, 61))]

        expected: dict[int, int | None] = dict.fromkeys(range(1, 61))
        for ids, choice in steps:
            chosen = None if choice is None else classes[choice]
            before = labels()
            change = project.labels.assign(sorted(ids), chosen)
            expected.update(dict.fromkeys(ids, chosen))
            assert labels() == list(expected.values())
            back = project.labels.apply(change.inverse())
            assert labels() == before
            assert back == change.inverse()
            project.labels.apply(change)
            assert labels() == list(expected.values())
        assert sum(project.labels.counts().values()) == 60


def multi(project: Project, add) -> tuple[int, int, int]:
    add(a=4)
    made = project.labels.classes()[0].id, project.labels.add_class("b"), project.labels.add_class("c")
    project.labels.set_task("multi")
    return made


def test_with_several_labels_none_of_them_is_another_thing_than_no_label(project: Project, add):
    a, b, c = multi(project, add)
    assert project.labels.of([1, 4]) == [(a,), (a,)]
    change = project.labels.assign([1, 2], (c, a, c))
    assert (change.before, change.after) == (((a,), (a,)), ((a, c), (a, c)))
    project.labels.assign([3], ())
    project.labels.assign([4], None)
    assert project.labels.of([4, 3, 2, 1, 2]) == [None, (), (a, c), (a, c), (a, c)]
    assert project.labels.counts() == {a: 2, b: 0, c: 2, NO_CLASS: 1, None: 1}
    project.labels.assign([4], b)
    assert project.labels.of([4]) == [(b,)]
    project.rejection.set([1, 3], True)
    assert project.labels.counts() == {a: 1, b: 1, c: 1, NO_CLASS: 0, None: 0}
    assert project.labels.counts(rejected=None) == {a: 2, b: 1, c: 2, NO_CLASS: 1, None: 0}
    assert project.labels.counts(rejected=True) == {a: 1, b: 0, c: 1, NO_CLASS: 1, None: 0}
    assert [(row.value, row.class_id) for row in project.labels.history(ImageId(3))] == [((a,), a), ((), NO_CLASS)]


def test_a_toggled_class_leaves_the_others(project: Project, add):
    a, b, c = multi(project, add)
    project.labels.assign_each([2, 3, 4], [(b,), (), None])
    change = project.labels.toggle([1, 2, 3, 4], b, True, grader="ann")
    assert change.ids == (1, 3, 4)
    assert project.labels.of([1, 2, 3, 4]) == [(a, b), (b,), (b,), (b,)]
    assert project.graders.by_image(ImageId(1)) == {"ann": (a, b)}
    assert project.graders.by_image(ImageId(2)) == {}
    off = project.labels.toggle([1, 2], b, False)
    assert project.labels.of([1, 2]) == [(a,), None]
    project.labels.apply(off.inverse())
    project.labels.apply(change.inverse())
    assert project.labels.of([1, 2, 3, 4]) == [(a,), (b,), (), None]
    assert project.labels.toggle([1], c, False).ids == ()
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        project.labels.toggle([1], ClassId(99), True)
    project.labels.assign([3], a)
    project.labels.set_task("ordinal")
    with pytest.raises(WorkbenchError, match="several labels first"):
        project.labels.toggle([1], b, True)
    with pytest.raises(WorkbenchError, match="An image has one class in this project"):
        project.labels.assign([1], (a, b))


def test_each_image_can_have_its_own_label_and_the_last_one_counts(project: Project, add):
    add(a=5)
    a, b = project.labels.classes()[0].id, project.labels.add_class("b")
    change = project.labels.assign_each([5, 2, 5, 3], [b, b, None, a], source="import", grader="ann")
    assert (change.ids, change.after) == ((2, 3, 5), (b, a, None))
    assert project.labels.of([1, 2, 3, 4, 5]) == [a, b, a, a, None]
    assert project.graders.by_image(ImageId(2)) == {"ann": b}
    assert project.graders.by_image(ImageId(5)) == {}
    with pytest.raises(ValueError, match="2 images cannot have 1"):
        project.labels.assign_each([1, 2], [a])
    assert project.labels.assign_each([], []).ids == ()
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        project.labels.assign_each([1, 2], [a, ClassId(99)])
    assert project.labels.of([1]) == [a]


def test_the_task_changes_only_where_no_label_is_lost(project: Project, add):
    assert project.labels.task == "single"
    a, b, _ = multi(project, add)
    assert (project.labels.task, project.labels.multi) == ("multi", True)
    for value, what in (((a, b), "has 1 image with several"), ((), "has 1 image to which none")):
        project.labels.assign([1], value)
        with pytest.raises(WorkbenchError, match=what):
            project.labels.set_task("single")
    project.labels.assign([1], (a, b), grader="ann")
    project.labels.assign([1], a)
    with pytest.raises(WorkbenchError, match="has 1 grade with several"):
        project.labels.set_task("ordinal")
    assert project.labels.task == "multi"
    project.labels.assign([1], b, grader="ann")
    project.labels.set_task("ordinal")
    assert project.labels.of([1, 2]) == [b, a]
    assert project.graders.by_image(ImageId(1)) == {"ann": b}
    assert project._database.value("SELECT count(*) FROM image_class") == 0
    with pytest.raises(ValueError, match="is no task"):
        project.labels.set_task("several")  # type: ignore[arg-type]


def test_images_added_to_a_project_of_several_labels_have_their_folder_as_one(project: Project, add, scan):
    a, b, _ = multi(project, add)
    add(scan("b/new.png"), scan("loose.png"))
    assert project.labels.of([4, 5, 6]) == [(a,), (b,), None]
    assert project.labels.counts()[b] == 1
    project.labels.toggle([5], a, True)
    add(scan("b/new.png", bytes=5))
    assert project.labels.of([5]) == [(a, b)]


def test_a_label_taken_back_is_the_folders_again(project: Project, add, scan):
    add(a=1)
    b = project.labels.add_class("b")
    change = project.labels.assign([1], b)
    project.labels.apply(change.inverse(), source="undo")
    assert project._database.value("SELECT label_source FROM image") == "folder"
    project.labels.assign([1], b, source="odd source")
    change = project.labels.assign([1], None)
    project.labels.apply(change.inverse(), source="undo")
    assert project._database.value("SELECT label_source FROM image") == "odd source"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(1, 200), min_size=1, max_size=150),
            st.none() | st.sets(st.sampled_from([1, 2, 3]), max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_several_labels_are_read_back_as_they_were_given(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("several")
    with Project.create(folder / "project") as project:
        project._database.execute("PRAGMA synchronous = OFF")
        root = project.images.add_root(folder)
        project.images.add(root, [NewImage(f"{n}.png", 4, 4, 3, 8, 1, 1) for n in range(200)])
        project.labels.ensure_classes("abc")
        project.labels.set_task("multi")
        expected: list[tuple[int, ...] | None] = [None] * 200
        for ids, chosen in steps:
            value = None if chosen is None else tuple(sorted(chosen))
            before = list(expected)
            change = project.labels.assign(sorted(ids), value, grader="ann")
            for image in ids:
                expected[image - 1] = value
            assert project.labels.of(range(1, 201)) == expected
            assert list(change.before) == [before[image - 1] for image in sorted(ids)]
            counts = project.labels.counts()
            assert all(counts[c] == sum(c in (held or ()) for held in expected) for c in (1, 2, 3))
            assert (counts[None], counts[NO_CLASS]) == (expected.count(None), expected.count(()))
