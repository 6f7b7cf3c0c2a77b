"""An ophthalmologist builds a chain by looking at it: what it does, what it loses, what it costs; then trains with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QListView, QListWidget, QPushButton

from tests.stories.conftest import User
from workbench.augment.chain import Chain
from workbench.project.project import Project
from workbench.ui.augment.panel import AugmentPanel
from workbench.ui.augment.wipe import WipeBoard

pytestmark = pytest.mark.story

SIDE = 160
LESION = (16, 16, 32, 32)
"""Pixels: left, top, right, bottom."""


@pytest.fixture
def eyes(tmp_path: Path) -> Path:
    """Photographs of eyes, left and right, of two grades, the worse one rare, each with a lesion near its edge."""
    folder = tmp_path / "fundus"
    rng = np.random.default_rng(5)
    for grade, count in (("healthy", 24), ("severe", 4)):
        (folder / grade).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(60, 90, (SIDE, SIDE, 3), dtype=np.uint8)
            pixels[..., 0] += 80
            left, top, right, bottom = LESION
            pixels[top:bottom, left:right] = (240, 230, 90) if grade == "severe" else (120, 20, 20)
            eye = "left" if number % 2 else "right"
            Image.fromarray(pixels).save(folder / grade / f"patient{number:02d}_{eye}.png")
    return folder


def panel(user: User) -> AugmentPanel:
    return user.window.findChild(AugmentPanel)


def choose_preset(user: User, title: str) -> None:
    menu = user.find("augment.preset", QPushButton).menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text().replace("&", "") == title).trigger()


def names(chain: Chain) -> list[str]:
    return [step.transform for _, step in chain.walk()]


def all_painted(user: User) -> bool:
    board = panel(user).preview._boards.currentWidget()
    pictures = board._pictures if isinstance(board, WipeBoard) else [tile.image for tile in board.tiles]
    return bool(pictures) and all(picture is not None for picture in pictures)


def test_a_chain_is_built_by_looking_at_it(open_window: Callable[..., User], eyes: Path) -> None:
    user = open_window(eyes)
    session = user.window.session
    user.wait(lambda: session.project is not None and session.project.images.count() == 28 and not session.jobs)
    project: Project = session.project
    user.go("dataset")
    user.wait(lambda: user.find("dataset.split").isEnabled())
    user.click("dataset.split")
    user.wait(lambda: project.splits.counts().get("train", 0) > 10 and not session.jobs)
    for image in project.images.ids():
        project.regions.add(int(image), "box", [LESION[:2], LESION[2:]])

    # A preset to start from, then a crop added from the list by its name.
    user.go("augment")
    user.wait(lambda: user.is_shown("augment.preview") and not session.jobs)
    choose_preset(user, "Light")
    augment = panel(user)
    light = session.config.augment
    user.click("augment.add")
    popup = augment.side.popup
    user.qtbot.keyClicks(popup.search, "resized crop")
    shown = popup.findChild(QListView, "augment.transforms")
    user.wait(lambda: shown.currentIndex().isValid())
    user.qtbot.keyClick(popup.search, Qt.Key.Key_Return)
    user.wait(lambda: names(session.config.augment) == [*names(light), "RandomResizedCrop"])
    user.wait(lambda: all_painted(user), 60)
    user.shoot("variants")

    # A small crop: what is typed is what the chain holds, and one key takes it back.
    augment.form.chance().boxes[0].setValue(100)
    scale = augment.form.editor("scale").boxes
    user.qtbot.mouseClick(scale[0], Qt.MouseButton.LeftButton)
    scale[0].selectAll()
    user.qtbot.keyClicks(scale[0], "0.2")
    user.qtbot.keyClick(scale[0], Qt.Key.Key_Return)
    user.wait(lambda: session.config.augment.steps[-1].params["scale"][0] == pytest.approx(0.2))
    cropped = session.config.augment
    augment.side.view.setFocus()
    user.qtbot.keyClick(augment.side.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    user.wait(lambda: session.config.augment != cropped)
    user.qtbot.keyClick(
        augment.side.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    user.wait(lambda: session.config.augment == cropped)

    # Offscreen nobody makes the window active again after a popup.
    user.window.activateWindow()
    user.wait(user.window.isActiveWindow)
    # Every way to look at it paints all of its pictures.
    for key in ("classes", "steps", "wipe", "sweep", "compare", "variants"):
        assert key in augment.preview.modes, list(augment.preview.modes)
        number = list(augment.preview.modes).index(key)
        user.qtbot.keyClick(user.window, Qt.Key(Qt.Key.Key_1 + number))
        user.wait(lambda key=key: augment.preview.mode.value() == key)
        user.wait(lambda: all_painted(user), 30)
        user.shoot(f"mode {key}")

    # The check says that the crop loses lesions and that a flip swaps left and right; a click leads to the step.
    user.click("augment.checks.run")
    user.wait(lambda: not session.jobs and user.is_shown("augment.checks.list"), 120)
    found = user.find("augment.checks.list", QListWidget)
    told = [
        found.item(row).text() or found.item(row).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(found.count())
    ]
    user.shoot("checked")
    flips = next(row for row, text in enumerate(told) if "left" in text and "right" in text)
    user.qtbot.mouseClick(
        found.viewport(), Qt.MouseButton.LeftButton, pos=found.visualItemRect(found.item(flips)).center()
    )
    user.wait(lambda: augment.editor.step is not None and augment.editor.step.transform == "HorizontalFlip")
    # She takes the flip out.
    user.qtbot.keyClick(augment.side.view, Qt.Key.Key_Delete)
    user.wait(lambda: "HorizontalFlip" not in names(session.config.augment))
    assert augment.checks.out_of_date

    # The rare grade gets a chain of its own.
    user.choose("augment.target", "rare")
    user.click("augment.rare.choose")
    user.wait(lambda: user.is_shown("augment.rare.suggestion") or QApplication.activePopupWidget() is not None)
    QApplication.activePopupWidget().findChild(QPushButton, "augment.rare.suggestion").click()
    user.wait(lambda: session.config.rare.classes == ("severe",))
    QApplication.activePopupWidget().close()
    user.click("augment.rare.fromStrong")
    user.wait(lambda: len(session.config.rare.chain.steps) > len(session.config.augment.steps))
    user.shoot("rare")

    # Images are mixed as well.
    kind = user.find("augment.mix.kind", QComboBox)
    user.choose("augment.target", "all")
    kind.setCurrentIndex(kind.findData("mixup"))
    kind.activated.emit(kind.currentIndex())
    user.wait(lambda: session.config.mix.kind == "mixup")

    # What was built is there again in the next window.
    config = session.config
    user.window.close()
    again = open_window(project.folder)
    user.wait(lambda: again.window.session.project is not None)
    assert again.window.session.config == config
