"""IDX, the format of MNIST: a file of images (unsigned bytes) and one of labels, each packed with gzip or not.

The format: http://yann.lecun.com/exdb/mnist (two zero bytes, type, number of dimensions, sizes as big-endian 32 bit).
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.formats.records import SplitName
from workbench.errors import WorkbenchError

_NAME = re.compile(r"^(?P<before>.*?)(?P<kind>images|labels)[-.]idx(?P<dimensions>[134])[-.]ubyte(?:\.gz)?$")
LARGEST = 4_000_000_000
"""Bytes of pixels that are read at once."""


@dataclass(frozen=True)
class Pair:
    """A file of images and, where there is one, its labels; ``split`` as their names say (train, t10k)."""

    images: Path
    labels: Path | None
    split: SplitName | None


def is_idx_name(name: str) -> bool:
    """Tell names like ``train-images-idx3-ubyte.gz``."""
    return _NAME.match(name) is not None


def pairs(file: Path) -> list[Pair]:
    """Return the pairs in a folder, or the one that a file belongs to.

    Raises WorkbenchError where there is no file of images.
    """
    folder = file if file.is_dir() else file.parent
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise WorkbenchError(
            f"The folder {folder} cannot be read ({error.strerror}); check its permissions."
        ) from error
    if not file.is_dir() and not file.is_file():
        raise WorkbenchError(f"The file {file} does not exist; choose a file of labels.")
    found: dict[str, dict[str, Path]] = {}
    for name in names:
        match = _NAME.match(name)
        if match is not None:
            # One that is unpacked comes after its packed twin, and stays.
            kinds = found.setdefault(match["before"], {})
            if match["kind"] not in kinds or name.endswith("ubyte"):
                kinds[match["kind"]] = folder / name
    chosen = _NAME.match(file.name)
    if chosen is not None and file.is_file():
        found = {chosen["before"]: found[chosen["before"]] | {chosen["kind"]: file}}
    elif file.is_file():
        found = {"": {"images": file}}
    result = [
        Pair(kinds["images"], kinds.get("labels"), _split(before))
        for before, kinds in found.items()
        if "images" in kinds
    ]
    if not result:
        raise WorkbenchError(
            f"{file} holds no IDX images (train-images-idx3-ubyte and the like); choose another folder."
        )
    return sorted(result, key=lambda pair: ("train", "validation", "test", None).index(pair.split))


def _split(before: str) -> SplitName | None:
    words = set(re.split(r"[^a-z0-9]+", before.casefold()))
    if words & {"t10k", "test"}:
        return "test"
    if words & {"val", "valid", "validation"}:
        return "validation"
    return "train" if "train" in words else None


def read(pair: Pair) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None]:
    """Return (images N x H x W or N x H x W x 3, labels N or None).

    Raises WorkbenchError where a file is cut short, is none, or the two do not fit.
    """
    images = read_array(pair.images)
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        sides = " x ".join(map(str, images.shape))
        raise WorkbenchError(
            f"The file {pair.images} holds {images.dtype} of {sides}, not images of unsigned bytes; choose a file of images."
        )
    if len(images) and not images[0].size:
        raise _wrong(pair.images, 8, "announces images without a pixel")
    if pair.labels is None:
        return images, None
    labels = read_array(pair.labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise WorkbenchError(
            f"The file {pair.labels} holds no list of labels; choose the one that belongs to the images."
        )
    if len(labels) != len(images):
        raise WorkbenchError(
            f"The file {pair.labels} has {len(labels):,} labels but {pair.images} has {len(images):,} images; choose the "
            "files that belong together."
        )
    return images, labels.astype(np.int64)


_TYPES: dict[int, str] = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_array(file: Path) -> NDArray[Any]:
    """Return the array in an IDX file. Raises WorkbenchError, saying at which byte, where it is no sound one."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as stream:
            head = stream.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 4:
                raise _wrong(file, 0, "does not begin as IDX does")
            sizes = np.frombuffer(stream.read(4 * head[3]), dtype=">u4").astype(np.int64)
            if len(sizes) != head[3]:
                raise _wrong(file, 4, "ends within its head")
            kind = np.dtype(_TYPES[head[2]])
            wanted = int(np.prod(sizes.astype(object))) * kind.itemsize
            if wanted > LARGEST:
                raise _wrong(file, 4, f"announces {wanted / 1e9:,.0f} GB, more than can be unpacked at once")
            content = stream.read(wanted + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise WorkbenchError(f"The file {file} is damaged ({error}); fetch it again. Nothing was changed.") from error
    except OSError as error:
        raise WorkbenchError(f"The file {file} cannot be read ({error.strerror}); check it and its drive.") from error
    start = 4 + 4 * len(sizes)
    if len(content) != wanted:
        shown = " x ".join(str(size) for size in sizes)
        what = "ends too early" if len(content) < wanted else "goes on too long"
        raise _wrong(file, start + min(len(content), wanted), f"announces {shown} values but {what}")
    values: NDArray[Any] = np.frombuffer(content, dtype=kind).reshape(sizes.tolist())
    return values.astype(kind.newbyteorder("="), copy=False)


def _wrong(file: Path, byte: int, what: str) -> WorkbenchError:
    return WorkbenchError(f"The file {file} {what} (byte {byte:,}); fetch it again. Nothing was changed.")


def entries(pair: Pair) -> Iterator[tuple[NDArray[np.uint8], str | None]]:
    """Yield (pixels, class name or None) of each image."""
    images, labels = read(pair)
    for place, image in enumerate(images):
        yield image, None if labels is None else str(int(labels[place]))
