from typing import Any

import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay
from torch import Tensor, nn
from torch.nn import functional

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import Network, create
from workbench.models.freezing import BatchNorm, FreezePlan, parameter_groups, train_mode
from workbench.models.stages import stages


def step(
    network: Network, *, times: int = 3, batch_norm: BatchNorm = "follow"
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Train for some steps; return the whole state before and after."""
    torch.manual_seed(0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    groups = parameter_groups(network, learning_rate=0.1, backbone_factor=0.5, weight_decay=0.01)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    for _ in range(times):
        train_mode(network, batch_norm=batch_norm)
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
    last = stages(network)[-2].name
    assert rates[last] == (pytest.approx(0.02), 0.05)
    assert rates[f"{last}, no decay"] == (pytest.approx(0.02), 0.0)
    for group in groups:
        assert all(parameter.ndim > 1 for parameter in group["params"]) == ("no decay" not in group["name"])


def test_position_embeddings_are_not_decayed() -> None:
    network, _ = create("timm/test_vit", weights="none", classes=2)
    FreezePlan.of("none").apply(network)
    groups = parameter_groups(network, learning_rate=0.2, backbone_factor=0.1, weight_decay=0.05)
    position = network.backbone.get_parameter("pos_embed")
    (group,) = [group for group in groups if any(p is position for p in group["params"])]
    assert group["weight_decay"] == 0.0


def test_parameter_groups_hold_what_trains_in_any_phase_each_stage_at_its_rate() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    plans = [FreezePlan.of("backbone"), FreezePlan.of("parts", 1, ["3–4"]), FreezePlan.of("parts", 1, ["backbone.0"])]
    plans[0].apply(network)
    groups = parameter_groups(
        network, learning_rate=1.0, backbone_factor=0.1, weight_decay=0.0, layer_decay=0.5, plans=plans
    )
    assert {group["name"]: (group["stage"], len(group["params"])) for group in groups} == {
        "stem": ("stem", 1),
        "3–4": ("3–4", 1),
        "3–4, no decay": ("3–4", 2),
        "head": ("head", 1),
        "head, no decay": ("head", 1),
    }
    assert {group["stage"]: group["lr"] for group in groups} == pytest.approx({"stem": 0.025, "3–4": 0.05, "head": 1.0})


@pytest.mark.parametrize("name", ["test_vit", "test_resnet"])
def test_layer_decay_is_that_of_timm_where_its_groups_are_our_stages(name: str) -> None:
    """timm's groups are the blocks of a transformer and the stages of a ResNet."""
    theirs = timm.create_model(name, num_classes=2)
    skipped: Any = getattr(theirs, "no_weight_decay", set)
    decayed = param_groups_layer_decay(theirs, 0.05, no_weight_decay_list=skipped(), layer_decay=0.5)
    expected = {id(p): (group["lr_scale"], group["weight_decay"]) for group in decayed for p in group["params"]}
    network, _ = create(f"timm/{name}", weights="none", classes=2)
    FreezePlan.of("none").apply(network)
    groups = parameter_groups(network, learning_rate=1.0, backbone_factor=1.0, weight_decay=0.05, layer_decay=0.5)
    found = {id(p): (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]}
    classifier = ("head.", "fc.")
    of_backbone = {n: expected[id(p)] for n, p in theirs.named_parameters() if not n.startswith(classifier)}
    assert {n: found[id(p)] for n, p in network.backbone.named_parameters()} == of_backbone
    assert {expected[id(p)][0] for n, p in theirs.named_parameters() if n.startswith(classifier)} == {1.0}
    assert {found[id(p)][0] for p in network.head.parameters()} == {1.0}


def test_parts_train_by_stage_module_and_parameter_and_nothing_else_moves() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3)
    plan = FreezePlan.of("parts", 1, ["backbone.4", "backbone.1.weight"])
    assert [stage.name for stage in plan.apply(network)] == ["stem", "3–4", "head"]
    moved = changed(*step(network))
    assert moved == {
        "backbone.1.weight",
        *(f"backbone.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")),
        *state_of(network, ("backbone.4", "head")),
    }
    whole = FreezePlan.of("parts", 1, ["3–4"])
    whole.apply(network)
    assert changed(*step(network)) == state_of(network, ("backbone.3", "backbone.4", "head"))


def test_parts_without_any_are_the_head_alone() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3)
    assert [stage.name for stage in FreezePlan.of("parts").apply(network)] == ["head"]
    assert changed(*step(network)) == {"head.weight", "head.bias"}


def test_norms_of_a_part_that_is_frozen_within_a_stage_that_trains_stay() -> None:
    network, _ = create("timm/test_resnet", weights="none", classes=2)
    block = next(path for path, _ in network.named_modules() if path.endswith("layer4.0"))
    FreezePlan.of("parts", 1, [f"{block}.conv1"]).apply(network)
    assert changed(*step(network)) <= {f"{block}.conv1.weight", "head.weight", "head.bias"}
    FreezePlan.of("parts", 1, [f"{block}.conv1", f"{block}.bn2"]).apply(network)
    moved = {name for name in changed(*step(network)) if "running" in name}
    assert moved == {f"{block}.bn2.running_mean", f"{block}.bn2.running_var"}


def test_statistics_without_parameters_move_where_all_around_them_trains() -> None:
    block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False), nn.Conv2d(4, 4, 3))
    backbone = nn.Sequential(block, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = Network("bare", backbone, 4, classes=2)
    norm = network.get_submodule("backbone.0.1")
    for trained, moves in ((["backbone.0.0"], False), (["backbone.0"], True)):
        FreezePlan.of("parts", 1, trained).apply(network)
        train_mode(network)
        assert norm.training is moves


def test_frozen_batch_norm_keeps_its_statistics_while_its_scale_trains() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3)
    FreezePlan.of("none").apply(network)
    moved = changed(*step(network, batch_norm="frozen"))
    assert moved == {name for name, _ in network.named_parameters()}


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("layer9", "did you mean layer"), ("layer4.0", "did you mean backbone.layer4.0"), ("backbone.layer4.7", "layer4")],
)
def test_a_part_that_is_not_there_is_refused_with_the_nearest(part: str, sentence: str) -> None:
    network, _ = create("timm/test_resnet", weights="none", classes=2)
    with pytest.raises(WorkbenchError, match=rf"timm/test_resnet has no part '{part}'.*{sentence}"):
        FreezePlan.of("parts", 1, [part]).apply(network)


def test_a_part_with_nothing_that_could_train_is_refused() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    with pytest.raises(WorkbenchError, match=r"no part 'backbone\.2' that could train"):
        FreezePlan.of("parts", 1, ["stem", "backbone.2"]).apply(network)


def test_a_plan_that_makes_no_sense_is_refused() -> None:
    for kind, train_last in (("some", 1), ("stages", 0)):
        with pytest.raises(ValueError, match="not a freeze plan"):
            FreezePlan.of(kind, train_last)
