"""The small widgets that every panel is built of, and the base class of the panels."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QIcon, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from workbench.ui import icons, theme
from workbench.ui.layouts import column, row

if TYPE_CHECKING:
    from workbench.ui.session import Session

PanelState = Literal["empty", "work", "ready", "attention"]


class Panel(QWidget):
    """One stage of the job. Wiring only: reads the session's project, starts its jobs, shows its events.

    ``actions()`` (those added with `add_action`) appear in the palette and the list of keys; their keys work while the
    panel is visible. Emit ``stateChanged`` whenever what `state` or `inspector` answer has changed.
    """

    stateChanged = Signal()

    key = ""
    title = ""

    def __init__(self, session: "Session", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session

    def inspector(self) -> QWidget | None:
        """Return the widget for the column on the right, always the same one, or None for no column."""
        return None

    def state(self) -> tuple[PanelState, str]:
        """Return the stage's state and, in one sentence, why."""
        return "empty", ""

    def settled(self) -> bool:
        """Return False while what is in view is still on its way: the other panels are built after that."""
        return True

    def gestures(self) -> list[tuple[str, str]]:
        """Return what the mouse and the arrows do here, as (what, how), for the list of keys."""
        return []

    def activated(self, payload: object) -> None:
        """Called when the panel is brought to the front; ``payload`` is what `Session.navigate` carried, or None."""

    def add_action(
        self,
        name: str,
        text: str,
        slot: Callable[[], object],
        *,
        icon: str = "",
        key: str | QKeySequence | QKeySequence.StandardKey = "",
        tip: str = "",
    ) -> QAction:
        """Add an action that the palette lists; ``name`` is its object name, for example "dataset.addFolder.action"."""
        action = QAction(text, self)
        action.setObjectName(name)
        if icon:
            action.setIcon(icons.icon(icon))
        if key:
            action.setShortcut(QKeySequence(key))
        action.setToolTip(with_key(tip or text, action.shortcut()))
        action.triggered.connect(slot)
        self.addAction(action)
        return action


def with_key(text: str, key: QKeySequence | str) -> str:
    """Return a tooltip: the text, and the key in brackets where there is one."""
    written = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text} ({written})" if written else text


def label(text: str, role: str = "", *, wrap: bool = False, name: str = "") -> QLabel:
    """Return a label in one of the style sheet's roles: secondary, section, title, headline, error, warning, key."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    if wrap:
        made.setWordWrap(True)
    if name:
        made.setObjectName(name)
    return made


def button(
    text: str,
    slot: Callable[[], object] | None = None,
    *,
    role: str = "",
    icon: str = "",
    name: str = "",
    tip: str = "",
) -> QPushButton:
    """Return a push button; ``role`` is "", "primary", "quiet", "link" or "danger"."""
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    if icon:
        made.setIcon(icons.icon(icon, {"primary": "on_accent", "danger": "red"}.get(role, "secondary")))
    if name:
        made.setObjectName(name)
    made.setToolTip(tip)
    if slot is not None:
        made.clicked.connect(slot)
    return made


def tool_button(icon: str, tip: str, slot: Callable[[], object] | None = None, *, name: str = "") -> QToolButton:
    """Return a 28-pixel button that shows an icon only; ``tip`` also is its accessible name."""
    made = QToolButton()
    made.setIcon(icons.icon(icon, "secondary", "accent"))
    made.setIconSize(QSize(theme.ICON, theme.ICON))
    made.setFixedSize(theme.CONTROL, theme.CONTROL)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    if name:
        made.setObjectName(name)
    if slot is not None:
        made.clicked.connect(slot)
    return made


class ElidedLabel(QLabel):
    """A label that cuts its text with an ellipsis where the room ends, and then shows all of it as its tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode, self._tip = mode, ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("role", role)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._hint()

    def fullText(self) -> str:
        return self.text()

    def set_tip(self, tip: str) -> None:
        """Show ``tip`` where the text is not cut; where it is, the tooltip is the text."""
        self._tip = tip
        self._hint()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 3, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(2, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        # Cut while painting: a text that came before its room would keep the ellipsis of the old width.
        painter = QPainter(self)
        self.drawFrame(painter)
        enabled, role = self.isEnabled(), self.foregroundRole()
        room, alignment = self.contentsRect(), int(self.alignment())
        self.style().drawItemText(painter, room, alignment, self.palette(), enabled, self.shown_text(), role)

    def shown_text(self) -> str:
        """Return the text as it is painted now, cut to the room."""
        return self.fontMetrics().elidedText(self.text(), self._mode, max(0, self.contentsRect().width()))

    def _hint(self) -> None:
        self.setToolTip(self.text() if self.shown_text() != self.text() else self._tip)


class Headline(QWidget):
    """The one large number of a panel, what it is, and its interval or qualification below."""

    def __init__(self, caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = label("–", "headline")
        self._caption = ElidedLabel(caption, "secondary")
        self._note = label("", "secondary", wrap=True)
        self._note.hide()
        self.setLayout(column(self._caption, self._number, self._note, spacing=theme.HALF))

    def show_number(self, number: str, note: str = "", caption: str | None = None) -> None:
        self._number.setText(number)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        if caption is not None:
            self._caption.setText(caption)

    def number(self) -> str:
        return self._number.text()


class Badge(QLabel):
    """A small word on a tinted ground; ``tone`` is "", "accent", "green", "amber" or "red"."""

    def __init__(self, text: str = "", tone: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("role", f"badge-{tone}" if tone else "badge")

    def show_text(self, text: str, tone: str = "") -> None:
        self.setText(text)
        theme.set_role(self, f"badge-{tone}" if tone else "badge")


class FoldButton(QPushButton):
    """A title that shows and hides what belongs to it."""

    def __init__(self, title: str, body: QWidget, *, is_open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._body = body
        self.setProperty("role", "fold")
        self.setCheckable(True)
        self.setChecked(is_open)
        if not is_open:  # shown before it has a parent, it would be a window
            body.hide()
        self._point(is_open)
        self.toggled.connect(self._show)

    @Slot(bool)
    def _show(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._point(is_open)

    def _point(self, is_open: bool) -> None:
        self.setIcon(icons.icon("chevron-down" if is_open else "chevron-right"))


class Section(QWidget):
    """A titled part of an inspector or a form; with ``foldable`` a click on the title hides its content.

    ``corner`` stands at the right end of the title. A folded part can say in a few words what is set in it.
    """

    toggled = Signal(bool)

    def __init__(
        self,
        title: str,
        content: QWidget | None = None,
        *,
        foldable: bool = False,
        corner: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.body = content or QWidget()
        self._summary = ElidedLabel("", "secondary")
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._summary.hide()
        self._head: QLabel | FoldButton
        if foldable:
            self._head = FoldButton(title, self.body, is_open=True)
            self._head.toggled.connect(self._toggled)
        else:
            self._head = label(title, "section")
        line = row(self._head, self._summary)
        line.setStretch(0, 1)
        if corner is not None:
            line.addWidget(corner)
        self.setLayout(column(line, self.body))

    @Slot(bool)
    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        if isinstance(self._head, FoldButton):
            self._head.setChecked(is_open)
        else:
            self.body.setVisible(is_open)

    def is_open(self) -> bool:
        return not isinstance(self._head, FoldButton) or self._head.isChecked()

    def summarize(self, text: str) -> None:
        """Say in a few words what is set inside; shown while it is folded."""
        self._summary.setText(text)
        self._summary.setVisible(not self.is_open() and bool(text))

    @Slot(bool)
    def _toggled(self, is_open: bool) -> None:
        self._summary.setVisible(not is_open and bool(self._summary.text()))
        self.toggled.emit(is_open)


class Segmented(QWidget):
    """A choice of one among a few, all visible. Arrow keys move it."""

    changed = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], value: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("segmented", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._keys: list[str] = []
        layout = row(spacing=0, margins=2)
        for key, text in choices:
            part = QPushButton(text)
            part.setCheckable(True)
            part.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            part.setObjectName(f"segment.{key}")
            self._group.addButton(part, len(self._keys))
            self._keys.append(key)
            layout.addWidget(part)
        self.setLayout(layout)
        self._group.idToggled.connect(self._toggled)
        self.set_value(value or self._keys[0])

    def value(self) -> str:
        return self._keys[self._group.checkedId()]

    def set_value(self, key: str) -> None:
        """Choose ``key``; ``changed`` follows when that is another one."""
        part = self._group.button(self._keys.index(key))
        if any(other.hasFocus() for other in self._group.buttons()):
            part.setFocus()
        part.setChecked(True)

    def button(self, key: str) -> QPushButton:
        found = self._group.button(self._keys.index(key))
        assert isinstance(found, QPushButton)
        return found

    @Slot(int, bool)
    def _toggled(self, index: int, on: bool) -> None:
        # Tab stops at the choice alone, as at a set of radio buttons: a ring round another part looks like a second choice.
        policy = Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus
        self._group.button(index).setFocusPolicy(policy)
        if on:
            self.changed.emit(self._keys[index])


class KeyHint(QLabel):
    """A key, drawn as a key."""

    def __init__(self, key: QKeySequence | str, parent: QWidget | None = None) -> None:
        super().__init__(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText), parent)
        self.setProperty("role", "key")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class Picture(QWidget):
    """An icon drawn large, in the colour of the theme in use."""

    def __init__(self, icon: QIcon, side: int = 56, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setFixedSize(side, side)

    def show_icon(self, icon: QIcon) -> None:
        """Draw another icon."""
        self._icon = icon
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())


class EmptyState(QWidget):
    """One picture, one sentence, one button, in the middle of the room: what to do where there is nothing yet."""

    clicked = Signal()

    def __init__(
        self, picture: str, sentence: str, button_text: str = "", *, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.sentence = label(sentence, "secondary", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence.setFixedWidth(360)
        self.button: QPushButton | None = None
        self._picture = Picture(icons.icon(picture, "disabled"))
        inner = column(self._picture, self.sentence, spacing=theme.GRID * 2)
        inner.setAlignment(inner.itemAt(0).widget(), Qt.AlignmentFlag.AlignHCenter)
        if button_text:
            self.button = button(button_text, role="primary", name=name)
            self.button.clicked.connect(self._clicked)
            inner.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.setLayout(column(None, row(None, inner, None), None))

    def say(self, sentence: str, picture: str = "") -> None:
        """Show another sentence, and another picture where one is named."""
        self.sentence.setText(sentence)
        if picture:
            self._picture.show_icon(icons.icon(picture, "disabled"))

    @Slot()
    def _clicked(self) -> None:
        self.clicked.emit()
