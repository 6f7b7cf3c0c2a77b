import copy
from typing import Any

import pytest
import torch
from torch.nn import functional

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import Network, create
from workbench.training import optim
from workbench.training.config import OptimizerConfig
from workbench.training.parts import (
    FreezeBackbone,
    FreezeNothing,
    FreezeParts,
    FreezeStages,
    Phase,
)
from workbench.training.phases import Span, Timeline, at, load_optimizer, save_optimizer, spans, stage_names

PHASES = (
    Phase(epochs=2, freeze=FreezeStages(train_last=1)),
    Phase(epochs=1, freeze=FreezeBackbone(), rate=0.5),
    Phase(epochs=3, freeze=FreezeParts(trained=("backbone.0", "3–4"))),
)


def tiny() -> Network:
    torch.manual_seed(3)
    return create("tests/tiny", weights="none", classes=3)[0]


def step(network: Network, optimizer: torch.optim.Optimizer, times: int = 2) -> None:
    random = torch.Generator().manual_seed(0)
    for _ in range(times):
        images = torch.randn(8, 3, 32, 32, generator=random)
        optimizer.zero_grad()
        functional.cross_entropy(network(images), torch.arange(8) % 3).backward()
        optimizer.step()


def held(network: Network, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """The number of steps that the optimizer's state of each parameter has seen."""
    return {name: float(state["step"]) for name, state in save_optimizer(optimizer, network).items()}


LAST = ("backbone.3.weight", "backbone.4.weight", "backbone.4.bias")
HEAD = ("head.weight", "head.bias")


def test_phases_lie_one_after_the_other() -> None:
    found = spans(PHASES)
    assert found == (Span(0, 2, 1.0), Span(2, 1, 0.5), Span(3, 3, 1.0))
    assert [at(found, epoch) for epoch in range(8)] == [0, 0, 1, 2, 2, 2, 2, 2]


def test_entering_a_phase_frees_what_it_names_and_starts_the_new_without_momentum() -> None:
    network = tiny()
    timeline = Timeline(network, PHASES)
    optimizer = optim.create(OptimizerConfig(), timeline.groups(OptimizerConfig()))
    assert timeline.apply(0) == ["3–4", "head"]
    step(network, optimizer)
    assert held(network, optimizer) == dict.fromkeys((*LAST, *HEAD), 2.0)

    assert timeline.enter(1, optimizer) == ["head"]
    assert all(parameter.grad is None for parameter in network.parameters())
    frozen = network.get_parameter("backbone.3.weight").clone()
    step(network, optimizer)
    assert held(network, optimizer) == dict.fromkeys(HEAD, 4.0)
    assert torch.equal(network.get_parameter("backbone.3.weight"), frozen)

    assert timeline.enter(2, optimizer) == ["stem", "3–4", "head"]
    step(network, optimizer, times=1)
    assert held(network, optimizer) == {
        **dict.fromkeys(("backbone.0.weight", *LAST), 1.0),
        **dict.fromkeys(HEAD, 5.0),
    }


def test_the_groups_hold_what_trains_in_any_phase() -> None:
    network = tiny()
    groups = Timeline(network, PHASES).groups(OptimizerConfig(learning_rate=1.0, backbone_factor=0.5, layer_decay=0.5))
    names = {parameter: name for name, parameter in network.named_parameters()}
    rates = {names[parameter]: group["lr"] for group in groups for parameter in group["params"]}
    assert rates == {"backbone.0.weight": 0.125, **dict.fromkeys(LAST, 0.25), **dict.fromkeys(HEAD, 1.0)}


def test_the_groups_learn_at_the_own_rates_of_stages() -> None:
    own = OptimizerConfig(learning_rate=1.0, backbone_factor=0.5, weight_decay=0.3, stage_factors={"stem": 0.7})
    groups = Timeline(tiny(), PHASES).groups(own)
    assert {group["stage"]: group["lr"] for group in groups} == {"stem": 0.7, "3–4": 0.5, "head": 1.0}
    assert {group["weight_decay"] for group in groups} == {0.0, 0.3}


def test_a_part_of_a_later_phase_that_is_not_there_is_told_at_once() -> None:
    later = Phase(freeze=FreezeParts(trained=("layer4",)))
    with pytest.raises(WorkbenchError, match="no part 'layer4'"):
        Timeline(tiny(), (Phase(), later))


def test_frozen_batch_norm_is_kept_in_every_phase() -> None:
    network = tiny()
    timeline = Timeline(network, (Phase(freeze=FreezeNothing()),), batch_norm="frozen")
    timeline.apply(0)
    timeline.train_mode()
    assert network.training
    assert not network.get_submodule("backbone.1").training


def test_the_names_of_the_stages_and_of_those_at_rest() -> None:
    network = tiny()
    Timeline(network, PHASES).apply(0)
    assert stage_names(network) == (["stem", "3–4", "head"], ["stem"])


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_the_optimizer_is_read_back_by_names_whatever_the_groups(name: Any) -> None:
    config = OptimizerConfig(name=name)
    network = tiny()
    optimizer = optim.create(config, Timeline(network, PHASES).groups(config))
    Timeline(network, PHASES).apply(2)
    step(network, optimizer)
    saved = copy.deepcopy(save_optimizer(optimizer, network))

    other = tiny()
    other.load_state_dict(network.state_dict())
    timeline = Timeline(other, (*PHASES, Phase(freeze=FreezeNothing())))
    timeline.apply(2)
    again = optim.create(config, timeline.groups(config))
    load_optimizer(again, other, saved)
    for one, optimizes in ((network, optimizer), (other, again)):
        step(one, optimizes, times=1)
    for key, value in network.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key


def test_the_optimizer_of_a_checkpoint_of_format_1_is_read() -> None:
    """Its groups were head and backbone, each with and without decay, in the order in which they were met."""
    network = tiny()
    timeline = Timeline(network, (Phase(freeze=FreezeNothing()),))
    timeline.apply(0)
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in network.named_parameters():
        key = name.partition(".")[0] + (", no decay" if parameter.ndim <= 1 else "")
        groups.setdefault(key, {"name": key, "params": [], "lr": 0.01})["params"].append(parameter)
    assert len(groups) == 4
    old = optim.create(OptimizerConfig(), list(groups.values()))
    step(network, old)
    now = optim.create(OptimizerConfig(), timeline.groups(OptimizerConfig()))
    load_optimizer(now, network, old.state_dict())
    for name, parameter in network.named_parameters():
        assert torch.equal(now.state[parameter]["exp_avg"], old.state[parameter]["exp_avg"]), name
