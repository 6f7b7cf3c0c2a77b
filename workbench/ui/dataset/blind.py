"""Grading blind: the grid shows a grader only their own grades, and says how far they are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.project.images import ImageRow, Query
from workbench.ui import figures, theme
from workbench.ui.layouts import row
from workbench.ui.widgets import ElidedLabel, button

if TYPE_CHECKING:
    from workbench.ui.session import Session


class BlindBar(QWidget):
    """The strip above the grid while somebody grades blind."""

    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.blind")
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = ElidedLabel()
        self.end = button(self.tr("End grading blind"), self.ended.emit, name="dataset.blind.end", icon="eye")
        layout = row(self.text, None, self.end)
        layout.setContentsMargins(12, theme.HALF, 12, theme.HALF)
        self.setLayout(layout)
        self.hide()


class BlindGrading(QObject):
    """Begins with the query of a queue, ends with its button, with another query or with another project."""

    def __init__(self, session: "Session", show: Callable[[Query], object], parent: QObject | None = None) -> None:
        """``show`` brings the images of a query into the grid."""
        super().__init__(parent)
        self._session, self._show = session, show
        self._query: Query | None = None
        self.bar = BlindBar()
        self.bar.ended.connect(self.end)
        session.blindChanged.connect(self._changed)
        session.labelsChanged.connect(self._count)
        session.graderChanged.connect(self.end)
        session.projectChanged.connect(self.end)

    @Slot(object)
    def begin(self, query: Query) -> None:
        """Show the images of ``query`` (its ``ids``) without what others said of them."""
        self._session.set_blind(True)
        if self._session.blind:
            self._query = query
            self._show(query)
            self._count()

    @Slot()
    def end(self, *_: object) -> None:
        """See everything again."""
        self._query = None
        self._session.set_blind(False)

    def asked(self, query: Query) -> None:
        """The grid is about to show ``query``: anything but the queue ends grading blind."""
        if self._query is not None and query.ids != self._query.ids:
            self.end()

    def masked(self, rows: Sequence[ImageRow]) -> list[ImageRow]:
        """Return the rows with the grader's own grades instead of the labels, and without what else would give them away."""
        project = self._session.project
        if not self._session.blind or project is None:
            return list(rows)
        grades = project.graders.of([shown.id for shown in rows], self._session.grader)
        masked = []
        for shown, grade in zip(rows, grades, strict=True):
            classes = grade if isinstance(grade, tuple) else () if grade is None else (grade,)
            first = classes[0] if classes else None
            masked.append(
                replace(shown, class_id=first, classes=classes, prediction=None, confidence=None, findings=(), tags=())
            )
        return masked

    @Slot(bool)
    def _changed(self, on: bool) -> None:
        self.bar.setVisible(on)
        # What the grid shows of each image is another thing now.
        self._session.labelsChanged.emit()

    @Slot()
    def _count(self) -> None:
        project = self._session.project
        if self._query is None or self._query.ids is None or project is None:
            return
        grades = project.graders.of(self._query.ids, self._session.grader)
        done = sum(grade is not None for grade in grades)
        self.bar.text.setText(
            self.tr("Grading blind as {0}: {1} of {2}. Labels of others are hidden and stay as they are.").format(
                self._session.grader, figures.count(done), figures.count(len(grades))
            )
        )
