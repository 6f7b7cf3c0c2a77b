import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import tests.tiny_backbone  # noqa: F401
from workbench.models.backbones import Network, create
from workbench.models.freezing import FreezePlan, parameter_groups, train_mode
from workbench.models.stages import stages


def step(network: Network, *, times: int = 3) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Train for some steps; return the whole state before and after."""
    torch.manual_seed(0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    groups = parameter_groups(network, learning_rate=0.1, backbone_factor=0.5, weight_decay=0.01)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    for _ in range(times):
        train_mode(network)
        loss = functional.cross_entropy(network(torch.randn(8, 3, 32, 32) + 1), torch.arange(8) % network.classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return before, network.state_dict()


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def state_of(network: Network, modules: tuple[str, ...]) -> set[str]:
    return {name for name in network.state_dict() if any(name.startswith(f"{module}.") for module in modules)}


def test_a_frozen_backbone_does_not_move_at_all() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3)
    trained = FreezePlan.of("backbone").apply(network)
    assert [stage.name for stage in trained] == ["head"]
    assert changed(*step(network)) == {"head.weight", "head.bias"}


def test_nothing_frozen_moves_everything() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3)
    FreezePlan.of("none").apply(network)
    assert changed(*step(network)) == set(network.state_dict())


@pytest.mark.parametrize(
    "name", ["tests/tiny", "timm/test_resnet", "timm/test_efficientnet", "torchvision/shufflenet_v2_x0_5"]
)
def test_the_last_stages_and_their_running_statistics_move_and_no_others(name: str) -> None:
    network, _ = create(name, weights="none", classes=3)
    plan = FreezePlan.of("stages", 1)
    trained = plan.apply(network)
    assert trained == stages(network)[-2:]
    moved = changed(*step(network))
    expected = {key for stage in trained for key in state_of(network, stage.modules)}
    assert moved <= expected
    statistics = {key for key in expected if key.endswith("running_mean")}
    assert statistics <= moved


def test_drop_out_of_frozen_stages_is_off_and_of_the_head_on() -> None:
    network, _ = create("torchvision/vgg11", weights="none", classes=2, dropout=0.5)
    FreezePlan.of("backbone").apply(network)
    train_mode(network)
    assert network.dropout.training
    assert not any(module.training for module in network.backbone.modules())
    FreezePlan.of("stages", 1).apply(network)
    train_mode(network)
    assert network.backbone.get_submodule("classifier.2").training
    assert not network.backbone.get_submodule("features.0").training


def test_unfreezing_again_frees_everything() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    FreezePlan.of("backbone").apply(network)
    FreezePlan.of("none").apply(network)
    train_mode(network)
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(module.training for module in network.modules())


def test_more_stages_than_there_are_means_all() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    assert FreezePlan.of("stages", 64).apply(network) == stages(network)


def test_what_the_backbone_holds_fixed_stays_fixed() -> None:
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    backbone[0].bias.requires_grad_(False)
    network = Network("fixed", backbone, 4, classes=2)
    FreezePlan.of("none").apply(network)
    assert {name for name, p in network.named_parameters() if not p.requires_grad} == {"backbone.0.bias"}


def test_parameter_groups_hold_every_trainable_parameter_once_at_its_rate() -> None:
    network, _ = create("timm/test_vit", weights="none", classes=2)
    FreezePlan.of("stages", 2).apply(network)
    groups = parameter_groups(network, learning_rate=0.2, backbone_factor=0.1, weight_decay=0.05)
    held = [parameter for group in groups for parameter in group["params"]]
    assert len(held) == len({id(p) for p in held}) == sum(p.requires_grad for p in network.parameters())
    rates = {group["name"]: (group["lr"], group["weight_decay"]) for group in groups}
    assert rates["head"] == (0.2, 0.05)
    assert rates["head, no decay"] == (0.2, 0.0)
    assert rates["backbone"] == (pytest.approx(0.02), 0.05)
    assert rates["backbone, no decay"] == (pytest.approx(0.02), 0.0)
    for group in groups:
        assert all(parameter.ndim > 1 for parameter in group["params"]) == ("no decay" not in group["name"])


def test_position_embeddings_are_not_decayed() -> None:
    network, _ = create("timm/test_vit", weights="none", classes=2)
    FreezePlan.of("none").apply(network)
    groups = parameter_groups(network, learning_rate=0.2, backbone_factor=0.1, weight_decay=0.05)
    position = network.backbone.get_parameter("pos_embed")
    (group,) = [group for group in groups if any(p is position for p in group["params"])]
    assert group["weight_decay"] == 0.0


def test_a_plan_that_makes_no_sense_is_refused() -> None:
    for kind, train_last in (("some", 1), ("stages", 0)):
        with pytest.raises(ValueError, match="not a freeze plan"):
            FreezePlan.of(kind, train_last)
