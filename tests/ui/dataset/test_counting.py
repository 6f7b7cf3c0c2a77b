from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.project.ids import NO_CLASS, ClassId, ImageId
from workbench.project.labels import LabelChange
from workbench.project.project import Project
from workbench.ui.dataset.counting import moved_on, overview
from workbench.ui.dataset.readiness import Counts


@given(st.lists(st.tuples(st.sampled_from([None, 1, 2]), st.sampled_from([None, 1, 2])), max_size=20))
@settings(deadline=None, max_examples=30)
def test_moving_on_gives_what_counting_gives(steps: list[tuple[Any, Any]]) -> None:
    before, after = [old for old, _ in steps], [new for _, new in steps]
    counts = Counts({key: before.count(key) for key in (None, 1, 2)})
    ids = tuple(ImageId(number + 1) for number in range(len(steps)))
    moved = moved_on(counts, LabelChange(ids, tuple(before), tuple(after)))
    assert moved.by_class == {key: after.count(key) for key in (None, 1, 2)}


def test_with_several_labels_each_counts() -> None:
    change = LabelChange((ImageId(1), ImageId(2)), (None, (ClassId(1),)), ((ClassId(1), ClassId(2)), ()))
    moved = moved_on(Counts({None: 1, ClassId(1): 1, ClassId(2): 0}), change)
    assert moved.by_class == {None: 0, 1: 1, 2: 1, NO_CLASS: 1}


def test_other_changes_leave_the_counts() -> None:
    class Tagged:
        what, ids = "tag", (1, 2)

    counts = Counts({None: 3})
    assert moved_on(counts, Tagged()) is counts


def test_the_overview_holds_what_can_be_filtered_by(project_folder: Any) -> None:
    with Project.open(project_folder) as project:
        project.tags.add([1, 2], "riser")
        project.rejection.set([3], True)
        project.labels.assign([4], project.labels.classes()[0].id, grader="Ann")
        project.labels.assign([6], None)
        found = overview(project)
    assert found.counts.images == 23
    assert found.counts.rejected == 1
    assert found.counts.unlabelled == 1
    assert found.tags == {"riser": 2}
    assert found.graders == {"Ann": 1}
    assert [known.name for known in found.classes] == ["good", "scratch"]
    assert not found.predicted


def test_images_are_those_there_are_not_the_labels_they_have() -> None:
    counts = Counts({None: 1, 1: 5, 2: 5}, total=7)
    assert (counts.images, counts.labelled) == (7, 6)
