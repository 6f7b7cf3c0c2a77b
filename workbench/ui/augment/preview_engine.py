"""Asks the preview's child in a thread; only the newest wish is worked on, and pictures come ready to paint."""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from PySide6.QtCore import QCoreApplication, QObject, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPainter

from workbench.data.reading import Decoding, Pixels, read_image
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.training.preview import Request, Tile
from workbench.ui.augment.newest import Newest

THROTTLE_MS = 25
"""Wishes that come faster than this (a slider that is dragged) are worked on at this pace; a single one at once."""


class Child(Protocol):
    """What the engine needs of `workbench.training.preview.PreviewChild`."""

    def warm(self) -> None: ...
    def job(self, request: Request) -> Job: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Wish:
    """What is to be shown.

    ``request`` is called in the engine's thread. ``subject`` names what the indices mean: pictures of another subject are
    dropped the moment this is asked. ``original``: the image file that is painted at the index ``first`` before the child
    answers, which may still be starting; a tile of that index then takes its place. None: nothing is.
    """

    request: Callable[[], Request]
    subject: Hashable = None
    original: Path | None = None
    first: int = 0


@dataclass(frozen=True)
class Facts:
    """What is known of a tile beside its pixels; see `workbench.training.preview.Tile`."""

    index: int
    milliseconds: float
    share: float
    digest: int


@dataclass(frozen=True)
class _Painted:
    index: int
    picture: QImage
    facts: Facts | None


class PreviewEngine(QObject):
    """Call `show` as often as the chain changes.

    ``pictured`` carries the tile's index and picture; ``measured`` comes before it with the tile's `Facts`. ``failed``
    carries a sentence, and the place of the step (a tuple, or None) and the parameter ("" for none) that are to blame.
    """

    pictured = Signal(int, QImage)
    measured = Signal(object)
    failed = Signal(str, object, str)
    ended = Signal()

    def __init__(self, child: Child, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._wish: Wish | None = None
        self._subject: Hashable = None
        self._sent = 0.0
        self._child = child
        self._closed = False
        self._original = _Original()
        self._worker = Newest("augmentation preview")
        self._worker.told.connect(self._told, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self._failed, Qt.ConnectionType.QueuedConnection)
        self._worker.ended.connect(self._ended, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._send)
        self.destroyed.connect(partial(_finish, self._worker, child))
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.close)

    def warm(self) -> None:
        """Start the child's imports before the first wish."""
        if not self._closed:
            self._child.warm()

    def show(self, wish: Wish) -> None:
        """Work on ``wish`` next; what was asked before is dropped."""
        if self._closed:
            return
        if wish.subject != self._subject:
            # Pictures of another image, or for another board, would land in the wrong place.
            self._number += 1
            self._subject = wish.subject
        self._wish = wish
        if not self._timer.isActive():
            waited = 1000 * (time.monotonic() - self._sent)
            if waited >= THROTTLE_MS:
                self._send()  # before the rest of the window follows the change: the child works meanwhile
            else:
                self._timer.start(round(THROTTLE_MS - waited))

    def cancel(self) -> None:
        """Show nothing: no image, or the panel is out of sight."""
        self._timer.stop()
        self._wish = None
        self._number += 1
        self._worker.cancel()

    @Slot()
    def close(self) -> None:
        """End the thread and the child. Nothing can be shown after that."""
        if self._closed:
            return
        self._closed = True
        self.cancel()
        _finish(self._worker, self._child)

    @Slot()
    def _send(self) -> None:
        if self._wish is None:
            return
        self._number += 1
        self._sent = time.monotonic()
        self._worker.ask(self._number, partial(_work, self._child, self._original, self._wish))
        self._wish = None

    @Slot(int, object)
    def _told(self, number: int, painted: _Painted) -> None:
        if number == self._number:
            if painted.facts is not None:
                self.measured.emit(painted.facts)
            self.pictured.emit(painted.index, painted.picture)

    @Slot(int, object)
    def _failed(self, number: int, error: WorkbenchError) -> None:
        if number == self._number:
            self.failed.emit(str(error), getattr(error, "place", None), getattr(error, "param", None) or "")

    @Slot(int)
    def _ended(self, number: int) -> None:
        if number == self._number:
            self.ended.emit()


def ready(pixels: Pixels) -> QImage:
    """Return RGB pixels as a picture of the format that is painted without conversion."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def tiles_of(job: Job, stop: Stop) -> Iterator[Tile]:
    """Send the job at once; its tiles come when they are drawn."""
    return cast("Iterator[Tile]", job(stop))


class _Original:
    """The image that is painted without the child; read again only where it is another one."""

    def __init__(self) -> None:
        self._painted: Any = None

    def picture(self, wish: Wish, request: Request) -> QImage | None:
        """Return the picture for the wish, None where it is painted already."""
        if wish.original is None:
            self._painted = None
            return None
        key = (wish.subject, wish.original, wish.first, request.tile_side, request.config.preprocess.resize)
        if key == self._painted:
            return None
        self._painted = key
        return _roughly(wish.original, request)


def _work(child: Child, original: _Original, wish: Wish, stop: Stop) -> Iterator[_Painted]:
    request = wish.request()
    tiles = tiles_of(child.job(request), stop)
    with closing(cast("Any", tiles)):
        first = original.picture(wish, request)
        if first is not None:
            yield _Painted(wish.first, first, None)
        for tile in tiles:
            facts = Facts(tile.index, tile.milliseconds, tile.share, tile.digest)
            yield _Painted(tile.index, ready(tile.pixels), facts)


def _roughly(path: Path, request: Request) -> QImage:
    """Return the image about as the model would see it. Raises ImageError."""
    side, resize = request.tile_side, request.config.preprocess.resize
    whole = ready(read_image(path, Decoding.from_dict(request.decoding), reduce_to=side))
    smooth = Qt.TransformationMode.SmoothTransformation
    if resize == "crop":
        short = min(whole.width(), whole.height())
        whole = whole.copy((whole.width() - short) // 2, (whole.height() - short) // 2, short, short)
    if resize != "pad":
        return whole.scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    inner = whole.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    square = QImage(side, side, QImage.Format.Format_RGB32)
    square.fill(Qt.GlobalColor.black)
    painter = QPainter(square)
    painter.drawImage(
        QRect((side - inner.width()) // 2, (side - inner.height()) // 2, inner.width(), inner.height()), inner
    )
    painter.end()
    return square


def _finish(worker: Newest, child: Child) -> None:
    worker.close()
    child.close()
    worker.wait()
