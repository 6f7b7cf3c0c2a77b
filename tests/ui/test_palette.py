import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.ui.palette import Command, CommandModel, rank


def command(text: str, group: str = "View", key: str = "", *, enabled: bool = True) -> Command:
    action = QAction(text)
    action.setShortcut(QKeySequence(key))
    action.setEnabled(enabled)
    return Command(action, group)


@pytest.mark.parametrize(
    ("typed", "place"),
    [("", 0), ("show", 0), ("hide", 1), ("nspec", 2), ("sho insp", 3), ("shinsp", 4), ("view", 1), ("xyz", None)],
)
def test_rank(qtbot: QtBot, typed: str, place: int | None) -> None:
    assert rank(typed, command("Show or hide the inspector")) == place


def test_the_best_comes_first_and_what_cannot_be_done_last(qtbot: QtBot) -> None:
    model = CommandModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    commands = [command("Undo", enabled=False), command("Go around"), command("Ground"), command("Round off")]
    model.set_commands(commands)
    assert model.rowCount() == 4
    model.search("round")
    assert [model.data(model.index(row)) for row in range(model.rowCount())] == ["Round off", "Go around", "Ground"]
    model.search("und")
    assert model.data(model.index(model.rowCount() - 1)) == "Undo"
    tester.deleteLater()


def test_a_command_reads_without_marks(qtbot: QtBot) -> None:
    made = command("&Open a folder…", key="Ctrl+O")
    assert (made.text, made.key) == ("Open a folder", "Ctrl+O")
