from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.chain import Chain, Step
from workbench.ui.augment.chain_view import ChainView
from workbench.ui.augment.panel import AugmentPanel
from workbench.ui.session import Session


@pytest.fixture
def panel(session: Session, project_folder: Path, child: Any, qtbot: QtBot) -> Iterator[AugmentPanel]:
    made = AugmentPanel(session, child=child)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(960, 640)
    session.open_project(project_folder)
    made.show()
    made.inspector().show()
    qtbot.waitExposed(made)
    yield made
    made.preview.engine.close()


def names(panel: AugmentPanel) -> list[str]:
    return [step.transform for step in panel.session.config.augment.steps]


def test_the_names_that_stories_use_are_there(panel: AugmentPanel) -> None:
    assert panel.findChild(ChainView, "augment.chain") is panel.chain_view
    assert panel.findChild(QComboBox, "augment.preset") is panel.preset
    assert panel.findChild(QWidget, "augment.preview") is panel.preview


def test_the_preview_is_painted(panel: AugmentPanel, child: Any, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all(tile.image is not None for tile in panel.preview.variants.tiles))
    assert child.warmed
    assert panel.preview.image.relative.endswith("000.png")
    panel.grab()
    panel.inspector().grab()


def test_a_preset_is_the_chain_of_the_config(panel: AugmentPanel, qtbot: QtBot) -> None:
    panel.preset.setCurrentIndex(panel.preset.findData("strong"))
    with qtbot.waitSignal(panel.session.configChanged):
        panel.preset.activated.emit(panel.preset.currentIndex())
    assert panel.session.config.augment == catalog.presets()["strong"]
    panel.set_chain(Chain())
    assert panel.preset.currentData() == "none"
    assert panel.state()[0] == "empty"
    panel.add_step(catalog.find("CLAHE"))
    assert panel.preset.currentData() == "custom"
    assert panel.state() == ("ready", "1 step on; only training images are changed.")


def test_steps_are_added_changed_moved_and_removed(panel: AugmentPanel) -> None:
    panel.set_chain(Chain())
    panel.add_step(catalog.find("HorizontalFlip"))
    panel.add_step(catalog.find("RandomBrightnessContrast"))
    assert panel.current == 1
    panel.chain_view.moveWanted.emit(1, 0)
    assert names(panel) == ["RandomBrightnessContrast", "HorizontalFlip"]
    assert panel.current == 0
    panel.form.editor("brightness_limit").boxes[1].setValue(0.5)
    assert panel.chain.steps[0].params["brightness_limit"][1] == 0.5
    panel.form.chance().boxes[0].setValue(25)
    assert panel.chain.steps[0].p == 0.25
    panel.form.resetWanted.emit()
    assert panel.chain.steps[0].params == catalog.find("RandomBrightnessContrast").step().params
    panel.chain_view.duplicateWanted.emit(0)
    panel.chain_view.switched.emit(0, False)
    assert [step.enabled for step in panel.chain.steps] == [False, True, True]
    panel.chain_view.removeWanted.emit(0)
    assert names(panel) == ["RandomBrightnessContrast", "HorizontalFlip"]
    for _ in range(2):
        panel.chain_view.removeWanted.emit(0)
    assert panel.current == -1


def test_undo_takes_the_chain_back_and_a_drag_as_one(panel: AugmentPanel) -> None:
    start = panel.chain
    panel.pick(0)
    for chance in (0.6, 0.7, 0.8):
        panel.chain_view.chanceEdited.emit(0, chance)
    panel.chain_view.settled.emit()
    panel.chain_view.chanceEdited.emit(0, 0.9)
    panel.chain_view.setFocus()
    QTest.keyClick(panel.chain_view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.chain.steps[0].p == 0.8
    QTest.keyClick(panel.chain_view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.chain == start
    QTest.keyClick(
        panel.chain_view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert panel.chain.steps[0].p == 0.8


def test_a_chain_is_saved_and_loaded(panel: AugmentPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "chain.json"
    dialog = "workbench.ui.augment.panel.QFileDialog"
    monkeypatch.setattr(f"{dialog}.getSaveFileName", lambda *_: (str(place), ""))
    monkeypatch.setattr(f"{dialog}.getOpenFileName", lambda *_: (str(place), ""))
    chain = panel.chain
    panel.save_chain()
    panel.set_chain(Chain())
    panel.load_chain()
    assert panel.chain == chain


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "not JSON"),
        ('{"steps": [{"transform": "HorizontalFlap"}]}', "HorizontalFlip"),
        ('{"steps": [{"transform": "HorizontalFlip", "p": 7}]}', "cannot be used"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_chain_file_changes_nothing(
    panel: AugmentPanel, tmp_path: Path, problems: list[tuple[str, str]], content: str | None, words: str
) -> None:
    place = tmp_path / "chain.json"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    before = panel.chain
    panel.use_file(place)
    assert panel.chain == before
    assert problems[-1][0] == "augment"
    assert words in problems[-1][1]


def test_what_cannot_be_computed_is_said(panel: AugmentPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.preview.failed):
        panel.set_chain(Chain(steps=(Step(transform="Broken"),)))
    assert panel.state()[0] == "attention"
    assert "broken" in panel.preview.problem()
    panel.pick(0)
    with qtbot.waitSignal(panel.preview.engine.ended):
        panel.set_chain(Chain())
    assert panel.state()[0] == "empty"
    assert panel.preview.problem() == ""


def test_step_by_step(panel: AugmentPanel, qtbot: QtBot) -> None:
    panel.set_chain(Chain(steps=(Step(transform="HorizontalFlip", p=1.0), Step(transform="CLAHE", p=0.0))))
    panel.preview.mode.set_value("steps")
    tiles = panel.preview.steps.tiles
    qtbot.waitUntil(lambda: len(tiles) == 3 and all(tile.image is not None for tile in tiles))
    assert tiles[0].caption == "original"
    assert tiles[2].caption.endswith("no change")
    assert tiles[2].quiet
    panel.grab()


def test_the_seed_is_fixed_or_rolls(panel: AugmentPanel, child: Any, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.preview.engine.ended):
        panel.set_chain(Chain())
    assert child.jobs[-1].tiles[1].seed == 7
    panel.preview.rolling.setChecked(True)
    seeds = set()
    for name in ("Blur", "CLAHE", "ToGray"):
        with qtbot.waitSignal(panel.preview.engine.ended):
            panel.set_chain(Chain(steps=(Step(transform=name),)))
        seeds.add(child.jobs[-1].tiles[1].seed)
    assert len(seeds) > 1


def test_other_images(panel: AugmentPanel, qtbot: QtBot) -> None:
    first = panel.preview.image.id
    panel.preview.next_image()
    assert panel.preview.image.id != first
    panel.preview.previous_image()
    panel.preview.previous_image()
    last = int(panel.session.project.images.ids()[-1])
    assert panel.preview.image.id == last
    panel.activated(first)
    assert panel.preview.image.id == first


def test_without_images_it_leads_to_the_dataset(session: Session, child: Any, tmp_path: Path, qtbot: QtBot) -> None:
    made = AugmentPanel(session, child=child)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    session.open_project(tmp_path / "new", create=True)
    made.show()
    assert made.preview._pages.currentIndex() == 0
    assert not child.jobs
    made.grab()
    with qtbot.waitSignal(session.navigate) as told:
        made.preview._pages.currentWidget().button.click()
    assert told.args[0] == "dataset"


def test_out_of_sight_nothing_is_computed(panel: AugmentPanel, child: Any, qtbot: QtBot) -> None:
    panel.hide()
    count = len(child.jobs)
    panel.set_chain(Chain())
    qtbot.wait(60)
    assert len(child.jobs) == count
