"""Dropping folders and label files on the window: a sheet over it says what will happen where."""

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.ui import icons, theme
from workbench.ui.places import is_project
from workbench.ui.session import Session

LABEL_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl")
"""Endings of files that are taken for labels."""
CHAIN_SUFFIXES = (".yaml", ".yml")
"""Endings of files that are taken for augmentation chains; JSON is where its words say so."""
_CHAIN_WORDS = ('"steps"', '"transforms"', "__class_fullname__")
_LOOK = 100_000


def dropped_folder(mime: QMimeData) -> Path | None:
    """Return the folder that is dragged; for a file the folder it is in; None where no local file is dragged."""
    for url in mime.urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None


def dropped_labels(mime: QMimeData) -> Path | None:
    """Return the one file of labels that is dragged; None where something else is."""
    urls = mime.urls()
    if len(urls) == 1 and urls[0].isLocalFile():
        path = Path(urls[0].toLocalFile())
        if path.suffix.lower() in LABEL_SUFFIXES and path.is_file():
            return path
    return None


def dropped_chain(mime: QMimeData) -> Path | None:
    """Return the one file with an augmentation chain that is dragged; None where something else is."""
    urls = mime.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    if not path.is_file():
        return None
    ending = path.suffix.lower()
    return path if ending in CHAIN_SUFFIXES or (ending == ".json" and _speaks_of_steps(path)) else None


def _speaks_of_steps(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LOOK)
    except OSError:
        return False  # What reads it next says so.
    return "transform" in text and any(word in text for word in _CHAIN_WORDS)


class DropSheet(QWidget):
    """Covers the window while a folder is dragged over it: one zone, or two where there is a choice."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._zones: list[tuple[str, str]] = []
        self._lit = 0
        self.hide()

    def open(self, zones: list[tuple[str, str]]) -> None:
        """Show zones of (icon, sentence) side by side."""
        self._zones = zones
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()

    def zones(self) -> int:
        return len(self._zones)

    def light(self, at: QPoint) -> int:
        """Light the zone at ``at`` and return its number."""
        self._lit = min(len(self._zones) - 1, max(0, at.x() * len(self._zones) // max(1, self.width())))
        self.update()
        return self._lit

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("background", 0.92))
        width = self.width() / max(1, len(self._zones))
        for number, (icon, text) in enumerate(self._zones):
            zone = QRectF(number * width, 0, width, self.height()).adjusted(24, 24, -24, -24)
            lit = number == self._lit
            painter.setPen(QPen(theme.colour("accent" if lit else "line"), 2, Qt.PenStyle.DashLine))
            painter.setBrush(theme.colour("selected", 0.6) if lit else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(zone, 12, 12)
            picture = icons.pixmap(icon, 48, "accent" if lit else "secondary", self.devicePixelRatioF())
            middle = zone.center().toPoint()
            painter.drawPixmap(middle - QPoint(24, 48), picture)
            painter.setPen(theme.colour("text"))
            painter.setFont(theme.font(theme.TITLE, bold=lit))
            below = QRect(int(zone.left()) + 16, middle.y() + 16, int(zone.width()) - 32, 64)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)


class FolderDrop(QObject):
    """Watches a window for folders that are dragged on it, and gives the session what is dropped."""

    def __init__(self, window: QWidget, sheet: DropSheet, session: Session) -> None:
        super().__init__(window)
        self._window, self._sheet, self._session = window, sheet, session
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragLeaveEvent):
            self._sheet.hide()
        elif isinstance(event, QDropEvent):
            # QDragEnterEvent is a QDragMoveEvent is a QDropEvent.
            if event.type() == QEvent.Type.DragEnter:
                return self._entered(event)
            if event.type() == QEvent.Type.DragMove:
                self._lit(event)
                event.acceptProposedAction()
                return True
            return self._dropped(event)
        return super().eventFilter(watched, event)

    def _entered(self, event: QDropEvent) -> bool:
        project = self._session.project
        chain = dropped_chain(event.mimeData())
        if chain is not None and project is not None:
            event.acceptProposedAction()
            self._sheet.open([("augment", self.tr("Augment with the chain in {0}").format(chain.name))])
            self._lit(event)
            return True
        labels = dropped_labels(event.mimeData())
        if labels is not None and project is not None and not project.read_only:
            event.acceptProposedAction()
            self._sheet.open([("tag", self.tr("Import the labels in {0} into {1}").format(labels.name, project.name))])
            self._lit(event)
            return True
        folder = dropped_folder(event.mimeData())
        if folder is None:
            return False
        event.acceptProposedAction()
        fresh = ("folder-plus", self.tr("Start a project with {0}").format(folder.name))
        if is_project(folder):
            zones = [("folder", self.tr("Open the project {0}").format(folder.name))]
        elif project is None or project.read_only:
            zones = [fresh]
        else:
            zones = [("plus", self.tr("Add {0} to {1}").format(folder.name, project.name)), fresh]
        self._sheet.open(zones)
        self._lit(event)
        return True

    def _dropped(self, event: QDropEvent) -> bool:
        labels, project = dropped_labels(event.mimeData()), self._session.project
        chain = dropped_chain(event.mimeData())
        if chain is not None and project is not None:
            self._sheet.hide()
            event.acceptProposedAction()
            self._session.navigate.emit("augment", chain)
            return True
        if labels is not None and project is not None and not project.read_only:
            self._sheet.hide()
            event.acceptProposedAction()
            self._session.navigate.emit("dataset", labels)
            return True
        folder = dropped_folder(event.mimeData())
        adds = self._sheet.zones() == 2 and self._lit(event) == 0
        self._sheet.hide()
        if folder is None:
            return False
        event.acceptProposedAction()
        (self._session.add_folder if adds else self._session.start_from)(folder)
        return True

    def _lit(self, event: QDropEvent) -> int:
        return self._sheet.light(self._sheet.mapFrom(self._window, event.position().toPoint()))
