"""The rail: the six stages in the order of the job, each with a dot that says how far it is."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from workbench.ui import icons, theme
from workbench.ui.widgets import tool_button, with_key

WIDTH = 80
HEIGHT = 60
DOT = 8


@dataclass(frozen=True)
class Stage:
    """A panel as the table of panels names it; its module is imported when it is built."""

    key: str
    title: str
    icon: str
    module: str
    class_name: str


STAGES = (
    Stage("dataset", "Dataset", "dataset", "workbench.ui.dataset.panel", "DatasetPanel"),
    Stage("augment", "Augment", "augment", "workbench.ui.augment.panel", "AugmentPanel"),
    Stage("model", "Model", "model", "workbench.ui.model.panel", "ModelPanel"),
    Stage("training", "Train", "training", "workbench.ui.training.panel", "TrainPanel"),
    Stage("evaluation", "Evaluate", "evaluation", "workbench.ui.evaluation.panel", "EvaluatePanel"),
    Stage("export", "Export", "export", "workbench.ui.export.panel", "ExportPanel"),
)


class StageButton(QAbstractButton):
    """Icon, title below, state dot in the corner. A click on the dot asks why instead of going there."""

    asked = Signal()

    def __init__(self, stage: Stage, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage, self._number = stage, number
        self.state, self.why = "empty", ""
        self.setText(stage.title)
        self.setObjectName(f"rail.{stage.key}")
        self.setCheckable(True)
        self.setFixedSize(WIDTH - 1, HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_state("empty", "")

    def set_state(self, state: str, why: str) -> None:
        """Show the dot of ``state``: empty, work, ready or attention."""
        self.state, self.why = state, why
        tip = with_key(self.stage.title, f"Ctrl+{self._number}")
        self.setToolTip(f"{tip}\n{why}" if why else tip)
        self.setAccessibleName(self.stage.title)
        self.setAccessibleDescription(f"{state_name(self, state)}. {why}")
        self.update()

    def dot_area(self) -> QRect:
        """Return where a click asks why: larger than the dot itself."""
        return QRect(self.width() - 32, 2, 28, 26)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 1, HEIGHT)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.dot_area().contains(event.position().toPoint()):
            self.setDown(False)
            self.asked.emit()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or (self.isEnabled() and self.underMouse()):
            painter.setBrush(theme.colour("selected" if self.isChecked() else "hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(6, 2, -6, -2), theme.RADIUS, theme.RADIUS)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(6.5, 2.5, -6.5, -2.5), theme.RADIUS, theme.RADIUS)
        role = "text" if self.isChecked() else "secondary"
        if not self.isEnabled():
            role = "disabled"
        picture = icons.pixmap(
            self.stage.icon, role="accent" if self.isChecked() else role, ratio=self.devicePixelRatioF()
        )
        painter.drawPixmap((self.width() - theme.ICON) // 2, 11, picture)
        painter.setPen(theme.colour(role))
        painter.setFont(theme.font(theme.BADGE, bold=self.isChecked()))
        painter.drawText(QRect(0, 34, self.width(), 18), Qt.AlignmentFlag.AlignCenter, self.text())
        self._paint_dot(painter)

    def _paint_dot(self, painter: QPainter) -> None:
        centre = QPointF(self.width() / 2 + 17, 14)
        colour: QColor = theme.state_colour(self.state)
        ground = theme.colour("selected" if self.isChecked() else "surface")
        painter.setPen(QPen(ground, 4))
        painter.setBrush(ground)
        painter.drawEllipse(centre, DOT / 2, DOT / 2)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush if self.state == "empty" else colour)
        painter.drawEllipse(centre, DOT / 2 - 0.75, DOT / 2 - 0.75)


def state_name(widget: QWidget, state: str) -> str:
    """Return a state in the user's words."""
    return {
        "empty": widget.tr("Not begun"),
        "work": widget.tr("In work"),
        "ready": widget.tr("Ready"),
        "attention": widget.tr("Needs attention"),
    }[state]


class Rail(QWidget):
    """The column of stages, and the menu at its foot."""

    chosen = Signal(str)
    asked = Signal(str)

    def __init__(self, stages: tuple[Stage, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shell_rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._buttons: dict[str, StageButton] = {}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.HALF, 1, theme.GRID)
        layout.setSpacing(0)
        for number, stage in enumerate(stages, 1):
            made = StageButton(stage, number)
            made.clicked.connect(self._clicked)
            made.asked.connect(self._asked)
            self._group.addButton(made)
            self._buttons[stage.key] = made
            layout.addWidget(made)
        layout.addStretch(1)
        self.menu_button = tool_button("menu", self.tr("Menu"), name="shell.menu")
        layout.addWidget(self.menu_button, alignment=Qt.AlignmentFlag.AlignHCenter)

    def button(self, key: str) -> StageButton:
        return self._buttons[key]

    def set_current(self, key: str) -> None:
        """Light the stage ``key``; an empty string lights none."""
        self._group.setExclusive(bool(key))
        for name, made in self._buttons.items():
            made.setChecked(name == key)
        self._group.setExclusive(True)

    @Slot()
    def _clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, StageButton):
            self.chosen.emit(sender.stage.key)

    @Slot()
    def _asked(self) -> None:
        sender = self.sender()
        if isinstance(sender, StageButton):
            self.asked.emit(sender.stage.key)
