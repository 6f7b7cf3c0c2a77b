"""A project of rows without files, whose embeddings are drawn: classes are clouds of points."""

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.curation.made import row_project
from workbench.embedding.embed import Vectors, embedded, embeddings_folder
from workbench.embedding.store import EmbeddingStore
from workbench.project.ids import ClassId
from workbench.project.project import Project

WIDTH = 12


def clouds(targets: Sequence[int], *, seed: int = 0, spread: float = 1.0) -> np.ndarray:
    """Return a vector per target, around a centre of its own for each class."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 3, (max(targets) + 1, WIDTH))
    return (centres[list(targets)] + random.normal(0, spread, (len(targets), WIDTH)) + 5).astype(np.float32)


def embedded_project(folder: Path, vectors: np.ndarray, labels: Sequence[int | None], *, classes: int) -> Project:
    """Return an open project of these embeddings; labels are class numbers, None for no label. Image ids begin with 1."""
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(len(vectors))]
    project = row_project(folder, hashes)
    known = project.labels.ensure_classes([f"c{n}" for n in range(classes)])
    ids = list(range(1, len(labels) + 1))
    project.labels.assign_each(ids, [None if n is None else ClassId(known[f"c{n}"]) for n in labels])
    with EmbeddingStore(embeddings_folder(project), "drawn") as store:
        store.describe({"title": "drawn"})
        store.add(hashes, vectors)
    return project


def vectors_of(project: Project) -> Vectors:
    found = returned(embedded(project, project.links.usable(), None))
    assert found is not None
    return found


def returned(events: Generator[Any, None, Any]) -> Any:
    """Run a generator to its end; return what it returned."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value
