"""The only two dialogs: closing while a run trains, and a bug with its report."""

import platform
import traceback
from types import TracebackType
from typing import Literal

import PySide6
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

import workbench
from workbench.ui import icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Picture, button, label

CloseAnswer = Literal["keep", "stop", "cancel"]


class CloseDialog(QDialog):
    """Asks what becomes of the run when the window closes. ``answer`` is "cancel" until a button says otherwise."""

    def __init__(self, run: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer: CloseAnswer = "cancel"
        self.setObjectName("close_dialog")
        self.setWindowTitle(self.tr("Close Workbench"))
        self.setModal(True)
        text = label(
            self.tr(
                "It can go on without the window, and is found again at the next start. "
                "Or stop it: it saves a checkpoint first and can be continued."
            ),
            "secondary",
            wrap=True,
        )
        text.setFixedWidth(420)
        keep = button(self.tr("Keep training"), self._keep, role="primary", name="close.keep")
        stop = button(self.tr("Stop and save"), self._stop, name="close.stop")
        back = button(self.tr("Cancel"), self.reject, role="quiet", name="close.cancel")
        keep.setDefault(True)
        title = label(self.tr("The run {0} is still training").format(run), "title")
        self.setLayout(column(title, text, 8, row(back, None, stop, keep), margins=24))
        self.setFixedSize(self.sizeHint())

    @Slot()
    def _keep(self) -> None:
        self.answer = "keep"
        self.accept()

    @Slot()
    def _stop(self) -> None:
        self.answer = "stop"
        self.accept()


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Return what to send along with a bug: versions and the traceback. No path of an image leaves by itself."""
    lines = [
        f"Workbench {workbench.__version__}, Python {platform.python_version()}, PySide6 {PySide6.__version__}",
        platform.platform(),
        "",
        "".join(traceback.format_exception(kind, error, trace)),
    ]
    return "\n".join(lines)


class BugDialog(QDialog):
    """Something went wrong that should not: the report, and a button that copies it. Does not block the window."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bug_dialog")
        self.setWindowTitle(self.tr("A bug in Workbench"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = text
        sentence = label(
            self.tr("Your project is saved. You can go on; please send this report, so that it gets mended."),
            "secondary",
            wrap=True,
        )
        shown = QPlainTextEdit(text)
        shown.setReadOnly(True)
        shown.setFont(theme.fixed_font())
        self._copy = button(self.tr("Copy report"), self.copy, role="primary", icon="copy", name="bug.copy")
        close = button(self.tr("Close"), self.accept, name="bug.close")
        head = row(Picture(icons.icon("bug", "red"), 24), label(self.tr("Something went wrong"), "title"), None)
        self.setLayout(column(head, sentence, shown, row(None, close, self._copy), margins=24))
        self.resize(QSize(640, 400))

    @Slot()
    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self._text)
        self._copy.setText(self.tr("Copied"))
