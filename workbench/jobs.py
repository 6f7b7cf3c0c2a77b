"""Long work as a Qt-free generator of typed events.

A job is a function that takes a `Stop` and yields events: frozen dataclasses of plain numbers, strings, lists and
dictionaries. Whoever runs it (a test, the command line, the window's worker thread) draws the events with `drain`, which
stops and pauses between two of them, so that the work itself needs no code for that.
"""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any


class Stop:
    """The switch with which the owner of a job stops, pauses and resumes it. Safe to use from any thread."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._running = threading.Event()
        self._running.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def stop(self) -> None:
        """Ask the job to end at its next event. Also ends a pause."""
        self._stopped.set()
        self._running.set()

    def pause(self) -> None:
        if not self.stopped:
            self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def wait_while_paused(self) -> None:
        """Block until the job is neither paused nor stopped."""
        self._running.wait()


Event = Any
"""A frozen dataclass. Each package joins its own in a union; here any of them will do."""

Job = Callable[[Stop], Iterator[Event]]


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a job is: ``done`` of ``total`` (None where nobody knows), in the words of ``what``."""

    done: int
    total: int | None
    what: str


@dataclasses.dataclass(frozen=True)
class Noticed:
    """Something the user should hear although the job goes on, for example a corrupt image that was skipped."""

    message: str
    path: str | None = None


def drain(job: Job, stop: Stop) -> Iterator[Event]:
    """Yield the events of ``job``; pause and stop between two of them. A stopped job is closed, so its ``finally`` runs."""
    events = job(stop)
    try:
        for event in events:
            yield event
            stop.wait_while_paused()
            if stop.stopped:
                return
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def as_dict(event: Event) -> dict[str, Any]:
    """Return the event as plain data, its type under ``event``."""
    return {"event": type(event).__name__, **dataclasses.asdict(event)}


def to_json(event: Event) -> str:
    """Return the event as one line of JSON (no line break in it). Numbers that JSON lacks (NaN) are refused."""
    return json.dumps(as_dict(event), ensure_ascii=False, allow_nan=False)


def from_json(line: str, types: tuple[type, ...]) -> Event:
    """Rebuild an event from `to_json`'s line. ``types`` are the event types that may occur.

    Raises ValueError for a line that is no event of these types, naming what it found.
    """
    fields = json.loads(line)
    if not isinstance(fields, dict) or "event" not in fields:
        raise ValueError(f"not an event: {line[:80]!r}")
    name = fields.pop("event")
    for kind in types:
        if kind.__name__ == name:
            known = {field.name for field in dataclasses.fields(kind)}
            return kind(**{key: value for key, value in fields.items() if key in known})
    raise ValueError(f"unknown event {name!r}")
