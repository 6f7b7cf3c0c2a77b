"""Somebody who uses no mouse makes a plan in the Model panel: with Tab, arrows, shortcuts and the list of commands."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QScrollArea, QTableView, QTreeView, QWidget

from tests.stories.conftest import User
from tests.ui.model import anatomies
from workbench.intake import add_folders
from workbench.jobs import Stop, drain
from workbench.models import anatomy_cache
from workbench.training.config import FreezeParts

pytestmark = pytest.mark.story

CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
KEY = Qt.Key
PLAN = [
    "Starts from", "model.weightsSource", "model.tag", "model.way.frozen", "model.layers", "model.timeline",
    "model.epochs", "model.addPhase", "model.removePhase", "model.freeze", "model.tree", "model.batchNorm", "How fast",
    "Head and channels", "model.size", "model.resize", "model.finding", "model.probe",
]  # fmt: skip
CATALOGUE = [
    "model.search", "model.family", "model.library", "model.recommended", "model.here", "model.fits",
    "model.favourites", "model.showAll", "model.table",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, tiny_images: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project; the layers of every backbone were found before, as those of a small network."""
    monkeypatch.setattr(anatomy_cache, "cached", lambda name, *_rest: anatomies.small(name))
    list(drain(add_folders(tmp_path / "project", [tiny_images({"good": 12, "scratch": 12})]), Stop()))
    return tmp_path / "project"


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None, "nothing has the keyboard"
    return found


def place() -> str:
    """Return the name of what has the keyboard; of a choice of several, that of the whole."""
    found = focus()
    name = found.objectName()
    if name.startswith("segment."):
        return found.parentWidget().objectName()
    return name or str(found.property("text") or type(found).__name__)


def press(user: User, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    user.qtbot.keyClick(focus(), key, modifier)


def tab_to(user: User, name: str, most: int = 60) -> None:
    for _ in range(most):
        if place() == name:
            return
        press(user, KEY.Key_Tab)
    raise AssertionError(f"{name} cannot be reached by Tab")


def command(user: User, text: str) -> None:
    press(user, KEY.Key_K, CTRL)
    assert place() == "palette.field"
    user.qtbot.keyClicks(focus(), text)
    press(user, KEY.Key_Return)


def is_in_view(widget: QWidget) -> bool:
    """Whether all of it (what is higher than the view: a part) is inside of the scroll area around it."""
    area = widget.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if not isinstance(area, QScrollArea):
        return True
    view = area.viewport()
    there = QRect(widget.mapTo(view, QPoint(0, 0)), widget.size())
    return view.rect().intersects(there) and (view.rect().contains(there) or there.height() > view.height() // 2)


def test_the_model_panel_without_a_mouse(open_window: Callable[..., User], folder: Path) -> None:
    user = open_window(folder)
    session = user.window.session
    user.wait(lambda: session.project is not None and user.window.panels.existing().get("model") is not None)
    user.window.activateWindow()
    user.wait(user.window.isActiveWindow)
    user.qtbot.keyClick(user.window, KEY.Key_3, CTRL)
    assert user.window.current == "model"
    table = user.find("model.table", QTableView)
    user.wait(table.hasFocus)

    # Search, into the list with Down, and on with the arrows; a star by a letter.
    press(user, KEY.Key_F, CTRL)
    assert place() == "model.search"
    user.qtbot.keyClicks(focus(), "resnet 18")
    press(user, KEY.Key_Down)
    assert table.hasFocus()
    first = session.config.backbone.name
    assert first.endswith("/resnet18")
    press(user, KEY.Key_Down)
    second = table.model().index(1, 0).data()
    assert session.config.backbone.name.endswith(f"/{second}")
    press(user, KEY.Key_Up)
    assert session.config.backbone.name == first
    press(user, KEY.Key_F)
    assert table.model().catalogue().favourites() == [first]

    # Tab goes round: every part of the panel once, in the order in which they stand, each brought into view.
    way = "model.way.frozen"
    seen = [place()]
    press(user, KEY.Key_Tab)
    while place() != seen[0]:
        seen.append(place())
        assert is_in_view(focus()), place()
        press(user, KEY.Key_Tab)
        assert len(seen) < 60, seen
    wanted = [*[name for name in PLAN if name != "model.removePhase"], *CATALOGUE[:-1]]
    assert [name for name in seen if name in wanted] == wanted
    assert len(seen) == len(set(seen))
    press(user, KEY.Key_Tab, SHIFT)
    assert place() == "model.showAll"

    # The way by arrows, a phase in the timeline by arrows, its end by Shift.
    tab_to(user, way)
    press(user, KEY.Key_Down)
    press(user, KEY.Key_Left)
    assert place() == "model.way.gradual"
    assert [phase.epochs for phase in session.config.phases] == [3, 3, 4]
    tab_to(user, "model.timeline")
    press(user, KEY.Key_Right)
    press(user, KEY.Key_Right, SHIFT)
    assert [phase.epochs for phase in session.config.phases] == [3, 4, 3]

    # A part of a stage by Space, taken back and made again; the number beside it by its arrows.
    tab_to(user, "model.tree")
    tree = user.find("model.tree", QTreeView)
    says = user.find("model.planSays", QLabel)
    before, sentence = session.config, says.text()
    press(user, KEY.Key_Home)
    for _ in range(2):
        press(user, KEY.Key_Down)
    press(user, KEY.Key_Right)
    press(user, KEY.Key_Down)
    press(user, KEY.Key_Space)
    freeze = session.config.phases[1].freeze
    assert isinstance(freeze, FreezeParts)
    assert tree.currentIndex().parent().data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.PartiallyChecked
    assert says.text() != sentence
    press(user, KEY.Key_Z, CTRL)
    assert session.config == before
    press(user, KEY.Key_Z, CTRL | SHIFT)
    assert session.config.phases[1].freeze == freeze
    tab_to(user, "model.epochs")
    press(user, KEY.Key_Up)
    assert session.config.phases[1].epochs == 5

    # The commands reach what the panel does, from other panels too.
    command(user, "all layers")
    dialog = user.window.findChild(QDialog, "model.summary")
    assert dialog is not None
    assert dialog.isVisible()
    user.qtbot.keyClick(dialog, KEY.Key_Escape)
    user.window.activateWindow()
    user.wait(user.window.isActiveWindow)
    press(user, KEY.Key_1, CTRL)
    assert user.window.current == "dataset"
    command(user, "favourite")
    assert user.window.current == "model"
    assert table.model().catalogue().favourites() == []
    command(user, "undo the change of the model")
    assert session.config.phases[1].epochs == 4
    command(user, "search the backbones")
    assert place() == "model.search"
    assert isinstance(focus(), QLineEdit)
    press(user, KEY.Key_Tab, SHIFT)
    user.qtbot.keyClicks(focus(), "?")
    assert any(label.text() == "Choose a phase" for label in user.window.key_list.findChildren(QLabel))
    press(user, KEY.Key_Escape)
    user.shoot("keys")
