"""The look as data: colours, sizes and fonts in light and dark, put on the application in one place."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from workbench import resources

Mode = Literal["system", "light", "dark"]

GRID = 8
HALF = 4
RADIUS = 6
CONTROL = 28
ROW = 24
ICON = 20
FADE_MS = 120

BODY, SECONDARY, BADGE, TITLE, HEADLINE = 13, 12, 11, 16, 28
"""Font sizes in pixels."""


@dataclass(frozen=True)
class Tokens:
    """The colours of one mode, as #rrggbb. Text colours keep 4.5:1 on background, surface and raised."""

    background: str
    surface: str
    raised: str
    line: str
    text: str
    secondary: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    selected: str
    hover: str
    track: str
    thumb: str
    field: str
    green: str
    amber: str
    red: str


DARK = Tokens(
    background="#16181c",
    surface="#1d2025",
    raised="#262a31",
    line="#323741",
    text="#e7e9ee",
    secondary="#9aa3b2",
    disabled="#6b7382",
    accent="#4c8dff",
    accent_hover="#6ba1ff",
    on_accent="#0b1220",
    selected="#1a2740",
    hover="#2b3038",
    track="#22262c",
    thumb="#3b424d",
    field="#16181c",
    green="#45bd83",
    amber="#e3aa45",
    red="#f47c7c",
)

LIGHT = Tokens(
    background="#f6f7f9",
    surface="#ffffff",
    raised="#ffffff",
    line="#dfe3ea",
    text="#1a1d23",
    secondary="#5d6675",
    disabled="#969eab",
    accent="#2667e0",
    accent_hover="#1c56c4",
    on_accent="#ffffff",
    selected="#edf3fe",
    hover="#eceff4",
    track="#eceff4",
    thumb="#ffffff",
    field="#ffffff",
    green="#177a49",
    amber="#8a5a00",
    red="#bf2d2d",
)

LIGHT_ATTENTION = "#c77700"
"""A dot is no text: it may be brighter than amber words on white, and must not look brown."""

_tokens = LIGHT


class _SystemFollower(QObject):
    """Child of the application; puts the theme on again when the system changes between light and dark."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.mode: Mode = "system"
        self._scheme: Qt.ColorScheme | None = None
        app.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    @Slot(Qt.ColorScheme)
    def _scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        app = QApplication.instance()
        if self.mode == "system" and isinstance(app, QApplication):
            _put_on(app, _system_tokens(app))


def apply(app: QApplication, mode: Mode = "system") -> None:
    """Put fonts, palette and style sheet on ``app``. "system" goes on following the system."""
    follower = app.findChild(_SystemFollower) or _SystemFollower(app)
    follower.mode = mode
    scheme = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}[mode]
    app.styleHints().setColorScheme(scheme)
    _put_on(app, {"light": LIGHT, "dark": DARK}.get(mode) or _system_tokens(app))


def mode(app: QApplication) -> Mode:
    """Return what was chosen, which may be "system"."""
    follower = app.findChild(_SystemFollower)
    return follower.mode if follower is not None else "system"


def tokens() -> Tokens:
    """Return the colours in use now."""
    return _tokens


def is_dark() -> bool:
    """Return whether the dark colours are in use."""
    return _tokens is DARK


def colour(name: str, alpha: float = 1.0) -> QColor:
    """Return a token as a colour, for painters. Ask while painting: the theme may have changed."""
    value = QColor(getattr(_tokens, name))
    value.setAlphaF(alpha)
    return value


def state_colour(state: str) -> QColor:
    """Return the colour of a stage's state dot: empty, work, ready or attention."""
    if state == "attention" and not is_dark():
        return QColor(LIGHT_ATTENTION)
    return colour({"work": "accent", "ready": "green", "attention": "amber"}.get(state, "disabled"))


def font(size: int = BODY, *, bold: bool = False) -> QFont:
    """Return the system's font at ``size`` pixels, with figures of equal width."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def fixed_font(size: int = SECONDARY) -> QFont:
    """Return the system's fixed-width font."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPixelSize(size)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Choose the style sheet's look for ``widget``: secondary, badge, title, headline, primary, quiet, danger..."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours by WCAG 2 (1 to 21)."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def readable_on(background: QColor) -> QColor:
    """Return black or white, whichever reads better on ``background``: one of them always has 4.5:1."""
    name = background.name()
    return QColor("#ffffff") if contrast("#ffffff", name) >= contrast("#000000", name) else QColor("#000000")


def is_theme_change(event: QEvent) -> bool:
    """True for the events that tell a self-painted widget to fetch its colours again."""
    return event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


def _luminance(name: str) -> float:
    value = QColor(name)
    linear = [
        channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value.redF(), value.greenF(), value.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _system_tokens(app: QApplication) -> Tokens:
    return DARK if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _put_on(app: QApplication, chosen: Tokens) -> None:
    global _tokens
    _tokens = chosen
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(chosen))
    app.setStyleSheet(style_sheet(chosen))


def style_sheet(chosen: Tokens) -> str:
    """Return ``resources/style/workbench.qss`` with ``@name`` replaced by the colours."""
    text = resources.path("style", "workbench.qss").read_text(encoding="utf-8")
    text = text.replace("@icons", resources.path("style").as_posix())
    text = text.replace("@mode", "dark" if chosen is DARK else "light")
    for name in sorted(Tokens.__dataclass_fields__, key=len, reverse=True):
        text = text.replace(f"@{name}", getattr(chosen, name))
    return text


def _palette(chosen: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, name in (
        (role.Window, "background"),
        (role.WindowText, "text"),
        (role.Base, "field"),
        (role.AlternateBase, "surface"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "secondary"),
        (role.Highlight, "selected"),
        (role.HighlightedText, "text"),
        (role.Accent, "accent"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.Light, "raised"),
        (role.Midlight, "line"),
        (role.Mid, "line"),
        (role.Dark, "line"),
        (role.Shadow, "background"),
    ):
        palette.setColor(target, QColor(getattr(chosen, name)))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(chosen.disabled))
    return palette
