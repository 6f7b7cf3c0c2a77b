import pytest

from workbench.errors import WorkbenchError
from workbench.registry import Registry, nearest


def test_an_entry_is_found_by_its_name():
    things: Registry[int] = Registry("thing")
    things.register("one")(1)
    assert things.get("one") == 1
    assert things.names() == ["one"]


def test_an_unknown_name_is_told_with_the_nearest():
    things: Registry[int] = Registry("thing")
    things.register("resnet18")(1)
    things.register("vgg11")(2)
    with pytest.raises(WorkbenchError, match=r"no thing named 'resnet81'; did you mean resnet18\?"):
        things.get("resnet81")


def test_a_name_is_taken_once():
    things: Registry[int] = Registry("thing")
    things.register("one")(1)
    with pytest.raises(ValueError, match="twice"):
        things.register("one")(2)


def test_nearest_sorts_by_likeness():
    assert nearest("mobilenetv2", ["vgg16", "mobilenet_v2", "mobilenet_v3_small"])[0] == "mobilenet_v2"
