"""Computes the preview in a thread that asks the preview child; only the newest wish is worked on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop, drain

THROTTLE_MS = 25
"""Wishes that come faster than this (a slider that is dragged) are worked on at this pace."""

Pixels = NDArray[np.uint8]


class Child(Protocol):
    """What the engine needs of `workbench.augment.preview.PreviewChild`."""

    def warm(self) -> None: ...
    def job(self, chain: Chain, image: Callable[[], Pixels], *, size: int, side: int, count: int, seed: int) -> Job: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Wish:
    """What is to be shown: the variants of an image, or (``steps``) the image after each step of one variant."""

    chain: Chain
    image: Callable[[], Pixels]
    size: int
    side: int
    seed: int
    count: int
    steps: bool = False

    def jobs(self, child: Child) -> Iterator[tuple[int, Job]]:
        """Yield the jobs one after the other, each with the index of its first picture.

        Index 0 is the original. Beside the variants it is painted without the child, which may still be starting.
        """

        def job(chain: Chain, count: int) -> Job:
            return child.job(chain, self.image, size=self.size, side=self.side, count=count, seed=self.seed)

        if not self.steps:
            yield 1, job(self.chain, self.count)
            return
        yield 0, job(Chain(), 1)
        # The same seed gives a step the same dice, whatever follows it: prefixes of the chain show what each adds.
        steps = [step for step in self.chain.steps if step.enabled]
        for number in range(1, len(steps) + 1):
            yield number, job(Chain(steps=tuple(steps[:number])), 1)

    def original(self) -> QImage:
        """Return the image as the model would see it, no larger than a tile."""
        picture = _as_image(self.image())
        side = min(self.side, self.size or max(picture.width(), picture.height()))
        squashed = Qt.AspectRatioMode.IgnoreAspectRatio if self.size else Qt.AspectRatioMode.KeepAspectRatio
        return picture.scaled(side, side, squashed, Qt.TransformationMode.SmoothTransformation)


class _Worker(QObject):
    """Waits for wishes in a thread and works on the newest; lives as long as its engine.

    A daemon thread of Python, not a QThread: a process that ends while the child is starting up need not wait for it.
    """

    pictured = Signal(int, int, QImage, bool)
    failed = Signal(int, str)
    ended = Signal(int)

    def __init__(self, child: Child) -> None:
        super().__init__()
        self._child = child
        self._thread: threading.Thread | None = None
        self._condition = threading.Condition()
        self._wish: tuple[int, Wish] | None = None
        self._stop = Stop()
        self._closing = False

    def ask(self, number: int, wish: Wish) -> None:
        """Work on this instead of what is being worked on (the window's thread)."""
        with self._condition:
            self._wish = (number, wish)
            self._stop.stop()
            self._condition.notify()
        if not self.running:
            self._thread = threading.Thread(target=self._run, name="augmentation preview", daemon=True)
            self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def cancel(self) -> None:
        with self._condition:
            self._wish = None
            self._stop.stop()

    def finish(self) -> None:
        """End the thread and the child, and wait for both."""
        with self._condition:
            if self._closing:
                return
            self._closing = True
            self._stop.stop()
            self._condition.notify()
        self._child.close()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._wish is None and not self._closing:
                    self._condition.wait()
                if self._closing:
                    return
                number, wish = self._wish  # type: ignore[misc]
                self._wish, self._stop = None, Stop()
                stop = self._stop
            with suppress(RuntimeError):  # The window was closed meanwhile.
                self._work(number, wish, stop)

    def _work(self, number: int, wish: Wish, stop: Stop) -> None:
        before: Pixels | None = None
        try:
            if not wish.steps:
                self.pictured.emit(number, 0, wish.original(), False)
            for first, job in wish.jobs(self._child):
                for tile in drain(job, stop):
                    same = wish.steps and before is not None and np.array_equal(before, tile.pixels)
                    before = tile.pixels
                    self.pictured.emit(number, first + tile.index, _as_image(tile.pixels), same)
                if stop.stopped:
                    return
        except WorkbenchError as error:
            if not stop.stopped:
                self.failed.emit(number, str(error))
            return
        self.ended.emit(number)


def _as_image(pixels: Pixels) -> QImage:
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _finish(worker: _Worker) -> None:
    worker.finish()


class PreviewEngine(QObject):
    """Call `show` as often as the chain changes. ``pictured`` carries (index, picture, same as the step before)."""

    pictured = Signal(int, QImage, bool)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, child: Child, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._wish: Wish | None = None
        self._subject: tuple[bool, Callable[[], Pixels] | None] = (False, None)
        self._worker = _Worker(child)
        self._child = child
        self._closed = False
        self._worker.pictured.connect(self._pictured, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self._failed, Qt.ConnectionType.QueuedConnection)
        self._worker.ended.connect(self._ended, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(THROTTLE_MS)
        self._timer.timeout.connect(self._send)
        self.destroyed.connect(partial(_finish, self._worker))
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
        if (wish.steps, wish.image) != self._subject:
            # Pictures of another image, or for the other board, would land in the wrong place.
            self._number += 1
            self._subject = (wish.steps, wish.image)
        self._wish = wish
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self) -> None:
        """Show nothing: no image, or the panel is out of sight."""
        self._timer.stop()
        self._wish = None
        self._number += 1
        self._worker.cancel()

    @Slot()
    def close(self) -> None:
        """End the thread and the child. Nothing can be shown after that."""
        self._closed = True
        self.cancel()
        self._worker.finish()

    @Slot()
    def _send(self) -> None:
        if self._wish is None:
            return
        self._number += 1
        self._worker.ask(self._number, self._wish)
        self._wish = None

    @Slot(int, int, QImage, bool)
    def _pictured(self, number: int, index: int, picture: QImage, same: bool) -> None:
        if number == self._number:
            self.pictured.emit(index, picture, same)

    @Slot(int, str)
    def _failed(self, number: int, sentence: str) -> None:
        if number == self._number:
            self.failed.emit(sentence)

    @Slot(int)
    def _ended(self, number: int) -> None:
        if number == self._number:
            self.ended.emit()
