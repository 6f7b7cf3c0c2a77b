"""Work on a file beside the window's thread: one kind of question, and only the answer to the last one is told."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from workbench.errors import WorkbenchError


class _Latest:
    """The number of the last question, which the pool's thread reads."""

    def __init__(self) -> None:
        self.number = 0
        self.lock = threading.Lock()

    def next(self) -> int:
        with self.lock:
            self.number += 1
            return self.number


class _Task(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


class Aside(QObject):
    """``answered`` tells, on the window's thread, the key of the question and its answer; None where a file could not be
    read (whoever shows the image says why)."""

    answered = Signal(object, object)
    _done = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest = _Latest()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_finish, self._pool))

    def ask(self, key: object, work: Callable[[], Any]) -> None:
        """Call ``work`` in a thread. What was asked before and is not answered yet is dropped."""
        number = self._latest.next()
        self._pool.clear()
        self._pool.start(_Task(partial(self._run, number, key, work)))

    def drop(self) -> None:
        """Nobody waits for an answer any more."""
        self._latest.next()
        self._pool.clear()

    def _run(self, number: int, key: object, work: Callable[[], Any]) -> None:
        if number != self._latest.number:
            return
        answer = None
        with suppress(WorkbenchError, OSError):
            answer = work()
        with suppress(RuntimeError):  # The window was closed meanwhile: nobody waits for it.
            self._done.emit(number, key, answer)

    @Slot(int, object, object)
    def _take(self, number: int, key: object, answer: object) -> None:
        if number == self._latest.number:
            self.answered.emit(key, answer)


def _finish(pool: QThreadPool) -> None:
    pool.clear()
    pool.waitForDone()
