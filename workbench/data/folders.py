"""The folders of images as a list, for whoever watches them."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.jobs import Event, Job, Progress, Stop

TELL_SECONDS = 0.2


@dataclass(frozen=True)
class FoldersFound:
    """``folders`` below the roots, the roots first; ``all`` is False where there were more than asked for."""

    folders: list[str]
    all: bool


def folders_of(roots: Sequence[Path], *, most: int) -> Job:
    """Return the job that lists the folders below ``roots``, level by level, ending with `FoldersFound`.

    Hidden folders and what cannot be listed are passed over; links are not followed. At most ``most`` are named.
    """

    def job(_: Stop) -> Iterator[Event]:
        waiting = [str(root) for root in roots if root.is_dir()]
        found: list[str] = []
        told = time.monotonic()
        while waiting and len(found) < most:
            folder = waiting.pop(0)
            found.append(folder)
            waiting += _below(folder)
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                yield Progress(len(found), None, "Looking at the folders")
        yield FoldersFound(found, not waiting)

    return job


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.path
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []
