"""A package as it is: the verdict, its figures, the ways to it, and a try on a folder of images."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.export import verdict
from workbench.ui.export.contents import Package
from workbench.ui.layouts import column, row, rule
from workbench.ui.widgets import ElidedLabel, button, label

TONE = {"green": "check", "amber": "warning", "red": "error"}


class ResultView(QWidget):
    """Shows one package; asks for its folder, its report, and a try."""

    folderAsked = Signal()
    reportAsked = Signal()
    tryAsked = Signal()
    predictionsAsked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = "green"
        self.icon = QLabel()
        self.icon.setFixedWidth(28)
        self.sentence = label("", "title", wrap=True, name="export.result")
        self.details = label("", "secondary", wrap=True, name="export.details")
        self.notices = label("", "warning", wrap=True, name="export.notices")
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.GRID * 3)
        self._facts.setVerticalSpacing(2)
        self.bytes, self.exporter, self.place = label(""), label(""), ElidedLabel("")
        self.place.setObjectName("export.place")
        for number, (caption, value) in enumerate(
            (
                (self.tr("Size"), self.bytes),
                (self.tr("Exporter"), self.exporter),
                (self.tr("Place"), self.place),
            )
        ):
            self._facts.addWidget(label(caption, "secondary"), 0, number)
            self._facts.addWidget(value, 1, number)
        self._facts.setColumnStretch(2, 1)
        self.open = button(self.tr("Open folder"), self.folderAsked, icon="folder", name="export.open")
        self.report = button(self.tr("Open report"), self.reportAsked, icon="open", name="export.report")
        self.try_ = button(self.tr("Try it on a folder …"), self.tryAsked, icon="image", name="export.try")
        self.tried = label("", "secondary", wrap=True, name="export.tried")
        self.predictions: QPushButton = button(
            self.tr("Open the predictions"), self.predictionsAsked, role="link", name="export.predictions"
        )
        words = column(self.sentence, self.details, spacing=theme.HALF)
        head = row(self.icon, words, spacing=theme.GRID)
        head.setStretch(1, 1)
        try_it = row(self.try_, self.tried, self.predictions)
        try_it.setStretch(1, 1)
        self.setLayout(
            column(
                head,
                self.notices,
                self._facts,
                row(self.open, self.report, None),
                rule(),
                try_it,
                spacing=theme.GRID * 2,
            )
        )
        self.show_tried("", None)

    def show_package(self, package: Package, notices: list[str]) -> None:
        """Show a package; ``notices`` are what the export had to say."""
        found = verdict.of(package.parity)
        self._tone = found.tone
        self._dress()
        self.sentence.setText(found.sentence)
        self.details.setText(found.details)
        self.notices.setText(" ".join(notices[:2]) + (" …" if len(notices) > 2 else ""))
        self.notices.setToolTip("\n".join(notices))
        self.notices.setVisible(bool(notices))
        self.bytes.setText(figures.size(package.size))
        self.exporter.setText(package.exporter or "–")
        self.place.setText(str(package.folder))
        self.show_tried("", None)

    def show_trying(self, words: str) -> None:
        """A try is under way."""
        self.try_.setEnabled(False)
        self.tried.setText(words)
        self.predictions.hide()

    def show_tried(self, words: str, out: Path | None) -> None:
        """Show what a try came to."""
        self.try_.setEnabled(True)
        self.tried.setText(
            words or self.tr("It runs as on another machine: by onnxruntime, from the files of the package.")
        )
        self.predictions.setVisible(out is not None)

    def _dress(self) -> None:
        picture: QPixmap = icons.pixmap(TONE[self._tone], 24, role=self._tone)
        self.icon.setPixmap(picture)

    def changeEvent(self, event: object) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "icon"):
            self._dress()

    @Slot()
    def stop_trying(self) -> None:
        """The try ended without a result."""
        self.show_tried("", None)
