"""The header: where we are, the search, the device and the run."""

import os
import platform
import sys
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.layouts import row
from workbench.ui.progress import RunProgress
from workbench.ui.widgets import ElidedLabel, KeyHint, label, tool_button, with_key

HEIGHT = 48


class Pill(QAbstractButton):
    """A rounded button with a coloured dot or an icon, a text, and a thin bar of progress at its foot."""

    def __init__(self, name: str, *, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._icon, self._dot = icon, ""
        self._share: float | None = None
        self._told: object = None
        self._width = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFont(theme.font(theme.SECONDARY))

    def show_text(self, text: str, *, dot: str = "", share: float | None = None, tip: str = "") -> None:
        """``dot`` is a colour token; ``share`` fills the bar."""
        told = (text, dot, share, tip)
        if told == self._told:
            return
        self._told = told
        # While it counts, the pill only grows: the line must not shift with every figure.
        kept = self._width if share is not None and self._share is not None else 0
        self._dot, self._share = dot, share
        self.setText(text)
        self._width = max(kept, self._needed())
        self.setToolTip(tip)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def _needed(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.text()) + self._lead() + 26

    def _lead(self) -> int:
        return 22 if self._icon else 16 if self._dot else 0

    def sizeHint(self) -> QSize:
        return QSize(max(self._width, self._needed()), theme.CONTROL)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line"), 1))
        painter.setBrush(theme.colour("hover" if self.underMouse() else "raised"))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        left = 12
        if self._icon:
            picture = icons.pixmap(self._icon, 16, ratio=self.devicePixelRatioF())
            painter.drawPixmap(left, (self.height() - 16) // 2, picture)
        elif self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(self._dot))
            painter.drawEllipse(QRectF(left, self.height() / 2 - 4, 8, 8))
        painter.setPen(theme.colour("text" if self._dot else "secondary"))
        painter.setFont(self.font())
        room = self.rect().adjusted(left + self._lead(), 0, -8, 0)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        if self._share is not None:
            inset = rect.height() / 2
            track = QRectF(rect.left() + inset, rect.bottom() - 3, rect.width() - 2 * inset, 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("line"))
            painter.drawRoundedRect(track, 1, 1)
            track.setWidth(track.width() * self._share)
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(track, 1, 1)


class RunPill(Pill):
    """Says where the run stands, at all times."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shell.run", parent=parent)
        self.show_progress(RunProgress())

    def show_progress(self, progress: RunProgress) -> None:
        """Show the state, the epoch and the time left."""
        text, dot = self._words(progress)
        going = progress.state in ("preparing", "training", "paused", "stopping")
        tip = progress.what or self.tr("Go to Train")
        self.show_text(text, dot=dot, share=progress.share if going else None, tip=with_key(tip, "Ctrl+4"))

    def _words(self, progress: RunProgress) -> tuple[str, str]:
        epoch = self.tr("Epoch {0}/{1}").format(progress.epoch, progress.epochs)
        match progress.state:
            case "idle":
                return self.tr("Idle"), "disabled"
            case "preparing":
                share = f" {figures.percent(progress.prepared)}" if progress.prepared is not None else "…"
                return self.tr("Preparing{0}").format(share), "accent"
            case "training":
                if progress.what:
                    return self.tr("Finishing…"), "accent"
                if progress.seconds_left is None:
                    return epoch, "accent"
                left = figures.duration(progress.seconds_left)
                return self.tr("{0} · {1} left").format(epoch, left), "accent"
            case "paused":
                return self.tr("Paused · {0}").format(epoch.lower()), "amber"
            case "stopping":
                return self.tr("Stopping…"), "amber"
            case "finished" if progress.reason == "stopped":
                return self.tr("Stopped"), "amber"
            case "finished":
                score = f" · {figures.score(progress.best)}" if progress.best is not None else ""
                return self.tr("Finished{0}").format(score), "green"
            case "failed":
                return self.tr("Failed"), "red"
            case _:
                return self.tr("Ended unexpectedly"), "red"


class Header(QWidget):
    """The line above the panel."""

    search = Signal()
    go_to_run = Signal()
    inspector_toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shell_header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._project = ElidedLabel("Workbench", "secondary")
        self._project.setMaximumWidth(260)
        self._between = label("›", "secondary")
        self._panel = label("", "title")
        self._search = QPushButton(self.tr("Search or command"))
        self._search.setObjectName("shell_search")
        self._search.setIcon(icons.icon("search"))
        self._search.setToolTip(with_key(self.tr("Every action, and its key"), "Ctrl+K"))
        self._search.setLayout(row(None, KeyHint("Ctrl+K"), margins=3))
        self._search.setMinimumWidth(120)
        self._search.setMaximumWidth(264)
        self._search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._search.clicked.connect(self.search)
        self.device = Pill("shell.device", icon="cpu")
        self.device.clicked.connect(self.go_to_run)
        self.run = RunPill()
        self.run.clicked.connect(self.go_to_run)
        self.inspector = tool_button("inspector", with_key(self.tr("Show or hide the inspector"), "I"))
        self.inspector.setObjectName("shell.inspector")
        self.inspector.setCheckable(True)
        self.inspector.clicked.connect(self.inspector_toggled)
        layout = row(
            self._project, self._between, self._panel, None, self._search, 8, self.device, self.run, self.inspector
        )
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setStretch(3, 1)
        layout.setStretch(4, 10_000)
        self.setLayout(layout)
        self.set_place("", "")

    def set_place(self, project: str, panel: str) -> None:
        """Show the breadcrumb; without a project it is the name of the program."""
        self._project.setText(project)
        self._panel.setText(panel if project else "Workbench")
        self._project.setVisible(bool(project))
        self._between.setVisible(bool(project))

    def place(self) -> str:
        """Return the breadcrumb as text."""
        shown = [self._project.fullText(), self._panel.text()]
        return " › ".join(part for part in shown if part)

    def set_device(self, text: str, tip: str) -> None:
        self.device.show_text(text, tip=tip)


class Devices:
    """What a run will use, as far as one can tell without importing torch."""

    def __init__(self) -> None:
        self._found = _probable()

    def kind(self, chosen: str) -> str:
        """Return cpu, cuda or mps for the config's device."""
        return (self._found if chosen == "auto" else chosen).partition(":")[0]

    def name(self, chosen: str, reported: str) -> str:
        """``chosen`` is the config's device, ``reported`` what the run that is followed says it uses."""
        device = reported or (self._found if chosen == "auto" else chosen)
        kind, _, number = device.partition(":")
        shown = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}.get(kind, device)
        return f"{shown} {number}" if number and number != "0" else shown


def _probable() -> str:
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    driver = (
        Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll")
        if sys.platform == "win32"
        else Path("/proc/driver/nvidia/version")
    )
    return "cuda" if driver.exists() else "cpu"
