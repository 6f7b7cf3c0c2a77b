"""What only the libraries of networks can say about a run, before there is one: parts, channels, drop-path, classes."""

import warnings
from functools import partial

from workbench.models.backbones import Network
from workbench.models.channels import COLOURS
from workbench.models.class_names import answers
from workbench.models.meta import on_meta
from workbench.models.published import class_names
from workbench.project.project import Project
from workbench.training.config import AsIs, FreezeParts, TrainConfig
from workbench.training.inputs import classes_of
from workbench.training.network import backbone_of, make_network
from workbench.training.phases import Timeline


def check_answers(config: TrainConfig, project: Project) -> None:
    """Raise WorkbenchError where a pretrained classifier is to be used as it is and a class has no answer in it."""
    if isinstance(config.method, AsIs):
        answers(classes_of(project), class_names(backbone_of(config)), config.method.classes)


def check_network(config: TrainConfig) -> None:
    """Raise WorkbenchError for parts, stages, channels or drop-path that the backbone of the config does not have.

    Without weights, and on the meta device where that can be: it takes less than a second. Nothing is built where the
    config asks for nothing special.
    """
    if config.method.kind == "baseline":
        return
    named = config.method.kind == "train" and (
        bool(config.optimizer.stage_factors) or any(isinstance(phase.freeze, FreezeParts) for phase in config.phases)
    )
    if not named and not config.backbone.drop_path and config.backbone.channels == COLOURS:
        return
    network = _without_content(config)
    if named:
        Timeline(network, config.phases).groups(config.optimizer)


def _without_content(config: TrainConfig) -> Network:
    make = partial(make_network, config, 2, weights="none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that copy weights to where nothing is
        try:
            return on_meta(make)
        except (RuntimeError, NotImplementedError, TypeError, ValueError):
            # Numbers are read out of tensors there, which the meta device does not have.
            return make()[0]
