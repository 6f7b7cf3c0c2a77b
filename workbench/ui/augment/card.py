"""One step of the chain as a card: grip, name, probability, switch, menu."""

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QDrag, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QWidget

from workbench.augment.chain import Step
from workbench.ui import figures, icons, theme
from workbench.ui.augment.sliders import Slider
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, label, tool_button

MIME = "application/x-workbench-step"


class ChainCard(QWidget):
    """Tells what the user wants of the step at ``position``; the panel changes the chain."""

    picked = Signal(int)
    chanceEdited = Signal(int, float)
    settled = Signal()
    switched = Signal(int, bool)
    removeWanted = Signal(int)
    duplicateWanted = Signal(int)
    moveWanted = Signal(int, int)

    def __init__(self, position: int, title: str, step: Step, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.position = position
        self.title = title
        self.setObjectName(f"augment.card.{position}")
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._selected = False
        self._hovered = False
        self._pressed: QPointF | None = None
        self._title = ElidedLabel(title)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._chance = Slider(0, 1, 0.05, (step.p,))
        self._chance.setMinimumWidth(40)
        self._chance.setAccessibleName(self.tr("Probability"))
        self._chance.setToolTip(self.tr("Share of the images that it changes"))
        self._chance.changed.connect(self._chance_moved)
        self._chance.released.connect(self.settled)
        self._percent = label("", "secondary")
        self._percent.setFixedWidth(44)
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._switch = tool_button(
            "power", self.tr("Switch the step on or off (Space)"), name=f"augment.switch.{position}"
        )
        self._switch.setCheckable(True)
        self._switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._switch.clicked.connect(self._switched)
        more = tool_button("more", self.tr("More"), self._show_menu)
        more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        above = row(20, self._title, spacing=4)
        above.addWidget(self._switch)
        above.addWidget(more)
        below = row(20, self._chance, self._percent, spacing=4)
        below.setContentsMargins(0, 0, 8, 0)
        layout = column(above, below, spacing=0)
        layout.setContentsMargins(8, 4, 4, 6)
        self.setLayout(layout)
        self.show_step(step)

    def show_step(self, step: Step) -> None:
        """Show new values of the same transform."""
        self._chance.set_values((step.p,))
        self._chance.setEnabled(step.enabled)
        self._percent.setText(figures.percent(step.p))
        with QSignalBlocker(self._switch):
            self._switch.setChecked(step.enabled)
        theme.set_role(self._title, "" if step.enabled else "secondary")

    def set_selected(self, selected: bool) -> None:
        if selected != self._selected:
            self._selected = selected
            self.update()

    def menu(self) -> QMenu:
        """Return what can be done with the step."""
        menu = QMenu(self)
        add = menu.addAction
        add(icons.icon("copy"), self.tr("Duplicate\tCtrl+D")).triggered.connect(
            lambda: self.duplicateWanted.emit(self.position)
        )
        add(icons.icon("chevron-up"), self.tr("Move up\tAlt+Up")).triggered.connect(
            lambda: self.moveWanted.emit(self.position, self.position - 1)
        )
        add(icons.icon("chevron-down"), self.tr("Move down\tAlt+Down")).triggered.connect(
            lambda: self.moveWanted.emit(self.position, self.position + 2)
        )
        menu.addSeparator()
        add(icons.icon("trash"), self.tr("Delete\tDel")).triggered.connect(
            lambda: self.removeWanted.emit(self.position)
        )
        return menu

    @Slot()
    def _show_menu(self) -> None:
        self.picked.emit(self.position)
        menu = self.menu()
        menu.exec(self.mapToGlobal(self.rect().bottomRight()))
        menu.deleteLater()

    @Slot(tuple)
    def _chance_moved(self, values: tuple[float]) -> None:
        self._percent.setText(figures.percent(values[0]))
        self.chanceEdited.emit(self.position, values[0])

    @Slot(bool)
    def _switched(self, on: bool) -> None:
        self.switched.emit(self.position, on)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._show_menu()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self.picked.emit(self.position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            drag = QDrag(self)
            content = QMimeData()
            content.setData(MIME, str(self.position).encode())
            drag.setMimeData(content)
            drag.setPixmap(self.grab())
            drag.setHotSpot(self._pressed.toPoint())
            self._pressed = None
            drag.exec(Qt.DropAction.MoveAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def enterEvent(self, event: QEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour("accent" if self._selected else "line")
        painter.setPen(QPen(edge, 2 if self._selected else 1))
        painter.setBrush(theme.colour("selected" if self._selected else "hover" if self._hovered else "surface"))
        inset = 1.0 if self._selected else 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), theme.RADIUS, theme.RADIUS)
        grip = icons.pixmap("grip", 16, "secondary", self.devicePixelRatioF())
        painter.drawPixmap(8, (self.height() - 16) // 2, grip)

    def sizeHint(self) -> QSize:
        return QSize(220, 64)
