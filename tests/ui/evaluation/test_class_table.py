from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from workbench.ui.evaluation import class_table
from workbench.ui.evaluation.class_table import ClassTable

ROWS = [
    {
        "class": name,
        "precision": score,
        "recall": score / 2,
        "f1": score,
        "support": support,
        "intervals": {"precision": [score - 0.1, score], "recall": [0.0, 1.0], "f1": [0.2, 0.9]},
    }
    for name, score, support in (("scratch", 0.9333, 1200), ("good", 0.5, 3), ("pit", 0.7, 40))
]


def test_passes_the_tester_and_sorts_both_ways(qtbot) -> None:
    table = ClassTable()
    tester = QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show(ROWS)
    table.sort(class_table.RECALL)
    assert [table.class_at(row) for row in range(3)] == ["good", "pit", "scratch"]
    table.sort(class_table.CLASS, Qt.SortOrder.DescendingOrder)
    assert table.class_at(0) == "scratch"
    table.sort(-1)
    assert [table.class_at(row) for row in range(3)] == ["scratch", "good", "pit"]
    table.show([])
    del tester


def test_figures_carry_their_intervals(qtbot) -> None:
    table = ClassTable()
    table.show(ROWS)
    cells = [table.index(0, column).data() for column in range(table.columnCount())]
    assert cells == ["scratch", "0.93 [0.83, 0.93]", "0.47 [0.00, 1.00]", "0.93 [0.20, 0.90]", "1\u202f200"]


def test_a_result_without_intervals_still_shows(qtbot) -> None:
    table = ClassTable()
    table.show([{"class": "a", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}])
    assert table.index(0, class_table.F1).data() == "1.00"
