"""The frozen list of a run's images, ``samples.csv``: which image was in which split, with which class and content."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

from workbench.data.dataset import Sample
from workbench.errors import WorkbenchError

COLUMNS = ("id", "path", "class", "split", "content_hash")


def read_samples(path: Path, split: str, classes: Sequence[str]) -> list[Sample]:
    """Return the samples of ``split`` in the order of the file; their targets are indices into ``classes``.

    Raises WorkbenchError where the file is missing or damaged, or names a class that is not in ``classes``.
    """
    index = {name: i for i, name in enumerate(classes)}
    samples = []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["split"] == split:
                    target = index[row["class"]]
                    samples.append(Sample(int(row["id"]), row["path"], target, row["content_hash"] or None))
    except OSError as error:
        raise WorkbenchError(f"The run's list of images {path} cannot be read ({error}); train again.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise WorkbenchError(f"The run's list of images {path} is damaged ({error}); train again.") from error
    return samples


def split_names(path: Path) -> list[str]:
    """Return the splits that have images in the list, in the order train, validation, test."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            found = {row.get("split") for row in csv.DictReader(stream)}
    except OSError as error:
        raise WorkbenchError(f"The run's list of images {path} cannot be read ({error}); train again.") from error
    return [name for name in ("train", "validation", "test") if name in found]


def content_hash(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal. Raises OSError where it cannot be read."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def changed(sample: Sample) -> bool:
    """Return whether the file's content differs from what the run was trained with; False where nobody knows."""
    return sample.content_hash is not None and content_hash(sample.path) != sample.content_hash
