"""The shell's own actions, and the menu that holds them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from workbench.ui import icons, theme
from workbench.ui.palette import Command
from workbench.ui.rail import Stage

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

Key = str | QKeySequence.StandardKey


class ShellCommands:
    """Makes the actions, puts them on the window, and lists them for the palette."""

    def __init__(self, window: "MainWindow", stages: Sequence[Stage]) -> None:
        self._window = window
        self.all: list[Command] = []
        tr = window.tr
        session = window.session
        project, edit, view, go, help_ = tr("Project"), tr("Edit"), tr("View"), tr("Go to"), tr("Help")
        keys = QKeySequence.StandardKey
        self.open = self._add(
            "shell.open", tr("Open a folder or project…"), project, window.choose_folder, "folder", keys.Open
        )
        self.reveal = self._add("shell.reveal", tr("Show the project folder"), project, window.reveal, "open")
        self.sample = self._add("shell.sample", tr("Try the sample set"), project, session.try_sample, "dataset")
        self.quit = self._add("shell.quit", tr("Quit"), project, window.close, "", "Ctrl+Q")
        self.undo = self._add("shell.undo", tr("Undo"), edit, session.undo_label, "undo", "Ctrl+Z")
        self.redo = self._add("shell.redo", tr("Redo"), edit, session.redo_label, "redo", "Ctrl+Shift+Z")
        self.palette = self._add(
            "shell.palette", tr("Search or run a command"), view, window.open_palette, "search", "Ctrl+K"
        )
        self.inspector = self._add(
            "shell.toggleInspector", tr("Show or hide the inspector"), view, window.toggle_inspector, "inspector", "I"
        )
        self.themes = {
            mode: self._add(f"shell.theme.{mode}", text, view, slot, icon)
            for mode, text, slot, icon in (
                ("system", tr("Theme: as the system"), window.follow_system, "monitor"),
                ("light", tr("Theme: light"), window.go_light, "sun"),
                ("dark", tr("Theme: dark"), window.go_dark, "moon"),
            )
        }
        self._theme_group = QActionGroup(window)
        for action in self.themes.values():
            action.setCheckable(True)
            self._theme_group.addAction(action)
        self.go = [
            self._add(f"shell.go.{stage.key}", stage.title, go, window.go_to_sender, stage.icon, f"Ctrl+{number}")
            for number, stage in enumerate(stages, 1)
        ]
        for action, stage in zip(self.go, stages, strict=True):
            action.setData(stage.key)
        self.keys = self._add("shell.keys", tr("Keys"), help_, window.open_keys, "keyboard", "?")

    def show_theme(self, mode: theme.Mode) -> None:
        self.themes[mode].setChecked(True)

    def menu(self) -> QMenu:
        """Return the menu at the foot of the rail."""
        made = QMenu(self._window)
        tr = self._window.tr
        made.addActions([self.open, self.reveal, self.sample])
        made.addSeparator()
        made.addActions([self.undo, self.redo])
        made.addSeparator()
        view = made.addMenu(tr("Theme"))
        view.addActions(list(self.themes.values()))
        made.addActions([self.inspector, self.palette, self.keys])
        made.addSeparator()
        made.addAction(self.quit)
        return made

    def _add(self, name: str, text: str, group: str, slot: Callable[[], object], icon: str, key: Key = "") -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(name)
        if icon:
            action.setIcon(icons.icon(icon))
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(slot)
        self._window.addAction(action)
        self.all.append(Command(action, group))
        return action
