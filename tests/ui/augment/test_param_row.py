from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit
from pytestqt.qtbot import QtBot

from workbench.augment.catalog import ParamInfo
from workbench.ui.augment.param_row import ParamRow

STRANGE: list[Any] = [
    {"x": [0.9, 1.1], "y": [1, 1]},
    "somewhere",
    "none",
    0.5,
    3,
    -7,
    1e8,
    1e-12,
    True,
    False,
    [],
    [1],
    [1, 2],
    [2, 1],
    [0.5, 0.25, 0.125],
    [1, [2, 3]],
    [-1, 256, 3],
    ["a", "a"],
    "ü" * 300,
]


def param(kind: str, default: Any, **fields: Any) -> ParamInfo:
    usual = {"low": 0, "high": 1, "step": 0.1, "unit": "", "title": "Limit", "help": "Help", "omitted": default}
    return ParamInfo(name="limit", kind=kind, default=default, **{**usual, **fields})


@pytest.mark.parametrize(
    "known",
    [
        param("range", [0, 1]),
        param("int_range", [0, 1], optional=True),
        param("number", 1, optional=True, least=0, most=2),
        param("integer", 1),
        param("choice", "a", choices=("a", 3, True)),
        param("choices", ["a"], choices=("a", "b")),
        param("switch", True),
        param("colour", 0),
        param("values", [0, 1], length=2),
        param("values", [0, 1]),
        param("text", "x"),
    ],
    ids=lambda known: f"{known.kind}{'-or-none' if known.optional else ''}{known.length or ''}",
)
def test_a_strange_value_is_shown_kept_and_left(known: ParamInfo, qtbot: QtBot) -> None:
    row = ParamRow(known, known.default)
    qtbot.addWidget(row)
    row.resize(256, 120)
    row.show()
    told: list[Any] = []
    row.edited.connect(lambda _name, value: told.append(value))
    for value in [*STRANGE, *reversed(STRANGE)]:
        row.set_value(value)
        assert row.value() == value
        assert type(row.value()) is type(value)
        if row.none is None or not row.none.isChecked():
            assert row.editor.value() == value
        # Going through the fields, without a change, changes nothing.
        for field in row.editor.fields():
            if isinstance(field, QAbstractSpinBox | QLineEdit):
                QTest.keyClick(field, Qt.Key.Key_Return)
        assert row.value() == value
    row.set_value(known.default)
    assert row.editor.value() == known.default
    assert told == []
    assert not row.is_changed
