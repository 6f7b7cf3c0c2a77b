"""The window as a program. Only light modules are imported before it is on the screen."""

import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from workbench.errors import WorkbenchError
from workbench.ui import icons, theme
from workbench.ui.main_window import MainWindow
from workbench.ui.session import Session
from workbench.ui.worker import threads_left


class Start(QObject):
    """Opens what the command line named, once the window is on the screen."""

    def __init__(self, session: Session, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._folder = session, folder

    @Slot()
    def go(self) -> None:
        self._session.start_from(self._folder)


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
        QTimer.singleShot(0, Start(session, folder, window).go)
    return window


def main(argv: list[str]) -> int:
    """Show the window; ``argv`` may name a project or a folder of images. Returns the exit code."""
    app = application(argv)
    window = create(Path(argv[0]) if argv else None)
    sys.excepthook = ErrorReporter(window).report
    window.show()
    code = app.exec()
    if threads_left():
        # A thread that does not end must not keep the process; all that the user did is on disk.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
