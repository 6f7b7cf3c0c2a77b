"""How far two graders agree: Cohen's kappa (1960), weighted by squared distance (1968), with intervals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.project.ids import ClassId, LabelValue
from workbench.project.project import Project

RESAMPLES = 2000
CONFIDENCE = 0.95

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Patterns = Counter[tuple[LabelValue, LabelValue]]


@dataclass(frozen=True)
class Agreement:
    """How far the graders ``a`` and ``b`` agree on the ``images`` that both have graded; ``agreeing`` of them alike.

    ``confusion[i][j]`` counts images to which a gives class i and b class j, ``classes`` in the project's order. ``low``
    and ``high`` bound kappa with 95 %, the others ``weighted_kappa``, whose weights grow with the squared distance in
    that order. With several labels kappa is the mean over the classes, ``confusion`` is empty and nothing is weighted;
    ``per_class`` then has for each class the images by who gives it (class, both, only_a, only_b, neither, kappa). None
    where kappa is undefined: both give one and the same class to everything.
    """

    a: str
    b: str
    images: int
    agreeing: int
    kappa: float | None
    weighted_kappa: float | None
    confusion: list[list[int]]
    classes: list[str]
    low: float | None
    high: float | None
    weighted_low: float | None = None
    weighted_high: float | None = None
    per_class: list[dict[str, Any]] = field(default_factory=list)


def agreement_of(project_folder: Path, *, graders: Sequence[str] | None = None) -> Job:
    """Return the job that compares two graders of a project: the two named, or those with the most images in common.

    Ends with `Agreement`. Raises WorkbenchError where there are no two graders, or no image that both have graded.
    """

    def job(stop: Stop) -> Iterator[Agreement]:
        with Project.open(project_folder, read_only=True) as project:
            a, b = _two(project, graders)
            _, of_a, of_b = project.graders.pairs(a, b)
            if not of_a:
                raise WorkbenchError(f"There is no image that both {a} and {b} have graded; let one grade the other's.")
            classes = {row.id: row.name for row in project.labels.classes()}
            several = project.labels.multi
        yield compare(a, b, of_a, of_b, classes, several=several)

    return job


def compare(
    a: str,
    b: str,
    of_a: Sequence[LabelValue],
    of_b: Sequence[LabelValue],
    classes: dict[ClassId, str],
    *,
    several: bool,
    seed: int = 0,
) -> Agreement:
    """Compare what two graders say of the same images; with ``several`` each value is a tuple of classes.

    Intervals are percentiles of the bootstrap over images (Efron 1979), seeded.
    """
    # Images on which both say the same two things count as one pattern: a resample is then one multinomial draw.
    patterns = Counter(zip(of_a, of_b, strict=True))
    counts = np.array(list(patterns.values()), dtype=np.int64)
    drawn = np.random.default_rng(seed).multinomial(int(counts.sum()), counts / counts.sum(), RESAMPLES)
    found = _of_sets(patterns, counts, drawn, classes) if several else _of_classes(of_a, of_b, patterns, drawn, classes)
    agreeing = sum(count for (one, other), count in patterns.items() if one == other)
    return replace(found, a=a, b=b, images=len(of_a), agreeing=agreeing)


def _of_classes(
    of_a: Sequence[LabelValue],
    of_b: Sequence[LabelValue],
    patterns: Patterns,
    drawn: Counts,
    classes: dict[ClassId, str],
) -> Agreement:
    from sklearn.metrics import cohen_kappa_score

    size, places = len(classes), {class_id: place for place, class_id in enumerate(classes)}
    one, two = ([places[value] for value in side] for side in (of_a, of_b))  # type: ignore[index]
    defined = len({*one, *two}) > 1
    cells = np.array([places[first] * size + places[second] for first, second in patterns])  # type: ignore[index]

    def confusions(weights: Counts) -> Counts:
        tables = np.zeros((len(weights), size * size), dtype=np.int64)
        tables[:, cells] = weights
        return tables.reshape(-1, size, size)

    def kappa(weights: str | None) -> tuple[float | None, float | None, float | None]:
        if not defined:
            return None, None, None
        value = float(cohen_kappa_score(one, two, labels=list(range(size)), weights=weights))
        parts = [kappas(confusions(part), quadratic=weights is not None) for part in np.array_split(drawn, 20)]
        return value, *_interval(np.concatenate(parts))

    plain, low, high = kappa(None)
    weighted, weighted_low, weighted_high = kappa("quadratic")
    confusion = confusions(np.array([list(patterns.values())], dtype=np.int64))[0].tolist()
    return Agreement(
        a="",
        b="",
        images=0,
        agreeing=0,
        kappa=plain,
        weighted_kappa=weighted,
        confusion=confusion,
        classes=list(classes.values()),
        low=low,
        high=high,
        weighted_low=weighted_low,
        weighted_high=weighted_high,
    )


def _of_sets(patterns: Patterns, counts: Counts, drawn: Counts, classes: dict[ClassId, str]) -> Agreement:
    def having(side: int) -> Counts:
        sets = [_classes_of(pair[side]) for pair in patterns]
        return np.array([[class_id in given for class_id in classes] for given in sets], dtype=np.int64)

    one, two = having(0), having(1)

    def tables(weights: Counts) -> Counts:
        """Return for each row of weights and class the images [both, only a], [only b, neither]."""
        parts = [weights @ part for part in (one * two, one * (1 - two), (1 - one) * two, (1 - one) * (1 - two))]
        return np.stack(parts, axis=-1).reshape(len(weights), len(classes), 2, 2)

    found = tables(counts[None])[0]
    values = kappas(found)
    who = ("both", "only_a", "only_b", "neither")
    per_class = [
        {"class": name, **dict(zip(who, table.ravel().tolist(), strict=True)), "kappa": _number(kappa)}
        for name, table, kappa in zip(classes.values(), found, values, strict=True)
    ]
    spread = np.array([_mean(kappas(table)) for part in np.array_split(drawn, 20) for table in tables(part)])
    low, high = _interval(spread)
    return Agreement(
        a="",
        b="",
        images=0,
        agreeing=0,
        kappa=_number(_mean(values)),
        weighted_kappa=None,
        confusion=[],
        classes=list(classes.values()),
        low=low,
        high=high,
        per_class=per_class,
    )


def kappas(tables: Counts, *, quadratic: bool = False) -> Floats:
    """Return Cohen's kappa of each confusion matrix [N, C, C]; NaN where it is undefined."""
    size = tables.shape[-1]
    places = np.arange(size)
    apart = (places[:, None] - places[None]) ** 2 if quadratic else (places[:, None] != places[None]).astype(np.int64)
    seen = (tables * apart).sum(axis=(1, 2), dtype=np.float64)
    chance = np.einsum(
        "ni,ij,nj->n", tables.sum(axis=2).astype(np.float64), apart.astype(np.float64), tables.sum(axis=1)
    )
    totals = tables.sum(axis=(1, 2))
    undefined = chance == 0
    found: Floats = np.where(undefined, np.nan, 1 - seen * totals / np.where(undefined, 1, chance))
    return found


def _classes_of(value: LabelValue) -> set[ClassId]:
    if value is None:
        return set()
    return set(value) if isinstance(value, tuple) else {value}


def _two(project: Project, graders: Sequence[str] | None) -> tuple[str, str]:
    known = project.graders.names()
    if graders is not None:
        a, b = graders
        for name in (a, b):
            if name not in known:
                raise WorkbenchError(
                    f"No image was graded by {name}; choose two of {', '.join(known) or 'the graders, once there are any'}."
                )
        if a == b:
            raise WorkbenchError(f"{a} cannot be compared with {a}; choose two different graders.")
        return a, b
    pairs = project.graders.in_common()
    if not pairs:
        raise WorkbenchError(
            "There are no two graders with an image in common; let two people grade the same images under their names."
        )
    return pairs[0][0], pairs[0][1]


def _mean(values: Floats) -> float:
    """Return the mean of the defined values, NaN where there is none."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _interval(values: Floats) -> tuple[float | None, float | None]:
    kept = values[~np.isnan(values)]
    if not len(kept):
        return None, None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return float(low), float(high)
