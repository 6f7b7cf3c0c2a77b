"""Evaluating a run: its frozen list of images, its model, the deployment path, the figures."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from workbench.data.dataset import Sample
from workbench.data.reading import Decoding, ImageError, Pixels, read_image
from workbench.errors import WorkbenchError
from workbench.evaluation import chain_views
from workbench.evaluation.calibration import calibration
from workbench.evaluation.metrics import gain_of, measure
from workbench.evaluation.predict import Predictions, choose_device, predict, run_torch
from workbench.evaluation.results import Evaluated, Result, ViewsMeasured, save_result, save_views
from workbench.evaluation.samples import all_samples, changed, in_test_set, read_samples, split_names, without_images
from workbench.evaluation.test_time import NONE, Views, ViewsRunner, find, halves
from workbench.jobs import Job, Noticed, Progress, Stop
from workbench.models.bundle import Bundle
from workbench.models.bundle import load as load_bundle
from workbench.models.classic import store as classic
from workbench.project.images import Query
from workbench.project.project import Project

EvaluationEvent = Progress | Noticed | Evaluated | ViewsMeasured

AnyModel = Bundle | classic.ClassicBundle
"""What can be evaluated: a network, or a baseline without one."""


def evaluate_run(
    project_folder: Path,
    run: str,
    split: str = "test",
    *,
    device: str = "auto",
    test_set: str = "",
    views: str = NONE,
) -> Job:
    """Return the job that evaluates ``split`` of a run (an id, or ``last``) of a project.

    Yields Progress, Noticed for every image that is missing or has changed since the run, and ends with
    `Evaluated`; writes ``results/<split>.json`` and ``results/<split>_predictions.csv``. With ``test_set`` only the test
    images of that frozen set are measured, into files of their own. With ``views`` (a name of `test_time`) the event
    `ViewsMeasured` follows: what averaging over views of each image brings and costs, in files of its own. Raises
    WorkbenchError where the run has no model, or no such images, or there are no such views.
    """
    chosen_views = find(views)
    if test_set and split != "test":
        raise WorkbenchError(f"The test set '{test_set}' has no {split} images; leave out --split.")

    def job(stop: Stop) -> Iterator[EvaluationEvent]:
        with Project.open(project_folder, read_only=True) as project:
            folder = project.runs.get(run).path
            moved = moved_images(folder, project)
            frozen = frozenset(project.images.ids(Query(test_set=test_set)).tolist()) if test_set else frozenset()
        yield from evaluate_folder(
            folder, split, device=device, moved=moved, test_set=test_set, frozen=frozen, views=chosen_views
        )

    return job


def evaluate_folder(
    folder: Path,
    split: str,
    *,
    device: str = "auto",
    bundle: AnyModel | None = None,
    moved: Mapping[int, str] | None = None,
    test_set: str = "",
    frozen: Collection[int] = (),
    views: Views | None = None,
) -> Iterator[EvaluationEvent]:
    """Evaluate ``split`` of the run in ``folder``, as `evaluate_run` does, without touching the project.

    ``bundle`` is the run's loaded model where the caller has it already; ``moved`` is from `moved_images`; ``frozen`` are
    the ids of the images of ``test_set`` in the project; ``views`` None: one look only.
    """
    yield Progress(0, None, "Loading the model")
    bundle = bundle or open_any(folder)
    samples = samples_of(folder, split, bundle, moved=moved)
    if test_set:
        chosen_ids = in_test_set(folder / "samples.csv", test_set, frozen)
        samples = [sample for sample in samples if sample.id in chosen_ids]
        later = len(set(frozen) - chosen_ids)
        if later:
            yield Noticed(
                f"Of the test set '{test_set}', {later:,} images are not among the test images of the run {folder.name} and "
                "are left out: they came later, or it was trained on them."
            )
    absent = without_images(samples, bundle.classes, split)
    if absent:
        yield Noticed(absent)
    reading = Reading(Decoding.from_dict(dict(bundle.spec.decoding)))
    chosen = choose_device(device)
    runner = None
    if views is not None and views.name != NONE:
        if views.is_chain:
            views = chain_views.of_run(folder, views, bundle.spec)
        runner = ViewsRunner(views, lambda pixels: run_torch(bundle.deployable, pixels, device=chosen))
    for event in predict(bundle.deployable, samples, read=reading, device=chosen, run=runner):
        yield from reading.notices()
        if isinstance(event, Progress):
            yield event
            continue
        yield from (Noticed(error.message, error.entry.path) for error in event.errors)
        plain, averaged = halves(event.probabilities) if runner is not None else (event.probabilities, None)
        said = replace(event, probabilities=plain)
        result = summarise(said, run=folder.name, split=split, bundle=bundle, device=chosen, test_set=test_set)
        save_result(folder, result)
        yield result.evaluated
        if runner is not None and averaged is not None:
            with_views = replace(result, predictions=averaged.argmax(axis=1), probabilities=averaged)
            measured = _measured(result, with_views, runner)
            save_views(folder, measured, with_views)
            yield measured


def _measured(plain: Result, with_views: Result, runner: ViewsRunner) -> ViewsMeasured:
    metrics = measure(with_views.targets, with_views.probabilities, plain.evaluated.classes)
    gain, interval = gain_of(plain.targets, plain.predictions, with_views.predictions)
    return ViewsMeasured(
        run=plain.evaluated.run,
        split=plain.evaluated.split,
        views=runner.views.name,
        count=runner.views.count,
        images=metrics.images,
        balanced_accuracy=metrics.balanced_accuracy,
        interval=metrics.intervals["balanced_accuracy"],
        accuracy=metrics.accuracy,
        plain=plain.evaluated.balanced_accuracy,
        gain=gain,
        gain_interval=interval,
        seconds=runner.seconds / runner.images,
        plain_seconds=runner.plain_seconds / runner.images,
        device=plain.evaluated.device,
        test_set=plain.evaluated.test_set,
    )


def open_any(folder: Path) -> AnyModel:
    """Load what the run in ``folder`` made, be it a network or a baseline. Raises WorkbenchError where there is nothing yet."""
    return classic.load(folder / "model") if classic.is_here(folder / "model") else open_model(folder)


def open_model(folder: Path) -> Bundle:
    """Load the network of the run in ``folder``. Raises WorkbenchError where there is none yet, or the run has no network."""
    if classic.is_here(folder / "model"):
        raise WorkbenchError(
            f"The run {folder.name} is a baseline of image features and a support vector machine, without a network: it can "
            "be evaluated, but not exported or used where a network is needed; choose another run."
        )
    if not (folder / "model").is_dir():
        finished = sorted(path.parent.name for path in folder.parent.glob("*/model") if path.is_dir())
        other = f", or choose another with --run, as {finished[-1]}" if finished else " first"
        raise WorkbenchError(f"The run {folder.name} has no finished model; train it to its end{other}.")
    return load_bundle(folder / "model")


def moved_images(folder: Path, project: Project) -> dict[int, str]:
    """Return where the project now knows the images of a run that are no longer where they were when it began."""
    missing = [sample.id for sample in all_samples(folder / "samples.csv") if not os.path.isfile(sample.path)]
    if not missing:
        return {}
    known = np.intersect1d(np.array(missing, dtype=np.int64), project.images.ids())
    found: dict[int, str] = {}
    for start in range(0, len(known), 1000):
        rows = project.images.page(known[start : start + 1000])
        found.update((row.id, str(row.path)) for row in rows)
    return found


def samples_of(folder: Path, split: str, bundle: AnyModel, *, moved: Mapping[int, str] | None = None) -> list[Sample]:
    """Return the run's samples of ``split``. Raises WorkbenchError, naming a split that has images, where there are none."""
    listed = folder / "samples.csv"
    samples = read_samples(listed, split, bundle.classes)
    if not samples:
        others = [name for name in reversed(split_names(listed)) if name != split]
        instead = f"use --split {others[0]}" if others else "make a split and train again"
        raise WorkbenchError(f"The run {folder.name} has no {split} images; {instead}.")
    return [replace(sample, path=(moved or {}).get(sample.id, sample.path)) for sample in samples]


class Reading:
    """Reads samples by the model's decoding rules, and remembers which files have changed since the run."""

    def __init__(self, decoding: Decoding) -> None:
        self.decoding = decoding
        self._changed: list[str] = []

    def __call__(self, sample: Sample) -> Pixels:
        try:
            if changed(sample):
                self._changed.append(sample.path)
        except OSError as error:
            raise ImageError(f"The image {sample.path} cannot be read ({error.strerror}); it is left out.") from error
        return read_image(sample.path, self.decoding)

    def notices(self) -> Iterator[Noticed]:
        """Yield a notice for each changed file found since the last call."""
        while self._changed:
            path = self._changed.pop(0)
            yield Noticed(f"The image {path} has changed since the run was trained; check its label.", path)


def summarise(
    predictions: Predictions,
    *,
    run: str,
    split: str,
    bundle: AnyModel,
    device: str,
    path: str = "deployment",
    test_set: str = "",
) -> Result:
    """Measure predictions of labelled samples. Raises WorkbenchError where no image could be read."""
    if len(predictions.ids) == 0:
        first = predictions.errors[0].message if predictions.errors else "there are none"
        raise WorkbenchError(f"None of the {split} images of the run {run} could be read; the first: {first}")
    metrics = measure(predictions.targets, predictions.probabilities, bundle.classes)
    reliability = calibration(predictions.probabilities, predictions.targets)
    evaluated = Evaluated(
        run=run,
        split=split,
        **asdict(metrics),
        classes=list(bundle.classes),
        device=device,
        path=path,
        skipped=len(predictions.errors),
        calibration_error=reliability.error,
        reliability=reliability.bins,
        thresholds=dict(bundle.thresholds),
        test_set=test_set,
    )
    return Result(
        evaluated=evaluated,
        ids=predictions.ids,
        paths=predictions.paths,
        targets=predictions.targets,
        predictions=predictions.probabilities.argmax(axis=1),
        probabilities=predictions.probabilities,
    )
