"""Suggestions: what a run's model, or a quick model on the embeddings, says of every image, and what to label first."""

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.curation.linear import Shares, fit, out_of_fold, standardised
from workbench.curation.pictures import pages
from workbench.curation.priority import entropy, priorities
from workbench.curation.store import Suggested, save_columns
from workbench.data.dataset import Sample
from workbench.embedding.embed import Vectors, embedded
from workbench.embedding.waiting import waited
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Noticed, Progress
from workbench.project.ids import LabelValue
from workbench.project.project import Project

FILE = "suggestions.npz"
"""In the project's cache folder."""

FEWEST = 3
"""Labelled images of a class from which on it is suggested."""

_CHUNK = 2000
_NOTICES = 20
WHAT = "Suggesting labels"


def by_embeddings(project: Project, vectors: Vectors) -> Iterator[Event]:
    """Yield Progress, Noticed and `Suggested`: logistic regression on the labelled images, asked about all.

    What it says of a labelled image comes from a fit without that image, so that where it disagrees means something. Raises
    WorkbenchError where fewer than two classes have labels to learn from.
    """
    yield Progress(0, None, WHAT)
    rows = project.labels.classes()
    index = {int(row.id): number for number, row in enumerate(rows)}
    values = project.labels.of(vectors.ids)
    labelled = np.array([value is not None for value in values], dtype=np.bool_)
    features = yield from waited(lambda: standardised(vectors.vectors), Progress(0, None, WHAT))
    taken = [value for value in values if value is not None]
    if project.labels.task == "multi":
        shares = yield from _several(features, labelled, taken, index)
        uncertainty = entropy(np.stack([shares, 1 - shares], axis=2).reshape(-1, 2)).reshape(shares.shape).mean(axis=1)
    else:
        shares = yield from _one(features, labelled, taken, index)
        uncertainty = entropy(shares)
    few = [row.name for row in rows if not shares[:, index[int(row.id)]].any()]
    if few:
        yield Noticed(f"Classes with fewer than {FEWEST} labelled images are not suggested: {', '.join(few[:5])}.")
    classes = np.array([int(row.id) for row in rows], dtype=np.int64)
    source = f"embedding {vectors.source}"
    yield from keep(project, vectors.ids, shares, classes, uncertainty, labelled, features, source)


def by_run(project: Project, run: str) -> Iterator[Event]:
    """Yield Progress, Noticed and `Suggested`: the model of a run (an id, or ``last``) on its deployment path.

    Raises WorkbenchError where the run has no model, or the project none of its classes.
    """
    yield Progress(0, None, "Loading the model")
    from workbench.data.reading import Decoding, read_image
    from workbench.evaluation.evaluate import open_model
    from workbench.evaluation.predict import Predictions, choose_device, predict

    folder = project.runs.get(run).path
    bundle = open_model(folder)
    by_name = {row.name: int(row.id) for row in project.labels.classes()}
    classes = np.array([by_name.get(name, 0) for name in bundle.classes], dtype=np.int64)
    unknown = [name for name in bundle.classes if name not in by_name]
    if len(unknown) == len(classes):
        raise WorkbenchError(f"The project has none of the classes of the run {folder.name}; choose another run.")
    if unknown:
        yield Noticed(
            f"The project no longer has these classes of the run, so they are not suggested: {', '.join(unknown)}."
        )
    decoding = Decoding.from_dict(dict(bundle.spec.decoding))
    ids, shares, unread = [np.empty(0, np.int64)], [np.empty((0, len(classes)), np.float32)], 0
    usable, done, device = project.links.usable(), 0, choose_device()
    for rows in pages(project, usable, size=_CHUNK // 2):
        samples = [Sample(int(row.id), str(row.path), -1) for row in rows]
        for event in predict(
            bundle.deployable, samples, read=lambda s: read_image(s.path, decoding), device=device, what=WHAT
        ):
            if isinstance(event, Predictions):
                ids.append(event.ids)
                if len(event.ids):
                    shares.append(event.probabilities)
                for error in event.errors[: max(0, _NOTICES - unread)]:
                    yield Noticed(error.message, error.entry.path)
                unread += len(event.errors)
            else:
                yield Progress(done + event.done, len(usable), WHAT)
        done += len(rows)
    if unread > _NOTICES:
        yield Noticed(f"{unread - _NOTICES:,} more images could not be read and are left out.")
    found, said = np.concatenate(ids), np.concatenate(shares).astype(np.float64)
    uncertainty = entropy(said)
    said[:, classes == 0] = 0
    labelled = np.array([value is not None for value in project.labels.of(found)], dtype=np.bool_)
    known = yield from embedded(project, found, None)
    # What is of one sort is told by embeddings where every image has one; else by what the model says.
    features = known.vectors if known is not None and len(known.ids) == len(found) else np.sqrt(said)
    yield from keep(project, found, said, classes, uncertainty, labelled, features, f"run {folder.name}")


def keep(
    project: Project,
    ids: NDArray[np.int64],
    shares: NDArray[np.floating],
    classes: NDArray[np.int64],
    uncertainty: NDArray[np.float64],
    labelled: NDArray[np.bool_],
    features: NDArray[np.floating],
    source: str,
) -> Iterator[Progress | Suggested]:
    """Write the likeliest class of each image, with its confidence and priority (0 for a labelled one); end with `Suggested`.

    ``shares`` [N, C] are the probabilities, ``classes`` [C] the ids of the classes, ``features`` [N, F] are for `priorities`.
    """
    best = shares.argmax(axis=1) if len(ids) else np.empty(0, dtype=np.int64)
    confidences = shares[np.arange(len(ids)), best]
    order = np.zeros(len(ids))
    order[~labelled] = yield from priorities(uncertainty[~labelled], features[~labelled])
    file = project.cache_folder / FILE
    save_columns(
        file,
        ids=ids,
        class_ids=classes[best],
        confidences=np.clip(confidences, 0, 1).astype(np.float32),
        priorities=order.astype(np.float32),
    )
    yield Suggested(str(file), len(ids), source)


def _one(
    features: NDArray[np.float32], labelled: NDArray[np.bool_], values: Sequence[LabelValue], index: dict[int, int]
) -> Generator[Progress, None, Shares]:
    targets = np.array([index[value] for value in values if isinstance(value, int)], dtype=np.int64)
    counts = np.bincount(targets, minlength=len(index))
    enough = counts[targets] >= FEWEST
    learnt = np.flatnonzero(labelled)[enough]
    targets = targets[enough]
    if len(np.unique(targets)) < 2:
        raise WorkbenchError(f"Suggestions need two classes with {FEWEST} labelled images each; label a few more.")
    shares = np.zeros((len(features), len(index)))
    others = np.ones(len(features), dtype=np.bool_)
    others[learnt] = False
    model = yield from waited(lambda: fit(features[learnt], targets, len(index)), Progress(0, None, WHAT))
    shares[others] = model.probabilities(features[others])
    shares[learnt] = yield from out_of_fold(features[learnt], targets, len(index), what=WHAT)
    return shares


def _several(
    features: NDArray[np.float32], labelled: NDArray[np.bool_], values: Sequence[LabelValue], index: dict[int, int]
) -> Generator[Progress, None, Shares]:
    has = np.zeros((len(values), len(index)), dtype=np.int64)
    for place, value in enumerate(values):
        for class_id in value if isinstance(value, tuple) else ():
            has[place, index[class_id]] = 1
    counts = has.sum(axis=0)
    judged = [c for c in range(len(index)) if FEWEST <= counts[c] <= len(values) - FEWEST]
    if not judged:
        raise WorkbenchError(
            f"Suggestions need a class with {FEWEST} images that have it and {FEWEST} without; label more."
        )
    shares = np.zeros((len(features), len(index)))
    for number in judged:
        targets = has[:, number]
        model = yield from waited(lambda t=targets: fit(features[labelled], t, 2), Progress(0, None, WHAT))  # type: ignore[misc]
        shares[~labelled, number] = model.probabilities(features[~labelled])[:, 1]
        shares[labelled, number] = (yield from out_of_fold(features[labelled], targets, 2, what=WHAT))[:, 1]
    return shares
