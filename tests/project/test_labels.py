from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.ids import ImageId
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
