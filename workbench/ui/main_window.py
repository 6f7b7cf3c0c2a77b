"""The frame around the panels: no logic of its own, it shows what the session says."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QSize, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from workbench.ui import theme
from workbench.ui.banners import BannerArea
from workbench.ui.commands import ShellCommands
from workbench.ui.dialogs import CloseAnswer, CloseDialog
from workbench.ui.drops import DropSheet, FolderDrop
from workbench.ui.header import Devices, Header
from workbench.ui.layouts import column, row
from workbench.ui.messages import Toast
from workbench.ui.overlay import Popover
from workbench.ui.palette import Command, CommandPalette, KeyList
from workbench.ui.panels import Panels
from workbench.ui.rail import STAGES, Rail, Stage, StageButton, state_name
from workbench.ui.session import Session
from workbench.ui.start_page import StartPage
from workbench.ui.status import StatusBar
from workbench.ui.widgets import Panel

INSPECTOR = 320
SCROLL_BAR = 14


class MainWindow(QMainWindow):
    """Rail, header, panel, inspector, status bar. Panels are imported and built when a project is open, one at a time."""

    def __init__(self, session: Session, stages: tuple[Stage, ...] = STAGES, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.stages = stages
        self.panels = Panels(session, stages, self)
        self._current = ""
        self._closing = False
        self._wants_inspector = session.preferences.switch("inspector", True)
        self._inspector_width = INSPECTOR
        self._devices = Devices()
        self.setWindowTitle("Workbench")
        self.setMinimumSize(1024, 700)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._lay_out()
        self.commands = ShellCommands(self, stages)
        self.rail.menu_button.setMenu(self.commands.menu())
        self.rail.menu_button.setPopupMode(self.rail.menu_button.ToolButtonPopupMode.InstantPopup)
        self._connect()
        self._restore()
        self._show_project()

    def _lay_out(self) -> None:
        self.rail = Rail(self.stages)
        self.header = Header()
        self.banners = BannerArea()
        self.start = StartPage()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.start)
        self._inspector = QScrollArea()
        self._inspector.setObjectName("shell_inspector")
        self._inspector.setFrameShape(QFrame.Shape.NoFrame)
        self._inspector.setWidgetResizable(True)
        self._inspector.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its parts have the keyboard, not what scrolls them
        self._inspector.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inspector.setMaximumWidth(INSPECTOR + 200)
        self._inspector.hide()
        self._work = QSplitter(Qt.Orientation.Horizontal)
        self._work.setHandleWidth(1)
        self._work.setChildrenCollapsible(False)
        middle = QWidget()
        middle.setLayout(column(self.banners, self._stack, spacing=0))
        self._work.addWidget(middle)
        self._work.addWidget(self._inspector)
        self._work.setStretchFactor(0, 1)
        self.status = StatusBar(self.session)
        centre = QWidget()
        right = column(self.header, self._work, spacing=0)
        right.setStretch(1, 1)
        upper = row(self.rail, right, spacing=0)
        whole = column(upper, self.status, spacing=0)
        whole.setStretch(0, 1)
        centre.setLayout(whole)
        self.setCentralWidget(centre)
        self.toast = Toast(centre, bottom=48)
        self.palette_ = CommandPalette(centre)
        self.key_list = KeyList(centre)
        self.popover = Popover(centre)
        self.drops = DropSheet(centre)
        FolderDrop(self, self.drops, self.session)

    def _connect(self) -> None:
        session = self.session
        session.projectChanged.connect(self._show_project)
        session.runChanged.connect(self._show_run)
        session.runStateChanged.connect(self._show_run)
        session.runEvent.connect(self._show_run)
        session.configChanged.connect(self._show_device)
        session.undoChanged.connect(self._show_undo)
        session.toast.connect(self.toast.say)
        session.problem.connect(self._problem)
        session.decision.connect(self._decision)
        session.navigate.connect(self.go)
        self.panels.built.connect(self._panel_built)
        self.panels.missing.connect(self._panel_missing)
        self.panels.stateChanged.connect(self._panel_changed)
        self.rail.chosen.connect(self.go)
        self.rail.asked.connect(self._why)
        self.header.search.connect(self.open_palette)
        self.header.go_to_run.connect(self._go_to_run)
        self.header.inspector_toggled.connect(self.toggle_inspector)
        self.start.choose.connect(self.choose_folder)
        self.start.sample.connect(session.try_sample)
        self.start.opened.connect(self._open_recent)
        self.palette_.chosen.connect(self._run_command)

    # the panels

    @property
    def current(self) -> str:
        """The key of the stage in view; empty on the start page."""
        return self._current

    def panel(self, key: str) -> Panel | None:
        """Return a panel, built now if need be; None without a project or where it cannot be built."""
        return self.panels.get(key)

    @Slot(str, object)
    def go(self, key: str, payload: object = None) -> None:
        """Bring the stage ``key`` to the front."""
        panel = self.panel(key)
        if panel is None:
            self.rail.set_current(self._current)
            return
        self._current = key
        self._stack.setCurrentWidget(panel)
        self.rail.set_current(key)
        self.banners.set_stage(key)
        self._show_place()
        self._show_inspector()
        panel.activated(payload)

    @Slot(str)
    def _panel_built(self, key: str) -> None:
        self._stack.addWidget(self.panels.existing()[key])
        self._show_state(key)

    @Slot(str)
    def _panel_missing(self, key: str) -> None:
        self.rail.button(key).setEnabled(False)

    @Slot(str)
    def _panel_changed(self, key: str) -> None:
        self._show_state(key)
        if key == self._current:
            self._show_inspector()

    def _show_state(self, key: str) -> None:
        self.rail.button(key).set_state(*self.panels.existing()[key].state())

    @Slot(str)
    def _why(self, key: str) -> None:
        shown: StageButton = self.rail.button(key)
        why = shown.why or self.tr("Open a project first.") if self.session.project is None else shown.why
        at = shown.mapTo(self.centralWidget(), QPoint(shown.width() + theme.HALF, theme.HALF))
        self.popover.say(shown.stage.title, shown.state, state_name(self, shown.state), why, at)

    # what the session says

    @Slot()
    def _show_project(self) -> None:
        project, built = self.session.project, self.panels.existing()
        self.banners.clear()
        for stage in self.stages:
            made = self.rail.button(stage.key)
            made.setEnabled(project is not None and not self.panels.is_broken(stage.key))
            if stage.key in built:
                self._show_state(stage.key)
            else:
                made.set_state("empty", "")
        if project is None:
            self._current = ""
            self.start.show_recent(self.session.preferences.recent())
            self._stack.setCurrentWidget(self.start)
            self.start.setFocus()
            self.rail.set_current("")
            self.banners.set_stage("")
            self._show_place()
            self._show_inspector()
        else:
            self.go(self._current or self.stages[0].key)
            self.panels.build_rest()
        for action in (self.commands.reveal, *self.commands.go, self.commands.inspector):
            action.setEnabled(project is not None)
        self.setWindowTitle(f"{project.name} – Workbench" if project is not None else "Workbench")
        self.header.run.setVisible(project is not None)
        self.header.inspector.setVisible(project is not None)
        self._show_undo()
        self._show_run()

    def _show_place(self) -> None:
        project = self.session.project
        title = next((stage.title for stage in self.stages if stage.key == self._current), "")
        self.header.set_place(project.name if project is not None else "", title)

    @Slot()
    def _show_run(self) -> None:
        self.header.run.show_progress(self.session.progress)
        self._show_device()
        if self.session.is_training:
            self.banners.take_away("!training")
        if self._closing and not self.session.is_training:
            self.close()

    @Slot()
    def _show_device(self) -> None:
        reported = self.session.progress.device
        # Reading the config imports pydantic, which waits for a project.
        chosen = self.session.config.compute.device if self.session.project is not None else "auto"
        tip = (
            self.tr("What the run uses")
            if reported
            else self.tr("What a run will probably use; it says so at its start")
        )
        self.header.set_device(self._devices.name(chosen, reported if self.session.is_training else ""), tip)

    @Slot()
    def _show_undo(self) -> None:
        undo = self.session.undo
        self.commands.undo.setEnabled(undo is not None and undo.can_undo)
        self.commands.redo.setEnabled(undo is not None and undo.can_redo)

    @Slot(str, str)
    def _problem(self, stage: str, sentence: str) -> None:
        if self.banners.add(stage, "error", sentence) not in self.banners.shown() and not stage.startswith("!"):
            self.toast.say(sentence)

    @Slot(str, str, str, object)
    def _decision(self, stage: str, sentence: str, text: str, act: object) -> None:
        assert callable(act)
        banner = self.banners.add(stage, "warning", sentence, (text, act))
        if banner not in self.banners.shown() and not stage.startswith("!"):
            self.toast.say(sentence)

    # commands

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder: a project is opened, images become one."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("A folder of images, or a project"))
        if chosen:
            self.session.start_from(Path(chosen))

    @Slot(object)
    def _open_recent(self, folder: object) -> None:
        assert isinstance(folder, Path)
        self.session.open_project(folder)

    @Slot()
    def reveal(self) -> None:
        """Open the project folder in the system's file manager."""
        if self.session.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.session.project.folder)))

    @Slot()
    def go_to_sender(self) -> None:
        """Go to the stage that the action that was triggered names."""
        action = self.sender()
        if isinstance(action, QAction):
            self.go(action.data())

    @Slot()
    def _go_to_run(self) -> None:
        self.go("training")

    @Slot()
    def open_palette(self) -> None:
        """Show every action and its key."""
        self.key_list.dismiss()
        self.palette_.open_with(self.all_commands())

    @Slot()
    def open_keys(self) -> None:
        """Show the keys."""
        self.key_list.open_with(self.all_commands(), self.panels.gestures(self._current))

    def all_commands(self) -> list[Command]:
        """Return the actions of the panel in view, then of the others, then the shell's."""
        order = sorted(self.stages, key=lambda stage: stage.key != self._current)
        built = self.panels.existing()
        panels = [(stage, built[stage.key]) for stage in order if stage.key in built]
        listed = [
            Command(action, stage.title, stage.key)
            for stage, panel in panels
            if self.session.project is not None
            for action in panel.actions()
            if action.text() and action.isVisible() and not action.isSeparator()
        ]
        return [*listed, *self.commands.all]

    @Slot(object)
    def _run_command(self, command: Command) -> None:
        if command.stage and command.stage != self._current:
            self.go(command.stage)
        command.action.trigger()

    @Slot()
    def toggle_inspector(self) -> None:
        """Hide or show the column on the right; remembered for the next start."""
        self._wants_inspector = not self._wants_inspector
        self.session.preferences.set("inspector", self._wants_inspector)
        self._show_inspector()

    def _show_inspector(self) -> None:
        panel = self.panels.existing().get(self._current)
        wanted = panel.inspector() if panel is not None else None
        if self._inspector.widget() is not wanted:
            self._inspector.takeWidget()
            if wanted is not None:
                self._inspector.setWidget(wanted)
        shown = wanted is not None and self._wants_inspector
        if not self._inspector.isHidden():
            self._inspector_width = self._inspector.width()
        self._inspector.setVisible(shown)
        if wanted is not None and shown:
            # Nothing in it may be cut off, and its scroll bar needs room too.
            smallest = max(INSPECTOR - 32, wanted.minimumSizeHint().width() + SCROLL_BAR)
            self._inspector.setMinimumWidth(min(smallest, INSPECTOR + 120))
            width = max(smallest, self._inspector_width)
            self._work.setSizes([max(1, self._work.width() - width), width])
        self.header.inspector.setEnabled(wanted is not None)
        self.header.inspector.setChecked(shown)

    @Slot()
    def follow_system(self) -> None:
        self._put_theme("system")

    @Slot()
    def go_light(self) -> None:
        self._put_theme("light")

    @Slot()
    def go_dark(self) -> None:
        self._put_theme("dark")

    def _put_theme(self, mode: theme.Mode) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, mode)
        self.commands.show_theme(mode)
        self.session.preferences.set("theme", mode)

    # the window itself

    def _restore(self) -> None:
        preferences = self.session.preferences
        geometry = preferences.get("geometry")
        self.resize(QSize(1280, 800))
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self.commands.show_theme(theme.mode(app))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_inspector()

    def ask_about_run(self) -> CloseAnswer:
        """Ask what becomes of the run that trains."""
        run = self.session.run
        dialog = CloseDialog(run.id if run is not None else "", self)
        dialog.exec()
        return dialog.answer

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.is_training and not (self._closing and self.session.run_state == "stopping"):
            answer = self.ask_about_run()
            if answer == "cancel":
                event.ignore()
                return
            if answer == "stop":
                self._closing = True
                self.session.stop_training()
                self.toast.say(self.tr("Stopping and saving the run; the window closes then."))
                event.ignore()
                return
        self.session.preferences.set("geometry", self.saveGeometry())
        self.panels.close()
        self.session.close()
        event.accept()
