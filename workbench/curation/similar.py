"""Images that look like a selection, from the embeddings on the disk. NumPy alone: the window runs it in a thread."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.embed import NEEDED, stored
from workbench.embedding.store import EmbeddingStore, Floats
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Progress, Stop
from workbench.project.id_ranges import Ids
from workbench.project.project import Project

_PART = 8192


@dataclass(frozen=True)
class SimilarFound:
    """The images most like a selection, ``ids`` most alike first, and their cosine similarities."""

    ids: list[int]
    similarities: list[float]


def similar(project_folder: Path, ids: Sequence[int], *, count: int = 200) -> Job:
    """Return the job that ends with the `SimilarFound` of `most_similar`, in a project of its own thread."""

    def job(_: Stop) -> Iterator[Event]:
        yield Progress(0, None, "Looking for similar images")
        with Project.open(project_folder, read_only=True) as project:
            found, likeness = most_similar(project, ids, count)
        yield SimilarFound(found.tolist(), likeness.tolist())

    return job


def most_similar(project: Project, ids: Ids, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the ``k`` images most like the selection ``ids``, most alike first, and how alike: cosine, -1 to 1.

    Compared is the mean direction of the selection, less the mean of all images: what every image of the set shares (a
    network's habits, one camera) does not count. Rejected, missing and corrupt images are left out, and so is the selection
    itself. Raises WorkbenchError where there are no embeddings, or none of the selection. Takes a second per 100 000 images.
    """
    store = stored(project)
    if store is None:
        raise WorkbenchError(f"There are no embeddings yet; {NEEDED}.")
    wanted = np.unique(np.asarray(ids, dtype=np.int64))
    every, hashes = project.links.contents()
    mine = np.isin(every, wanted)
    mean, count = np.zeros(store.width), 0
    for _, vectors, there in _parts(store, every, hashes):
        mean += vectors[there].sum(axis=0, dtype=np.float64)
        count += int(there.sum())
    chosen, present = store.get_raw(hashes[mine])
    if not present.any():
        raise WorkbenchError(f"The selected images have no embeddings by {store.title} yet; {NEEDED}.")
    centre = (mean / max(1, count)).astype(np.float32)
    direction = _unit(chosen[present] - centre).mean(axis=0)
    direction /= max(float(np.linalg.norm(direction)), 1e-12)
    best_ids, best = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    for part, vectors, there in _parts(store, every, hashes):
        candidates = there & ~np.isin(part, wanted)
        likeness = _unit(vectors[candidates] - centre) @ direction
        best_ids, best = np.concatenate([best_ids, part[candidates]]), np.concatenate([best, likeness])
        order = np.argsort(-best, kind="stable")[:k]
        best_ids, best = best_ids[order], best[order]
    return best_ids, np.clip(best, -1, 1).astype(np.float32)


def _parts(
    store: EmbeddingStore, ids: NDArray[np.int64], hashes: NDArray[np.uint8]
) -> Generator[tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]]:
    """Yield ids, their vectors and which of them are there, some thousand at a time."""
    for start in range(0, len(ids), _PART):
        vectors, there = store.get_raw(hashes[start : start + _PART])
        yield ids[start : start + _PART], vectors, there


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
