import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.ui.model.anatomies import small
from workbench.ui.model import summary_dialog
from workbench.ui.model.summary_dialog import LayersModel, SummaryDialog


@pytest.fixture
def dialog(qtbot: QtBot) -> SummaryDialog:
    made = SummaryDialog(small())
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    return made


def paths(dialog: SummaryDialog) -> list[str]:
    shown = range(dialog.filter.rowCount())
    return [dialog.filter.index(row, summary_dialog.LAYER).data().strip() for row in shown]


def test_the_model_passes_the_tester() -> None:
    model = LayersModel(small())
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    del tester


def test_every_layer_with_its_figures(dialog: SummaryDialog) -> None:
    assert dialog.filter.rowCount() == 11
    row = paths(dialog).index("layer1.0.conv")
    cells = [dialog.filter.index(row, column).data() for column in range(6)]
    assert cells[1:] == ["Conv2d", "8 × 16 × 16", "900", "230\u202f400", "1.5 kB"]


def test_a_search_needs_every_word(dialog: SummaryDialog) -> None:
    dialog.search.setText("layer2 conv2d")
    assert paths(dialog) == ["layer2.0.conv", "layer2.1.conv"]
    assert dialog.matches.text() == "2 of 11"


def test_numbers_are_sorted_as_numbers(dialog: SummaryDialog) -> None:
    dialog.table.sortByColumn(summary_dialog.PARAMETERS, Qt.SortOrder.DescendingOrder)
    assert paths(dialog)[0] in ("layer2.0", "layer2.0.conv")
    dialog.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert paths(dialog)[0] == "conv1"


def test_the_rows_shown_are_copied_with_plain_numbers(dialog: SummaryDialog) -> None:
    dialog.search.setText("layer1.0.conv")
    dialog.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[1].split("\t") == ["backbone.layer1.0.conv", "Conv2d", "8x16x16", "900", "230400", "1500"]
    assert len(lines) == 2


def test_a_search_without_a_hit_says_so_and_there_is_nothing_to_copy(dialog: SummaryDialog) -> None:
    assert dialog.copying.isEnabled()
    assert not dialog.nothing.isVisible()
    dialog.search.setText("layer9 ")
    assert dialog.nothing.isVisible()
    assert "“layer9”" in dialog.nothing.sentence.text()
    assert not dialog.table.isVisible()
    assert not dialog.copying.isEnabled()
    assert dialog.nothing.button is not None
    dialog.nothing.button.click()
    assert dialog.table.isVisible()
    assert dialog.filter.rowCount() == 11
    assert dialog.copying.isEnabled()


@pytest.mark.parametrize("text", ["conv", "layer9"])
def test_enter_after_a_search_copies_nothing_and_keeps_the_search(
    dialog: SummaryDialog, qtbot: QtBot, text: str
) -> None:
    QGuiApplication.clipboard().setText("mine")
    dialog.search.setText(text)
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "mine"
    assert dialog.search.text() == text
    assert dialog.isVisible()
