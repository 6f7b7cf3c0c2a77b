from dataclasses import replace

import pytest

from workbench.training.events import EpochEnded, FitEnded, FitStarted, Paused, Preparing, Resumed, StepEnded, Warned
from workbench.ui.training.history import RunHistory

STARTED = FitStarted("r", "cpu", 4, 10, 90, 20, ["a", "b"], 5, 100, ["stem", "one", "head"], ["stem", "one"])


def step(number: int, **changes: object) -> StepEnded:
    return replace(StepEnded(number, (number - 1) // 10 + 1, 1.0, 1e-3, 30.0, 0.0, float(number)), **changes)


def epoch(number: int, *, best: bool = True, left: float = 30.0) -> EpochEnded:
    return EpochEnded(number, number * 10, 1.0, 0.5, 1.0, 0.5, 0.5, [0.5, 0.5], best, number * 10.0, left)


def history(*events: object) -> RunHistory:
    made = RunHistory()
    for event in events:
        made.apply(event)
    return made


def test_counts_epochs_and_share() -> None:
    made = history(STARTED, step(5))
    assert (made.epoch_now, made.share_done) == (1, 0.125)
    made.apply(step(10))
    made.apply(epoch(1))
    assert made.epoch_now == 1
    made.apply(step(15))
    assert made.epoch_now == 2


def test_a_resumed_run_overwrites_what_it_repeats() -> None:
    """Killed at step 17, resumed from the checkpoint at step 10: steps 11 to 17 come again."""
    made = history(STARTED, step(10), epoch(1), step(15), step(17))
    made.apply(replace(STARTED, first_epoch=1))
    made.apply(step(12, loss=7.0))
    assert [each.step for each in made.steps] == [10, 12]
    assert made.steps[-1].loss == 7.0
    assert [each.epoch for each in made.epochs] == [1]


def test_a_resumed_run_has_not_ended() -> None:
    made = history(STARTED, FitEnded("stopped", "", 0, -1, -1, 1.0), Preparing("Continuing the run"), STARTED)
    assert made.ended is None


def test_time_left_is_the_epochs_word_less_what_has_passed() -> None:
    made = history(STARTED, step(10), epoch(1, left=30.0), step(14))
    assert made.seconds_left == 26.0


def test_time_left_before_the_first_epoch_follows_the_pace() -> None:
    assert history(STARTED, step(4)).seconds_left == pytest.approx(36.0)
    assert history(STARTED).seconds_left is None


def test_the_best_epoch_is_the_last_that_was_called_best() -> None:
    made = history(STARTED, epoch(1), epoch(2), epoch(3, best=False))
    assert made.best is not None
    assert made.best.epoch == 2


def test_pause_warning_and_stages() -> None:
    made = history(STARTED, Paused(3), Warned("careful"))
    assert (made.paused, made.warnings, made.training_stages) == (True, ["careful"], ["head"])
    made.apply(Resumed(3))
    assert not made.paused


def test_a_run_that_trains_no_network_has_no_epochs() -> None:
    at_once = replace(STARTED, epochs=0, steps_per_epoch=0)
    made = history(at_once, Preparing("Fitting"), FitEnded("finished", "", 0, -1.0, 0.9, 3.0))
    assert not made.has_epochs
    assert (made.share_done, made.seconds_left, made.epoch_now, made.best) == (0.0, None, 0, None)
    assert history().has_epochs
    assert history(STARTED).has_epochs
