"""What will happen with the chosen weights, in a sentence, and the role it is shown in: secondary, warning or error."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.models.catalog import BackboneInfo
from workbench.project.runs import RunRow
from workbench.training.config import BackboneConfig
from workbench.ui.model.weights_start import RUN, source_of

Said = tuple[str, str]
"""A sentence and its role."""


def of_none() -> Said:
    """Say what it takes to begin with random numbers."""
    return _tr("Starts from random numbers. Needs many images and epochs; do not freeze the backbone."), "warning"


def of_published(
    info: BackboneInfo | None, tag: str | None, here: Sequence[str], *, fetching: bool, problem: str
) -> Said:
    """Say what of the published weights ``tag`` (None: there are none) is here, on its way, or why it did not come."""
    if info is None:
        return "", "secondary"
    if tag is None:
        return _tr("Nobody publishes weights for this backbone: choose a file, or none."), "error"
    try:
        catalog.with_tag(info, tag)
    except WorkbenchError as error:
        return str(error), "error"
    if fetching:
        return _tr("On the way. Everything else can go on meanwhile."), "secondary"
    if tag in here:
        return _tr("On this machine already."), "secondary"
    if problem:
        return problem, "error"
    if here:
        return _tr("Not on this machine, but {0} is: choose it above, or download these.").format(
            " · ".join(here)
        ), "warning"
    return _tr(
        "Not on this machine yet. A run downloads them as it starts; without a network choose a file or a pack."
    ), "warning"


def of_run(config: BackboneConfig, runs: Sequence[RunRow]) -> Said:
    """Say which of the project's ``runs`` with a model the config starts from, or why it cannot."""
    chosen = config.weights.removeprefix(RUN) if source_of(config.weights) == "run" else ""
    if not chosen and not runs:
        return _tr("No run of this project has a model yet. {0}").format(_until_then(config.weights)), "secondary"
    if not chosen:
        said = _tr("No run of this backbone yet: choose one above, it brings its own backbone. {0}")
        return said.format(_until_then(config.weights)), "secondary"
    found = next((each for each in runs if each.id == chosen), None)
    if found is None:
        return _tr("The run {0} is not there, or has no model: choose another.").format(chosen), "error"
    if found.backbone != config.name:
        return _tr("The run {0} is of {1}: choose that backbone, or other weights.").format(
            chosen, found.backbone
        ), "error"
    return _tr("Starts from what the run {0} has learnt; its head is kept where the classes are the same.").format(
        chosen
    ), "secondary"


def of_file(path: str, chosen_for: str, config: BackboneConfig) -> Said:
    """Say what a file at ``path`` is for; ``chosen_for`` is the backbone it was chosen for, "" where nobody knows."""
    if not path:
        said = _tr("Choose a .safetensors file, or a PyTorch checkpoint. Nothing in it is ever run. {0}")
        return said.format(_until_then(config.weights)), "secondary"
    file = Path(path).expanduser()
    if not file.is_file():
        return _tr("There is no file at this path."), "error"
    if chosen_for not in ("", config.name):
        return _tr("Chosen for {0}; another backbone needs its own file.").format(chosen_for), "warning"
    return _tr("{0}: it has to fit completely, and the run reports what was loaded.").format(file.name), "secondary"


def _until_then(weights: str) -> str:
    """Say what a run would start from as long as nothing is chosen here."""
    match source_of(weights):
        case "none":
            return _tr("Until then a run starts from random numbers.")
        case "file":
            return _tr("Until then a run starts from {0}.").format(Path(weights).name)
        case "run":
            return _tr("Until then a run starts from the run {0}.").format(weights.removeprefix(RUN))
    return _tr("Until then a run starts from the published weights.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("WeightsWords", text)
