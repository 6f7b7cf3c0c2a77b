"""What stands between the user and Start, in a sentence, and the panel that repairs it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.project.project import Project
from workbench.training.config import FreezeBackbone, TrainConfig


@dataclass(frozen=True)
class Hindrance:
    """One sentence, and the panel that repairs it. A caution does not prevent the start."""

    sentence: str
    panel: Literal["dataset", "model"]
    link: str
    caution: bool = False


def hindrance(project: Project | None, config: TrainConfig, *, read_only: bool | None = None) -> Hindrance | None:
    """Return the first thing that prevents a start, else the first thing worth a warning, else None.

    ``read_only`` says whether the window has the project for reading only, where ``project`` is another opening of it.
    """
    if read_only is None:
        read_only = project is not None and project.read_only
    return _of_images(project, read_only) or _of_weights(config)


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
    return None


def _of_weights(config: TrainConfig) -> Hindrance | None:
    link = _tr("Open Model")
    weights = config.backbone.weights
    try:
        backbone = catalog.find(config.backbone.name)
    except WorkbenchError as error:
        return Hindrance(str(error), "model", link)
    if weights == "none":
        if isinstance(config.freeze, FreezeBackbone):
            return Hindrance(
                _tr("The backbone starts from random numbers and is frozen, so only the head learns; unfreeze it."),
                "model",
                link,
                caution=True,
            )
        return None
    if weights == "hub":
        if not backbone.weights:
            return Hindrance(
                _tr("No weights are published for {0}: choose a file, or none.").format(backbone.name), "model", link
            )
        if not catalog.weights_here(backbone):
            return Hindrance(
                _tr("The weights of {0} are not on this machine: the start downloads them, or choose a file.").format(
                    backbone.name
                ),
                "model",
                link,
                caution=True,
            )
        return None
    if not Path(weights).is_file():
        return Hindrance(_tr("The weights file {0} is not there: choose it again.").format(weights), "model", link)
    return None
