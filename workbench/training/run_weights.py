"""A run of the project as the start of another: which file that is, and what of its head is kept."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.project.project import Project

if TYPE_CHECKING:
    from workbench.models.backbones import LoadReport, Network

PREFIX = "run:"
WEIGHTS = "model.safetensors"
DESCRIPTION = "bundle.json"
BASELINE = "baseline.json"
"""What stands there in place of it where the run made no network."""


def weights_of_run(project: Project, run: str, backbone: str) -> Path:
    """Return the weights file of a run's model; ``run`` is an id or "last". Imports no torch.

    Raises WorkbenchError where there is no such run, it has no model yet, or a model of another backbone.
    """
    folder = project.runs.get(run)
    path = folder.model / WEIGHTS
    if (folder.model / BASELINE).is_file():
        raise WorkbenchError(f"The run {folder.id} is a baseline without a network; choose a run that trained one.")
    description = _description(path)
    if description is None or not path.is_file():
        raise WorkbenchError(f"The run {folder.id} has no model to start from; choose one that has finished an epoch.")
    if description.get("backbone") != backbone:
        raise WorkbenchError(
            f"The run {folder.id} is of {description.get('backbone')}, so its weights do not fit {backbone}; choose that "
            f"backbone, or other weights."
        )
    return path


def keep_head(network: "Network", report: "LoadReport", classes: list[str]) -> "LoadReport":
    """Give the network the head of the run whose weights it was made from, where both tell the same classes apart.

    Nothing changes for other weights, and where the heads differ in kind or size. Returns the report, in which the head is
    then among what matched.
    """
    path = Path(report.source)
    description = _description(path) if path.name == WEIGHTS else None
    if description is None or description.get("classes") != classes:
        return report
    from dataclasses import replace

    from workbench.models.weights import read_weights

    head = {
        name.removeprefix("network."): value
        for name, value in read_weights(path).items()
        if name.startswith("network.head.")
    }
    wanted = {name: value for name, value in network.state_dict().items() if name.startswith("head.")}
    if {name: value.shape for name, value in head.items()} != {name: value.shape for name, value in wanted.items()}:
        return report
    network.load_state_dict(head, strict=False)
    return replace(
        report,
        matched=report.matched + len(head),
        dropped=[name for name in report.dropped if name.removeprefix("network.") not in head],
        new=[name for name in report.new if name not in head],
    )


def _description(weights: Path) -> dict[str, Any] | None:
    """Return what the bundle beside a weights file says of it, None where there is none."""
    try:
        content = json.loads((weights.parent / DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
