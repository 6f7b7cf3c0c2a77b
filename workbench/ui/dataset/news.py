"""The session's news about images, as one signal that names what changed."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from workbench.ui.session import Session

if TYPE_CHECKING:
    from workbench.project.changes import Change


class News(QObject):
    """``changed`` names what changed: "images", "label", "split", "classes", "finding", "suggestion", "tag", ..."""

    changed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        session.imagesChanged.connect(self._images)
        session.labelsChanged.connect(self._labels)
        session.splitChanged.connect(self._split)
        session.classesChanged.connect(self._classes)
        session.findingsChanged.connect(self._findings)
        session.predictionsChanged.connect(self._predictions)
        session.decisionsChanged.connect(self._decided)

    @Slot()
    def _images(self) -> None:
        self.changed.emit("images")

    @Slot()
    def _labels(self) -> None:
        self.changed.emit("label")

    @Slot()
    def _split(self) -> None:
        self.changed.emit("split")

    @Slot()
    def _classes(self) -> None:
        self.changed.emit("classes")

    @Slot()
    def _findings(self) -> None:
        self.changed.emit("finding")

    @Slot()
    def _predictions(self) -> None:
        self.changed.emit("suggestion")

    @Slot(object)
    def _decided(self, change: "Change") -> None:
        # Everything else has a signal of its own.
        if change.what in ("tag", "note", "region"):
            self.changed.emit(change.what)
