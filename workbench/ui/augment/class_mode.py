"""One image of each class and its variants, page by page; a rare class by its own chain."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from workbench.project.images import ImageRow
from workbench.training.preview import Picture
from workbench.ui import theme
from workbench.ui.augment import wishes
from workbench.ui.augment.boards import ClassBoard
from workbench.ui.augment.looked_at import View, one_of_each, picture_of
from workbench.ui.augment.modes import Mode
from workbench.ui.augment.wishes import Plan
from workbench.ui.layouts import row
from workbench.ui.session import Session
from workbench.ui.widgets import label, tool_button

_KIND = "augment classes"


class PerClass(Mode):
    """The images are drawn anew by `draw`, and when the project's images or labels change."""

    key = "classes"
    of_one_image = False
    hint_leads_to_dataset = True

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        self.tiles = ClassBoard()
        super().__init__(self.tiles, parent)
        self._session = session
        self._draw, self._page, self._pages = 0, 0, 1
        self._found: list[tuple[str, ImageRow]] | None = None
        self._positions: dict[str, int] = {}
        self._planning = False
        self.back = tool_button("chevron-left", self.tr("Classes before (Page Up)"), self.page_back)
        self.forth = tool_button("chevron-right", self.tr("More classes (Page Down)"), self.page_forth)
        self.where = label("", "secondary")
        self._bar = QWidget()
        self._bar.setLayout(row(self.where, self.back, self.forth, spacing=theme.HALF))
        self._bar.hide()
        # Keys of the board, not of the window: a slider of the form has Page Up too.
        self.tiles.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.tiles.installEventFilter(self)

    def title(self) -> str:
        return self.tr("Per class")

    def controls(self) -> QWidget:
        return self._bar

    def draw(self) -> None:
        """Take another image of each class."""
        self._draw += 1
        self._ask()

    def forget(self) -> None:
        """The images or their labels have changed: look again when this is in view."""
        self._found = None
        self._session.reader.drop(_KIND)

    def open_project(self) -> None:
        super().open_project()
        self._page, self._draw = 0, 0
        self.forget()

    def plan(self, view: View) -> Plan | None:
        if self._found is None and not self._session.reader.is_asking(_KIND):
            self._planning = True
            self._ask()
            self._planning = False
        found = self._found
        if not found:
            self._bar.hide()
            self.tiles.show_classes([])
            return None
        size = max(1, self.tiles.fit(len(found)))
        self._pages = -(-len(found) // size)
        self._page = min(self._page, self._pages - 1)
        shown = found[self._page * size : (self._page + 1) * size]
        self._show_page(self._page * size, len(shown), len(found))
        rare = self.tr("rare chain")
        self.tiles.show_classes([(name, rare if name in view.rare else "") for name, _ in shown])
        pictures = [(self._picture(name, image), name in view.rare) for name, image in shown]
        return wishes.per_class(pictures, view.common, view.rare_chain, view.seed, self.tiles.EACH)

    def hint(self) -> str:
        if self._found is None:
            return ""
        return self.tr("No image has a label yet: label some in the Dataset panel to see one of each class here.")

    def _picture(self, name: str, image: ImageRow) -> Picture:
        return picture_of(
            image, {int(image.class_id): self._positions.get(name, -1)} if image.class_id is not None else {}
        )

    def _ask(self) -> None:
        self._session.reader.ask(_KIND, partial(one_of_each, draw=self._draw), self._take)

    def _take(self, found: list[tuple[str, ImageRow | None]]) -> None:
        self._found = [(name, image) for name, image in found if image is not None]
        self._positions = {name: position for position, (name, _) in enumerate(found)}
        if not self._planning:
            self.wanted.emit()

    def _show_page(self, first: int, count: int, total: int) -> None:
        self._bar.setVisible(self._pages > 1)
        self.where.setText(self.tr("{0}\N{EN DASH}{1} of {2} classes").format(first + 1, first + count, total))
        self.back.setEnabled(self._page > 0)
        self.forth.setEnabled(self._page < self._pages - 1)

    @Slot()
    def page_back(self) -> None:
        self._turn(-1)

    @Slot()
    def page_forth(self) -> None:
        self._turn(1)

    def _turn(self, by: int) -> None:
        page = min(max(self._page + by, 0), self._pages - 1)
        if page != self._page:
            self._page = page
            self.clear()
            self.wanted.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel over the board turns pages, and so do its keys."""
        turns = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in turns:
            self._turn(turns[Qt.Key(event.key())])
            return True
        if isinstance(event, QWheelEvent) and self._pages > 1 and event.angleDelta().y():
            self._turn(-1 if event.angleDelta().y() > 0 else 1)
            return True
        return super().eventFilter(watched, event)
