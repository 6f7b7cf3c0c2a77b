import pytest

from workbench.errors import WorkbenchError
from workbench.project.ids import ImageId
from workbench.project.images import Query
from workbench.project.project import Project


def test_columns_keep_their_values_and_order(project: Project, add):
    add(good=4)
    project.fields.set("patient", {2: "B", 1: "A"})
    project.fields.set(" camera\n", {1: "c1", 3: "c3"})
    project.fields.set("patient", {2: "C", 4: "D"})
    assert project.fields.names() == ["patient", "camera"]
    assert project.fields.values("patient") == {1: "A", 2: "C", 4: "D"}
    assert project.fields.values("lens") == {}
    assert project.fields.of(ImageId(1)) == {"patient": "A", "camera": "c1"}
    assert project.images.ids(Query(field=("patient", "C"))).tolist() == [2]


def test_an_empty_value_takes_it_away_and_an_empty_column_goes(project: Project, add):
    add(good=2)
    project.fields.set("patient", {1: "A", 2: "B"})
    project.fields.set("patient", {1: ""})
    assert project.fields.of(ImageId(1)) == {}
    project.fields.set("patient", {2: ""})
    assert project.fields.names() == []
    project.fields.set("nothing", {})
    assert project.fields.names() == []


def test_what_cannot_be_set_changes_nothing(project: Project, add):
    add(good=2)
    with pytest.raises(WorkbenchError, match="A column needs a name"):
        project.fields.set(" ", {1: "A"})
    with pytest.raises(ValueError, match="not the id of an image"):
        project.fields.set("patient", {1: "A", 3: "B"})
    assert project.fields.names() == []
