"""What stands between the user and Start, in a sentence, and the panel that repairs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.models.class_names import NoAnswer
from workbench.models.reach import absent
from workbench.project.project import Project
from workbench.training import checks
from workbench.training.config import FreezeBackbone, TrainConfig
from workbench.training.run_weights import PREFIX, weights_of_run


@dataclass(frozen=True)
class Hindrance:
    """One sentence, and the panel that repairs it. A caution does not prevent the start."""

    sentence: str
    panel: Literal["dataset", "augment", "model"]
    link: str
    caution: bool = False


def hindrance(project: Project | None, config: TrainConfig, *, read_only: bool | None = None) -> Hindrance | None:
    """Return the first thing that prevents a start, else the first thing worth a warning, else None.

    ``read_only`` says whether the window has the project for reading only, where ``project`` is another opening of it.
    Whatever the start itself would refuse is said here.
    """
    if read_only is None:
        read_only = project is not None and project.read_only
    model = of_model(project, config)
    prevents = None if model is None or model.caution else model
    return (
        _of_images(project, read_only)
        or prevents
        or of_plan(config)
        or of_classes(project, config)
        or _of_chains(project, config)
        or model
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Readiness", text)


def _of_images(project: Project | None, read_only: bool) -> Hindrance | None:
    if project is None:
        return Hindrance(_tr("There is no project yet: add a folder of images first."), "dataset", _tr("Open Dataset"))
    if read_only:
        return Hindrance(
            _tr("This project is open read-only, because another window works in it; close that one to train here."),
            "dataset",
            _tr("Open Dataset"),
        )
    counts = project.labels.counts()
    if not any(counts.values()):
        return Hindrance(_tr("The project has no images yet: add a folder first."), "dataset", _tr("Add images"))
    labelled = [class_id for class_id, count in counts.items() if class_id is not None and count]
    if not labelled:
        return Hindrance(
            _tr("No image has a label yet: label some images of each class."), "dataset", _tr("Label images")
        )
    if len(labelled) == 1:
        return Hindrance(
            _tr("All labelled images are of one class: training needs at least two."), "dataset", _tr("Label images")
        )
    splits = project.splits.counts()
    if not splits.get("train"):
        return Hindrance(
            _tr("The images are not split yet: training needs a train and a validation part."),
            "dataset",
            _tr("Make the split"),
        )
    if not splits.get("validation"):
        return Hindrance(
            _tr("The split has no validation images: without them the best epoch cannot be chosen."),
            "dataset",
            _tr("Make the split"),
        )
    return _refused(project, checks.check_labels, checks.check_folders)


def _refused(project: Project, *asked: Callable[[Project], None]) -> Hindrance | None:
    try:
        for ask in asked:
            ask(project)
    except WorkbenchError as error:
        return Hindrance(str(error), "dataset", _tr("Open Dataset"))
    return None


def _of_chains(project: Project | None, config: TrainConfig) -> Hindrance | None:
    sentence = checks.unknown_rare(project, config) if project is not None else ""
    return Hindrance(sentence, "augment", _tr("Open Augment")) if sentence else None


def of_plan(config: TrainConfig) -> Hindrance | None:
    """Return what the plan or the rates name and the backbone lacks, as far as its layers were read before; else None."""
    try:
        if config.method.kind != "baseline":
            checks.check_plan(config)
    except WorkbenchError as error:
        return _model(str(error))
    return None


def of_classes(project: Project | None, config: TrainConfig) -> Hindrance | None:
    """Return which class a classifier used as it is does not know, as far as its classes were read before; else None.

    ``project`` is asked for the classes that take part: in a large one that takes a while.
    """
    try:
        if project is not None:
            checks.check_classes(project, config)
    except NoAnswer as error:
        like = _tr(" (most alike: {0})").format("; ".join(error.close)) if error.close else ""
        return _model(
            _tr("The classifier has no class “{0}”{1}: say which of its classes mean it, or train a head.").format(
                error.name, like
            )
        )
    except WorkbenchError as error:
        return _model(str(error))
    return None


def of_model(project: Project | None, config: TrainConfig) -> Hindrance | None:
    """Return what of the backbone and its weights prevents a start, else what is worth a warning, else None.

    ``project`` is asked where the weights are those of one of its runs.
    """
    if config.method.kind == "baseline":
        return None  # no network: whatever backbone the draft names is not looked at
    try:
        backbone = catalog.with_tag(catalog.find(config.backbone.name), config.backbone.tag)
        catalog.check_size(backbone, config.preprocess.size)
    except WorkbenchError as error:
        return _model(str(error))
    if backbone.unsupported:
        return _model(
            _tr("{0} is not supported ({1}): choose another backbone.").format(backbone.name, backbone.unsupported)
        )
    return _of_weights(project, config, backbone)


def _of_weights(project: Project | None, config: TrainConfig, backbone: catalog.BackboneInfo) -> Hindrance | None:
    weights = config.backbone.weights
    if weights == "none":
        return _of_random(config)
    if weights == "hub":
        return _of_published(config, backbone)
    if weights.startswith(PREFIX):
        if config.method.kind == "as-is":
            return _model(
                _tr("The classifier as it is takes published weights, which bring their own classes: choose Published.")
            )
        return _of_run(project, weights.removeprefix(PREFIX), backbone)
    if not Path(weights).expanduser().is_file():
        return _model(_tr("The weights file {0} is not there: choose it again.").format(weights))
    return None


def _of_random(config: TrainConfig) -> Hindrance | None:
    if config.method.kind == "as-is":
        return _model(_tr("The classifier as it is needs weights that know classes: choose published ones."))
    if config.method.kind == "features":
        return _model(
            _tr("The features of a backbone that starts from random numbers say little: choose weights for it."),
            caution=True,
        )
    if all(isinstance(phase.freeze, FreezeBackbone) for phase in config.phases):
        return _model(
            _tr("The backbone starts from random numbers and is frozen, so only the head learns; unfreeze it."),
            caution=True,
        )
    return None


def _of_published(config: TrainConfig, backbone: catalog.BackboneInfo) -> Hindrance | None:
    if not backbone.weights:
        return _model(_tr("No weights are published for {0}: choose a file, or none.").format(backbone.name))
    if config.method.kind == "as-is" and backbone.tags and not backbone.tags[0].classes:
        return _model(
            _tr("The weights {0} of {1} bring no classifier of their own: choose others, or train a head.").format(
                backbone.weights[0], backbone.name
            )
        )
    if why := absent(backbone):
        return _model(
            _tr("The weights of {0} are not on this machine and cannot come ({1}): choose a file or a pack.").format(
                backbone.name, why
            )
        )
    if not catalog.weights_here(backbone):
        return _model(
            _tr("The weights of {0} are not on this machine: the start downloads them, or choose a file.").format(
                backbone.name
            ),
            caution=True,
        )
    return None


def _of_run(project: Project | None, run: str, backbone: catalog.BackboneInfo) -> Hindrance | None:
    if project is None:
        return None  # there is no project, which is said before
    try:
        weights_of_run(project, run, backbone.name)
    except WorkbenchError as error:
        return _model(str(error))
    return None


def _model(sentence: str, *, caution: bool = False) -> Hindrance:
    return Hindrance(sentence, "model", _tr("Open Model"), caution=caution)
