"""The pretrained classifier as it is: nothing is trained, those of its own classes that mean the project's answer for them."""

from collections.abc import Sequence

import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.models.backbones import Network
from workbench.models.class_names import answers
from workbench.models.heads import GroupedHead, HeadSpec
from workbench.models.published import Published, classifier
from workbench.training import finish
from workbench.training.config import AsIs
from workbench.training.events import Preparing
from workbench.training.untrained import Outcome, Setting, Way, fetching, measured, network_of, started

_MOST_NAMED = 3


def events(setting: Setting, method: AsIs) -> Way:
    """Make the run's model of the published classifier. Raises WorkbenchError where a class of the project has no answer."""
    config, frozen = setting.config, setting.frozen
    if config.backbone.weights == "none":
        raise WorkbenchError(
            "Random weights know no classes; choose published weights (weights=hub or a file), or train."
        )
    yield Preparing("Loading the published classifier")
    yield from fetching(setting)
    published = classifier(config.backbone.name, weights=config.backbone.weights, tag=config.backbone.tag)
    found = answers(frozen.classes, published.names, method.classes)
    yield from setting.obey()
    sizes = tuple(len(indices) for indices in found)
    network, report, spec = network_of(setting, HeadSpec("grouped", groups=sizes) if max(sizes) > 1 else HeadSpec())
    put(network, published, found)
    yield Preparing(f"Loaded {report.matched} weights of {report.source}, and the classifier they came with")
    yield started(setting, network, learnt=0)
    model = finish.Model(network, spec, config.backbone.name, frozen)
    measuring = finish.measure(setting.run, model, device=setting.device, batch_size=config.compute.batch_size)
    deployed = yield from measured(setting, measuring)
    said = [_said(name, [published.names[i] for i in own]) for name, own in zip(frozen.classes, found, strict=True)]
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return Outcome(
        "finished",
        f"Finished: nothing was trained; {', '.join(said[:_MOST_NAMED])}{more}. The balanced accuracy is {deployed:.3f} on "
        "the validation images, on the deployment path.",
        deployed,
    )


def put(network: Network, published: Published, groups: Sequence[Sequence[int]]) -> None:
    """Write the rows of the published classifier that answer into the network's head."""
    head = network.head
    layer = head.linear if isinstance(head, GroupedHead) else head
    assert isinstance(layer, nn.Linear)
    rows = [index for group in groups for index in group]
    with torch.no_grad():
        layer.weight.copy_(published.weight[rows])
        layer.bias.copy_(published.bias[rows])


def _said(name: str, answering: Sequence[str]) -> str:
    shown = ", ".join(f"'{other}'" for other in answering[:_MOST_NAMED])
    more = f" and {len(answering) - _MOST_NAMED} more" if len(answering) > _MOST_NAMED else ""
    return f"{shown}{more} answer{'s' if len(answering) == 1 else ''} for '{name}'"
