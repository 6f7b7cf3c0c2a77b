import pytest

from workbench.errors import WorkbenchError
from workbench.project.images import Query
from workbench.project.project import Project


def test_filters_are_kept_under_their_names(project: Project):
    bad = Query(finding="any", rejected=False, order="finding")
    project.images.filters.save("  to  check ", bad)
    project.images.filters.save("sure", Query(confidence=(0.9, 1.0)))
    assert project.images.filters.list() == {"to check": bad, "sure": Query(confidence=(0.9, 1.0))}
    project.images.filters.save("to check", Query(tag="check"))
    project.images.filters.remove("sure")
    project.images.filters.remove("never saved")
    with Project.open(project.folder, read_only=True) as other:
        assert other.images.filters.list() == {"to check": Query(tag="check")}
    with pytest.raises(WorkbenchError, match="A filter needs a name"):
        project.images.filters.save(" \n", Query())


def test_a_filter_of_a_later_workbench_is_kept_but_not_listed(project: Project):
    project.settings.set("filters", {"new": {"mood": "gloomy"}, "old": {"tag": "x"}})
    assert project.images.filters.list() == {"old": Query(tag="x")}
    project.images.filters.save("third", Query())
    assert project.settings.get("filters") == {"new": {"mood": "gloomy"}, "old": {"tag": "x"}, "third": {}}


def test_filters_that_are_no_filters_at_all(project: Project):
    project.settings.set("filters", ["x"])
    assert project.images.filters.list() == {}
