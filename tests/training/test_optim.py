import pytest
import torch
from torch import nn

from workbench.training import optim
from workbench.training.config import OptimizerConfig, ScheduleConfig


def test_the_rate_rises_then_falls_like_half_a_cosine() -> None:
    config = ScheduleConfig(kind="cosine", warmup=0.2)
    factors = [optim.factor(config, step, 10) for step in range(10)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[2:] == sorted(factors[2:], reverse=True)
    assert 0 < factors[-1] < 0.05


def test_a_constant_schedule_stays() -> None:
    config = ScheduleConfig(kind="constant", warmup=0)
    assert {optim.factor(config, step, 7) for step in range(7)} == {1.0}


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_runs_train_at_all(steps: int) -> None:
    assert optim.factor(ScheduleConfig(), 0, steps) == 1.0


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_the_rate_of_each_group_is_scaled_and_the_heads_returned(name: str) -> None:
    head, body = nn.Linear(2, 2), nn.Linear(2, 2)
    groups = [
        {"params": list(body.parameters()), "lr": 0.01, "weight_decay": 0.0},
        {"params": list(head.parameters()), "lr": 0.1, "weight_decay": 0.5},
    ]
    optimizer = optim.create(OptimizerConfig(name=name), groups)  # type: ignore[arg-type]
    assert optim.set_rate(optimizer, 0.5) == pytest.approx(0.05)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.005, 0.05])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0, 0.5]
    assert isinstance(optimizer, torch.optim.AdamW if name == "adamw" else torch.optim.SGD)


def test_the_rate_told_is_the_heads_also_where_another_stage_is_faster() -> None:
    groups = [
        {"params": list(nn.Linear(2, 2).parameters()), "stage": "layer4", "lr": 0.5},
        {"params": list(nn.Linear(2, 2).parameters()), "stage": "head", "lr": 0.1},
    ]
    assert optim.set_rate(optim.create(OptimizerConfig(), groups), 0.5) == pytest.approx(0.05)
