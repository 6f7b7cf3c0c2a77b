"""The line under the preview: what the model sees of an image, and what the chain's crops cost in detail."""

import threading
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QLabel, QWidget

from workbench.augment.chain import Chain
from workbench.training.preview import Picture, Request
from workbench.ui.augment.pixel_facts import PixelFacts, PixelFactsFinder

PAUSE_MS = 60
"""Facts are looked for at this pace: to start a thread takes milliseconds while others work, too much for each move."""

NOTICED = 1.05
"""Crops that are enlarged by less are not spoken of."""


class FactsLine(QLabel):
    """Call `show_facts` as often as the request changes; what is found comes from a thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.facts")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "secondary")
        self.setWordWrap(True)
        self._search = _Search()
        self._search.found.connect(self._told, Qt.ConnectionType.QueuedConnection)
        self._number = 0
        self._also = ""
        self._asked: object = None
        self._wanted: tuple[Request, Chain, Picture | None] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._look)

    def show_facts(self, request: Request, chain: Chain, picture: Picture | None, also: str = "") -> None:
        """Say what is true of the request's pixels; ``also`` is said after it."""
        self._also = also
        config = request.config
        asked = (chain, picture, also, config.preprocess, config.backbone.name, config.augment, config.rare)
        if asked != self._asked:
            self._asked = asked
            self._number += 1
            self._wanted = (request, chain, picture)
            if not self._pause.isActive():
                self._pause.start()

    def forget(self) -> None:
        """Say nothing: there is no image."""
        self._asked = self._wanted = None
        self._pause.stop()
        self._number += 1
        self.setText("")

    @Slot()
    def _look(self) -> None:
        if self._wanted is not None:
            self._search.ask(self._number, *self._wanted)
            self._wanted = None

    @Slot(int, object)
    def _told(self, number: int, facts: PixelFacts | None) -> None:
        if number == self._number:
            self.setText(self.sentence(facts) if facts is not None else "")

    def sentence(self, facts: PixelFacts) -> str:
        """Return the facts in plain words."""
        parts = [self.tr("The model sees {0} \N{MULTIPLICATION SIGN} {0} pixels").format(facts.size)]
        if facts.prepared > facts.size:
            text = self.tr("crops cut from the cached {0} \N{MULTIPLICATION SIGN} {0}")
            if not facts.cached:
                text = self.tr("crops cut from {0} \N{MULTIPLICATION SIGN} {0}")
            parts.append(text.format(facts.prepared))
        elif facts.cached:
            parts.append(self.tr("from the prepared cache"))
        if facts.lost > NOTICED:
            text = self.tr("the smallest is enlarged {0}\N{MULTIPLICATION SIGN}")
            if facts.prepared <= facts.size:
                text = self.tr("the smallest crop is enlarged {0}\N{MULTIPLICATION SIGN}")
            parts.append(text.format(f"{facts.lost:.1f}"))
        if self._also:
            parts.append(self._also)
        return self.tr("; ").join(parts)


class _Search(QObject):
    """Looks for what was asked last, in a thread that ends when nothing more is asked."""

    found = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._asked: tuple[int, Request, Chain, Picture | None] | None = None
        self._active = False
        self._finder = PixelFactsFinder()

    def ask(self, number: int, request: Request, chain: Chain, picture: Picture | None) -> None:
        with self._lock:
            self._asked = (number, request, chain, picture)
            if self._active:
                return
            self._active = True
        threading.Thread(target=self._run, name="facts of the preview", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                asked, self._asked = self._asked, None
                if asked is None:
                    self._active = False
                    return
            number, *about = asked
            with suppress(RuntimeError):  # The window was closed meanwhile.
                self.found.emit(number, self._finder.find(*about))
