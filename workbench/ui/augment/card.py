"""One step of the chain as a card: grip, name, cost, switch, and its probability, or its weight in a group that draws."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QDrag, QEnterEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QToolButton, QWidget

from workbench.augment.chain import GROUPS, Place, Step
from workbench.ui import figures, icons, theme
from workbench.ui.augment.sliders import Slider
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, label, tool_button

MIME = "application/x-workbench-step"
HEIGHT = 54
GRIP = 20
SLOT = 24
"""Least room for the cost of a step, in place of which the menu's button comes under the mouse."""


class Mark(NamedTuple):
    """What is wrong with a step; ``severity`` is error, warning or info."""

    severity: str
    message: str


class Face(NamedTuple):
    """What a card shows. ``share`` is how often it is drawn in its OneOf, None where ``step.p`` is a probability."""

    place: Place
    step: Step
    title: str
    active: bool = True
    """False where the group is switched off, or one around it."""
    share: float | None = None
    drawn: bool = False
    """It stands in a group that draws some of its steps, each as likely as the other, and applies those by their ``p``."""
    folded: bool = False
    cost: str = ""
    mark: Mark | None = None


class ChainCard(QWidget):
    """Tells what the user wants of the step at ``place``; others change the chain."""

    picked = Signal(object)
    chanceEdited = Signal(object, float)
    settled = Signal()
    switched = Signal(object, bool)
    folded = Signal(object, bool)
    asked = Signal(str, object, str)
    """What is to be done with the step: remove, duplicate, up, down, ungroup, group, turn; the last two with a group's name."""

    def __init__(self, title_of: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title_of = title_of
        self.place: Place = ()
        self.face: Face | None = None
        self._selected = self._hovered = self._dragged = False
        self._pressed: QPointF | None = None
        self._fold = _small(tool_button("chevron-down", "", self._fold_clicked))
        self._fold.setFixedWidth(18)
        self._title = ElidedLabel()
        self._title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._count = label("", "secondary")
        self._sign = QLabel()
        self._sign.setFixedWidth(16)
        self._more = _small(tool_button("more", self.tr("More"), self._show_menu))
        self._switch = _small(tool_button("power", "", self._switch_clicked))
        self._chance = Slider(0, 1, 0.05, (0.5,))
        self._chance.setMinimumWidth(40)
        self._chance.setFixedHeight(20)
        self._chance.changed.connect(self._chance_moved)
        self._chance.released.connect(self.settled)
        self._written = label("", "secondary")
        self._written.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slot = QWidget()
        self._slot.setLayout(row(None, self._more, spacing=0))
        above = row(self._fold, self._title, self._count, self._sign, self._slot, self._switch, spacing=theme.HALF)
        above.setStretch(1, 1)
        below = row(self._chance, self._written, spacing=theme.HALF)
        below.setContentsMargins(0, 0, theme.GRID, 0)
        layout = column(above, below, spacing=0)
        layout.setContentsMargins(GRIP + theme.HALF, 4, 4, 6)
        self.setLayout(layout)
        self._more.hide()

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def show_face(self, face: Face) -> None:
        """Show this step, which may be another than before."""
        step, before = face.step, self.face
        if face == before:
            return
        self.face, self.place = face, face.place
        self.setObjectName("augment.card." + ".".join(map(str, face.place)))
        self._switch.setObjectName("augment.switch." + ".".join(map(str, face.place)))
        self.setAccessibleName(face.title)
        self._title.setText(face.title)
        theme.set_role(self._title, "" if face.active and step.enabled else "secondary")
        self._fold.setVisible(step.is_group)
        if step.is_group:
            self._fold.setIcon(icons.icon("chevron-right" if face.folded else "chevron-down"))
            tip = self.tr("Show its steps (Right)") if face.folded else self.tr("Hide its steps (Left)")
            self._fold.setToolTip(tip)
            self._fold.setAccessibleName(tip)
        self._count.setText(_count(step))
        self._count.setVisible(bool(step.steps))
        cost = QFontMetrics(theme.font(theme.BADGE)).horizontalAdvance(face.cost) + 4 if face.cost else 0
        self._slot.setFixedWidth(max(SLOT, cost))
        self._chance.set_values((step.p,))
        self._chance.setEnabled(face.active and step.enabled)
        self._show_chance(step.p)
        self._switch.setIcon(icons.icon("power", "secondary" if step.enabled else "disabled"))
        tip = self.tr("Switch the step off (Space)") if step.enabled else self.tr("Switch the step on (Space)")
        self._switch.setToolTip(tip)
        self._switch.setAccessibleName(tip)
        self._sign.setVisible(face.mark is not None)
        if face.mark is not None:
            self._show_mark(face.mark)
        self.update()

    def set_selected(self, selected: bool) -> None:
        if selected != self._selected:
            self._selected = selected
            self._show_more()

    def menu(self) -> QMenu:
        """Return what can be done with the step."""
        assert self.face is not None
        menu = QMenu(self)
        self._add(menu, "copy", self.tr("Duplicate\tCtrl+D"), "duplicate")
        self._add(menu, "chevron-up", self.tr("Move up\tAlt+Up"), "up")
        self._add(menu, "chevron-down", self.tr("Move down\tAlt+Down"), "down")
        menu.addSeparator()
        if self.face.step.is_group:
            kinds = menu.addMenu(self.tr("Turn into"))
            for name in GROUPS:
                if name != self.face.step.transform:
                    self._add(kinds, "", self._title_of(name), "turn", name)
            self._add(menu, "", self.tr("Ungroup\tCtrl+Shift+G"), "ungroup")
        around = menu.addMenu(self.tr("Put into a group"))
        for name in GROUPS:
            key = "\tCtrl+G" if name == GROUPS[0] else ""
            self._add(around, "", self._title_of(name) + key, "group", name)
        menu.addSeparator()
        self._add(menu, "trash", self.tr("Delete\tDel"), "remove")
        return menu

    def _add(self, menu: QMenu, icon: str, text: str, what: str, kind: str = "") -> None:
        action = menu.addAction(text)
        if icon:
            action.setIcon(icons.icon(icon))
        place = self.place  # The card may show another step when the menu is answered.
        action.triggered.connect(lambda: self.asked.emit(what, place, kind))

    def _show_mark(self, mark: Mark) -> None:
        picture, role = {"error": ("error", "red"), "warning": ("warning", "amber")}.get(
            mark.severity, ("info", "accent")
        )
        self._sign.setPixmap(icons.pixmap(picture, 16, role, self.devicePixelRatioF()))
        self._sign.setToolTip(mark.message)
        self._sign.setAccessibleName(mark.message)

    def _show_chance(self, chance: float) -> None:
        assert self.face is not None
        if not self.face.step.enabled:
            self._written.setText(self.tr("off"))
            self._written.setFixedWidth(44)
            tip, name = self.tr("The step is switched off"), self.tr("Probability")
        elif self.face.share is None:
            self._written.setText(figures.percent(chance))
            self._written.setFixedWidth(44)
            tip, name = self.tr("Probability: the share of the images that it changes"), self.tr("Probability")
            if self.face.drawn:
                tip = self.tr("Probability once its group has drawn it; the group draws each as often as the other")
        else:
            self._written.setText(self.tr("weight {weight}").format(weight=f"{chance:.2f}"))
            self._written.setFixedWidth(76)
            tip = self.tr("Weight among the steps of its group: it is now drawn in {share} of the cases")
            tip, name = tip.format(share=figures.percent(self.face.share)), self.tr("Weight")
        self._chance.setToolTip(tip)
        self._written.setToolTip(tip)
        self._chance.setAccessibleName(name)

    @Slot()
    def _show_menu(self) -> None:
        self.picked.emit(self.place)
        menu = self.menu()
        menu.exec(self.mapToGlobal(self.rect().bottomRight()))
        menu.deleteLater()

    @Slot()
    def _fold_clicked(self) -> None:
        assert self.face is not None
        self.folded.emit(self.place, not self.face.folded)

    @Slot(tuple)
    def _chance_moved(self, values: tuple[float]) -> None:
        self._show_chance(values[0])
        self.chanceEdited.emit(self.place, values[0])

    @Slot()
    def _switch_clicked(self) -> None:
        assert self.face is not None
        self.switched.emit(self.place, not self.face.step.enabled)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._show_menu()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self.picked.emit(self.place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.face is not None and self.face.step.is_group:
            self._fold_clicked()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            drag = QDrag(self)
            drag.setMimeData(dragged(self.place))
            drag.setPixmap(self.grab())
            drag.setHotSpot(self._pressed.toPoint())
            self._pressed = None
            self._set_dragged(True)
            drag.exec(Qt.DropAction.MoveAction)
            self._set_dragged(False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self._show_more()
        # The label itself lets the mouse through to the card, which is dragged by it.
        self.setToolTip(self._title.text() if self._title.shown_text() != self._title.text() else "")

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self._show_more()

    def _show_more(self) -> None:
        self._more.setVisible(self._hovered or self._selected)
        self.update()

    def _set_dragged(self, dragged: bool) -> None:
        self._dragged = dragged
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.face is not None and self.face.mark is not None:
            self._show_mark(self.face.mark)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.face is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour("accent" if self._selected else "line")
        dashed = Qt.PenStyle.DashLine if self._dragged else Qt.PenStyle.SolidLine
        painter.setPen(QPen(edge, 2 if self._selected else 1, dashed))
        painter.setBrush(theme.colour("selected" if self._selected else "hover" if self._hovered else "surface"))
        if self.face.step.is_group and not self._selected:
            # The group's ground is behind it: a box in that box would be one too many.
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("hover") if self._hovered else Qt.BrushStyle.NoBrush)
        inset = 1.0 if self._selected else 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), theme.RADIUS, theme.RADIUS)
        grip = icons.pixmap("grip", 16, "secondary" if self._hovered else "disabled", self.devicePixelRatioF())
        painter.drawPixmap(4, (self.height() - 16) // 2, grip)
        if self.face.cost and self._more.isHidden():
            painter.setFont(theme.font(theme.BADGE))
            painter.setPen(theme.colour("secondary"))
            slot = self._slot.geometry()
            painter.drawText(slot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.face.cost)


def dragged(place: Place) -> QMimeData:
    """Return what a dragged step carries."""
    content = QMimeData()
    content.setData(MIME, ".".join(map(str, place)).encode())
    return content


def dragged_place(content: QMimeData) -> Place | None:
    """Return the place of the step that is dragged, None where something else is."""
    if not content.hasFormat(MIME):
        return None
    return tuple(int(part) for part in bytes(content.data(MIME).data()).decode().split("."))


def _count(step: Step) -> str:
    """Return how many steps a group draws of how many it holds."""
    total = len(step.steps)
    if step.transform in ("SomeOf", "RandomOrder"):
        return f"{step.params.get('n', 1)} / {total}"
    return str(total)


def _small(made: QToolButton) -> QToolButton:
    made.setFixedSize(24, 24)
    made.setIconSize(QSize(16, 16))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
