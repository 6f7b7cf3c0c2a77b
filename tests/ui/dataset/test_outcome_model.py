from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.project.splits import SplitOutcome
from workbench.ui.dataset.outcome_model import OutcomeModel

OUTCOME = SplitOutcome(
    asked={"train": 0.65, "validation": 0.15, "test": 0.2},
    got={"train": 1300, "validation": 300, "test": 400},
    per_class={"good": {"train": 1000, "validation": 200, "test": 300}, "pit": {"train": 300}},
    warnings=[],
)


def test_asked_and_came_out_stand_side_by_side(qtbot: QtBot) -> None:
    model = OutcomeModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.show_outcome(OUTCOME)
    rows = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    assert rows == [
        ["Asked", "65\u202f%", "15\u202f%", "20\u202f%"],
        ["Came out", "65\u202f%", "15\u202f%", "20\u202f%"],
        ["Images", "1\u202f300", "300", "400"],
        ["good", "1\u202f000", "200", "300"],
        ["pit", "300", "0", "0"],
    ]
    assert model.headerData(2, Qt.Orientation.Horizontal) == "Val"
    model.show_outcome(None)
    assert model.rowCount() == 0
