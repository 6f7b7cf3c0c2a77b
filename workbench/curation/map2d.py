"""A map of the images: embeddings in two dimensions, by t-SNE (openTSNE), the same each time."""

import warnings
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from workbench.curation.linear import standardised
from workbench.curation.store import MapMade, save_columns
from workbench.embedding.embed import Vectors
from workbench.embedding.neighbours import nearest, unit
from workbench.embedding.store import Floats
from workbench.embedding.waiting import waited
from workbench.jobs import Event, Progress
from workbench.project.project import Project

FILE = "map.npz"
"""In the project's cache folder."""

FEWEST = 10
"""Images below which the principal components are the map."""

LANDMARKS = 10_000
"""Images that t-SNE places itself, drawn by a seed; each of the others goes to where its nearest ones are."""

DIRECTIONS = 50
SEED = 0
WHAT = "Drawing the map"
_STEP = 10
_FEW = 1000
_ITERATIONS = (250, 500)
"""With exaggeration and without: openTSNE's defaults."""


def make(project: Project, vectors: Vectors) -> Iterator[Event]:
    """Yield Progress and, when the file is written, `MapMade`."""
    xy = yield from places(vectors.vectors)
    file = project.cache_folder / FILE
    save_columns(file, ids=vectors.ids, xy=xy, source=np.array(vectors.source))
    yield MapMade(str(file), len(vectors.ids))


def places(vectors: Floats) -> Generator[Progress, None, Floats]:
    """Return a place [N, 2] within 0 to 1 for each vector, both axes on one scale; use it with ``yield from``."""
    yield Progress(0, None, WHAT)
    features = yield from waited(lambda: _principal(unit(standardised(vectors))), Progress(0, None, WHAT))
    if len(features) < FEWEST:
        return _framed(_padded(features))
    chosen = np.arange(len(features))
    if len(features) > LANDMARKS:
        chosen = np.sort(np.random.default_rng(SEED).choice(len(features), LANDMARKS, replace=False))
    placed = yield from _tsne(features[chosen])
    if len(chosen) == len(features):
        return _framed(placed)
    near, rows = yield from nearest(features[chosen], 5, queries=features, what=WHAT)
    # A landmark is at distance 0 of itself, so that its own place outweighs the others.
    weights = 1 / (near + 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    return _framed(np.einsum("nk,nkd->nd", weights, placed[rows]))


def _tsne(features: Floats) -> Generator[Progress, None, Floats]:
    from openTSNE import TSNEEmbedding, affinity

    total = sum(_ITERATIONS)
    told = Progress(0, total, WHAT)
    perplexity = min(30.0, (len(features) - 1) / 3)
    jobs = 1 if len(features) < _FEW else -1  # threads that wait for each other take longer than so little work

    def begin() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            near = affinity.PerplexityBasedNN(
                features, perplexity=perplexity, method="exact", n_jobs=jobs, random_state=SEED
            )
            start = _padded(features).astype(np.float64)
            start *= 1e-4 / max(float(start[:, 0].std()), 1e-12)
            # For so few images Barnes and Hut's way is several times faster than the one by FFT.
            return TSNEEmbedding(start, near, negative_gradient_method="bh", n_jobs=jobs, random_state=SEED)

    embedding = yield from waited(begin, told)
    done = 0
    for iterations, exaggeration, momentum in ((_ITERATIONS[0], 12, 0.8), (_ITERATIONS[1], 1, 0.8)):
        for _ in range(iterations // _STEP):

            def step(exaggeration: int = exaggeration, momentum: float = momentum) -> None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    embedding.optimize(n_iter=_STEP, exaggeration=exaggeration, momentum=momentum, inplace=True)

            yield from waited(step, Progress(done, total, WHAT))
            done += _STEP
            yield Progress(done, total, WHAT)
    placed: Floats = np.asarray(embedding, dtype=np.float32)
    return placed


def _principal(features: Floats) -> Floats:
    """Return the features along their first principal directions, the signs of which are settled."""
    if not len(features):
        return features
    centred = features - features.mean(axis=0)
    _, values, directions = np.linalg.svd(_sampled(centred), full_matrices=False)
    kept = directions[(values > 1e-6) | (np.arange(len(values)) < 1)][:DIRECTIONS]
    kept *= np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])[:, None]
    found: Floats = (centred @ kept.T).astype(np.float32)
    return found


def _sampled(features: Floats) -> Floats:
    if len(features) <= LANDMARKS:
        return features
    return features[np.random.default_rng(SEED).choice(len(features), LANDMARKS, replace=False)]


def _padded(features: Floats) -> Floats:
    """Return the first two columns; what is missing is zero."""
    flat = np.zeros((len(features), 2), dtype=np.float32)
    flat[:, : min(2, features.shape[1])] = features[:, :2]
    return flat


def _framed(xy: Floats) -> Floats:
    if not len(xy):
        return xy.astype(np.float32)
    low, high = xy.min(axis=0), xy.max(axis=0)
    scale = max(float((high - low).max()), 1e-12)
    framed: Floats = (0.5 + (xy - (low + high) / 2) / scale).astype(np.float32)
    return np.clip(framed, 0, 1)
