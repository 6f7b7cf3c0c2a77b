import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.header import Devices, Header


@pytest.mark.parametrize(
    ("chosen", "reported", "name"),
    [
        ("cpu", "", "CPU"),
        ("cuda:1", "", "GPU 1"),
        ("auto", "cuda:0", "GPU"),
        ("auto", "cpu", "CPU"),
        ("mps", "", "Apple GPU"),
    ],
)
def test_devices_by_name(chosen: str, reported: str, name: str) -> None:
    assert Devices().name(chosen, reported) == name


def test_auto_is_a_guess_that_imports_no_torch() -> None:
    assert Devices().name("auto", "") in ("CPU", "GPU", "Apple GPU")


def test_the_place(qtbot: QtBot) -> None:
    header = Header()
    qtbot.addWidget(header)
    assert header.place() == "Workbench"
    header.set_place("castings", "Model")
    assert header.place() == "castings › Model"
