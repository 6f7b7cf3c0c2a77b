"""The place above the panel where banners stand: each belongs to a stage, and is seen with it."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.ui import theme
from workbench.ui.messages import Banner

MOST = 3


class BannerArea(QWidget):
    """At most three banners for each stage; the same sentence is never there twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: list[tuple[str, Banner]] = []
        self._stage = ""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, 0)
        self._layout.setSpacing(theme.GRID)
        self.hide()

    def add(
        self, stage: str, kind: str, sentence: str, action: tuple[str, Callable[[], object]] | None = None
    ) -> Banner:
        """Show a banner while ``stage`` is in view; "" means always, "!stage" while any other is."""
        for other, banner in list(self._banners):
            if other == stage and banner.text() == sentence:
                self._remove(banner)
        made = Banner(kind, sentence, action)
        made.closed.connect(self._closed)
        self._banners.append((stage, made))
        self._layout.addWidget(made)
        for _, old in [entry for entry in self._banners if entry[0] == stage][:-MOST]:
            self._remove(old)
        self._show()
        return made

    def set_stage(self, stage: str) -> None:
        self._stage = stage
        self._show()

    def clear(self) -> None:
        for _, banner in list(self._banners):
            self._remove(banner)
        self._show()

    def shown(self) -> list[Banner]:
        """Return the banners in view."""
        return [banner for stage, banner in self._banners if self._fits(stage)]

    def take_away(self, stage: str) -> None:
        """Remove the banners that were added for ``stage``: what they say is over."""
        for other, banner in list(self._banners):
            if other == stage:
                self._remove(banner)
        self._show()

    def _fits(self, stage: str) -> bool:
        return stage in ("", self._stage) or (stage.startswith("!") and stage[1:] != self._stage)

    @Slot()
    def _closed(self) -> None:
        for _, banner in list(self._banners):
            if banner.isHidden() and banner is self.sender():
                self._remove(banner)
        self._show()

    def _remove(self, banner: Banner) -> None:
        self._banners = [entry for entry in self._banners if entry[1] is not banner]
        self._layout.removeWidget(banner)
        banner.hide()
        banner.deleteLater()

    def _show(self) -> None:
        shown = self.shown()
        for _, banner in self._banners:
            banner.setVisible(banner in shown)
        self.setVisible(bool(shown))
