import numpy as np
import pytest

from workbench.project.project import Project


def test_groups_are_replaced_as_a_whole(project: Project, add):
    add(good=1500)
    assert project.groups.by is None
    ids = project.images.ids()
    project.groups.set("column:patient", ids[::-1], (ids[::-1] % 3), {1: "Ada", 2: "Bo"})
    assert project.groups.by == "column:patient"
    assert project.groups.of([3, 4, 5, 4]).tolist() == [0, 1, 2, 1]
    assert (project.groups.of(ids) == ids % 3).all()
    assert project.groups.members(1).tolist() == list(range(1, 1501, 3))
    assert (project.groups.name(2), project.groups.name(7)) == ("Bo", "7")
    assert [row.group for row in project.images.page([3, 4])] == [None, 1]
    project.groups.set("path:x", [9, 8], [4, 4], {})
    assert (project.groups.by, project.groups.members(4).tolist()) == ("path:x", [8, 9])
    assert project.groups.members(1).tolist() == []
    assert project.groups.name(1) == "1"
    project.groups.clear()
    assert project.groups.by is None
    assert project.groups.of(ids).any() == np.False_
    assert project.groups.of([]).tolist() == []


def test_groups_that_cross_are_listed(project: Project, add):
    add(good=12)
    project.groups.set("path:x", range(1, 13), [1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0, 0], {})
    project.splits.assign([1, 2, 5, 7, 8, 10], "train")
    project.splits.assign([6, 9, 11], "test")
    assert [(group, ids.tolist()) for group, ids in project.groups.crossing()] == [(2, [5, 6]), (3, [7, 8, 9])]
    project.rejection.set([9], True)
    assert [group for group, _ in project.groups.crossing()] == [2]


@pytest.mark.parametrize(
    ("ids", "groups"), [([1, 1], [1, 2]), ([1, 2], [1]), ([1, 2], [1, -1]), ([1, 9], [1, 1]), ([0, 1], [1, 1])]
)
def test_groups_that_are_none_change_nothing(project: Project, add, ids, groups):
    add(good=3)
    project.groups.set("path:x", [1, 2], [1, 1], {})
    with pytest.raises(ValueError, match="image"):
        project.groups.set("path:y", ids, groups, {})
    assert (project.groups.by, project.groups.members(1).tolist()) == ("path:x", [1, 2])
