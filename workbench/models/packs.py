"""Packs: folders of weights for machines without a network, one ``.safetensors`` for each and ``pack.json``. No torch.

Packs are looked for in the folders that the environment names in ``WORKBENCH_WEIGHTS`` (divided as in PATH), then in the
user's own; in each of them itself and in the folders right below.
"""

import functools
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from workbench.errors import WorkbenchError

FORMAT = 1
DESCRIPTION = "pack.json"
VARIABLE = "WORKBENCH_WEIGHTS"


@dataclass(frozen=True)
class Packed:
    """Weights in a pack: of the backbone ``name``, called ``tag`` on the hub.

    ``source`` says where whoever packed them had them from, ``licence`` is None where none was recorded, ``bytes`` is
    the size of the file.
    """

    name: str
    tag: str
    path: Path
    sha256: str
    licence: str | None
    source: str
    bytes: int


@dataclass(frozen=True)
class Index:
    """What is in the packs of this machine, by name and tag, and a sentence for each pack that cannot be read.

    Of the same weights in several packs the first whose file is there counts; `missing` tells of files that are not.
    """

    packed: dict[tuple[str, str], list[Packed]]
    problems: list[str]

    def find(self, name: str, tag: str) -> Packed | None:
        """Return the weights of a backbone, None where no pack holds them."""
        return next((row for row in self.packed.get((name, tag), ()) if os.path.isfile(row.path)), None)

    def missing(self) -> list[str]:
        """Return a sentence for each file that a pack describes and does not hold."""
        return [
            f"The pack {row.path.parent} is to hold {row.path.name}, which is not there; copy the pack to this machine again."
            for rows in self.packed.values()
            for row in rows
            if not row.path.is_file()
        ]


def user_folder() -> Path:
    """Return the user's own folder of packs; it need not exist."""
    return Path(platformdirs.user_data_dir("workbench")) / "weights"


def folders() -> list[Path]:
    """Return the folders in which packs are looked for, the first to be asked first; they need not exist."""
    named = [Path(each).expanduser() for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each.strip()]
    return [*named, user_folder()]


def index() -> Index:
    """Return what the packs of this machine hold, the first to be asked first."""
    return _read(tuple(stamp for folder in folders() for stamp in _descriptions(folder)))


def find(name: str, tag: str) -> Packed | None:
    """Return the weights of a backbone that are in a pack, None where none holds them."""
    return index().find(name, tag)


def check(packed: Packed) -> None:
    """Raise WorkbenchError where a file of a pack is gone, or is not what was packed."""
    try:
        found = sha256(packed.path)
    except OSError as error:
        raise WorkbenchError(
            f"The packed weights {packed.path} cannot be read ({error.strerror}); copy the pack to this machine again."
        ) from error
    if found != packed.sha256:
        raise WorkbenchError(
            f"The packed weights {packed.path} were changed or damaged, they are not those that {DESCRIPTION} names; copy "
            f"the pack to this machine again."
        )


def read(folder: Path) -> list[Packed]:
    """Return what the pack in ``folder`` holds, by its description. Raises WorkbenchError where that cannot be read."""
    path = folder / DESCRIPTION
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] > FORMAT:
            raise WorkbenchError(f"{path} was written by a newer Workbench; update Workbench to use this pack.")
        return [_packed(folder, row) for row in content["weights"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(
            f"{path} is damaged or describes no weights ({type(error).__name__}); copy the pack to this machine again."
        ) from error


def write(folder: Path, rows: Iterable[Packed]) -> None:
    """Write the description of a pack whose files are in ``folder``. Raises OSError."""
    weights = [
        {
            "file": row.path.name,
            "name": row.name,
            "tag": row.tag,
            "licence": row.licence,
            "source": row.source,
            "sha256": row.sha256,
            "bytes": row.bytes,
        }
        for row in sorted(rows, key=lambda row: (row.name, row.tag))
    ]
    unfinished = folder / f"{DESCRIPTION}.part"
    unfinished.write_text(json.dumps({"format": FORMAT, "weights": weights}, ensure_ascii=False, indent=1), "utf-8")
    os.replace(unfinished, folder / DESCRIPTION)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _packed(folder: Path, row: dict[str, Any]) -> Packed:
    file = str(row["file"])
    # A pack comes from elsewhere: it names files of its own folder, and only such as cannot hold code.
    if Path(file).name != file or "\\" in file or not file.endswith(".safetensors"):
        raise ValueError(f"{file!r} is no file of a pack")
    return Packed(
        name=str(row["name"]),
        tag=str(row["tag"]),
        path=folder / file,
        sha256=str(row["sha256"]),
        licence=None if row.get("licence") is None else str(row["licence"]),
        source=str(row.get("source", "")),
        bytes=int(row["bytes"]),
    )


Stamp = tuple[str, int, int]


def _descriptions(folder: Path) -> list[Stamp]:
    """Return the descriptions in a folder and right below, with what tells that one was written again."""
    try:
        below = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return []
    stamps: list[Stamp] = []
    for each in (str(folder), *below):
        path = os.path.join(each, DESCRIPTION)
        try:
            found = os.stat(path)
        except OSError:
            continue
        stamps.append((path, found.st_mtime_ns, found.st_size))
    return stamps


@functools.lru_cache(maxsize=4)
def _read(stamps: tuple[Stamp, ...]) -> Index:
    packed: dict[tuple[str, str], list[Packed]] = {}
    problems: list[str] = []
    for path, _, _ in stamps:
        try:
            for row in read(Path(path).parent):
                packed.setdefault((row.name, row.tag), []).append(row)
        except WorkbenchError as error:
            problems.append(str(error))
    return Index(packed, problems)
