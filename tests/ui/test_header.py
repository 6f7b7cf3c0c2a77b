import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.header import Devices, Header
from workbench.ui.progress import RunProgress


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


def test_the_run_pill_never_lies_over_its_neighbour_and_shifts_nothing_while_it_counts(qtbot: QtBot) -> None:
    header = Header()
    qtbot.addWidget(header)
    header.resize(1000, 48)
    header.show()
    header.set_place("castings of the second line, all shifts", "Evaluate")
    widths = []
    for seconds in (7500.0, 60.0, 8.0):
        header.run.show_progress(
            RunProgress(state="training", epoch=15, epochs=160, steps_per_epoch=9, _epoch_left=(0, seconds))
        )
        assert header.run.geometry().right() < header.inspector.geometry().left()
        qtbot.wait(1)
        assert header.run.geometry().right() < header.inspector.geometry().left()
        widths.append(header.run.width())
        assert header.run.width() >= header.run.sizeHint().width()
    assert len(set(widths)) == 1
    header.run.show_progress(RunProgress(state="idle"))
    qtbot.wait(1)
    assert header.run.width() < widths[0]
