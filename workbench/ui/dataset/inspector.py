"""The inspector of the dataset panel: the image, the classes, the split, what cannot be read, and the label history."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from workbench.project.images import ImageRow
from workbench.project.labels import ClassRow, HistoryRow
from workbench.ui import figures, theme
from workbench.ui.dataset.class_list import ClassList
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.split_section import SplitSection
from workbench.ui.layouts import column, row
from workbench.ui.thumbnails import ThumbnailLoader, Wish
from workbench.ui.widgets import ElidedLabel, Section, button, label

PICTURE = 168
MOST_NAMED = 50
MOST_HISTORY = 20


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

    classAdded = Signal(str)

    def __init__(self, classes: ClassModel, pictures: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.inspector")
        self.picture = ImagePicture(pictures)
        self._name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._details = label("", "secondary", wrap=True)
        self._problem = label("", "error", wrap=True)
        image = QWidget()
        image.setLayout(column(self.picture, self._name, self._details, self._problem, spacing=theme.HALF))
        self._image = Section(self.tr("Image"), image)

        self.classes = ClassList(classes)
        self._new_class = QLineEdit()
        self._new_class.setObjectName("dataset.newClass")
        self._new_class.setPlaceholderText(self.tr("New class"))
        self._new_class.setMaxLength(200)
        self._new_class.returnPressed.connect(self._add)
        add = button(self.tr("Add"), self._add, name="dataset.addClass")
        self._class_hint = label(
            self.tr("Classes come from the names of sub-folders. Add them here where the images have none."),
            "secondary",
            wrap=True,
        )
        classes_body = QWidget()
        self.advance = QCheckBox(self.tr("Go on to the next image"))
        self.advance.setObjectName("dataset.advance")
        self.advance.setToolTip(self.tr("After labelling one image, select the next (G)"))
        classes_body.setLayout(
            column(self.classes, row(self._new_class, add), self._class_hint, self.advance, spacing=theme.GRID)
        )
        self._classes = Section(self.tr("Classes"), classes_body)

        self.split = SplitSection()
        self._split = Section(self.tr("Split"), self.split)

        self._unreadable_files = label("", "secondary", wrap=True, name="dataset.unreadable")
        self._unreadable_files.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._unreadable = Section(self.tr("Cannot be read"), self._unreadable_files, foldable=True)
        self._lines = label("", "secondary", wrap=True, name="dataset.history")
        self._history = Section(self.tr("Labels of this image"), self._lines, foldable=True)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(theme.GRID * 2)
        for part in (self._image, self._history, self._classes, self._split, self._unreadable):
            layout.addWidget(part)
        layout.addStretch(1)
        self.show_image(None, selected=0)
        self.show_history([], {})
        self.show_unreadable([], 0)

    @Slot()
    def _add(self) -> None:
        name = self._new_class.text().strip()
        if name:
            self._new_class.clear()
            self.classAdded.emit(name)

    def show_image(self, shown: ImageRow | None, *, selected: int) -> None:
        """Show the current image, of ``selected`` ones."""
        self.picture.show_image(shown)
        self.picture.setVisible(shown is not None)
        if shown is None:
            self._name.setText(self.tr("No image is selected"))
            self._details.setText("")
        else:
            many = self.tr("{count} images selected").format(count=figures.count(selected))
            self._name.setText(many if selected > 1 else shown.path.name)
            self._name.set_tip(str(shown.path))
            kind = self.tr("grey") if shown.channels == 1 else self.tr("colour")
            size = self.tr("{width} × {height} px, {bits} bit {kind}").format(
                width=shown.width, height=shown.height, bits=shown.bits, kind=kind
            )
            self._details.setText(f"{size} · {figures.size(shown.bytes)}" if shown.width else "")
        self._details.setVisible(bool(self._details.text()))
        self._problem.setText(shown.error or "" if shown is not None else "")
        self._problem.setVisible(bool(self._problem.text()))

    def show_history(self, history: Sequence[HistoryRow], classes: Mapping[int, ClassRow]) -> None:
        """Show the decisions about the current image's label, newest first."""
        lines = []
        for decision in list(reversed(history))[:MOST_HISTORY]:
            known = classes.get(decision.class_id) if decision.class_id is not None else None
            name = known.name if known else self.tr("no class")
            source = {"folder": self.tr("from the folder"), "user": self.tr("by hand")}.get(
                decision.source, decision.source
            )
            when = decision.when.astimezone().strftime("%Y-%m-%d %H:%M")
            by = f" · {decision.grader}" if decision.grader else ""
            lines.append(f"{name} · {source}{by} · {when}")
        self._lines.setText("\n".join(lines))
        self._history.setVisible(bool(lines))

    def show_unreadable(self, names: Sequence[str], count: int) -> None:
        """Name the files that cannot be read (the first of ``count``)."""
        lines = list(names[:MOST_NAMED])
        if count > len(lines):
            lines.append(self.tr("and {count} more").format(count=figures.count(count - len(lines))))
        self._unreadable_files.setText("\n".join(lines))
        self._unreadable.setVisible(bool(lines))

    def has_classes(self, has: bool) -> None:
        self._class_hint.setVisible(not has)
        self.advance.setVisible(has)
