"""What the points of the map are coloured by, read in the reader's thread. No widgets."""

from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from workbench.project.labels import ClassRow
from workbench.project.project import Project

Ids = NDArray[np.int64]


class Places(NamedTuple):
    """For each image the place of its class in ``classes``, or of its split; -1 for none."""

    classes: tuple[ClassRow, ...]
    places: Ids


def read_map(file: Path) -> tuple[Ids, NDArray[np.float32]] | None:
    """Return the ids and points (n x 2) of a map; None where the file is not there or is not one, to be made again."""
    try:
        with np.load(file, allow_pickle=False) as content:
            ids, points = content["ids"].astype(np.int64), content["xy"].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return (ids, points) if points.shape == (len(ids), 2) else None


def places_of(kind: str, ids: Ids, project: Project) -> Places | None:
    """Look up ``kind`` ("class", "split" or "prediction") of each image; None where one is not in the project."""
    classes = tuple(project.labels.classes())
    try:
        if kind == "split":
            return Places(classes, np.asarray(project.splits.of(ids), np.int64))
        if kind == "prediction":
            return Places(classes, _places(np.asarray(project.predictions.of(ids)[0], np.int64), classes))
        values = project.labels.of(ids)
    except ValueError:
        return None
    firsts = [(value[0] if value else None) if isinstance(value, tuple) else value for value in values]
    return Places(classes, _places(np.array([-1 if first is None else first for first in firsts], np.int64), classes))


def _places(class_ids: Ids, classes: tuple[ClassRow, ...]) -> Ids:
    if not classes:
        return np.full(len(class_ids), -1, np.int64)
    known = np.array([row.id for row in classes], np.int64)
    order = np.argsort(known)
    found = order[np.minimum(np.searchsorted(known, class_ids, sorter=order), len(known) - 1)]
    return np.where(known[found] == class_ids, found, -1)
