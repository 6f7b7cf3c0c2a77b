"""Works in a thread on the newest of what it is asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from PySide6.QtCore import QObject, Signal

from workbench.errors import WorkbenchError
from workbench.jobs import Stop, drain

Work = Callable[[Stop], Iterator[object]]
"""Called in the thread; what it yields is told. It looks at the stop as often as it can."""


class Newest(QObject):
    """Lives as long as its owner. Signals carry the number that was asked with; connect them queued.

    A daemon thread of Python, not a QThread: a process that ends while the child is starting up need not wait for it.
    """

    told = Signal(int, object)
    failed = Signal(int, object)
    ended = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._thread: threading.Thread | None = None
        self._condition = threading.Condition()
        self._asked: tuple[int, Work] | None = None
        self._stop = Stop()
        self._closing = False

    def ask(self, number: int, work: Work) -> None:
        """Do this instead of what is being done (the window's thread)."""
        with self._condition:
            if self._closing:
                return
            self._asked = (number, work)
            self._stop.stop()
            self._condition.notify()
        if not self.running:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def cancel(self) -> None:
        with self._condition:
            self._asked = None
            self._stop.stop()

    def close(self) -> None:
        """Let the thread end; `wait` waits for it."""
        with self._condition:
            self._closing = True
            self._asked = None
            self._stop.stop()
            self._condition.notify()

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._asked is None and not self._closing:
                    self._condition.wait()
                if self._asked is None:
                    return
                number, work = self._asked
                self._asked, self._stop = None, Stop()
                stop = self._stop
            with suppress(RuntimeError):  # The window was closed meanwhile.
                self._work(number, work, stop)

    def _work(self, number: int, work: Work, stop: Stop) -> None:
        try:
            for event in drain(work, stop):
                self.told.emit(number, event)
        except WorkbenchError as error:
            if not stop.stopped:
                self.failed.emit(number, error)
            return
        if not stop.stopped:
            self.ended.emit(number)
