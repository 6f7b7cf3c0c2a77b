"""Suggestions from texts: each class is described, and CLIP says which text an image is nearest to."""

from collections.abc import Iterator, Mapping

import numpy as np

from workbench.curation.priority import entropy
from workbench.curation.suggest import keep
from workbench.embedding.clip import choose_clip
from workbench.embedding.embed import embedded
from workbench.embedding.neighbours import unit
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.jobs import Event, Progress
from workbench.project.project import Project

SOURCE = "prompt"
WHAT = "Reading the texts"


def suggest(
    project: Project, prompts: Mapping[str, str], *, model: str | None = None, weights: str | None = None
) -> Iterator[Event]:
    """Yield Progress, Noticed and `Suggested`, for every usable image.

    ``prompts`` are texts by class name; a class without one is described by its name. ``model`` and ``weights`` are those of
    `choose_clip`. Raises WorkbenchError for a class that the project does not have, and where there is no CLIP model.
    """
    yield Progress(0, None, WHAT)
    rows = project.labels.classes()
    unknown = [name for name in prompts if name not in {row.name for row in rows}]
    if unknown:
        known = ", ".join(row.name for row in rows[:5]) or "none yet"
        raise WorkbenchError(f"The project has no class '{unknown[0]}' to describe; its classes: {known}.")
    if len(rows) < 2:
        raise WorkbenchError("Suggestions from a text need two classes at least; add a class.")
    source = choose_clip(model, weights, decoding=decoding_of(project))
    vectors = yield from embedded(project, project.links.usable(), source)
    if vectors is None or not len(vectors.ids):
        raise WorkbenchError(
            "None of the images could be read, so nothing can be suggested; check the folder of the images."
        )
    yield Progress(0, None, WHAT)
    directions, scale = source.texts([prompts.get(row.name, row.name) for row in rows])
    logits = scale * (unit(vectors.vectors) @ directions.T).astype(np.float64)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    labelled = np.array([value is not None for value in project.labels.of(vectors.ids)], dtype=np.bool_)
    classes = np.array([int(row.id) for row in rows], dtype=np.int64)
    yield from keep(project, vectors.ids, shares, classes, entropy(shares), labelled, vectors.vectors, SOURCE)
