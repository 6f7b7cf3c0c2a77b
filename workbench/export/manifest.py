"""The manifest of a package: every file with its size and hash, written last and checked before anything is used."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import WorkbenchError

FORMAT = 1
NAME = "manifest.json"
IGNORED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file browsers leave behind; everything else that is not in the manifest is refused."""


@dataclass(frozen=True)
class Entry:
    """One file of a package, its path relative and posix."""

    path: str
    size: int
    sha256: str


def write(folder: Path) -> list[Entry]:
    """Write the manifest of all files now in ``folder`` and return its entries."""
    entries = [
        Entry(path.relative_to(folder).as_posix(), path.stat().st_size, sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() != NAME
    ]
    content = {
        "format": FORMAT,
        "files": {entry.path: {"size": entry.size, "sha256": entry.sha256} for entry in entries},
    }
    (folder / NAME).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return entries


def verify(folder: Path) -> list[Entry]:
    """Check every file of a package against its manifest and return the entries.

    Raises WorkbenchError naming the first file that is missing, changed, or not in the manifest.
    """
    if not folder.is_dir():
        raise WorkbenchError(f"There is no package at {folder}; give the folder that export wrote.")
    entries = _read(folder)
    for entry in entries:
        path = folder / entry.path
        if not path.is_file():
            raise WorkbenchError(
                f"The package {folder} is incomplete: {entry.path} is missing; copy or export it again."
            )
        try:
            same = path.stat().st_size == entry.size and sha256(path) == entry.sha256
        except OSError as error:
            raise WorkbenchError(f"{path} cannot be read ({error.strerror}); copy the package again.") from error
        if not same:
            raise WorkbenchError(
                f"{entry.path} in the package {folder} is not the file that was exported (its hash differs from the "
                f"manifest); copy or export the package again."
            )
    known = {entry.path for entry in entries} | {NAME}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and relative not in known and path.name not in IGNORED:
            raise WorkbenchError(
                f"{relative} in the package {folder} is not in its manifest; remove it or export the package again."
            )
    return entries


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(folder: Path) -> list[Entry]:
    path = folder / NAME
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WorkbenchError(
            f"{folder} is not a package: it has no {NAME}; give the folder that export wrote."
        ) from error
    except (OSError, ValueError) as error:
        raise WorkbenchError(
            f"The manifest {path} cannot be read ({error}); copy or export the package again."
        ) from error
    damaged = WorkbenchError(f"The manifest {path} is damaged; copy or export the package again.")
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise damaged
    found = content.get("format")
    if not isinstance(found, int) or found > FORMAT:
        raise WorkbenchError(
            f"The package {folder} was exported by a newer Workbench (format {found}); update Workbench to use it."
        )
    entries = []
    for name, fields in content["files"].items():
        try:
            entry = Entry(name, int(fields["size"]), str(fields["sha256"]))
        except (TypeError, KeyError, ValueError) as error:
            raise damaged from error
        parts = PurePosixPath(name)
        if not parts.parts or parts.is_absolute() or ".." in parts.parts or "\\" in name or ":" in parts.parts[0]:
            raise WorkbenchError(
                f"The manifest {path} names a file outside the package ({name}); do not use this package."
            )
        entries.append(entry)
    if "model.onnx" not in {entry.path for entry in entries}:
        raise damaged
    return entries
