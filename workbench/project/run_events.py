"""What the events file of a run says, read without the types of the training package, which lies above this one."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAIL = 65_536


@dataclass(frozen=True)
class LastWord:
    """The end of the file: whether any event was written, whether the run is paused, the reason of its FitEnded."""

    begun: bool = False
    paused: bool = False
    ended: str | None = None


@dataclass(frozen=True)
class Summary:
    """The whole file: complete epochs, and the best balanced accuracy known, measured on the deployment path or live."""

    epochs_done: int = 0
    best: float | None = None


def last_word(path: Path) -> LastWord:
    """Read the file from its end. A line that is not complete yet, or was torn by a crash, says nothing."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - TAIL)
            file.seek(start)
            tail = file.read(size - start)
            word = _last_word(tail)
            if word is None and start:
                file.seek(0)
                word = _last_word(file.read(size))
    except FileNotFoundError:
        return LastWord()
    return word or LastWord()


def summary(path: Path) -> Summary:
    """Read all of the file."""
    epochs_done, best, deployed = 0, -1.0, -1.0
    try:
        with path.open("rb") as file:
            for event in _events(line for line in file if b"EpochEnded" in line or b"FitEnded" in line):
                if event["event"] == "EpochEnded":
                    epochs_done = int(event.get("epoch", 0))
                    best = max(best, float(event.get("validation_balanced_accuracy", -1)))
                elif event["event"] == "FitEnded":
                    deployed = float(event.get("deployed", -1))
    except FileNotFoundError:
        return Summary()
    known = deployed if deployed >= 0 else best
    return Summary(epochs_done, known if known >= 0 else None)


def _last_word(tail: bytes) -> LastWord | None:
    """Return what the complete lines say, or None where no line decides between running, paused and ended."""
    lines = tail.split(b"\n")[:-1]
    for event in _events(reversed(lines)):
        match event["event"]:
            case "FitEnded":
                return LastWord(begun=True, ended=str(event.get("reason", "failed")))
            case "Paused":
                return LastWord(begun=True, paused=True)
            case "Resumed" | "StepEnded" | "EpochEnded" | "FitStarted" | "Preparing":
                return LastWord(begun=True)
    return None


def _events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the file's first line in the tail, or one torn by a crash
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event
