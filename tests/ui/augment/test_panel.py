from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.chain import Chain, Place, Step
from workbench.training.config import RareConfig
from workbench.ui.augment import panel as module
from workbench.ui.augment.card import Mark
from workbench.ui.augment.chain_view import ChainView
from workbench.ui.augment.checks_bar import Result
from workbench.ui.augment.panel import AugmentPanel
from workbench.ui.session import Session

CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
FLIP, BLUR = Step(transform="HorizontalFlip"), Step(transform="CLAHE")


class FakePreview(QWidget):
    """Remembers what it was asked to show."""

    failed = Signal(str, object, str)
    stepPicked = Signal(object)
    valuePicked = Signal(object, str, object)

    def __init__(self, session: Session, title_of: Callable[[str], str], child: object = None) -> None:
        super().__init__()
        self.setObjectName("augment.preview")
        self.shown: list[Chain] = []
        self.rare: list[tuple[Chain, tuple[str, ...]]] = []
        self.selected: list[tuple[Place | None, str]] = []
        self.image: Any = None

    def show_chain(self, chain: Chain) -> None:
        self.shown.append(chain)

    def show_rare(self, chain: Chain, names: tuple[str, ...]) -> None:
        self.rare.append((chain, names))

    def select(self, place: Place | None, param: str = "") -> None:
        self.selected.append((place, param))

    def show_image(self, image: int) -> None:
        self.image = SimpleNamespace(id=image)

    def picture(self) -> None:
        return None

    def make_actions(self, add: Callable[..., object]) -> None:
        add("augment.roll", "Draw other variants", lambda: None, key="R")

    def gestures(self) -> list[tuple[str, str]]:
        return []


@pytest.fixture
def panel(
    session: Session, project_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AugmentPanel]:
    monkeypatch.setattr(module, "PreviewArea", FakePreview)
    session.open_project(project_folder)
    made = AugmentPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(960, 640)
    made.show()
    made.inspector().show()
    qtbot.waitExposed(made)
    made.editor.set_chain(Chain(steps=(FLIP, BLUR)))
    yield made
    made.close()


def chain(panel: AugmentPanel) -> Chain:
    return panel.session.config.augment


def names(panel: AugmentPanel) -> list[str]:
    return [step.transform for _, step in panel.editor.chain.walk()]


def test_the_names_that_stories_use_are_there(panel: AugmentPanel) -> None:
    assert panel.findChild(ChainView, "augment.chain") is panel.side.view
    assert panel.findChild(QWidget, "augment.preset") is panel.side.preset
    assert panel.findChild(QWidget, "augment.preview") is panel.preview


def test_a_chain_is_built_with_the_keyboard(panel: AugmentPanel, qtbot: QtBot) -> None:
    view = panel.side.view
    panel.side.open_list()
    QTest.keyClicks(panel.side.popup.search, "one of")
    QTest.keyClick(panel.side.popup.search, Qt.Key.Key_Return)
    assert names(panel) == ["HorizontalFlip", "CLAHE", "OneOf"]
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Up)
    assert panel.editor.current == (0,)
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Down, ALT)
    assert panel.editor.current == (1, 0), "past its neighbour, into the group"
    QTest.keyClick(view, Qt.Key.Key_D, CONTROL)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert chain(panel).at((1, 1)) == FLIP.model_copy(update={"enabled": False})
    QTest.keyClick(view, Qt.Key.Key_Delete)
    panel.group()
    assert names(panel) == ["CLAHE", "OneOf", "OneOf", "HorizontalFlip"]
    panel.ungroup()
    panel.ungroup()
    assert panel.editor.current == (1,)
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    assert names(panel) == ["CLAHE", "OneOf", "HorizontalFlip"]
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert names(panel) == ["CLAHE", "HorizontalFlip"]
    assert panel.preview.shown[-1] == chain(panel)


def test_a_chain_is_changed_with_the_mouse(panel: AugmentPanel, qtbot: QtBot) -> None:
    card = panel.side.view.cards()[1]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))
    assert panel.editor.current == (1,)
    assert panel.preview.selected[-1] == ((1,), "")
    qtbot.mouseClick(card._switch, Qt.MouseButton.LeftButton)
    assert not chain(panel).at((1,)).enabled
    panel.side.view.moveWanted.emit((1,), (0,))
    assert names(panel) == ["CLAHE", "HorizontalFlip"]
    assert panel.editor.current == (0,)
    panel.grab()


def test_the_form_edits_the_selected_step(panel: AugmentPanel) -> None:
    panel.editor.set_chain(Chain(steps=(Step(transform="OneOf", steps=(catalog.find("CLAHE").step(),)),)))
    panel.editor.pick((0, 0))
    panel.form.paramEdited.emit("clip_limit", [2.0, 3.0])
    panel.form.enabledEdited.emit(False)
    panel.form.chanceEdited.emit(0.25)
    step = chain(panel).at((0, 0))
    assert (step.p, step.enabled, step.params["clip_limit"]) == (0.25, False, [2.0, 3.0])
    panel.form.resetWanted.emit()
    assert chain(panel).at((0, 0)).params == catalog.find("CLAHE").step().params
    panel.form.sweepWanted.emit("clip_limit")
    assert panel.preview.selected[-1] == ((0, 0), "clip_limit")
    panel.preview.valuePicked.emit((0, 0), "clip_limit", [4.0, 4.0])
    assert chain(panel).at((0, 0)).params["clip_limit"] == [4.0, 4.0]
    panel.preview.stepPicked.emit((0,))
    assert panel.editor.current == (0,)
    panel.form.undoWanted.emit()
    panel.inspector().grab()
    panel.editor.set_chain(Chain(steps=(Step(transform="FromElsewhere"),)), current=(0,))
    panel.inspector().grab()


def test_a_selection_asks_for_no_new_pictures(panel: AugmentPanel) -> None:
    count = len(panel.preview.shown)
    panel.editor.pick((0,))
    panel.editor.set_mix(panel.editor.state.mix.model_copy(update={"p": 0.1}))
    assert len(panel.preview.shown) == count


def test_a_refused_change_is_a_toast(panel: AugmentPanel, qtbot: QtBot) -> None:
    panel.editor.pick((0,))
    for _ in range(3):
        panel.group()
    with qtbot.waitSignal(panel.session.toast) as told:
        panel.group()
    assert "nested" in told.args[0]


def test_an_error_is_marked_at_its_step_until_it_is_mended(panel: AugmentPanel, qtbot: QtBot) -> None:
    panel.preview.failed.emit("CLAHE: tile_grid_size must be positive.", (1,), "tile_grid_size")
    card = panel.side.view.card((1,))
    assert card._sign.toolTip().endswith("must be positive.")
    assert panel.state() == ("attention", "CLAHE: tile_grid_size must be positive.")
    panel.editor.pick((1,))
    panel.inspector().grab()
    panel.editor.set_param((1,), "tile_grid_size", [8, 8])
    qtbot.waitUntil(lambda: panel.state()[0] == "ready")
    assert not card._sign.isVisible()
    panel.preview.failed.emit("Something else.", None, "")
    assert panel.state()[0] == "attention"


def test_a_field_says_of_its_value_alone_what_is_wrong(panel: AugmentPanel) -> None:
    panel.editor.pick((1,))
    sentence = "The transform CLAHE cannot be used: tile_grid_size: all values must be >= 1."
    panel.preview.failed.emit(sentence, (1,), "tile_grid_size")
    assert panel.form._rows["tile_grid_size"].message == "All values must be at least 1."
    assert panel.state() == ("attention", sentence)
    panel.preview.failed.emit("No room for it.", (1,), "")
    assert panel.form._wrong.text() == "No room for it."


def test_findings_and_costs_are_shown_at_their_steps(panel: AugmentPanel) -> None:
    result = Result(chain(panel), Chain())
    result.take({"event": "StepCost", "place": [0], "ms": 0.02, "share": 0.1, "rare": False})
    result.take({"event": "StepCost", "place": [1], "ms": 12.3, "share": 0.8, "rare": False})
    loss = {"event": "MarkLoss", "severity": "warning", "message": "Marks leave the picture.", "note": ""}
    result.take({**loss, "place": [0]})
    result.take({**loss, "place": [1], "severity": "info"})
    panel.checks._results[panel.checks._key] = result
    panel.checks._show(result)
    flip, clahe = panel.side.view.cards()
    assert (flip.face.cost, clahe.face.cost) == ("<0.1 ms", "12 ms")
    assert flip.face.mark == Mark("warning", "Marks leave the picture.")
    assert clahe.face.mark is None
    panel.checks.stepPicked.emit((1,))
    assert panel.editor.current == (1,)
    panel.editor.set_chain(Chain(steps=(BLUR, FLIP)))
    moved, _ = panel.side.view.cards()
    assert moved.face.cost == "12 ms", "a cost goes with its step"
    assert moved.face.mark is None, "what was found of another chain need not hold for this one"
    panel.checks.rareStepPicked.emit((0,))
    assert panel.editor.target == "rare"


def test_a_preset_is_the_chain_of_the_config(panel: AugmentPanel) -> None:
    panel.side.preset.chosen.emit(catalog.presets()["strong"])
    assert chain(panel) == catalog.presets()["strong"]
    assert panel.side.preset.text() == "Strong"
    panel.editor.set_chain(Chain())
    assert panel.state() == ("empty", "No augmentation: the model sees the training images as they are.")
    panel.side.add(catalog.find("CLAHE"))
    assert panel.side.preset.text() == "Own chain"
    assert panel.state() == ("ready", "1 step on; only training images are changed.")
    panel.editor.undo()
    assert chain(panel) == Chain()


def test_rare_classes_have_a_chain_of_their_own(panel: AugmentPanel, qtbot: QtBot) -> None:
    side = panel.side
    common = chain(panel)
    qtbot.mouseClick(side.rare.switch.button("rare"), Qt.MouseButton.LeftButton)
    assert panel.preview.shown[-1] == Chain()
    assert side.choose_classes.isVisible()
    side.rare.classesChosen.emit(("scratch",))
    assert panel.session.config.rare.classes == ("scratch",)
    shown = panel.session.project.images.get(panel.preview.image.id)
    assert "scratch" in shown.relative, "an image that gets this chain"
    panel.grab()
    qtbot.mouseClick(side.from_common, Qt.MouseButton.LeftButton)
    assert panel.session.config.rare == RareConfig(classes=("scratch",), chain=common)
    assert panel.preview.rare[-1] == (common, ("scratch",))
    panel.editor.pick((0,))
    panel.form.chanceEdited.emit(0.9)
    assert panel.session.config.rare.chain.at((0,)).p == 0.9
    assert chain(panel) == common
    assert "1 class" in panel.state()[1]
    side.rare.classesChosen.emit(())
    assert panel.state()[0] == "attention"
    assert side.rare.note.isVisible()
    panel.grab()


def test_mixing_is_part_of_the_config(panel: AugmentPanel) -> None:
    mix = panel.side.mix
    mix.kind.setCurrentIndex(mix.kind.findData("cutmix"))
    mix.kind.activated.emit(mix.kind.currentIndex())
    assert panel.session.config.mix.kind == "cutmix"
    assert mix.share.isVisible()
    for _ in range(2):
        QTest.keyClick(mix.share, Qt.Key.Key_Right)
    assert panel.session.config.mix.p == pytest.approx(0.6)
    assert "mixed" in panel.state()[1]
    panel.editor.set_chain(Chain())
    assert panel.state()[0] == "ready"
    panel.grab()


def drop(panel: AugmentPanel, path: Path) -> bool:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    left, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(9, 9), copy, content, left, none)
    panel.dragEnterEvent(entered)
    if entered.isAccepted():
        panel.dropEvent(QDropEvent(QPointF(9, 9), copy, content, left, none))
    return entered.isAccepted()


def test_a_chain_file_is_used_where_it_is_dropped(panel: AugmentPanel, tmp_path: Path) -> None:
    place = tmp_path / "chain.json"
    Chain(steps=(FLIP,)).save(place)
    assert drop(panel, place)
    assert names(panel) == ["HorizontalFlip"]
    labels = tmp_path / "labels.json"
    labels.write_text('{"images": []}', encoding="utf-8")
    assert not drop(panel, labels), "that is for the window"
    panel.editor.set_chain(Chain())
    panel.activated(place)
    assert names(panel) == ["HorizontalFlip"]
    panel.activated(3)
    assert panel.preview.image.id == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "JSON"),
        ('{"steps": [{"transform": "HorizontalFlap"}]}', "HorizontalFlip"),
        ('{"steps": [{"transform": "HorizontalFlip", "p": 7}]}', "p"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_chain_file_changes_nothing(
    panel: AugmentPanel, tmp_path: Path, problems: list[tuple[str, str]], content: str | None, words: str
) -> None:
    place = tmp_path / "chain.json"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    before = chain(panel)
    panel.files.read(place)
    assert chain(panel) == before
    assert problems[-1][0] == "augment"
    assert words in problems[-1][1]


def test_a_project_without_images_can_be_set_up(panel: AugmentPanel, session: Session, tmp_path: Path) -> None:
    session.open_project(tmp_path / "new", create=True)
    panel.side.rare.targetChosen.emit("rare")
    panel.side.rare.open_list()
    panel.side.rare.list.hide()
    assert panel.state()[0] == "ready"
    panel.grab()


def test_an_empty_chain_is_begun_with_a_click(panel: AugmentPanel, qtbot: QtBot) -> None:
    panel.editor.set_chain(Chain())
    qtbot.mouseClick(panel.side.from_light, Qt.MouseButton.LeftButton)
    assert chain(panel) == catalog.presets()["light"]
    panel.editor.set_target("rare")
    panel.editor.set_rare_classes(("good",))
    qtbot.mouseClick(panel.side.from_strong, Qt.MouseButton.LeftButton)
    assert panel.session.config.rare.chain == catalog.presets()["strong"]


def test_with_the_real_preview_and_list(
    session: Session, project_folder: Path, child: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.open_project(project_folder)
    made = AugmentPanel(session, child=child)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(1000, 700)
    made.show()
    with qtbot.waitSignal(made.preview.engine.ended):
        made.editor.set_chain(Chain(steps=(FLIP,)))
    with qtbot.waitSignal(made.preview.failed):
        made.editor.set_chain(Chain(steps=(Step(transform="Broken"),)))
    assert made.side.view.card((0,)).face.mark.severity == "error"
    made.side.open_list()
    with qtbot.waitSignal(made.effects.pictured) as told:
        made.side.popup.search.setText("clahe")
    assert told.args[0] == "CLAHE"
    made.side.popup.hide()
    with qtbot.waitSignal(made.preview.engine.ended):
        made.editor.set_chain(Chain())
    qtbot.waitUntil(lambda: made.state()[0] == "empty")
    made.grab()
    made.effects.close()
    made.preview.engine.close()


def test_keys_and_gestures_are_listed(panel: AugmentPanel) -> None:
    keys: dict[str, Any] = {action.objectName(): action.shortcut().toString() for action in panel.actions()}
    assert keys["augment.group"] == "Ctrl+G"
    assert keys["augment.add.action"] == "A"
    assert len(panel.gestures()) == 7
