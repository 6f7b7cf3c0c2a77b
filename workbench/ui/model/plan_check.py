"""Whether a backbone has what a plan names: said in the Model panel, and before a run starts. No widgets, no torch."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.models import anatomy_cache
from workbench.project.project import Project
from workbench.training.config import FreezeParts, Train, TrainConfig
from workbench.ui.model import known_stages, parts_tree
from workbench.ui.model.parts_tree import Node


def names_parts(config: TrainConfig) -> bool:
    """Whether a run of the config names parts of its backbone, so that another backbone may lack them."""
    if not isinstance(config.method, Train):
        return False
    return bool(config.optimizer.stage_factors) or any(isinstance(phase.freeze, FreezeParts) for phase in config.phases)


def problem(config: TrainConfig, nodes: Sequence[Node]) -> str:
    """Return why a run of the config could not start on a network of these stages; "" where it could."""
    if not isinstance(config.method, Train):
        return ""
    for phase in config.phases:
        missing = parts_tree.unknown(nodes, phase.freeze)
        if missing:
            return _tr("The plan names parts that {0} does not have: {1}.").format(
                config.backbone.name, ", ".join(missing[:3])
            )
    names = {node.name for node in nodes}
    foreign = [name for name in config.optimizer.stage_factors if name not in names]
    if foreign:
        return _tr("There is a rate for {0}, which {1} does not have.").format(
            ", ".join(foreign[:3]), config.backbone.name
        )
    return ""


def problem_in(project: Project | None, config: TrainConfig) -> str:
    """Return `problem`, by what is known of the backbone already; "" where nothing is: its layers were never read.

    Reads files, and only where the config names parts.
    """
    if not names_parts(config):
        return ""
    nodes = _known(project, config)
    return problem(config, nodes) if nodes else ""


def _known(project: Project | None, config: TrainConfig) -> list[Node]:
    backbone = config.backbone
    try:
        anatomy = anatomy_cache.cached(backbone.name, config.preprocess.size, backbone.channels)
    except WorkbenchError:
        return []  # an unknown backbone, or a size that it does not take: said by whoever asks about those
    if anatomy is None:
        return parts_tree.bare(known_stages.find(project, backbone.name))
    return parts_tree.tree_of(anatomy, 2, config.head)


def _tr(text: str) -> str:
    return QCoreApplication.translate("PlanCheck", text)
