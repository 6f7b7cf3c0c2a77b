"""What the stories share: the real window, a user's hands for it, and pictures of what the user saw."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QWidget
from pytestqt.qtbot import QtBot

from workbench.ui import app as program
from workbench.ui.main_window import MainWindow

W = TypeVar("W", bound=QWidget)
PICTURES = os.environ.get("WORKBENCH_PICTURES")


class User:
    """Mouse and keyboard on one window."""

    def __init__(self, qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
        self.qtbot, self.window, self.pictures = qtbot, window, pictures

    def find(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        found = [widget for widget in self.window.findChildren(kind, name) if widget.isVisible()]
        assert found, f"nothing visible is named {name}"
        return found[0]

    def is_shown(self, name: str) -> bool:
        return any(widget.isVisible() for widget in self.window.findChildren(QWidget, name))

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isEnabled(), f"{name} is disabled"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, name: str, segment: str) -> None:
        part = self.find(name).findChild(QAbstractButton, f"segment.{segment}")
        self.qtbot.mouseClick(part, Qt.MouseButton.LeftButton)

    def go(self, panel: str) -> None:
        self.qtbot.mouseClick(self.find(f"rail.{panel}"), Qt.MouseButton.LeftButton)
        self.qtbot.waitUntil(lambda: self.window.current == panel)

    def write(self, name: str, text: str) -> None:
        field = self.find(name)
        self.qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
        if isinstance(field, QAbstractSpinBox):
            field.selectAll()
        else:
            self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def drop(self, folder: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(folder))])
        left, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(600, 400), copy, mime, left, none))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(600, 400), copy, mime, left, none))

    def wait(self, until: Callable[[], object], seconds: float = 30) -> None:
        self.qtbot.waitUntil(lambda: bool(until()), timeout=int(seconds * 1000))

    def shoot(self, name: str) -> None:
        """Save a picture of the window; a story leaves one per panel."""
        self.qtbot.wait(300)
        self.pictures.mkdir(parents=True, exist_ok=True)
        assert self.window.grab().save(str(self.pictures / f"{name}.png"))


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    QStandardPaths.setTestModeEnabled(True)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path_factory.mktemp("settings")))
    yield
    QStandardPaths.setTestModeEnabled(False)


@pytest.fixture
def open_window(
    qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[Path | None], User]]:
    """Return a function that opens the window, as the program does, and gives it a user. Every window is closed."""
    windows: list[MainWindow] = []
    pictures = (Path(PICTURES) if PICTURES else tmp_path / "pictures") / request.node.name

    def open_(folder: Path | None = None) -> User:
        window = program.create(folder)
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitExposed(window)
        return User(qtbot, window, pictures)

    yield open_
    for window in windows:
        if window.session.is_training:
            window.session.stop_training()
            qtbot.waitUntil(lambda shown=window: not shown.session.is_training, timeout=60_000)
        window.session.close()
        window.close()
        window.deleteLater()
    qtbot.wait(50)
