import pytest

from workbench.errors import WorkbenchError
from workbench.project.history import UndoStack
from workbench.project.project import Project
from workbench.project.regions import NewRegion


def test_a_box_is_drawn_from_any_two_corners(project: Project, add):
    add(pit=2)
    pit = project.labels.classes()[0].id
    project.regions.add(1, "box", [(9, 2), (3, 7.5)], pit, source="import", grader="ann")
    [region] = project.regions.of(1)
    assert region.points == ((3.0, 2.0), (9.0, 7.5))
    assert (region.shape, region.class_id, region.source, region.grader) == ("box", pit, "import", "ann")
    assert project.regions.of(2) == []
    with Project.open(project.folder) as other:
        assert list(other.regions.all()) == [region]


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("box", [(0, 0)]),
        ("box", [(0, 0), (1, 1), (2, 2)]),
        ("freehand", [(0, 0), (1, 1)]),
        ("circle", [(0, 0), (1, 1), (2, 2)]),
        ("freehand", [(0, 0), (1, float("nan")), (2, 2)]),
    ],
)
def test_points_that_make_no_shape_are_refused(project: Project, add, shape, points):
    add(pit=1)
    with pytest.raises(ValueError, match=r"region|are no"):
        project.regions.add(1, shape, points)
    assert project.regions.count() == 0


def test_regions_are_changed_removed_and_brought_back_under_their_id(project: Project, add):
    add(pit=2, dent=1)
    dent, pit = [row.id for row in project.labels.classes()]
    undo = UndoStack()
    undo.push(project.regions.add(1, "freehand", [(0, 0), (4, 0), (4, 4)], pit))
    first = project.regions.of(1)[0]
    undo.push(project.regions.change(first.id, class_id=dent, points=[(0, 0), (5, 0), (5, 5), (0, 5)]))
    changed = project.regions.get(first.id)
    assert (changed.class_id, len(changed.points), changed.created_at) == (dent, 4, first.created_at)
    undo.push(project.regions.remove(first.id))
    assert project.regions.count() == 0
    with pytest.raises(WorkbenchError, match="no longer in the project"):
        project.regions.remove(first.id)
    undo.push(project.regions.add(2, "box", [(0, 0), (1, 1)]))
    assert project.regions.of(2)[0].id != first.id
    for expected in ([], [changed], [first], []):
        undo.undo(project)
        assert list(project.regions.all()) == expected
    for _ in range(4):
        undo.redo(project)
    assert [region.image_id for region in project.regions.all()] == [2]
    assert project.regions.change(project.regions.of(2)[0].id, class_id=None).ids == ()


def test_many_are_added_together_or_not_at_all(project: Project, add):
    add(pit=3)
    pit = project.labels.classes()[0].id
    boxes = [NewRegion(image, "box", ((0, 0), (1, 1)), pit) for image in (1, 2, 2)]
    change = project.regions.add_all(boxes, source="import")
    assert (change.ids, project.regions.count()) == ((1, 2), 3)
    with pytest.raises(WorkbenchError, match="class is no longer"):
        project.regions.add_all([*boxes, NewRegion(3, "box", ((0, 0), (1, 1)), 77)])
    assert project.regions.count() == 3
    assert [row.detail for row in project.decisions(2) if row.what == "region"] == ["added box", "added box"]


def test_all_regions_are_read_page_by_page(project: Project, add):
    add(pit=3)
    project.regions.add_all([NewRegion(n % 3 + 1, "box", ((0, 0), (1, n))) for n in range(2005)])
    assert [region.id for region in project.regions.all()] == list(range(1, 2006))
