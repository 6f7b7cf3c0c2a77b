"""Anatomies that were found before, kept in the user's cache folder: the window reads them, a child process makes them.

Imports no torch. An anatomy holds for the libraries' versions that it was found with; with others it is found anew.
"""

import functools
import hashlib
import importlib.metadata
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from workbench.models.anatomy_parts import Anatomy as Anatomy
from workbench.models.anatomy_parts import LayerInfo as LayerInfo
from workbench.models.anatomy_parts import StageInfo as StageInfo
from workbench.models.catalog import check_size, find

FORMAT = 2
_LIBRARIES = ("torch", "torchvision", "timm")


def cached(name: str, size: int = 0, channels: int = 3) -> Anatomy | None:
    """Return the anatomy of a backbone for images of ``size`` pixels (0: its own) if it was kept, else None.

    Raises WorkbenchError for an unknown backbone or a size that it does not take.
    """
    try:
        return Anatomy.from_json(_path(name, size, channels).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(anatomy: Anatomy) -> None:
    """Keep an anatomy for `cached`. Where the folder cannot be written it is found anew the next time."""
    path = _path(anatomy.name, anatomy.size, anatomy.channels)
    fresh = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(anatomy.to_json(), encoding="utf-8")
        fresh.replace(path)


@functools.cache
def versions() -> tuple[str, ...]:
    """Return the libraries of networks with their versions; read once, as the window asks at every change of its config."""
    return tuple(f"{library} {importlib.metadata.version(library)}" for library in _LIBRARIES)


def _path(name: str, size: int, channels: int) -> Path:
    """A file for each question, named so that no name of a backbone can lead out of the folder."""
    question = "\n".join([str(FORMAT), *versions(), name, str(check_size(find(name), size)), str(channels)])
    folder = Path(platformdirs.user_cache_dir("workbench")) / "anatomy"
    return folder / f"{hashlib.sha256(question.encode()).hexdigest()[:32]}.json"
