from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from workbench.ui.model.weights_file import WeightsFile, dropped_file


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    return file


def test_a_complete_path_counts_at_once_and_a_part_of_one_when_the_field_is_left(qtbot: QtBot, weights: Path) -> None:
    field = WeightsFile()
    qtbot.addWidget(field)
    kept: list[str] = []
    field.chosen.connect(kept.append)
    field.show_path("elsewhere.pt")
    assert kept == []
    field.path.setText(str(weights)[:-3])
    assert kept == []
    field.path.editingFinished.emit()
    assert kept == [str(weights)[:-3]]
    field.path.setText(f" {weights}")
    assert kept[-1] == str(weights)
    field.path.clear()
    field.path.editingFinished.emit()
    assert kept[-1] == ""


def test_only_weights_files_can_be_dropped(weights: Path) -> None:
    text = weights.with_name("notes.txt")
    text.write_text("no weights", encoding="utf-8")
    urls = [QUrl("https://example.org/w.pt"), *map(QUrl.fromLocalFile, (str(text), str(weights.parent), str(weights)))]
    assert dropped_file(urls) == urls[-1].toLocalFile()
    assert dropped_file(urls[:-1]) == ""
