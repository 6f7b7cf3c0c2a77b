"""The whole job on the sample set: draw, scan, split, train, evaluate, export, check the package. No network, no download."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Progress, Stop
from workbench.project.project import Project
from workbench.training.config import TrainConfig

SETTINGS = [
    "backbone=timm/test_resnet",
    "weights=none",
    "freeze=none",
    "size=96",
    "epochs=16",
    "batch_size=16",
    "optimizer.learning_rate=4e-3",
    "optimizer.backbone_factor=1.0",
]
"""A network of 0.4 million parameters, from scratch: small enough for two cores and a minute, good enough for surfaces."""

_MARK = ".workbench-demo"
"""A file in the demo's folder while the sample set is being drawn: what a stopped demo leaves is drawn again."""


@dataclass(frozen=True)
class DemoDone:
    """What came of it: the project, its run, the package, and the figures of the test split."""

    project: str
    run: str
    package: str
    test_accuracy: float
    test_images: int
    parity: float
    flips: int
    package_agrees: int
    """Test images on which the package, run without torch, decides as the evaluation did."""


def project_folder(out: Path) -> Path:
    """Return where the demo in ``out`` keeps its project."""
    return out / "surfaces"


def prepare(out: Path) -> Job:
    """Return a job that draws the sample set into ``out/images`` and makes ``out/surfaces`` of it, split and ready to train.

    A folder that already holds a demo is used again. Raises WorkbenchError for a folder that holds anything else.
    """

    def job(stop: Stop) -> Iterator[Event]:
        # Imported late: reading needs OpenCV, which `workbench --help` should not wait for.
        from workbench.data.surfaces import draw
        from workbench.intake import add_folders

        images, project = out / "images", project_folder(out)
        if out.exists() and not out.is_dir():
            raise WorkbenchError(f"{out} is a file; choose an absent or empty folder with --out.")
        # Only a folder that a demo has begun is written to again: an `images` of the user's own must not be drawn into.
        begun = out / _MARK
        if out.exists() and any(out.iterdir()) and not (begun.is_file() or (images / "planted.json").is_file()):
            raise WorkbenchError(f"{out} holds other files; choose an absent or empty folder with --out.")
        if not (images / "planted.json").is_file():
            out.mkdir(parents=True, exist_ok=True)
            begun.write_text("The demo of Workbench draws its sample set into this folder.\n", encoding="utf-8")
            yield from draw(images)
            begun.unlink()
        yield from add_folders(project, [images])(stop)
        with Project.open(project) as opened:
            if not opened.splits.counts().get("test"):
                yield opened.splits.make(validation=0.15, test=0.2, seed=7)
        draft = project / "draft.toml"
        if not draft.exists():
            draft.write_text(TrainConfig().with_settings(SETTINGS).dumps(), encoding="utf-8")

    return job


def demo(out: Path) -> Job:
    """Return a job that does the main job in ``out`` and ends with `DemoDone`."""

    def job(stop: Stop) -> Iterator[Event]:
        from workbench.evaluation.evaluate import evaluate_run
        from workbench.export.export import export_run
        from workbench.export.predict import predict_package
        from workbench.training.run import prepare as prepare_run
        from workbench.training.run import train

        yield from prepare(out)(stop)
        project = project_folder(out)
        run = prepare_run(project, TrainConfig().with_settings(SETTINGS))
        yield from train(project, run.id)(stop)
        evaluated = None
        for evaluated in evaluate_run(project, run.id, "test")(stop):
            yield evaluated
        package = _free_name(out, "package")
        exported = None
        for exported in export_run(project, run.id, package)(stop):
            yield exported
        assert evaluated is not None
        assert exported is not None
        predictions = _free_name(out, "predictions.csv")
        yield from predict_package(package, out / "images", predictions)(stop)
        yield Progress(1, 1, "comparing the package with the evaluation")
        yield DemoDone(
            project=str(project),
            run=run.id,
            package=str(package),
            test_accuracy=evaluated.accuracy,
            test_images=evaluated.images,
            parity=exported.parity["max_abs_diff"],
            flips=exported.parity["flips"],
            package_agrees=_agreement(run.results / "test_predictions.csv", out / "images", predictions),
        )

    return job


def _free_name(folder: Path, name: str) -> Path:
    """Return ``folder/name``, or with a number before its suffix where that exists: an earlier result is kept."""
    first = folder / name
    numbered = (folder / f"{first.stem}-{number}{first.suffix}" for number in range(2, 10_000))
    return first if not first.exists() else next(path for path in numbered if not path.exists())


def _agreement(evaluated: Path, images: Path, predicted: Path) -> int:
    """Count the images of the evaluation for which the package decided the same."""
    with predicted.open(encoding="utf-8", newline="") as file:
        package = {row["image"]: row["prediction"] for row in csv.DictReader(file)}
    with evaluated.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    root = images.resolve()
    return sum(package.get(Path(row["path"]).relative_to(root).as_posix()) == row["prediction"] for row in rows)
