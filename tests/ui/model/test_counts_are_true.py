"""What the window counts of a plan is what the network then trains."""

import pytest

from workbench.models.anatomy import describe
from workbench.models.backbones import Network, create
from workbench.models.freezing import FreezePlan
from workbench.models.heads import HeadSpec
from workbench.training.config import Freeze, FreezeBackbone, FreezeNothing, FreezeParts, FreezeStages, HeadConfig
from workbench.ui.model import parts_tree

PARTS = {
    "torchvision/mobilenet_v2": ("stem", "backbone.features.14", "backbone.features.18.0"),
    "timm/deit_tiny_patch16_224": ("blocks.3", "backbone.blocks.5.attn", "backbone.cls_token"),
    # Its blocks learn a scale beside their layers.
    "timm/test_convnext": ("backbone.stages.1.blocks.0", "backbone.stages.2.blocks.1.gamma"),
}


@pytest.fixture(scope="module", params=PARTS)
def network(request: pytest.FixtureRequest) -> tuple[str, Network, list[parts_tree.Node]]:
    made, _ = create(request.param, weights="none", classes=3, head=HeadSpec("hidden", 16))
    head = HeadConfig(kind="hidden", width=16)
    return request.param, made, parts_tree.tree_of(describe(request.param), 3, head)


@pytest.mark.parametrize(
    "freeze",
    [FreezeBackbone(), FreezeStages(train_last=1), FreezeStages(train_last=3), FreezeNothing(), FreezeParts()],
    ids=lambda freeze: freeze.kind,
)
def test_the_same_parameters_learn(network: tuple[str, Network, list[parts_tree.Node]], freeze: Freeze) -> None:
    name, made, stages = network
    if isinstance(freeze, FreezeParts):
        freeze = FreezeParts(trained=PARTS[name])
    fields = freeze.model_dump()
    trained = FreezePlan.of(**fields).parameter_names(made)
    parameters = dict(made.named_parameters())
    leaves = parts_tree.learning(stages, freeze)
    counts = parts_tree.counts(stages, leaves, batch_size=1, optimizer="adamw")
    assert counts.learning == sum(parameters[each].numel() for each in trained)
    assert parts_tree.unknown(stages, freeze) == []
    again = parts_tree.plan_of(stages, leaves)
    assert FreezePlan.of(**again.model_dump()).parameter_names(made) == trained
