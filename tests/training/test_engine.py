import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from workbench.data.dataset import sample_seed
from workbench.data.mixing import Mixed, mix
from workbench.errors import WorkbenchError
from workbench.training import checkpoints, optim
from workbench.training.config import OptimizerConfig, ScheduleConfig
from workbench.training.control import Command
from workbench.training.engine import Parts, Plan, Surroundings, fit
from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    Paused,
    Resumed,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)
from workbench.training.loss import CrossEntropy
from workbench.training.phases import Span
from workbench.training.state import State

CPU = torch.device("cpu")
STEPS, EPOCHS, CLASSES = 4, 3, 3


class Broken(NamedTuple):
    id: int
    message: str


class Batch(NamedTuple):
    images: Tensor
    targets: Tensor
    unreadable: Sequence[Broken] = ()
    ids: Tensor = torch.arange(6)


class Preprocess(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.permute(0, 3, 1, 2).float() / 255


def batch(epoch: int, number: int, count: int = 6) -> Batch:
    random = torch.Generator().manual_seed(1000 * epoch + number)
    targets = torch.randint(0, CLASSES, (count,), generator=random)
    images = torch.randint(0, 100, (count, 8, 8, 3), generator=random, dtype=torch.uint8)
    for row, target in enumerate(targets):
        images[row, :, :, int(target)] += 120
    return Batch(images, targets)


@dataclass
class Bench:
    """A run without a project: what a run folder would hold is kept in memory."""

    epochs: int = EPOCHS
    patience: int = 0
    clip_norm: float = 1.0
    learning_rate: float = 0.05
    checkpoint_seconds: float = 0.0
    mix: Callable[[Tensor, Sequence[int], int], Mixed] | None = None
    make: Callable[[int, int], Batch] = batch
    phases: tuple[Span, ...] = ()
    entered: list[int] = field(default_factory=list)
    commands: dict[int, list[Command]] = field(default_factory=dict)
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: int = 0

    def __post_init__(self) -> None:
        torch.manual_seed(7)
        self.fabric = Fabric(accelerator="cpu", devices=1)
        self.network = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(144, CLASSES)
        )
        group = {"params": list(self.network.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}
        self.optimizer = optim.create(OptimizerConfig(), [group])
        self.state = State(CPU)

    def load(self, checkpoint: dict[str, Any]) -> "Bench":
        self.network.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.state = State.from_dict(checkpoint["state"], CPU)
        torch.rand(17)  # a new process has another random state
        checkpoints.restore_random_states(checkpoint["random"])
        return self

    def save(self, kind: str) -> str:
        content = {
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "state": self.state.as_dict(),
            "random": checkpoints.random_states(),
        }
        import copy

        self.saved[kind] = copy.deepcopy(content)
        return f"checkpoints/{kind}.pt"

    def poll(self) -> list[Command]:
        self.polls += 1
        return self.commands.pop(self.polls, [])

    def train(self, epoch: int, start: int) -> Iterator[Batch]:
        torch.rand(3)  # a loader may draw from the global random state when it starts
        return (self.make(epoch, number) for number in range(start, STEPS))

    def enter(self, phase: int) -> list[str]:
        """From the second phase on the convolution is frozen."""
        self.entered.append(phase)
        self.network[0].requires_grad_(False)
        for parameter in self.network[0].parameters():
            parameter.grad = None
        return [f"phase {phase}"]

    def events(self) -> Iterator[TrainingEvent]:
        plan = Plan(
            epochs=self.epochs,
            steps_per_epoch=STEPS,
            classes=CLASSES,
            schedule=ScheduleConfig(),
            clip_norm=self.clip_norm,
            log_every=3,
            patience=self.patience,
            checkpoint_seconds=self.checkpoint_seconds,
            shortcut="resized",
            phases=self.phases,
        )
        parts = Parts(
            self.network, Preprocess(), CrossEntropy(), self.optimizer, self.network.train, self.mix, self.enter
        )
        around = Surroundings(
            train=self.train,
            validation=lambda: [self.make(99, 0), self.make(99, 1)],
            save=self.save,
            poll=self.poll,
        )
        self.reason = yield from fit(self.fabric, parts, plan, self.state, around)

    def run(self) -> list[TrainingEvent]:
        return list(self.events())

    @property
    def weights(self) -> dict[str, Tensor]:
        return self.network.state_dict()


def without_times(events: Sequence[TrainingEvent]) -> list[dict[str, Any]]:
    times = {"seconds", "seconds_left", "images_per_second", "data_wait"}
    kept = [event for event in events if isinstance(event, StepEnded | EpochEnded)]
    return [{key: value for key, value in vars(event).items() if key not in times} for event in kept]


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def of(events: Sequence[TrainingEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_a_run_learns_and_tells_what_happens() -> None:
    bench = Bench(epochs=6)
    events = bench.run()
    assert bench.reason == "finished"
    assert [event.step for event in of(events, StepEnded)] == list(range(3, 25, 3))
    ends = of(events, EpochEnded)
    assert [event.epoch for event in ends] == [1, 2, 3, 4, 5, 6]
    assert ends[-1].validation_balanced_accuracy > 0.9
    assert ends[-1].validation_loss < ends[0].validation_loss
    assert ends[-1].shortcut == "resized"
    assert len(ends[-1].per_class_recall) == CLASSES
    assert sum(event.best for event in ends) >= 1
    assert {event.kind for event in of(events, CheckpointSaved)} == {"last", "best"}


def test_there_is_a_tick_after_each_step() -> None:
    ticks = [event.step for event in of(Bench().run(), Tick)]
    assert sorted(set(ticks)) == list(range(1, STEPS * EPOCHS + 1))


@pytest.mark.parametrize("step", [4, 5, 8, 11], ids=["epoch border", "first of an epoch", "border", "mid-epoch"])
def test_a_resumed_run_gives_the_same_numbers_as_one_never_stopped(step: int) -> None:
    whole = Bench()
    expected = whole.run()
    stopped = Bench()
    first = []
    for event in stopped.events():
        first.append(event)
        if isinstance(event, Tick) and event.step == step:
            stopped.save("last")
            break
    resumed = Bench().load(stopped.saved["last"])
    second = resumed.run()
    assert_same(whole.weights, resumed.weights)
    assert without_times([*first, *second]) == without_times(expected)
    assert resumed.state.best_epoch == whole.state.best_epoch


def test_stop_writes_a_checkpoint_from_which_the_run_continues() -> None:
    whole = Bench()
    whole.run()
    stopped = Bench(commands={6: ["stop"]})
    events = stopped.run()
    assert stopped.reason == "stopped"
    assert isinstance(events[-1], CheckpointSaved)
    resumed = Bench().load(stopped.saved["last"])
    resumed.run()
    assert resumed.reason == "finished"
    assert_same(whole.weights, resumed.weights)


def test_stop_acts_during_validation_too() -> None:
    stopped = Bench(commands={STEPS + 1: ["stop"]})
    events = stopped.run()
    assert stopped.reason == "stopped"
    assert not of(events, EpochEnded)
    resumed = Bench().load(stopped.saved["last"])
    assert [event.epoch for event in of(resumed.run(), EpochEnded)] == [1, 2, 3]


def test_pause_waits_for_resume_and_changes_no_number() -> None:
    whole = Bench()
    whole.run()
    paused = Bench(commands={2: ["pause"], 5: ["resume"]})
    events = [event for event in paused.run() if not isinstance(event, Tick)]
    at = events.index(Paused(step=2))
    assert isinstance(events[at - 1], CheckpointSaved)
    assert events[at + 1] == Resumed(step=2)
    assert_same(whole.weights, paused.weights)


def test_a_paused_run_can_be_stopped() -> None:
    bench = Bench(commands={2: ["pause"], 4: ["stop"]})
    bench.run()
    assert bench.reason == "stopped"
    assert bench.saved["last"]["state"]["step"] == 2


@pytest.mark.parametrize(
    ("commands", "reason", "kinds"),
    [
        (["pause", "resume"], "finished", [Paused, Resumed]),
        (["pause", "checkpoint", "resume", "pause", "resume"], "finished", [Paused, Resumed, Paused, Resumed]),
        (["pause", "stop"], "stopped", [Paused]),
        (["stop", "pause"], "stopped", []),
    ],
)
@pytest.mark.timeout(10)
def test_commands_that_come_in_one_step_are_all_obeyed_in_order(
    commands: list[Command], reason: str, kinds: list[type]
) -> None:
    bench = Bench(commands={2: commands})
    events = bench.run()
    assert bench.reason == reason
    assert [type(event) for event in events if isinstance(event, Paused | Resumed)] == kinds


def test_the_pause_is_not_counted_as_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.training import clock

    now = [100.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
    watch = clock.Clock()
    watch.images = 20
    now[0] += 1
    with watch.pausing():
        now[0] += 60
    now[0] += 1
    assert watch.lap() == (10.0, 0.0)


def test_checkpoint_on_command_and_by_time() -> None:
    assert len(of(Bench(epochs=1, commands={2: ["checkpoint"]}).run(), CheckpointSaved)) == 3
    assert len(of(Bench(epochs=1, checkpoint_seconds=1e-9).run(), CheckpointSaved)) == STEPS + 2


TWO = (Span(0, 2), Span(2, 3, 0.1))


def test_the_engine_enters_a_later_phase_and_says_so() -> None:
    bench = Bench(epochs=5, phases=TWO)
    events = bench.run()
    assert bench.entered == [1]
    (changed,) = of(events, StageChanged)
    assert changed == StageChanged(epoch=3, training_stages=["phase 1"])
    told = [event for event in events if isinstance(event, EpochEnded | StageChanged)]
    assert told.index(changed) == 2
    assert not of(Bench().run(), StageChanged)


def test_the_schedule_begins_anew_in_each_phase_at_its_rate() -> None:
    bench = Bench(epochs=5, phases=TWO)
    rates = []
    for event in bench.events():
        if isinstance(event, Tick) and len(rates) < event.step:
            rates.append(bench.optimizer.param_groups[0]["lr"])
    schedule = ScheduleConfig()
    first = [0.05 * optim.factor(schedule, step, 2 * STEPS) for step in range(2 * STEPS)]
    second = [0.05 * 0.1 * optim.factor(schedule, step, 3 * STEPS) for step in range(3 * STEPS)]
    assert rates == pytest.approx([*first, *second])


@pytest.mark.parametrize("step", [3, 8, 9, 18], ids=["first phase", "its end", "second phase", "mid-second"])
def test_a_run_resumed_in_any_phase_gives_the_same_numbers(step: int) -> None:
    whole = Bench(epochs=5, phases=TWO)
    expected = whole.run()
    stopped = Bench(epochs=5, phases=TWO)
    first = []
    for event in stopped.events():
        first.append(event)
        if isinstance(event, Tick) and event.step == step:
            stopped.save("last")
            break
    resumed = Bench(epochs=5, phases=TWO).load(stopped.saved["last"])
    if resumed.state.phase:
        resumed.enter(resumed.state.phase)  # as whoever builds a run again does
    second = resumed.run()
    assert_same(whole.weights, resumed.weights)
    assert without_times([*first, *second]) == without_times(expected)
    assert len(of([*first, *second], StageChanged)) == 1


def test_what_is_left_is_told_by_the_pace_of_the_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def slower_later(epoch: int, number: int) -> Batch:
        now[0] += {0: 1.0, 1: 1.0, 99: 0.0}.get(epoch, 10.0)
        return batch(epoch, number)

    bench = Bench(epochs=5, phases=TWO, make=slower_later)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert [event.seconds_left for event in of(bench.run(), EpochEnded)] == [16, 12, 80, 40, 0]


def test_patience_counts_in_the_last_phase_only() -> None:
    bench = Bench(epochs=50, patience=2, learning_rate=1e-9, phases=(Span(0, 10), Span(10, 40)))
    ends = of(bench.run(), EpochEnded)
    assert bench.reason == "early_stopping"
    assert ends[-1].epoch == max(10, bench.state.best_epoch) + 2


def test_patience_ends_the_run() -> None:
    bench = Bench(epochs=50, patience=2, learning_rate=1e-9)
    ends = of(bench.run(), EpochEnded)
    assert bench.reason in ("early_stopping", "finished")
    assert ends[-1].epoch - bench.state.best_epoch == 2 or bench.reason == "finished"


def test_among_equally_good_epochs_the_one_with_the_lower_loss_is_best() -> None:
    bench = Bench(epochs=8)
    ends = of(bench.run(), EpochEnded)
    best = max(ends, key=lambda event: (event.validation_balanced_accuracy, -event.validation_loss))
    assert bench.state.best_epoch == best.epoch
    assert bench.state.best_logits is not None
    assert bench.saved["best"]["state"]["best_epoch"] == best.epoch


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_that_are_there() -> None:
    def lopsided(epoch: int, number: int) -> Batch:
        found = batch(epoch, number)
        if epoch == 99:
            found.targets[:] = torch.tensor([0, 0, 0, 0, 0, 1])
        return found

    for end in of(Bench(make=lopsided).run(), EpochEnded):
        zero, one, two = end.per_class_recall
        assert end.validation_balanced_accuracy == pytest.approx((zero + one) / 2)
        assert two == 0


def test_an_unreadable_image_is_told_once_and_a_batch_without_any_is_skipped() -> None:
    def broken(epoch: int, number: int) -> Batch:
        if number == 1:
            return Batch(torch.zeros(0, 1, 1, 3, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64), [broken_one])
        return batch(epoch, number)

    broken_one = Broken(3, "The image x.png is truncated.")
    bench = Bench(make=broken)
    events = bench.run()
    assert bench.reason == "finished"
    assert [event.message for event in of(events, Warned)] == [
        "The image x.png is truncated; it is skipped in this run."
    ]
    assert bench.state.step == STEPS * EPOCHS


def test_no_readable_validation_image_ends_the_run_in_a_sentence() -> None:
    def empty(epoch: int, number: int) -> Batch:
        return batch(epoch, number, count=0 if epoch == 99 else 6)

    with pytest.raises(WorkbenchError, match="None of the validation images"):
        Bench(make=empty).run()


def test_a_loss_that_is_no_number_ends_the_run_in_a_sentence() -> None:
    bench = Bench()
    with torch.no_grad():
        next(bench.network.parameters()).fill_(float("nan"))
    with pytest.raises(WorkbenchError, match="lower the learning rate"):
        bench.run()


def test_the_loss_is_read_every_few_steps_only(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    original = Tensor.__float__

    def counting(tensor: Tensor) -> float:
        nonlocal reads
        reads += 1
        return original(tensor)

    monkeypatch.setattr(Tensor, "__float__", counting)
    events = iter(Bench(clip_norm=0.0).events())
    while not isinstance(next(events), StepEnded):
        pass
    assert reads == 1


def test_closing_the_loop_between_two_steps_leaves_a_state_that_resumes() -> None:
    whole = Bench()
    whole.run()
    closed = Bench()
    events = closed.events()
    for event in events:
        if isinstance(event, EpochEnded):
            break
    events.close()  # type: ignore[attr-defined]
    assert closed.saved["best"]["state"]["best_epoch"] == closed.state.best_epoch
    closed.save("last")
    resumed = Bench().load(closed.saved["last"])
    resumed.run()
    assert_same(whole.weights, resumed.weights)


def test_times_are_plausible() -> None:
    began = time.monotonic()
    events = Bench().run()
    took = time.monotonic() - began
    assert all(0 <= event.seconds <= took for event in of(events, StepEnded))
    assert all(0 <= event.data_wait <= 1 and math.isfinite(event.images_per_second) for event in of(events, StepEnded))
    assert of(events, EpochEnded)[-1].seconds_left == 0


def norms(clip_norm: float) -> list[float]:
    """The norm of the gradient at each step of two phases; in the second the convolution is frozen."""
    bench = Bench(epochs=2, clip_norm=clip_norm, phases=(Span(0, 1), Span(1, 1)))
    found = []
    for event in bench.events():
        if isinstance(event, Tick) and bench.network.training:
            gradients = [p.grad for p in bench.network.parameters() if p.grad is not None]
            found.append(float(torch.linalg.vector_norm(torch.cat([g.flatten() for g in gradients]))))
    return found


def test_the_gradient_of_what_trains_is_clipped_to_its_norm_in_every_phase() -> None:
    assert max(norms(0.0)) > 0.1
    clipped = norms(0.01)
    assert [max(clipped[:STEPS]), max(clipped[STEPS:])] == pytest.approx([0.01, 0.01], rel=1e-3)


def mixed(images: Tensor, ids: Sequence[int], epoch: int) -> Mixed:
    return mix(images, [sample_seed(7, epoch, i) for i in ids], kind="both", p=0.8, alpha=1.0)


def test_a_resumed_run_that_mixes_gives_the_same_numbers() -> None:
    whole = Bench(mix=mixed)
    expected = whole.run()
    assert without_times(expected) != without_times(Bench().run())
    stopped = Bench(mix=mixed)
    for event in stopped.events():
        if isinstance(event, Tick) and event.step == 6:
            stopped.save("last")
            break
    resumed = Bench(mix=mixed).load(stopped.saved["last"])
    second = resumed.run()
    assert_same(whole.weights, resumed.weights)
    assert without_times(second) == without_times(expected)[-len(without_times(second)) :]


def test_mixing_is_for_training_alone_and_knows_ids_and_epoch() -> None:
    asked = []

    def noted(images: Tensor, ids: Sequence[int], epoch: int) -> Mixed:
        asked.append((tuple(ids), epoch))
        return mixed(images, ids, epoch)

    Bench(mix=noted).run()
    assert asked == [(tuple(range(6)), epoch) for epoch in range(EPOCHS) for _ in range(STEPS)]


def test_the_training_accuracy_of_mixed_images_is_of_the_class_that_shows_most() -> None:
    """A network that names the partner's class is right where the partner fills most of the image."""

    def mostly_partners(images: Tensor, ids: Sequence[int], epoch: int) -> Mixed:
        partners = torch.arange(len(images)).roll(-1)
        return Mixed(images[partners], partners, torch.full((len(images),), 0.1))

    ended = of(Bench(mix=mostly_partners, learning_rate=0.0).run(), EpochEnded)[-1]
    plain = of(Bench(learning_rate=0.0).run(), EpochEnded)[-1]
    assert ended.validation_accuracy == plain.validation_accuracy
    easy = of(Bench(mix=mostly_partners, epochs=12).run(), EpochEnded)[-1]
    assert easy.train_accuracy > 0.9
