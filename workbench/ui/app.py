"""The window as a program. Only light modules are imported before it is on the screen."""

import gc
import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from workbench.errors import WorkbenchError
from workbench.ui import icons, theme
from workbench.ui.main_window import MainWindow
from workbench.ui.session import Session
from workbench.ui.worker import threads_left

UNPAINTED = 2000
"""Milliseconds after which a window that the system does not paint (minimised, on another desk) opens its folder all the same."""


class Start(QObject):
    """Opens what the command line named, once the window is painted: opening imports what the window did not need."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._window, self._folder, self._done = window, folder, False
        window.start.expect(folder)
        window.installEventFilter(self)
        QTimer.singleShot(UNPAINTED, self.go)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            # The window's own paint comes before its parts'; the next turn of the loop is after all of them.
            QTimer.singleShot(0, self.go)
        return False

    @Slot()
    def go(self) -> None:
        """Open the folder, once."""
        if not self._done:
            self._done = True
            self._window.session.start_from(self._folder)
            self._window.start.expect(None)


class ErrorReporter(QObject):
    """The last place for exceptions: a WorkbenchError becomes a banner, all else a bug report."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Take an exception that nobody caught; put this in ``sys.excepthook``."""
        if isinstance(error, WorkbenchError):
            self._window.session.problem.emit("", str(error))
            return
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        from workbench.ui.dialogs import BugDialog, report

        BugDialog(report(kind, error, trace), self._window).show()


def application(argv: list[str]) -> QApplication:
    """Return the application, with its name and theme."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication.instance() or QApplication([sys.argv[0], *argv])
    assert isinstance(app, QApplication)
    app.setApplicationName("Workbench")
    app.setDesktopFileName("workbench")
    return app


def create(folder: Path | None = None) -> MainWindow:
    """Return the window, not shown yet; ``folder`` is opened right after its first paint."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    session = Session()
    stored = session.preferences.get("theme", "system")
    mode: theme.Mode = stored if stored in ("system", "light", "dark") else "system"
    theme.apply(app, mode)
    app.setWindowIcon(icons.icon("model", "accent"))
    window = MainWindow(session)
    session.setParent(window)
    if folder is not None:
        Start(window, folder)
    return window


def spare_collector(window: MainWindow) -> None:
    """Once all panels are built, let the garbage collector pass by what is there for good.

    Its full passes walk every object of the program and stopped the window for a tenth of a second each, in the middle of a drag.
    """
    window.panels.allBuilt.connect(gc.freeze)


def main(argv: list[str]) -> int:
    """Show the window; ``argv`` may name a project or a folder of images. Returns the exit code."""
    app = application(argv)
    window = create(Path(argv[0]) if argv else None)
    sys.excepthook = ErrorReporter(window).report
    spare_collector(window)
    window.show()
    code = app.exec()
    if threads_left():
        # A thread that does not end must not keep the process; all that the user did is on disk.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
