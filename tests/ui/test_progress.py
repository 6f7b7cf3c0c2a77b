from dataclasses import replace

import pytest

from workbench.training.events import (
    EpochEnded,
    FitEnded,
    FitStarted,
    Paused,
    Preparing,
    Resumed,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)
from workbench.ui.progress import RunProgress

STARTED = FitStarted(
    run="2026-11-21-001", device="cpu", epochs=4, steps_per_epoch=10, train_images=80, validation_images=20,
    classes=["a", "b"], trainable_parameters=10, parameters=20, stages=["stem", "head"], frozen_stages=["stem"],
)  # fmt: skip


def step(number: int, epoch: int) -> StepEnded:
    return StepEnded(number, epoch, loss=0.5, learning_rate=1e-3, images_per_second=100, data_wait=0.1, seconds=1.0)


def epoch(number: int, *, accuracy: float = 0.9, best: bool = True, left: float = 30.0) -> EpochEnded:
    return EpochEnded(
        epoch=number, step=number * 10, train_loss=0.4, train_accuracy=0.9, validation_loss=0.5,
        validation_accuracy=accuracy, validation_balanced_accuracy=accuracy, per_class_recall=[0.9, 0.9], best=best,
        seconds=10.0, seconds_left=left,
    )  # fmt: skip


def ended(reason: str = "finished", deployed: float = 0.91) -> FitEnded:
    return FitEnded(reason, "", best_epoch=2, live=0.92, deployed=deployed, seconds=40.0)


def folded(*events: TrainingEvent) -> RunProgress:
    progress = RunProgress()
    for event in events:
        progress.take(event)
    return progress


def test_preparing_has_its_own_share() -> None:
    progress = folded(Preparing("Building the cache", 30, 120))
    assert (progress.state, progress.what, progress.share) == ("preparing", "Building the cache", 0.25)
    assert folded(Preparing("Loading weights")).share is None


def test_a_run_goes_from_epoch_to_epoch() -> None:
    progress = folded(Preparing("x"), STARTED, Tick(1), step(5, 1))
    assert (progress.state, progress.epoch, progress.epochs, progress.share) == ("training", 1, 4, 0.125)
    progress.take(epoch(1))
    assert (progress.epoch, progress.seconds_left, progress.best) == (2, 30.0, 0.9)
    progress.take(epoch(2, accuracy=0.8, best=False))
    assert (progress.best, progress.best_epoch) == (0.9, 1)


def test_a_run_that_trains_no_network_prepares_from_its_start_to_its_end() -> None:
    at_once = replace(STARTED, epochs=0, steps_per_epoch=0)
    progress = folded(at_once, Preparing("Features of the frozen backbone", 20, 80))
    assert (progress.state, progress.share, progress.seconds_left) == ("preparing", 0.25, None)
    progress.take(FitEnded("finished", "", best_epoch=0, live=-1.0, deployed=0.93, seconds=4.0))
    assert (progress.state, progress.best) == ("finished", 0.93)


def test_pause_and_resume() -> None:
    progress = folded(STARTED, Paused(7))
    assert progress.state == "paused"
    progress.take(Resumed(7))
    assert progress.state == "training"


def test_a_run_that_was_told_to_stop_stays_so_until_it_ends() -> None:
    progress = folded(STARTED)
    progress.state = "stopping"
    progress.take(step(8, 1))
    progress.take(Resumed(8))
    assert progress.state == "stopping"
    progress.take(ended("stopped"))
    assert (progress.state, progress.reason) == ("finished", "stopped")


@pytest.mark.parametrize(
    ("reason", "state"), [("finished", "finished"), ("early_stopping", "finished"), ("failed", "failed")]
)
def test_the_end(reason: str, state: str) -> None:
    assert folded(STARTED, epoch(4), ended(reason)).state == state


def test_the_reported_figure_is_the_one_of_the_deployment_path() -> None:
    assert folded(STARTED, epoch(1), ended(deployed=0.88)).best == 0.88
    assert folded(STARTED, epoch(1), ended(deployed=-1)).best == 0.92


def test_a_continued_run_counts_on() -> None:
    progress = folded(ended("stopped"), Preparing("Continuing the run"))
    assert progress.state == "preparing"
    later = FitStarted(**{**STARTED.__dict__, "first_epoch": 2})
    progress.take(later)
    assert (progress.state, progress.epoch, progress.step) == ("training", 3, 20)


def test_what_comes_after_the_last_epoch_is_named() -> None:
    progress = folded(STARTED, epoch(4), Preparing("Measuring on the deployment path", 1, 10))
    assert (progress.state, progress.what) == ("training", "Measuring on the deployment path")


def test_warnings_are_kept() -> None:
    assert folded(Warned("a.png cannot be read")).warnings == ["a.png cannot be read"]


def test_a_run_that_was_cut_off_and_continues_prepares_again() -> None:
    progress = folded(STARTED, epoch(1), step(13, 2), Preparing("Continuing the run"))
    assert progress.state == "preparing"


def test_the_time_left_shrinks_between_the_ends_of_epochs() -> None:
    progress = folded(STARTED)
    assert progress.seconds_left is None
    progress.take(step(10, 1))
    assert progress.seconds_left == pytest.approx(80 * 3 / 100)
    progress.take(epoch(1, left=60.0))
    assert progress.seconds_left == 60.0
    progress.take(step(25, 3))
    assert progress.seconds_left == 30.0
    progress.take(step(40, 4))
    assert progress.seconds_left == 0.0
