"""The event file of a run: one JSON line per event, after a header line. Imports no torch."""

import contextlib
import json
import os
from collections.abc import Sequence
from typing import IO

from workbench.errors import WorkbenchError
from workbench.jobs import to_json
from workbench.project.runs import RunFolder
from workbench.training.events import FORMAT, Tick, TrainingEvent


class EventLog:
    """Appends a run's events to its ``events.jsonl``, each line flushed, so that whoever follows sees it at once."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._file: IO[str] = _open(run)

    def write(self, event: TrainingEvent) -> None:
        """Append the event; a Tick is not kept. Raises WorkbenchError where there is no space left."""
        if isinstance(event, Tick):
            return
        try:
            self._file.write(to_json(event) + "\n")
            self._file.flush()
        except OSError as error:
            raise WorkbenchError(
                f"The events of the run cannot be written to {self._run.events} ({error.strerror}); make room on that "
                "disk, then continue the run."
            ) from error

    def close(self) -> None:
        """Close the file. What could not be written was told by `write`."""
        with contextlib.suppress(OSError):
            self._file.close()


def append(run: RunFolder, lines: Sequence[str]) -> None:
    """Append lines to the event file of a run that no process works on."""
    file = _open(run)
    try:
        file.writelines(line + "\n" for line in lines)
    finally:
        file.close()


def _open(run: RunFolder) -> IO[str]:
    """Open the event file at its end, with its header, and with the line ended in which a killed process left it."""
    file = run.events.open("a+b")
    try:
        if file.tell() == 0:
            file.write(json.dumps({"format": FORMAT, "run": run.id}).encode() + b"\n")
        else:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
    finally:
        file.close()
    return run.events.open("a", encoding="utf-8", newline="\n")
