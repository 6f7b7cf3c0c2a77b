"""The inspector of the dataset panel: the image, the classes, its marks, findings and history, the split."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QVBoxLayout, QWidget

from workbench.project.decisions import Decision
from workbench.project.findings import FindingRow
from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.dataset.class_list import ClassList
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.class_section import ClassSection
from workbench.ui.dataset.image_facts import DecisionList, Facts, ImageFindings, file_facts
from workbench.ui.dataset.marks import NoteEdit, TagsEditor
from workbench.ui.dataset.split_section import SplitSection
from workbench.ui.layouts import column, row
from workbench.ui.thumbnails import ThumbnailLoader, Wish
from workbench.ui.widgets import Badge, ElidedLabel, Section, button, label

PICTURE = 168
MOST_NAMED = 50


class ImagePicture(QWidget):
    """The current image, as large as the inspector is wide."""

    def __init__(self, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._row: ImageRow | None = None
        self.setFixedHeight(PICTURE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        loader.arrived.connect(self.update)

    def show_image(self, shown: ImageRow | None) -> None:
        self._row = shown
        if shown is not None and shown.state in ("ok", "unverified"):
            side = round(max(self.width(), PICTURE) * self.devicePixelRatioF())
            self._loader.want([Wish(shown.id, shown.path, shown.modified_ns, side)])
        self.update()

    @property
    def shown(self) -> ImageRow | None:
        return self._row

    def sizeHint(self) -> QSize:
        return QSize(PICTURE, PICTURE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("background"))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        pixmap = self._loader.pixmap(self._row.id) if self._row is not None else None
        if pixmap is not None:
            size = pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))


class DatasetInspector(QWidget):
    """Shows what the panel gives it; its parts' signals say what the user wants."""

    similarAsked = Signal()

    def __init__(self, classes: ClassModel, pictures: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.inspector")
        self._in_loupe = False
        self.picture = ImagePicture(pictures)
        self._name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._details = label("", "secondary", wrap=True)
        self._problem = label("", "error", wrap=True)
        self._rejected = Badge(self.tr("rejected"), "red")
        self._suggested = Badge("", "accent")
        self.similar = button(
            self.tr("Similar images"),
            self.similarAsked.emit,
            role="link",
            name="dataset.similar",
            tip=self.tr("Show the images that look most like the selected ones (Ctrl+L)"),
        )
        self.similar.setStyleSheet("padding: 0;")
        badges = row(self._rejected, self._suggested, None, self.similar, spacing=theme.HALF)
        image = QWidget()
        image.setLayout(column(self.picture, self._name, self._details, badges, self._problem, spacing=theme.HALF))
        self._image = Section(self.tr("Image"), image)

        self.class_section = ClassSection(classes)
        self._classes = Section(self.tr("Classes"), self.class_section)
        self.tags = TagsEditor()
        self.note = NoteEdit()
        marks = QWidget()
        marks.setLayout(column(self.tags, self.note, spacing=theme.GRID))
        self._marks = Section(self.tr("Tags and note"), marks, foldable=True)
        self.findings = ImageFindings()
        self._findings = Section(self.tr("Findings of this image"), self.findings, foldable=True)
        self.history = DecisionList()
        self._history = Section(self.tr("History of this image"), self.history, foldable=True)
        self.fields = Facts()
        self._fields = Section(self.tr("Imported columns"), self.fields, foldable=True)
        self.file = Facts()
        self._file = Section(self.tr("File"), self.file, foldable=True)
        self._file.set_open(False)

        self.split = SplitSection()
        self._split = Section(self.tr("Split"), self.split, foldable=True)
        self._unreadable_files = label("", "secondary", wrap=True, name="dataset.unreadable")
        self._unreadable_files.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._unreadable = Section(self.tr("Cannot be read"), self._unreadable_files, foldable=True)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(theme.GRID * 2)
        for part in (
            self._image,
            self._classes,
            self._findings,
            self._marks,
            self._fields,
            self._history,
            self._file,
            self._split,
            self._unreadable,
        ):
            layout.addWidget(part)
        layout.addStretch(1)
        self.show_image(None, selected=0)
        self.show_details(None)
        self.show_suggestion("")
        self.show_unreadable([], 0)

    @property
    def classes(self) -> ClassList:
        """The list of the classes."""
        return self.class_section.list

    @property
    def advance(self) -> QCheckBox:
        """The switch that goes on after labelling."""
        return self.class_section.advance

    @property
    def classAdded(self) -> SignalInstance:
        """A name for another class was entered."""
        return self.class_section.classAdded

    def show_image(self, shown: ImageRow | None, *, selected: int) -> None:
        """Show the current image, of ``selected`` ones."""
        self.picture.show_image(shown)
        self.picture.setVisible(shown is not None and not self._in_loupe)
        self._marks.setVisible(shown is not None)
        if shown is None:
            self._name.setText(self.tr("No image is selected"))
            self._details.setText("")
        else:
            many = self.tr("{count} images selected").format(count=figures.count(selected))
            self._name.setText(many if selected > 1 else shown.path.name)
            self._name.set_tip(str(shown.path) if selected == 1 else "")
            kind = self.tr("grey") if shown.channels == 1 else self.tr("colour")
            size = self.tr("{width} × {height} px, {bits} bit {kind}").format(
                width=shown.width, height=shown.height, bits=shown.bits, kind=kind
            )
            one = bool(shown.width) and selected == 1  # of several only the picture of the last is shown
            self._details.setText(f"{size} · {figures.size(shown.bytes)}" if one else "")
        self._details.setVisible(bool(self._details.text()))
        self._rejected.setVisible(shown is not None and shown.rejected and selected == 1)
        self.similar.setVisible(shown is not None)
        self._problem.setText(shown.error or "" if shown is not None and selected == 1 else "")
        self._problem.setVisible(bool(self._problem.text()))

    def show_place(self, *, loupe: bool, split: bool) -> None:
        """What the panel shows large is not shown here again: the picture in the loupe, the split in its tab."""
        self._in_loupe = loupe
        self.picture.setVisible(bool(self.picture.shown) and not loupe)
        self._split.setVisible(split)

    def show_suggestion(self, text: str) -> None:
        """Say what is suggested for the current image; "" for nothing."""
        self._suggested.setText(text)
        self._suggested.setVisible(bool(text))

    def show_details(
        self,
        shown: ImageRow | None,
        *,
        decisions: Sequence[Decision] = (),
        findings: Sequence[FindingRow] = (),
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Show what is known of the one selected image; None where there is none, or several."""
        self.history.show_decisions(decisions)
        self._history.setVisible(bool(decisions))
        self.findings.show_findings(findings)
        self._findings.setVisible(bool(findings))
        self.fields.show_facts((fields or {}).items())
        self._fields.setVisible(bool(fields))
        self.show_file(shown, {})

    def show_file(self, shown: ImageRow | None, tags: Mapping[str, str]) -> None:
        """Show what is known of the image's file, and the tags that it carries."""
        known = file_facts(shown, self.tr) if shown is not None else {}
        self.file.show_facts({**known, **tags}.items())
        self._file.setVisible(shown is not None)

    def show_unreadable(self, names: Sequence[str], count: int) -> None:
        """Name the files that cannot be read (the first of ``count``)."""
        lines = list(names[:MOST_NAMED])
        if count > len(lines):
            lines.append(self.tr("and {count} more").format(count=figures.count(count - len(lines))))
        self._unreadable_files.setText("\n".join(lines))
        self._unreadable.setVisible(bool(lines))

    def has_classes(self, has: bool) -> None:
        self.class_section.has_classes(has)
