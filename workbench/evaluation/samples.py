"""The frozen list of a run's images, ``samples.csv``: which image was in which split, with which class and content."""

import csv
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.data.dataset import Sample
from workbench.data.reading import page_hash, split_page
from workbench.errors import WorkbenchError
from workbench.project.ids import SPLITS

COLUMNS = ("id", "path", "class", "split", "content_hash", "test_set")


@dataclass(frozen=True)
class ListedSample:
    """One row of ``samples.csv``."""

    id: int
    path: str
    class_name: str
    split: str
    content_hash: str | None
    test_set: str | None = None
    """The frozen test set that the image belonged to; None also in the lists of runs made before there were any."""


def all_samples(path: Path) -> list[ListedSample]:
    """Return every row of the list. Raises WorkbenchError where the file is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [
                ListedSample(
                    id=int(row["id"]),
                    path=row["path"],
                    class_name=row["class"],
                    split=row["split"],
                    content_hash=row["content_hash"] or None,
                    test_set=row.get("test_set") or None,
                )
                for row in csv.DictReader(stream)
            ]
    except OSError as error:
        raise WorkbenchError(
            f"The run's list of images {path} cannot be read ({error.strerror}); train again."
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise WorkbenchError(f"The run's list of images {path} is damaged ({error}); train again.") from error


def read_samples(path: Path, split: str, classes: Sequence[str]) -> list[Sample]:
    """Return the samples of ``split`` in the order of the file; their targets are indices into ``classes``.

    Raises WorkbenchError where the file is missing or damaged, or names a class that is not in ``classes``.
    """
    index = {name: i for i, name in enumerate(classes)}
    listed = [sample for sample in all_samples(path) if sample.split == split]
    unknown = {sample.class_name for sample in listed} - index.keys()
    if unknown:
        raise WorkbenchError(
            f"The run's list of images {path} has the class {min(unknown)}, which its model does not know; train again."
        )
    return [Sample(sample.id, sample.path, index[sample.class_name], sample.content_hash) for sample in listed]


def split_names(path: Path) -> list[str]:
    """Return the splits that have images in the list, in the order train, validation, test."""
    found = {sample.split for sample in all_samples(path)}
    return [name for name in SPLITS if name in found]


def in_test_set(path: Path, name: str, now: Collection[int]) -> set[int]:
    """Return the ids of the listed test images that belong to a frozen test set.

    The list decides where it knows the set; for one that was frozen after the run, ``now`` are the ids of its images in
    the project. Raises WorkbenchError where the list has no test image of it.
    """
    tested = [sample for sample in all_samples(path) if sample.split == "test"]
    found = {sample.id for sample in tested if sample.test_set == name} or {
        sample.id for sample in tested if sample.id in now
    }
    if not found:
        known = sorted({sample.test_set for sample in tested if sample.test_set})
        instead = f"it has {', '.join(known)}" if known else "train again, so that the run leaves them out"
        raise WorkbenchError(f"The run has no test images of the test set '{name}'; {instead}.")
    return found


def without_images(samples: Sequence[Sample], classes: Sequence[str], split: str) -> str | None:
    """Return a sentence that names the classes without an image among the samples of a split; None if each has one."""
    found = {sample.target for sample in samples}
    absent = [f"'{name}'" for target, name in enumerate(classes) if target not in found]
    if not absent:
        return None
    shown = ", ".join(absent[:3]) + (f" and {len(absent) - 3} more" if len(absent) > 3 else "")
    return f"No {split} image is of the class {shown}, so the figures say nothing about it; make the split again."


def content_hash(path: Path | str) -> str:
    """Return an image's content hash, as intake keeps it. Raises OSError where its file cannot be read."""
    file, page = split_page(path)
    with open(file, "rb") as stream:
        return page_hash(hashlib.file_digest(stream, "sha256").hexdigest(), page)


def changed(sample: Sample) -> bool:
    """Return whether the file's content differs from what the run was trained with; False where nobody knows."""
    return sample.content_hash is not None and content_hash(sample.path) != sample.content_hash
