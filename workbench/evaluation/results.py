"""The results of a run as files: written by `evaluate`, read by the window. Imports no torch and no scikit-learn."""

import csv
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.runs import RunFolder

FORMAT = 1


@dataclass(frozen=True)
class Evaluated:
    """The figures of one split of one run; the last event of an evaluation and the content of ``results/<split>.json``.

    ``per_class``, ``confusion`` (rows: the true class) and ``intervals`` (metric -> [low, high]) are as in
    `metrics.Metrics`; ``skipped`` counts images that could not be read; ``calibration_error`` and
    ``reliability`` are as in `calibration.Calibration`. ``test_set`` is the frozen test set that alone was measured.
    """

    run: str
    split: str
    images: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    per_class: list[dict[str, Any]]
    confusion: list[list[int]]
    classes: list[str]
    intervals: dict[str, list[float]]
    chosen_on: str = "validation"
    device: str = "cpu"
    path: str = "deployment"
    skipped: int = 0
    calibration_error: float = 0.0
    reliability: list[dict[str, float]] = field(default_factory=list)
    thresholds: dict[str, float] = field(default_factory=dict)
    test_set: str = ""

    @property
    def stored_as(self) -> str:
        """The name of its files in the folder of results: the split, or one made from the name of the test set."""
        return result_name(self.split, self.test_set)


@dataclass(frozen=True)
class ViewsMeasured:
    """What several views of each image bring and cost, beside the figure of one look; kept in a file of its own.

    ``balanced_accuracy`` and ``interval`` are of the mean over ``count`` views, ``plain`` of the deployment path on the same
    ``images``; ``gain`` is their difference with its paired 95 % ``gain_interval``. ``seconds`` and ``plain_seconds`` are
    the model's time per image, measured in the same run.
    """

    run: str
    split: str
    views: str
    count: int
    images: int
    balanced_accuracy: float
    interval: list[float]
    accuracy: float
    plain: float
    gain: float
    gain_interval: list[float]
    seconds: float
    plain_seconds: float
    device: str = "cpu"
    test_set: str = ""

    @property
    def cost(self) -> float:
        """How many times as long as one look it takes."""
        return self.seconds / self.plain_seconds if self.plain_seconds > 0 else float(self.count)

    @property
    def stored_as(self) -> str:
        """The name of its files in the folder of results."""
        return views_name(self.views, self.split, self.test_set)

    def belongs_to(self, plain: Evaluated) -> bool:
        """Return whether it was measured beside this result, and not beside an earlier one."""
        same = (self.run, self.split, self.test_set, self.images) == (
            plain.run,
            plain.split,
            plain.test_set,
            plain.images,
        )
        return same and abs(self.plain - plain.balanced_accuracy) < 1e-9


F = TypeVar("F", Evaluated, ViewsMeasured)


@dataclass(frozen=True)
class PredictedImage:
    """One image of a result: ``target`` and ``prediction`` are class indices, ``confidence`` that of the prediction."""

    id: int
    path: Path
    target: int
    prediction: int
    confidence: float
    probabilities: list[float]


@dataclass(frozen=True)
class Result:
    """A result read back: the figures, and one row per image in each of the arrays."""

    evaluated: Evaluated
    ids: NDArray[np.int64]
    paths: list[str]
    targets: NDArray[np.int64]
    predictions: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of each image's prediction."""
        confidences: NDArray[np.float32] = self.probabilities[np.arange(len(self.ids)), self.predictions]
        return confidences

    def image(self, index: int) -> PredictedImage:
        """Return row ``index``."""
        prediction = int(self.predictions[index])
        return PredictedImage(
            id=int(self.ids[index]),
            path=Path(self.paths[index]),
            target=int(self.targets[index]),
            prediction=prediction,
            confidence=float(self.probabilities[index, prediction]),
            probabilities=[float(p) for p in self.probabilities[index]],
        )


def result_name(split: str, test_set: str = "") -> str:
    """Return what the result of a split, or of a frozen test set within it, is called in the folder of results."""
    if not test_set:
        return split
    safe = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in test_set)
    # Two names that look alike now are still two.
    return f"{split}@{safe[:40]}-{hashlib.sha256(test_set.encode()).hexdigest()[:8]}"


def views_name(views: str, split: str, test_set: str = "") -> str:
    """Return what the figures with views are called in the folder of results."""
    return f"{result_name(split, test_set)}+{views.replace(':', '-')}"


def splits_with_results(run: RunFolder | Path) -> list[str]:
    """Return the splits of a run folder that have been evaluated, test first."""
    return [split for split in ("test", "validation", "train") if _run(run).result(split).is_file()]


def save_result(run: RunFolder | Path, result: Result) -> None:
    """Write both files of a result to a run folder, each complete or not at all.

    Raises WorkbenchError where they cannot be written.
    """
    _save(_run(run), result.evaluated.stored_as, result, result.evaluated)


def save_views(run: RunFolder | Path, measured: ViewsMeasured, result: Result) -> None:
    """Write the figures with views and the predictions behind them, in files of their own. Raises WorkbenchError."""
    _save(_run(run), measured.stored_as, result, measured)


def _save(run: RunFolder, split: str, result: Result, figures: Evaluated | ViewsMeasured) -> None:
    temporary = run.predictions(split).with_suffix(".csv.partial")
    try:
        run.results.mkdir(parents=True, exist_ok=True)
        try:
            _write_predictions(temporary, result)
            os.replace(temporary, run.predictions(split))
        finally:
            temporary.unlink(missing_ok=True)
        write_json(run.result(split), {"format": FORMAT, **asdict(figures)})
    except OSError as error:
        raise WorkbenchError(
            f"The result cannot be written to {run.results} ({error.strerror}); make room there and evaluate again."
        ) from error


def _write_predictions(path: Path, result: Result) -> None:
    classes = result.evaluated.classes
    confidences = result.confidences
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "path", "target", "prediction", "confidence", *(f"p_{name}" for name in classes)])
        for i, image in enumerate(result.paths):
            true, predicted = classes[result.targets[i]], classes[result.predictions[i]]
            shares = [f"{p:.7g}" for p in result.probabilities[i]]
            writer.writerow([int(result.ids[i]), image, true, predicted, f"{confidences[i]:.7g}", *shares])


def load_evaluated(run: RunFolder | Path, split: str) -> Evaluated:
    """Read the figures of a split. Raises WorkbenchError where the split has not been evaluated or the file is damaged."""
    run = _run(run)
    path = run.result(split)
    if not path.is_file():
        done = splits_with_results(run)
        instead = f"evaluate it first, or look at {' or '.join(done)}" if done else "evaluate it first"
        raise WorkbenchError(f"The run {run.id} has no result for its {split} images; {instead}.")
    return _read(path, split, Evaluated)


def load_views(run: RunFolder | Path, views: str, split: str, test_set: str = "") -> ViewsMeasured | None:
    """Read what views bring and cost on a split; None where they were not measured.

    Raises WorkbenchError where the file is damaged.
    """
    path = _run(run).result(views_name(views, split, test_set))
    return _read(path, split, ViewsMeasured) if path.is_file() else None


def _read(path: Path, split: str, kind: type[F]) -> F:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content.pop("format", FORMAT)
        if isinstance(found, int) and found > FORMAT:
            raise WorkbenchError(
                f"{path} was written by a newer Workbench (format {found}); update Workbench to read it."
            )
        known = {part.name for part in fields(kind)}
        return kind(**{key: value for key, value in content.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"The result {path} cannot be read ({error}); evaluate the {split} images again."
        ) from error


def load_result(run: RunFolder | Path, split: str) -> Result:
    """Read a result of a run folder: figures and predictions. Takes about a second per 100 000 images: read it in a thread.

    Raises WorkbenchError where the split has not been evaluated or a file is damaged.
    """
    run = _run(run)
    evaluated = load_evaluated(run, split)
    path = run.predictions(split)
    index = {name: i for i, name in enumerate(evaluated.classes)}
    ids: list[int] = []
    paths: list[str] = []
    targets: list[int] = []
    predictions: list[int] = []
    probabilities: list[list[float]] = []
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            rows = csv.reader(stream)
            next(rows)
            for row in rows:
                ids.append(int(row[0]))
                paths.append(row[1])
                targets.append(index[row[2]])
                predictions.append(index[row[3]])
                probabilities.append([float(p) for p in row[5:]])
        shares = np.asarray(probabilities, dtype=np.float32).reshape(-1, len(evaluated.classes))
    except (OSError, ValueError, IndexError, KeyError, StopIteration) as error:
        raise WorkbenchError(f"The predictions {path} cannot be read; evaluate the {split} images again.") from error
    return Result(
        evaluated=evaluated,
        ids=np.asarray(ids, dtype=np.int64),
        paths=paths,
        targets=np.asarray(targets, dtype=np.int64),
        predictions=np.asarray(predictions, dtype=np.int64),
        probabilities=shares,
    )


def cell_images(result: Result, true: int | None, predicted: int | None) -> list[PredictedImage]:
    """Return the images of one cell of the confusion matrix (class indices), most confident first.

    None takes every class: ``cell_images(result, 2, None)`` are all images whose true class is 2.
    """
    chosen = np.ones(len(result.ids), dtype=bool)
    if true is not None:
        chosen &= result.targets == true
    if predicted is not None:
        chosen &= result.predictions == predicted
    return _sorted_images(result, chosen)


def mistakes(result: Result, limit: int | None = None) -> list[PredictedImage]:
    """Return the images whose prediction is wrong, most confident first, at most ``limit``."""
    return _sorted_images(result, result.targets != result.predictions, limit)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write plain data as indented JSON, complete or not at all."""
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _run(run: RunFolder | Path) -> RunFolder:
    return run if isinstance(run, RunFolder) else RunFolder(run)


def _sorted_images(result: Result, chosen: NDArray[np.bool_], limit: int | None = None) -> list[PredictedImage]:
    rows: Sequence[int] = np.flatnonzero(chosen).tolist()
    confidences = result.confidences
    ordered = sorted(rows, key=lambda i: (-float(confidences[i]), result.paths[i]))
    return [result.image(i) for i in ordered[:limit]]
