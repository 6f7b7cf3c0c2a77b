import pytest

from workbench.errors import WorkbenchError
from workbench.project.project import Project


def test_tags_are_put_on_taken_off_and_counted(project: Project, add):
    add(good=5)
    assert project.tags.add([3, 1, 3], " blurred \n").ids.tolist() == [1, 3]
    project.tags.add([3], "odd")
    assert project.tags.counts() == {"blurred": 2, "odd": 1}
    assert project.tags.of(3) == ["blurred", "odd"]
    assert project.tags.images("blurred").tolist() == [1, 3]
    assert project.tags.remove([1, 2, 3], "blurred").ids.tolist() == [1, 3]
    assert project.tags.counts() == {"odd": 1}
    assert not len(project.tags.remove([1], "never").ids)
    with pytest.raises(WorkbenchError, match="A tag needs a name"):
        project.tags.add([1], " ")
    with Project.open(project.folder) as other:
        assert other.tags.counts() == {"odd": 1}


def test_the_inverse_touches_only_what_changed(project: Project, add):
    add(good=4)
    project.tags.add([1], "odd")
    change = project.tags.add([1, 2], "odd")
    assert change.ids.tolist() == [2]
    change.inverse().apply(project, source="undo")
    assert project.tags.images("odd").tolist() == [1]
    change.apply(project, source="redo")
    assert project.tags.images("odd").tolist() == [1, 2]


def test_a_tag_renamed_to_another_becomes_one_with_it_and_apart_again(project: Project, add):
    add(good=4)
    project.tags.add([1, 2], "fuzzy")
    project.tags.add([2, 3], "blurred")
    change = project.tags.rename("fuzzy", "blurred", grader="ann")
    assert project.tags.counts() == {"blurred": 3}
    assert change.ids.tolist() == [1, 2]
    change.inverse().apply(project, source="undo")
    assert project.tags.counts() == {"blurred": 2, "fuzzy": 2}
    assert project.tags.of(2) == ["blurred", "fuzzy"]
    assert not len(project.tags.rename("blurred", " blurred ").ids)
    with pytest.raises(WorkbenchError, match="No image has the tag 'gone'"):
        project.tags.rename("gone", "x")


def test_scattered_images_are_tagged_like_neighbours(project: Project, add):
    add(good=60)
    for ids in (list(range(1, 60, 2)), list(range(1, 40)), [*range(1, 10), *range(20, 30)]):
        project.tags.add(ids, "odd")
        assert project.tags.images("odd").tolist() == ids
        project.tags.remove(range(1, 61), "odd")
        assert project.tags.counts() == {}
