"""Commands to a run, as lines in its ``control`` file. Imports no torch: the window writes, the run reads.

A line is ``<command> <time>``. A run ignores commands from before its own process started, so that what was meant for a
process that died cannot stop the one that resumes.
"""

import time
from pathlib import Path
from typing import Literal, get_args

import psutil

Command = Literal["stop", "pause", "resume", "checkpoint"]


def write_command(control: Path, command: Command) -> None:
    """Append a command to the run's control file (``run.control``). The run acts on it after its current step."""
    with control.open("a", encoding="utf-8") as file:
        file.write(f"{command} {time.time():.3f}\n")


class Control:
    """The reading end. `poll` returns what was written since the last poll."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        # The system's word for when a process started is up to a second off.
        self._since = psutil.Process().create_time() - 2

    def poll(self) -> list[Command]:
        """Return the new commands, oldest first. Costs one ``stat`` where there are none."""
        try:
            if self._path.stat().st_size <= self._offset:
                return []
            with self._path.open("rb") as file:
                file.seek(self._offset)
                fresh = file.read()
        except FileNotFoundError:
            return []
        complete = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(complete)
        commands: list[Command] = []
        for line in complete.decode("utf-8", errors="replace").splitlines():
            name, _, when = line.partition(" ")
            known = next((command for command in get_args(Command) if command == name), None)
            if known is not None and _seconds(when) >= self._since:
                commands.append(known)
        return commands

    def clear(self) -> None:
        """Remove the file: its commands are done."""
        self._path.unlink(missing_ok=True)
        self._offset = 0


def _seconds(when: str) -> float:
    """Return the time of a command; one written by hand has none and counts as now."""
    try:
        return float(when)
    except ValueError:
        return time.time()
