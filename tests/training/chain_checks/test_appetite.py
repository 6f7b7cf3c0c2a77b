import torch

from workbench.training import devices
from workbench.training.chain_checks.appetite import Step
from workbench.training.config import TrainConfig


def test_a_step_trains_what_its_phase_trains(config: TrainConfig) -> None:
    phases = 'then=[{freeze = {kind = "stages", train_last = 1}}, {freeze = {kind = "none"}}]'
    step = Step(config.with_settings(["freeze=backbone", phases]), devices.choose("cpu"), classes=3)
    network = step.timeline.network
    assert step.trainable == [51, 51 + 1152 + 32, sum(p.numel() for p in network.parameters())]
    for phase, still in enumerate((("backbone.",), ("backbone.0.", "backbone.1."), ())):
        step.enter(phase)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        step(4)
        step(4)
        moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
        assert moved == {name for name in before if not name.startswith(still)} if still else set(before)
