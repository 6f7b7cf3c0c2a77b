"""Questions to the project whose answer takes long: asked in a thread with a connection of its own, the last one wins."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    # Only for types: the window appears before numpy and the core are imported.
    from workbench.project.project import Project

Question = Callable[["Project"], Any]
"""Reads the project it gets, in whichever thread; it must keep nothing of the project in its answer."""

AT_ONCE = 6_000_000
"""A project whose database has at most so many bytes (20 000 images) is asked at once, on the window's thread: any
question takes less than 30 ms there."""


class _Rank(IntEnum):
    END = 0
    URGENT = 1
    USUAL = 2


class _Asked(NamedTuple):
    """Sorted by rank, then by number, which no two share."""

    rank: _Rank
    number: int
    kind: str
    question: Question


def _nothing(_answer: object) -> None: ...


def _sort(project: "Project") -> None:
    """Let the thread's connection sort the paths, which it keeps, while the window still imports what will show them."""
    from workbench.project.images import Query

    project.images.ids(Query(rejected=False))


class _Worker(threading.Thread):
    """Answers the questions of one project until the end is asked for. It knows no QObject that could die before it."""

    def __init__(self, folder: Path, latest: dict[str, int], tell: Callable[[_Asked, Any], None]) -> None:
        super().__init__(name=f"questions to {folder.name}", daemon=True)
        self.questions: queue.PriorityQueue[_Asked] = queue.PriorityQueue()
        self._folder, self._latest, self._tell = folder, latest, tell

    def run(self) -> None:
        from workbench.project.project import Project

        project: Project | None = None
        try:
            while (asked := self.questions.get()).rank is not _Rank.END:
                if self._latest.get(asked.kind) != asked.number:
                    continue
                answer: Any
                try:
                    if project is None:
                        project = Project.open(self._folder, read_only=True)
                    answer = asked.question(project)
                except Exception as error:  # Told by the window's thread: a sentence, or a bug.
                    answer = error
                with suppress(RuntimeError):  # The window was closed meanwhile: nobody waits for it.
                    self._tell(asked, answer)
        finally:
            if project is not None:
                project.close()


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.questions.put(_Asked(_Rank.END, 0, "", _nothing))
    for worker in workers:
        worker.join()
    workers.clear()


class Reader(QObject):
    """`ask` is called, and its answers come, on the window's thread. A newer question of a kind replaces an older one."""

    failed = Signal(str)
    """The sentence of a WorkbenchError that a question ended with."""
    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.at_once = AT_ONCE
        self._project: Project | None = None
        self._latest: dict[str, int] = {}
        self._waiting: dict[str, Callable[[Any], object]] = {}
        self._workers: list[_Worker] = []
        self._number = 0
        self._answered.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_end, self._workers))

    def open_project(self, project: "Project | None") -> None:
        """Ask this project from now on (None: no one). What was asked of another is dropped."""
        self._latest.clear()
        self._waiting.clear()
        _end(self._workers)
        self._project = project
        if project is not None and not self._is_small(project):
            self.ask("first", _sort, _nothing, urgent=True)

    def is_asking(self, kind: str) -> bool:
        """Return True while an answer of this kind is on its way."""
        return kind in self._waiting

    @property
    def is_busy(self) -> bool:
        """True while any answer is on its way."""
        return bool(self._waiting)

    def drop(self, kind: str) -> None:
        """Whatever was asked of this kind: its answer is no longer wanted."""
        self._latest.pop(kind, None)
        self._waiting.pop(kind, None)

    def ask(self, kind: str, question: Question, tell: Callable[[Any], object], *, urgent: bool = False) -> None:
        """Call ``tell`` with the answer: before this returns where the project is small, else some time later.

        An ``urgent`` question goes before those that wait: the user looks at nothing until it is answered. A
        WorkbenchError in the question is told by ``failed`` instead.
        """
        self.drop(kind)
        project = self._project
        if project is None:
            return
        if self._is_small(project):
            try:
                answer = question(project)
            except WorkbenchError as error:
                self.failed.emit(str(error))
            else:
                tell(answer)
            return
        self._number += 1
        self._latest[kind] = self._number
        self._waiting[kind] = tell
        if not self._workers:
            worker = _Worker(project.folder, self._latest, self._answered.emit)
            worker.start()
            self._workers.append(worker)
        rank = _Rank.URGENT if urgent else _Rank.USUAL
        self._workers[0].questions.put(_Asked(rank, self._number, kind, question))

    def _is_small(self, project: "Project") -> bool:
        try:
            return (project.folder / "project.sqlite").stat().st_size <= self.at_once
        except OSError:
            return True  # The question will say what is wrong with the drive.

    @Slot(object, object)
    def _take(self, asked: _Asked, answer: Any) -> None:
        if self._latest.get(asked.kind) != asked.number:
            return
        tell = self._waiting.pop(asked.kind)
        if isinstance(answer, WorkbenchError):
            self.failed.emit(str(answer))
        elif isinstance(answer, Exception):
            raise answer
        else:
            tell(answer)
