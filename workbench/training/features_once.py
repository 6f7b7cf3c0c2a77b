"""Features once, a classifier on top: the frozen backbone sees each image once, scikit-learn fits, a linear head keeps it.

The textbook's first try for little data (transfer learning by feature extraction: https://arxiv.org/abs/1403.6382). The
result is a network like any other: calibrated, measured, exported.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.embedding.network import Extractor
from workbench.errors import WorkbenchError
from workbench.models.backbones import Network
from workbench.models.preprocess import PreprocessSpec
from workbench.training import finish
from workbench.training.config import FeaturesOnce
from workbench.training.events import Preparing, TrainingEvent, Warned
from workbench.training.untrained import (
    Outcome,
    Read,
    Setting,
    Way,
    fetching,
    measured,
    network_of,
    read,
    started,
    unhindered,
    working,
)

WHAT = "Features of the frozen backbone"

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""What cross-validation chooses C from, on standardised features."""

FOLDS = 5
_DEFAULT = 0.01
"""C where a class has too few images to try any."""

_MOST_TRIED = 5000
"""Images that choose C: more of them change the choice little and take hours."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Linear:
    """A fitted classifier: logits = features @ weight.T + bias, with [C,F] and [C]; ``strength`` is its C."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    strength: float


@dataclass(frozen=True)
class _Seen:
    features: NDArray[np.float32]
    targets: NDArray[np.int64]


def events(setting: Setting, method: FeaturesOnce) -> Way:
    """Make the run's model from one look at its training images. Raises WorkbenchError where that cannot be."""
    config, frozen = setting.config, setting.frozen
    if config.head.kind != "linear":
        yield Warned(
            f"Features once are kept in a linear head, so the head '{config.head.kind}' is not used in this run."
        )
    yield Preparing("Loading the backbone")
    yield from fetching(setting)
    network, report, spec = network_of(setting)
    if config.backbone.weights == "none":
        yield Warned(
            "The backbone starts from random numbers and is frozen, so its features say little; choose weights."
        )
    else:
        yield Preparing(report.told())
    head = network.head
    assert isinstance(head, nn.Linear)
    yield started(setting, network, learnt=sum(parameter.numel() for parameter in head.parameters()))
    seen: _Seen | None = None
    for event in look(setting, network, spec):
        if isinstance(event, _Seen):
            seen = event
        else:
            yield event
    assert seen is not None
    check_classes(seen.targets, frozen.classes)
    name = {"logistic": "logistic regression", "svm": "linear support vector machine"}[method.classifier]
    fitted = yield from working(
        setting,
        f"Fitting: {name}",
        lambda going_on: fit(
            seen.features,
            seen.targets,
            len(frozen.classes),
            classifier=method.classifier,
            strength=method.strength,
            balanced=config.loss.balance != "none",
            seed=config.seed,
            going_on=going_on,
        ),
    )
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(fitted.weight))
        head.bias.copy_(torch.from_numpy(fitted.bias))
    model = finish.Model(network, spec, config.backbone.name, frozen)
    measuring = finish.measure(setting.run, model, device=setting.device, batch_size=config.compute.batch_size)
    deployed = yield from measured(setting, measuring)
    how = "" if method.strength else " by cross-validation"
    return Outcome(
        "finished",
        f"Finished: {name} (C = {fitted.strength:g}{how}) on the features of {len(seen.targets):,} images, with a balanced "
        f"accuracy of {deployed:.3f} on the validation images, on the deployment path.",
        deployed,
    )


def look(setting: Setting, network: Network, spec: PreprocessSpec) -> Iterator[TrainingEvent | _Seen]:
    """Yield what happens, then the features of the training images that can be read."""
    extractor = Extractor(network.backbone, spec, device=setting.device)
    features: list[NDArray[np.float32]] = []
    targets: list[int] = []
    waiting: list[torch.Tensor] = []
    for event in read(setting, setting.frozen.train, WHAT):
        if isinstance(event, Read):
            waiting.append(extractor.prepare(event.pixels))
            targets.append(event.sample.target)
        else:
            yield event
        if len(waiting) >= extractor.batch_size:
            features.append(extractor.features(waiting))
            waiting.clear()
    if waiting:
        features.append(extractor.features(waiting))
    if not features:
        raise WorkbenchError(
            "None of the training images can be read any more; put their folder back, then start again."
        )
    yield _Seen(np.concatenate(features), np.array(targets, dtype=np.int64))


def check_classes(targets: NDArray[np.int64], classes: list[str]) -> None:
    """Raise WorkbenchError where a class has no training image that can be read."""
    absent = [name for index, name in enumerate(classes) if index not in targets]
    if absent:
        raise WorkbenchError(
            f"No training image of the class '{absent[0]}' can be read, so nothing can be learnt about it; put its images "
            "back, or make the split again."
        )


def fit(
    features: Floats,
    targets: NDArray[np.int64],
    classes: int,
    *,
    classifier: Literal["logistic", "svm"],
    strength: float = 0.0,
    balanced: bool = False,
    seed: int = 0,
    going_on: Callable[[], None] = unhindered,
) -> Linear:
    """Return a linear classifier of features [N,F] as they are; that it standardises them is folded into it.

    ``strength`` is C of scikit-learn, 0 chooses it by cross-validation over the images given: by likelihood for the
    logistic regression, by balanced accuracy for the support vector machine. ``balanced`` lets every class count the same.
    ``going_on`` is called now and then, and may raise to end it.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    scale = features.std(axis=0, dtype=np.float64)
    # A feature that never moves, or by rounding alone, says nothing.
    scale[scale <= 1e-6 * (np.abs(mean) + 1e-30)] = np.inf
    standard = ((features - mean) / scale).astype(np.float32)
    strength = strength or _choose(standard, targets, classifier, balanced, seed, going_on)
    weight, bias = _rows(_fitted(standard, targets, classifier, strength, balanced))
    assert len(weight) == classes
    folded = weight / scale
    return Linear(folded, bias - folded @ mean, strength)


def _choose(
    features: Floats,
    targets: NDArray[np.int64],
    classifier: str,
    balanced: bool,
    seed: int,
    going_on: Callable[[], None],
) -> float:
    """Return the best of `STRENGTHS`; of equally good ones the smallest, which trusts the features least."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedKFold, train_test_split

    count = len(targets)
    if count > _MOST_TRIED:
        kept, _ = train_test_split(np.arange(count), train_size=_MOST_TRIED, stratify=targets, random_state=seed)
        features, targets = features[kept], targets[kept]
    folds = min(FOLDS, int(np.bincount(targets).min()))
    if folds < 2:
        return _DEFAULT
    splits = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, targets))
    scores = []
    for strength in STRENGTHS:
        found = []
        for kept, held in splits:
            going_on()
            weight, bias = _rows(_fitted(features[kept], targets[kept], classifier, strength, balanced))
            logits = features[held] @ weight.T + bias
            if classifier == "svm":
                found.append(float(balanced_accuracy_score(targets[held], logits.argmax(axis=1))))
            else:
                found.append(_likelihood(logits, targets[held]))
        scores.append(float(np.mean(found)))
    best = max(scores)
    chosen = next(strength for strength, score in zip(STRENGTHS, scores, strict=True) if score >= best - 1e-6)
    # C weighs the sum over images: among more of them the same penalty is a smaller C.
    return chosen * (len(targets) / count)


def _fitted(features: Floats, targets: NDArray[np.int64], classifier: str, strength: float, balanced: bool) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    weight = "balanced" if balanced else None
    if classifier == "svm":
        model = LinearSVC(C=strength, class_weight=weight, dual="auto", max_iter=5000, random_state=0)
    else:
        model = LogisticRegression(C=strength, class_weight=weight, max_iter=1000)
    with warnings.catch_warnings():
        # Nearly converged decides as well; the figures measured afterwards are of what was found.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, targets)


def _rows(model: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weight [C,F] and bias [C]; scikit-learn keeps one row for two classes."""
    weight, bias = np.asarray(model.coef_, dtype=np.float64), np.asarray(model.intercept_, dtype=np.float64)
    if len(weight) == 1:
        weight, bias = np.concatenate([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    return weight, bias


def _likelihood(logits: Floats, targets: NDArray[np.int64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(logs[np.arange(len(targets)), targets].mean())
