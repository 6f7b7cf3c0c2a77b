from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.project.decisions import Decision
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.inspector import MOST_NAMED, DatasetInspector
from workbench.ui.thumbnails import ThumbnailLoader


@pytest.fixture
def inspector(qtbot: QtBot) -> DatasetInspector:
    loader = ThumbnailLoader(lambda path, modified, side: np.zeros((8, 8, 3), np.uint8))
    made = DatasetInspector(ClassModel(), loader)
    qtbot.addWidget(made)
    made.show()
    yield made
    loader.stop()


def test_the_image_and_how_many_are_selected(inspector: DatasetInspector, make_row: Callable[..., Any]) -> None:
    inspector.show_image(make_row(3, path=Path("/a/b.png")), selected=1)
    assert inspector._name.fullText() == "b.png"
    assert inspector._details.text() == "64 × 48 px, 8 bit colour · 1.0 kB"
    inspector.show_image(make_row(3), selected=1200)
    assert inspector._name.fullText() == "1\u202f200 images selected"
    inspector.show_image(make_row(3, error="It is cut off.", width=0), selected=1)
    assert inspector._problem.text() == "It is cut off."
    assert inspector._details.isHidden()
    inspector.show_image(None, selected=0)
    assert inspector.picture.isHidden()


def test_the_history_is_newest_first(inspector: DatasetInspector, make_row: Callable[..., Any]) -> None:
    decisions = [
        Decision(datetime(2026, 1, 1, tzinfo=UTC), "label", "good", "folder", ""),
        Decision(datetime(2026, 1, 2, tzinfo=UTC), "tag", "added blurred", "user", "Ada"),
    ]
    inspector.show_details(make_row(1), decisions=decisions)
    (when, first), (_, second) = inspector.history.lines
    assert when.startswith("2026-01-0")
    assert first == "tag: added blurred · Ada"
    assert second == "good · from the folder"
    inspector.show_details(make_row(1), decisions=[])
    assert inspector._history.isHidden()


def test_unreadable_files_are_named(inspector: DatasetInspector) -> None:
    inspector.show_unreadable([f"bad/{n}.png" for n in range(MOST_NAMED + 10)], 1000)
    lines = inspector._unreadable_files.text().splitlines()
    assert lines[0] == "bad/0.png"
    assert lines[-1] == "and 950 more"
    inspector.show_unreadable([], 0)
    assert inspector._unreadable.isHidden()


def test_enter_adds_a_class(inspector: DatasetInspector, qtbot: QtBot) -> None:
    QTest.keyClicks(inspector.class_section.new_class, " pit ")
    with qtbot.waitSignal(inspector.classAdded) as told:
        inspector.class_section.new_class.returnPressed.emit()
    assert told.args == ["pit"]
    with qtbot.assertNotEmitted(inspector.classAdded):
        inspector.class_section.add()
