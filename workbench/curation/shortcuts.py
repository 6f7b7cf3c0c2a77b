"""The shortcut alarm: does something that is not the subject tell the class? The border, the camera, the size of the file.

Each is asked alone, out of fold, so that it cannot learn the images by heart; copies and groups stay in one fold. What does
no better than chance gives no finding.
"""

import math
import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.curation.file_tags import exif_reader
from workbench.curation.finding import Finding
from workbench.curation.hashes import SignatureStore
from workbench.curation.leakage import components
from workbench.curation.pictures import pages
from workbench.data.reading import ImageError, file_of
from workbench.jobs import Event, Noticed, Progress
from workbench.project.images import ImageRow
from workbench.project.links import Ties
from workbench.project.project import Project

MOST = 4000
"""So many labelled images are asked at most, drawn by class: more do not change the answer, only the time."""

FEWEST = 10
"""Images of a class below which it takes no part."""

FOLDS = 5
TREES = 60
EXCESS = 0.2
"""Share of the way from chance to certainty from which on a shortcut is worth a warning."""

SIGMAS = 4.0
"""Standard errors above chance: random labels reach it once in 30 000 times."""

SHOWN = 12

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SENTENCES = {
    "border": "The border of the images alone tells",
    "colour": "The mean colour of the images alone tells",
    "file size": "The size of the files alone tells",
    "dimensions": "The width and height of the images alone tell",
    "camera": "The camera alone (EXIF) tells",
    "file type": "The type of the files alone (ending, channels, bits) tells",
}
ADVICE = {
    "border": "unless the subject reaches the border, crop it away or look for marks there",
    "colour": "unless colour is what tells the classes apart, vary brightness and colour in the augmentation",
    "file size": "images of the classes were probably saved differently; save them alike",
    "dimensions": "images of the classes come from different sources; crop or gather them alike",
    "camera": "take images of each class with each camera, or split by camera (--group-by exif:Model)",
    "file type": "convert all images to one type",
}


@dataclass(frozen=True)
class Asked:
    """The labelled images that take part: their ids, class (0 to classes - 1), and group that must stay in one fold."""

    ids: Ints
    targets: Ints
    groups: Ints
    classes: int


@dataclass(frozen=True)
class Answer:
    """How well something tells the class: balanced accuracy, its standard error, that which chance has, and out of fold the
    probability of each image's own class.
    """

    accuracy: float
    error: float
    by_chance: float
    sure: Floats

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, normal approximation."""
        return max(0.0, self.accuracy - 1.96 * self.error), min(1.0, self.accuracy + 1.96 * self.error)


def find(project: Project) -> Iterator[Event]:
    """Yield Progress, Noticed, and a Finding per shortcut that tells the class too well, with the most telling images."""
    chosen = _chosen(project)
    if chosen is None:
        yield Noticed(f"Shortcuts need two classes of at least {FEWEST} labelled images each; label more images.")
        return
    store = SignatureStore(project)
    yield from store.complete(chosen.ids)
    asked, rows, features = yield from _features(project, store, chosen)
    found = []
    for name, columns in features.items():
        if not len(columns) or np.ptp(columns, axis=0).max() == 0:
            continue  # the same everywhere: it tells nothing
        answer = yield from ask(columns, asked, what=f"Asking the {name}")
        finding = _finding(name, answer, asked, rows)
        if finding is not None:
            found.append(finding)
    yield from sorted(found, key=lambda finding: -finding.score)


def ask(columns: Floats, asked: Asked, *, what: str) -> Generator[Event, None, Answer]:
    """Return how well the columns (images, figures) tell the class, out of fold; use it with ``yield from``."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import StratifiedGroupKFold

    folds = min(FOLDS, int(np.bincount(asked.targets).min()))
    chances = np.zeros((len(columns), asked.classes))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    for number, (train, held) in enumerate(splitter.split(columns, asked.targets, asked.groups)):
        yield Progress(number, folds, what)
        if not len(train) or not len(held):
            continue
        trees = ExtraTreesClassifier(TREES, min_samples_leaf=3, class_weight="balanced", random_state=0)
        trees.fit(columns[train], asked.targets[train])
        chances[held[:, None], trees.classes_] = trees.predict_proba(columns[held])
    yield Progress(folds, folds, what)
    right = chances.argmax(axis=1) == asked.targets
    counts = np.bincount(asked.targets, minlength=asked.classes)
    recalls = np.bincount(asked.targets, weights=right, minlength=asked.classes) / counts
    chance = 1 / asked.classes
    # Images of one group are no independent witnesses: groups are counted, not images.
    witnesses = np.array([len(np.unique(asked.groups[asked.targets == k])) for k in range(asked.classes)])
    by_chance = math.sqrt(float((chance * (1 - chance) / witnesses).sum())) / asked.classes
    smooth = (recalls * witnesses + 1) / (witnesses + 2)  # a recall of 1 is not certain
    error = math.sqrt(float((smooth * (1 - smooth) / witnesses).sum())) / asked.classes
    sure = chances[np.arange(len(columns)), asked.targets]
    return Answer(float(recalls.mean()), error, by_chance, sure)


def _finding(name: str, answer: Answer, asked: Asked, rows: list[ImageRow]) -> Finding | None:
    chance = 1 / asked.classes
    excess = (answer.accuracy - chance) / (1 - chance)
    if excess < EXCESS or answer.accuracy < chance + SIGMAS * answer.by_chance:
        return None
    low, high = answer.interval
    message = (
        f"{SENTENCES[name]} the class in {answer.accuracy:.0%} (95 % interval {low:.0%} to {high:.0%}, chance {chance:.0%}), "
        f"so a model may learn that instead of the subject; {ADVICE[name]}."
    )
    places = _most_telling(answer, asked)
    images = [rows[place].relative for place in places]
    return Finding("shortcut", images, round(min(1.0, excess), 4), message, asked.ids[places].tolist())


def _most_telling(answer: Answer, asked: Asked) -> list[int]:
    """Return the places of the images it is surest of, from each class in turn."""
    ranked = [
        [place for place in np.argsort(-answer.sure, kind="stable").tolist() if asked.targets[place] == kind][:SHOWN]
        for kind in range(asked.classes)
    ]
    turns = [ranked[kind][turn] for turn in range(SHOWN) for kind in range(asked.classes) if turn < len(ranked[kind])]
    return turns[:SHOWN]


def _chosen(project: Project) -> Asked | None:
    """Return the labelled images that are asked, at most MOST, or None where there are too few."""
    usable = project.links.usable()
    ids, classes = _labelled(project, usable)
    _, targets, counts = np.unique(classes, return_inverse=True, return_counts=True)
    large = np.flatnonzero(counts >= FEWEST)
    if len(large) < 2:
        return None
    random = np.random.default_rng(0)
    each = max(FEWEST, MOST // len(large))
    picked = []
    for kind in large.tolist():
        mine = np.flatnonzero(targets == kind)
        picked.append(mine if len(mine) <= each else np.sort(random.choice(mine, each, replace=False)))
    places = np.sort(np.concatenate(picked))
    renumbered = np.searchsorted(large, targets[places])
    chosen = ids[places]
    return Asked(chosen, renumbered.astype(np.int64), _groups(project, chosen), len(large))


def _labelled(project: Project, usable: Ints) -> tuple[Ints, Ints]:
    """Return the ids of usable images that have a class, and the class of each (the first, where there are several)."""
    ids: list[Ints] = []
    classes: list[Ints] = []
    for row in project.labels.classes():
        mine = np.intersect1d(project.links.of_class(int(row.id)), usable, assume_unique=True)
        ids.append(mine)
        classes.append(np.full(len(mine), int(row.id), dtype=np.int64))
    if not ids:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    order = np.argsort(np.concatenate(ids), kind="stable")
    return np.concatenate(ids)[order], np.concatenate(classes)[order]


def _groups(project: Project, ids: Ints) -> Ints:
    """Return a number per image that is the same for images which belong together. ``ids`` ascending."""
    tied = []
    links = project.links
    for tie in (links.same_content(), links.pages(), links.near_duplicates(), links.groups()):
        places = np.searchsorted(ids, tie.ids)
        places[places == len(ids)] = 0
        there = ids[places] == tie.ids if len(places) else np.zeros(0, dtype=np.bool_)
        if there.any():
            tied.append(Ties(places[there].astype(np.int64), tie.keys[there]))
    return components(tied, len(ids))


def _features(
    project: Project, store: SignatureStore, chosen: Asked
) -> Generator[Event, None, tuple[Asked, list[ImageRow], dict[str, Floats]]]:
    """Return the images that could be read, their rows, and by name what is asked of them."""
    rows: list[ImageRow] = []
    records = []
    for page in pages(project, chosen.ids, size=1000):
        signatures, there = store.load(page)
        rows += [row for row, known in zip(page, there, strict=True) if known]
        records.append(signatures[there])
    kept = np.isin(chosen.ids, [int(row.id) for row in rows])
    asked = Asked(chosen.ids[kept], chosen.targets[kept], chosen.groups[kept], chosen.classes)
    signatures = np.concatenate(records)
    cameras = yield from _cameras(rows)
    width = np.array([row.width for row in rows], dtype=np.float64)
    height = np.array([row.height for row in rows], dtype=np.float64)
    size = np.array([row.bytes for row in rows], dtype=np.float64)
    return (
        asked,
        rows,
        {
            "border": signatures["border"].astype(np.float64),
            "colour": signatures["colour"].astype(np.float64),
            "file size": size[:, None],
            "dimensions": np.stack([width, height, width / np.maximum(height, 1)], axis=1),
            "camera": _one_hot(cameras),
            "file type": _one_hot([f"{file_of(row.path).suffix.lower()} {row.channels} {row.bits}" for row in rows]),
        },
    )


def _cameras(rows: list[ImageRow]) -> Generator[Event, None, list[str]]:
    makers = [exif_reader(tag) for tag in ("Make", "Model", "BodySerialNumber")]

    def camera(row: ImageRow) -> str:
        try:
            return " ".join(read(row.path) for read in makers).strip()
        except ImageError:
            return ""

    found: list[str] = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), "cameras") as pool:
        for start in range(0, len(rows), 256):
            yield Progress(start, len(rows), "Reading cameras")
            found += pool.map(camera, rows[start : start + 256])
    return found


def _one_hot(values: list[str]) -> Floats:
    names = {name: number for number, name in enumerate(dict.fromkeys(values))}
    if len(names) > 256:  # nearly each image has its own: it tells nothing that holds
        return np.zeros((len(values), 1))
    table = np.zeros((len(values), max(1, len(names))))
    table[np.arange(len(values)), [names[value] for value in values]] = 1
    return table
