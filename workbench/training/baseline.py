"""The baseline to beat, without any network: colours, HOG and SIFT (bag of words) with support vector machines.

Everything is learnt from the training images alone: the visual words, the scaling, the machines; C and the kernel by
cross-validation among them. The temperature comes from the validation images, as every model's.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.dataset import Sample
from workbench.errors import WorkbenchError
from workbench.evaluation.thresholds import best_f1, by_class
from workbench.models.classic import features, machine, store
from workbench.models.classic.machine import Kernel, Machine, Scaling
from workbench.models.classic.model import ClassicModel, Looks
from workbench.training import finish
from workbench.training.config import Baseline
from workbench.training.events import FitStarted, TrainingEvent, Warned
from workbench.training.features_once import FOLDS, check_classes
from workbench.training.untrained import Outcome, Read, Setting, Way, measured, read, unhindered, working

WORDS = 200
"""Visual words at most; each needs some key points of its own."""
_POINTS_PER_WORD = 20
_MOST_POINTS = 60_000

MOST_IMAGES = 5000
"""Training images at most: the machines compare each with each."""
_MOST_TRIED = 2000
"""Images that choose kernel and C: more of them change the choice little and take hours where there are many classes."""

KERNELS: tuple[tuple[Kernel, float], ...] = (("linear", 1.0), ("rbf", 0.25), ("rbf", 1.0))
STRENGTHS = (0.1, 1.0, 10.0, 100.0)

Doubles = NDArray[np.float64]
Targets = NDArray[np.int64]


@dataclass
class _Seen:
    """What was seen in the images, in the order of ``targets``: the features without a vocabulary, the key points."""

    plain: list[list[NDArray[np.float32]]] = field(default_factory=list)
    points: list[NDArray[np.uint8]] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Fitted:
    """The fitted parts, C, and the balanced accuracy that cross-validation gave it (-1 where there were too few images)."""

    model: ClassicModel
    strength: float
    cross_validated: float


def events(setting: Setting, method: Baseline) -> Way:
    """Make the run's baseline. Raises WorkbenchError where none of its images can be read."""
    frozen = setting.frozen
    yield FitStarted(
        run=setting.run.id,
        device="cpu",
        epochs=0,
        steps_per_epoch=0,
        train_images=len(frozen.train),
        validation_images=len(frozen.validation),
        classes=frozen.classes,
        trainable_parameters=0,
        parameters=0,
        stages=[],
        frozen_stages=[],
    )
    kept = _some([sample.target for sample in frozen.train], MOST_IMAGES, setting.config.seed)
    samples = [frozen.train[index] for index in kept]
    if len(samples) < len(frozen.train):
        yield Warned(
            f"The baseline compares each image with each, so it takes {len(samples):,} of the {len(frozen.train):,} training "
            "images, with the same share of every class."
        )
    seen = yield from _look(setting, samples, method)
    targets = np.array(seen.targets, dtype=np.int64)
    check_classes(targets, frozen.classes)
    vocabulary = None
    if method.key_points:
        vocabulary = yield from working(
            setting, "Finding visual words", lambda _: words(seen.points, seed=setting.config.seed)
        )
        if vocabulary is None and not (method.colour or method.gradients):
            raise WorkbenchError(
                "No key points were found in the training images; let the baseline look at colours too."
            )
        if vocabulary is None:
            yield Warned("No key points were found in the training images, so the baseline goes by the other features.")
    looks = Looks(method.colour, method.gradients, vocabulary)
    fitted = yield from working(
        setting,
        "Fitting the support vector machines",
        lambda going_on: fit(looks, seen.plain, seen.points, targets, setting.config.seed, going_on),
    )

    def saved(truth: NDArray[Any], probabilities: NDArray[np.float32]) -> store.ClassicBundle:
        thresholds = by_class(frozen.classes, best_f1(truth, probabilities))
        spec = store.spec_of(frozen.decoding.as_dict())
        bundle = store.ClassicBundle(fitted.model, frozen.classes, spec, thresholds, {"run": setting.run.id})
        store.save(setting.run.model, bundle)
        return bundle

    measuring = finish.measure_any(setting.run, fitted.model, frozen, saved, device="cpu", batch_size=1)
    deployed = yield from measured(setting, measuring)
    return Outcome("finished", _message(method, fitted, len(targets), deployed), deployed)


def _message(method: Baseline, fitted: Fitted, images: int, deployed: float) -> str:
    kinds = [
        name
        for name, wanted in (
            ("colour", method.colour),
            ("HOG", method.gradients),
            ("SIFT", fitted.model.looks.vocabulary is not None),
        )
        if wanted
    ]
    kernel = {"linear": "linear", "rbf": "RBF"}[fitted.model.machine.kernel]
    how = f", {fitted.cross_validated:.3f} in cross-validation" if fitted.cross_validated >= 0 else ""
    return (
        f"Finished: {', '.join(kinds)} features of {images:,} images with a support vector machine ({kernel} kernel, C = "
        f"{fitted.strength:g}{how}); the balanced accuracy is {deployed:.3f} on the validation images. There is no network."
    )


def _some(targets: Sequence[int] | Targets, most: int, seed: int) -> list[int]:
    """Return which of the images to take: at most ``most``, with the same share of every class, but two where it has them."""
    if len(targets) <= most:
        return list(range(len(targets)))
    random, known = np.random.default_rng(seed), np.asarray(targets)
    kept: list[int] = []
    for target in np.unique(known):
        own = np.flatnonzero(known == target)
        count = max(min(2, len(own)), int(most * len(own) / len(known)))
        kept += random.choice(own, count, replace=False).tolist()
    return sorted(kept)


def _look(setting: Setting, samples: Sequence[Sample], method: Baseline) -> Generator[TrainingEvent, None, _Seen]:
    looks = Looks(method.colour, method.gradients, None)
    seen = _Seen()
    for event in read(setting, samples, "Colours, gradients and key points of the training images"):
        if isinstance(event, Read):
            seen.plain.append(looks.plain(event.pixels))
            if method.key_points:
                seen.points.append(features.key_points(event.pixels))
            seen.targets.append(event.sample.target)
        else:
            yield event
    if not seen.targets:
        raise WorkbenchError(
            "None of the training images can be read any more; put their folder back, then start again."
        )
    return seen


def words(points: Sequence[NDArray[np.uint8]], *, seed: int = 0) -> NDArray[np.float32] | None:
    """Return a vocabulary [W,128], the centres of k-means over the key points of the training images; None without any."""
    from sklearn.cluster import MiniBatchKMeans

    found = np.concatenate([np.zeros((0, 128), np.uint8), *points])
    if not len(found):
        return None
    if len(found) > _MOST_POINTS:
        found = found[np.random.default_rng(seed).choice(len(found), _MOST_POINTS, replace=False)]
    rooted = features.rooted(found)
    count = max(1, min(WORDS, len(found) // _POINTS_PER_WORD))
    means = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=4096).fit(rooted)
    return np.asarray(means.cluster_centers_, dtype=np.float32)


def fit(
    looks: Looks,
    plain: Sequence[list[NDArray[np.float32]]],
    points: Sequence[NDArray[np.uint8]],
    targets: Targets,
    seed: int = 0,
    going_on: Callable[[], None] = unhindered,
) -> Fitted:
    """Return the machines for images of which ``plain`` and ``points`` were seen; kernel and C by cross-validation.

    ``going_on`` is called now and then, and may raise to end it.
    """
    rows = []
    for index, own in enumerate(plain):
        rows.append(looks.joined(own, points[index] if looks.vocabulary is not None else None))
    lengths = [len(part) for part in plain[0]]
    if looks.vocabulary is not None:
        lengths.append(len(looks.vocabulary))
    table = np.stack(rows)
    scaling = Scaling.of(table, lengths)
    scaled = scaling(table)
    kernel, gamma, strength, score = _choose(scaled, targets, seed, going_on)
    similar = machine.similarity(scaled, scaled, kernel=kernel, gamma=gamma)
    weight, bias = _machines(similar, targets, strength, going_on)
    used = np.flatnonzero(np.abs(weight).sum(axis=0) > 0)
    made = Machine(kernel, gamma, scaled[used], weight[:, used], bias)
    return Fitted(ClassicModel(looks, scaling, made), strength, score)


def _choose(
    scaled: Doubles, targets: Targets, seed: int, going_on: Callable[[], None]
) -> tuple[Kernel, float, float, float]:
    """Return kernel, gamma, C and the balanced accuracy they reach on the folds that were held out."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedKFold

    kept = _some(targets, _MOST_TRIED, seed)
    scaled, targets = scaled[kept], targets[kept]
    folds = min(FOLDS, int(np.bincount(targets).min()))
    if folds < 2:
        return "linear", 1.0, 1.0, -1.0
    splits = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(scaled, targets))
    best: tuple[Kernel, float, float, float] | None = None
    for kernel, gamma in KERNELS:
        similar = machine.similarity(scaled, scaled, kernel=kernel, gamma=gamma)
        for strength in STRENGTHS:
            said = np.zeros(len(targets), dtype=np.int64)
            for learnt, held in splits:
                weight, bias = _machines(similar[np.ix_(learnt, learnt)], targets[learnt], strength, going_on)
                scores = machine.by_class(similar[np.ix_(held, learnt)] @ weight.T + bias)
                said[held] = scores.argmax(axis=1)
            score = float(balanced_accuracy_score(targets, said))
            # Of equally good ones the first: the simpler kernel, the smaller C.
            if best is None or score > best[3] + 1e-9:
                best = (kernel, gamma, strength, score)
    assert best is not None
    return best


def _machines(
    similar: Doubles, targets: Targets, strength: float, going_on: Callable[[], None]
) -> tuple[Doubles, Doubles]:
    """Return weight [R,N] and bias [R] of the machines, from how similar training images are to each other [N,N]."""
    from sklearn.svm import SVC

    kinds = np.unique(targets)
    asked = kinds[1:] if len(kinds) == 2 else kinds
    weight, bias = np.zeros((len(asked), len(targets))), np.zeros(len(asked))
    for row, kind in enumerate(asked):
        going_on()
        # Balanced: against all the others a class is rare, and every class shall count the same.
        found = SVC(C=strength, kernel="precomputed", class_weight="balanced").fit(similar, targets == kind)
        weight[row, found.support_] = found.dual_coef_[0]
        bias[row] = found.intercept_[0]
    return weight, bias
