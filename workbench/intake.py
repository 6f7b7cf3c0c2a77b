"""Bringing folders of images into a project: scan, store, verify."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.reading import Decoding
from workbench.jobs import Job


@dataclass(frozen=True)
class Intake:
    """The result: ``images`` in these folders, ``added`` new ones; ``split`` counts by split name (empty: no tree)."""

    images: int
    added: int
    classes: list[str]
    corrupt: int
    unlabelled: int
    split: dict[str, int]


def add_folders(project_folder: Path, folders: Sequence[Path], *, verify: bool = True) -> Job:
    """Yield Progress and Noticed, end with `Intake`."""
    raise NotImplementedError


def decoding_of(project: Any) -> Decoding:
    """Return the project's decoding rules (its setting "decoding", else the defaults)."""
    raise NotImplementedError
