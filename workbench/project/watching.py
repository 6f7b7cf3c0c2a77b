"""The folders of the project's images and their times, by which a window tells cheaply whether a rescan is worth it."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.project.ids import RootId
from workbench.project.project import Project

FILE = "folders.json"
"""Times in ns by folder by root, in the project's cache."""


def remember_folders(project: Project, root: RootId, times: Mapping[str, int]) -> None:
    """Keep the modification times (ns) that a root's folders had before they were read."""
    file = project.cache_folder / FILE
    kept = {**_kept(project), str(int(root)): dict(times)}
    part = file.with_name(f"{FILE}.{os.getpid()}.part")
    # A full disk may not end a scan for a record that costs only a second look.
    with suppress(OSError):
        part.write_text(json.dumps(kept), encoding="utf-8")
        part.replace(file)


def changed_folders(project: Project) -> list[Path]:
    """Return the folders in which files were added, removed or renamed since the last scan, by their times alone.

    A root that was never scanned, or whose record is lost, is among them. A file that was written anew under its old name
    does not change its folder. Costs one look at each folder, none at a file.
    """
    kept = _kept(project)
    changed: list[Path] = []
    for root, folder in project.images.roots():
        times = kept.get(str(int(root)))
        if not isinstance(times, dict) or str(folder) not in times:
            changed.append(folder)
        else:
            changed += [Path(path) for path, time in times.items() if _time(path) != time]
    return changed


def _kept(project: Project) -> dict[str, Any]:
    try:
        kept = json.loads((project.cache_folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent, or cut off
        return {}
    return kept if isinstance(kept, dict) else {}


def _time(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None
