"""What the window shows without a project: how to begin, and the projects of before."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.ui import icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.places import when
from workbench.ui.widgets import ElidedLabel, Picture, button, label

WIDTH = 440


class RecentRow(QPushButton):
    """A project of before: name, folder, and when it changed."""

    opened = Signal(object)

    def __init__(self, project: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.setObjectName("start.recent")
        self.setProperty("role", "row")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Open {0}").format(project.name))
        self.setToolTip(str(project))
        name, place = ElidedLabel(project.name), ElidedLabel(str(project.parent), "secondary")
        changed = label(when(project / "project.sqlite"), "secondary")
        for part in (name, place, changed):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inner = row(Picture(icons.icon("folder"), theme.ICON), column(name, place, spacing=0), changed, spacing=12)
        inner.setContentsMargins(12, theme.HALF, 12, theme.HALF)
        inner.setStretch(1, 1)
        self.setLayout(inner)
        self.clicked.connect(self._clicked)

    @Slot()
    def _clicked(self) -> None:
        self.opened.emit(self._project)


class StartPage(QWidget):
    """One sentence, one button, the recent projects."""

    choose = Signal()
    sample = Signal()
    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start")
        title = label(self.tr("Drop a folder of images here"), "title")
        sentence = label(
            self.tr("Sub-folders become classes. Your images stay where they are; the project is made beside them."),
            "secondary",
            wrap=True,
        )
        for text in (title, sentence):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        choose = button(self.tr("Choose a folder…"), role="primary", icon="folder", name="start.choose")
        choose.setToolTip(self.tr("A folder of images, or a project (Ctrl+O)"))
        choose.clicked.connect(self.choose)
        self.setFocusProxy(choose)
        sample = button(self.tr("Try the sample set"), icon="dataset", name="start.sample")
        sample.setToolTip(self.tr("Draws 600 pictures of metal surfaces, good and with defects, to try everything on"))
        sample.clicked.connect(self.sample)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._recent_title = label(self.tr("Recent projects"), "section")
        self._inner = inner = QWidget()
        inner.setFixedWidth(WIDTH)
        picture = Picture(icons.icon("dataset", "accent"), 64)
        inner.setLayout(
            column(
                row(None, picture, None), 4, title, sentence, 8, row(None, choose, sample, None), 24,
                self._recent_title, self._recent,
            )
        )  # fmt: skip
        self._opening = label("", "secondary")
        self._opening.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._opening.hide()
        self.setLayout(column(None, self._opening, row(None, inner, None), None, None))
        self.show_recent([])

    def expect(self, folder: Path | None) -> None:
        """Say that ``folder`` is being opened, in place of the choices; None brings those back."""
        self._opening.setText(self.tr("Opening {0} …").format(folder.name) if folder is not None else "")
        self._opening.setVisible(folder is not None)
        self._inner.setVisible(folder is None)

    def said(self) -> str:
        """Return what stands in place of the choices; empty while they are shown."""
        return self._opening.text()

    def show_recent(self, projects: list[Path]) -> None:
        """List the projects of before, newest first."""
        while (taken := self._recent.takeAt(0)) is not None:
            taken.widget().hide()
            taken.widget().deleteLater()
        for project in projects[:5]:
            entry = RecentRow(project)
            entry.opened.connect(self.opened)
            self._recent.addWidget(entry)
        self._recent_title.setVisible(bool(projects))
