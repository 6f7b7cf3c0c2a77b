"""The names of published classes that were read before, kept in the user's cache folder. Imports no torch.

The libraries know them, and a child process that imports these keeps them here for the window. They hold for the
libraries' versions that they were read from.
"""

import functools
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from workbench.errors import WorkbenchError
from workbench.models.anatomy_cache import versions
from workbench.models.catalog import BackboneInfo

FORMAT = 1


def cached(info: BackboneInfo) -> tuple[str, ...] | None:
    """Return the names that the first of a backbone's published weights tell apart, None where they were not read yet.

    Raises WorkbenchError, as `published.class_names` did, where there are none.
    """
    path = _path(info)
    try:
        names, problem = _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if problem:
        raise WorkbenchError(problem)
    return names


def keep(info: BackboneInfo, names: Sequence[str], problem: str = "") -> None:
    """Keep names, or the sentence that says why there are none. Where that cannot be written they are read anew."""
    path = _path(info)
    fresh = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps({"names": list(names), "problem": problem}), encoding="utf-8")
        fresh.replace(path)


@functools.lru_cache(maxsize=8)
def _read(path: Path, _written: int) -> tuple[tuple[str, ...], str]:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return tuple(str(name) for name in kept["names"]), str(kept["problem"])


def _path(info: BackboneInfo) -> Path:
    """A file for each question, named so that no name of a backbone can lead out of the folder."""
    question = "\n".join([str(FORMAT), *versions(), info.name, *info.weights[:1]])
    folder = Path(platformdirs.user_cache_dir("workbench")) / "classes"
    return folder / f"{hashlib.sha256(question.encode()).hexdigest()[:32]}.json"
