import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.grid_model import BLOCK, KEPT_BLOCKS, ROW_ROLE, GridModel


@pytest.fixture
def model(rows: Any) -> GridModel:
    made = GridModel(rows)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.set_columns(4)
    made.set_ids(np.arange(100, 110))
    return made


def test_ids_are_laid_out_in_reading_order(model: GridModel) -> None:
    assert (model.rowCount(), model.columnCount()) == (3, 4)
    assert model.index(1, 2).data(ROW_ROLE).id == 106
    assert model.index(1, 2).data() == "images/0000106.png"
    assert "64" in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert model.position_of(109) == 9
    assert model.position_of(5) == -1
    assert model.index_at(9) == model.index(2, 1)


def test_cells_after_the_last_image_are_void(model: GridModel) -> None:
    void = model.index(2, 3)
    assert void.data(ROW_ROLE) is None
    assert model.position(void) == -1
    assert model.flags(void) == Qt.ItemFlag.NoItemFlags


def test_another_width_keeps_what_was_fetched(model: GridModel, rows: Any) -> None:
    model.row_at(0)
    asked = len(rows.asked)
    model.set_columns(7)
    assert model.rowCount() == 2
    model.row_at(9)
    assert len(rows.asked) == asked


def test_refresh_fetches_again_and_tells(model: GridModel, rows: Any, qtbot: QtBot) -> None:
    model.row_at(0)
    asked = len(rows.asked)
    with qtbot.waitSignal(model.dataChanged):
        model.refresh()
    model.row_at(0)
    assert len(rows.asked) > asked


def test_an_empty_query_has_no_rows(model: GridModel) -> None:
    model.set_ids(np.zeros(0, np.int64))
    assert model.rowCount() == 0
    assert model.row_at(0) is None


def test_a_million_ids_cost_what_is_looked_at(rows: Any) -> None:
    model = GridModel(rows)
    model.set_columns(8)
    started = time.perf_counter()
    model.set_ids(np.arange(1, 1_000_001))
    assert model.rowCount() == 125_000
    for position in (0, 500_000, 999_999):
        assert model.row_at(position).id == position + 1
    assert len(rows.asked) <= 3 * BLOCK
    assert time.perf_counter() - started < 0.5
    for position in range(0, 1_000_000, 5_000):
        model.row_at(position)
    assert len(model._blocks) <= KEPT_BLOCKS


def test_the_tooltip_says_what_the_badges_mean(model: GridModel, make_row: Any) -> None:
    model._fetch = lambda ids: [
        make_row(1, tags=("riser",), findings=("exact-copy",), test_set="spring", pinned=True),
        make_row(2, pinned=True, error="cut off"),
    ]
    model.set_ids(np.arange(1, 3))
    first, second = (model.index_at(place).data(Qt.ItemDataRole.ToolTipRole) for place in range(2))
    assert first.splitlines()[2:] == ["Tags: riser", "Exact copies", "In the frozen test set spring"]
    assert second.splitlines()[2:] == ["Keeps its part of the split", "cut off"]
