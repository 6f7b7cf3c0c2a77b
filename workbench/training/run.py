"""A project and a config become a run: samples, loaders and model are joined here, and the run folder is written.

Read this first. `prepare` makes the folder, `train` is the job that trains it or continues it.
"""

import contextlib
import random
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from workbench.augment import pipeline
from workbench.curation import leakage
from workbench.data.loaders import sentence_of
from workbench.errors import WorkbenchError, told
from workbench.evaluation.samples import without_images
from workbench.jobs import Job, Stop
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training import checkpoints, devices, finish, inputs, ways
from workbench.training.build import Built, build
from workbench.training.checks import as_recorded, check, with_absolute_weights
from workbench.training.config import TrainConfig
from workbench.training.control import Command, Control
from workbench.training.engine import Surroundings, fit
from workbench.training.events import CheckpointSaved, FitEnded, FitStarted, Preparing, Reason, TrainingEvent, Warned
from workbench.training.locks import DeviceLock, RunLock
from workbench.training.log import EventLog
from workbench.training.network_check import check_answers, check_network
from workbench.training.samples import chains, model_size
from workbench.training.state import State
from workbench.training.untrained import Setting

TELL_SECONDS = 0.2


def prepare(project_folder: Path, config: TrainConfig, run: RunFolder | None = None) -> RunFolder:
    """Make a run of the project ready to train and return its folder: config, list of images, class order, decoding.

    Without ``run`` a new run folder is made. Raises WorkbenchError for what can be known to fail: labels or a split that
    cannot be trained on, an unknown backbone, an image size, channels, parts or rates that it does not take, a chain that
    cannot be composed, a weights file that is not there.
    """
    with Project.open(project_folder, read_only=run is not None) as project:
        check(project, config)
        check_network(config)
        check_answers(config, project)
        for chain in chains(config):
            pipeline.check(chain)
        if run is None:
            run = project.runs.create(as_recorded(config, project).dumps())
        inputs.freeze(project, run)
    return run


def train(project_folder: Path, run_id: str) -> Job:
    """Return the job that trains the run, or continues it from its last checkpoint.

    Yields TrainingEvents, the same that it writes to ``events.jsonl``; the last is FitEnded, also where training fails
    (``reason`` is then "failed"). Commands in the run's control file are obeyed after each step. A job that is stopped or
    closed leaves a checkpoint. Raises WorkbenchError only where the run is not this process's to write: it does not
    exist, or another process trains it.
    """

    def job(stop: Stop) -> Iterator[TrainingEvent]:
        with Project.open(project_folder, read_only=True) as project:
            run = project.runs.get(run_id)
            cache = project.folder / "cache"
            leaks = leakage.warning(project)
        with RunLock(run), contextlib.closing(EventLog(run)) as log:
            training = _Training(project_folder, run, cache, stop, leaks)
            events, progress = training.events(), SparseProgress()
            try:
                for event in events:
                    if progress.worth_telling(event):
                        log.write(event)
                        yield event
            except GeneratorExit:
                events.close()
                for event in training.interrupted():
                    log.write(event)
                raise
            finally:
                training.commands.clear()

    return job


class SparseProgress:
    """Lets a stage tell how far it is five times a second at most, so that the event file does not grow with the images."""

    def __init__(self) -> None:
        self._what = ""
        self._told = 0.0

    def worth_telling(self, event: TrainingEvent) -> bool:
        """Return False for a Preparing that follows too soon on one of the same stage, and is not its last."""
        if not isinstance(event, Preparing):
            return True
        now = time.monotonic()
        if event.what == self._what and event.done < event.total and now - self._told < TELL_SECONDS:
            return False
        self._what, self._told = event.what, now
        return True


class _Commands:
    """The run's commands: those of its control file, and the stop of the job itself."""

    def __init__(self, run: RunFolder, stop: Stop) -> None:
        self._control = Control(run.control)
        self._stop = stop
        self._waiting: list[Command] = []

    def poll(self) -> Sequence[Command]:
        commands: list[Command] = [*self._waiting, *self._control.poll()]
        self._waiting = []
        return [*commands, "stop"] if self._stop.stopped else commands

    def stopped(self) -> bool:
        """Return whether a stop is waiting; what else waits is left for `poll`."""
        self._waiting += self._control.poll()
        return self._stop.stopped or "stop" in self._waiting

    def clear(self) -> None:
        self._control.clear()


class _Training:
    """One process's part of a run."""

    def __init__(self, project_folder: Path, run: RunFolder, cache: Path, stop: Stop, leaks: str = "") -> None:
        self.project_folder, self.run, self.cache, self.leaks = project_folder, run, cache, leaks
        self.commands = _Commands(run, stop)
        self.began = time.monotonic()
        self.config: TrainConfig | None = None
        self.device = ""
        self.built: Built | None = None
        self.state: State | None = None
        self.saved_step = -1
        self.ended = False

    def events(self) -> Generator[TrainingEvent, None, None]:
        """Yield every event; a failure becomes the last of them. A bug is told as well, then raised."""
        try:
            yield from self._events()
        except WorkbenchError as error:
            yield self._ended("failed", sentence_of(error))
        except Exception as error:
            words = self._in_words(error)
            yield self._ended(
                "failed", str(words) if words else f"Training failed, which is a bug: {_first_line(error)}."
            )
            if not words:
                raise
        finally:
            if self.built is not None:
                self.built.close()

    def _in_words(self, error: Exception) -> WorkbenchError | None:
        """Return what to tell about an error that is no bug: memory ran out, a disk is full, a file cannot be used."""
        if isinstance(error, OSError) and error.errno is not None:
            return told(error, doing="training")
        if "Expected more than 1 value per channel" in str(error):
            return WorkbenchError(
                "Batch norm has nothing to compare in a batch of one image whose features are down to one pixel; raise the batch "
                "size (compute.batch_size) or the image size (preprocess.size), or freeze batch norm (batch_norm=frozen)."
            )
        if self.config is None:
            return None
        if self.config.method.kind == "baseline":
            return devices.without_memory(error, "to compare the images of the baseline with each other")
        size = model_size(self.config)
        batch_size = self.config.compute.batch_size
        return devices.in_words(error, device=self.device, batch_size=batch_size, size=size)

    def interrupted(self) -> Iterator[TrainingEvent]:
        """Save what there is after the generator was closed between two events; yield what is to be written about it."""
        if self.ended:
            return
        try:
            if self.built is not None and self.state is not None and self.saved_step != self.state.step:
                path = self._save(self.built, self.state, "last")
                yield CheckpointSaved(path=path, epoch=self.state.epoch, step=self.state.step, kind="last")
            yield self._stopped()
        except WorkbenchError as error:
            yield self._ended("failed", str(error))

    def _events(self) -> Iterator[TrainingEvent]:
        run = self.run
        resumed = run.last.is_file()
        yield Preparing("Continuing the run" if resumed else "Reading the list of images")
        config = self.config = TrainConfig.load(run.config)
        if not run.samples.is_file():
            prepare(self.project_folder, config, run)
        if not resumed and config.method.kind != "baseline":
            with Project.open(self.project_folder, read_only=True) as project:
                config = with_absolute_weights(config, project)  # of a run it starts from: the file of its weights
        frozen = inputs.load(run)
        absent = without_images(frozen.validation, frozen.classes, "validation")
        if absent and not resumed:
            yield Warned(absent)
        if self.leaks and not resumed:
            yield Warned(self.leaks)
        # A baseline has no network: it leaves the accelerator to others.
        device = devices.choose("cpu" if config.method.kind == "baseline" else config.compute.device)
        self.device = device.name
        if device.problem:
            yield Warned(device.problem)
        with DeviceLock(device.name, run):
            if config.method.kind != "train":
                _seed(config.seed)
                made = yield from ways.events(Setting(run, config, frozen, device.name, self.commands.poll))
                yield self._ended(made.reason, made.message, deployed=made.deployed)
                return
            yield Preparing("Loading the backbone")
            checkpoint = checkpoints.load(run.last) if resumed else None
            _seed(config.seed)
            for event in build(config, frozen, device, cache=self.cache, checkpoint=checkpoint):
                if isinstance(event, Built):
                    self.built = event
                else:
                    yield event
                if self.commands.stopped():
                    yield self._ended("stopped", "Stopped before the first step.")
                    return
            built = self.built
            assert built is not None
            yield from self._fit(built, resumed=checkpoint is not None)

    def _fit(self, built: Built, *, resumed: bool) -> Iterator[TrainingEvent]:
        state = self.state = built.state
        yield FitStarted(
            run=self.run.id,
            device=built.device.name,
            epochs=built.plan.epochs,
            steps_per_epoch=built.plan.steps_per_epoch,
            train_images=len(built.frozen.train),
            validation_images=len(built.frozen.validation),
            classes=built.frozen.classes,
            trainable_parameters=sum(p.numel() for p in built.network.parameters() if p.requires_grad),
            parameters=sum(p.numel() for p in built.network.parameters()),
            stages=built.stages,
            frozen_stages=built.frozen_stages,
            first_epoch=state.epoch,
            first_step=state.step,
        )
        if resumed:
            checkpoints.restore_random_states(built.random_states)
            # It is on the disk: who closes the run while its best weights are measured must not save those as the last.
            self.saved_step = state.step
        around = Surroundings(
            train=built.train_batches,
            validation=built.validation_batches,
            save=lambda kind: self._save(built, state, kind),
            poll=self.commands.poll,
            warned=set(built.warned),
        )
        reason = yield from fit(built.fabric, built.parts, built.plan, state, around)
        if reason == "stopped":
            yield self._stopped()
            return
        yield from self._measured(built, state, reason)

    def _measured(self, built: Built, state: State, reason: Reason) -> Iterator[TrainingEvent]:
        """Make the best checkpoint the run's model, measured on the deployment path; end the run."""
        best = checkpoints.load(self.run.best)
        built.network.load_state_dict(best["model"])
        deployed = -1.0
        events = finish.measure(
            self.run, built.model, device=built.device.name, batch_size=built.config.compute.batch_size
        )
        for event in events:
            if isinstance(event, float):
                deployed = event
            else:
                yield event
            if self.commands.stopped() and deployed < 0:
                yield self._stopped()
                return
        why = "Patience ran out" if reason == "early_stopping" else "Finished"
        message = (
            f"{why}: epoch {state.best_epoch} was the best, with a balanced accuracy of {state.best_score:.3f} on the "
            f"validation images in training and {deployed:.3f} on the deployment path."
        )
        yield self._ended(reason, message, deployed=deployed)

    def _stopped(self) -> FitEnded:
        """End a run that was stopped; what it has reached is a model already, though not measured."""
        state = self.state
        if state is None or state.step == 0:
            return self._ended("stopped", "Stopped before the first step.")
        if self.built is not None and self.run.best.is_file():
            best = checkpoints.load(self.run.best)
            trained = {name: value.clone() for name, value in self.built.network.state_dict().items()}
            self.built.network.load_state_dict(best["model"])
            finish.save_unmeasured(self.run, self.built.model, logits=best["logits"], targets=best["targets"])
            self.built.network.load_state_dict(trained)
        return self._ended("stopped", f"Stopped and saved after step {state.step}; the run can be continued.")

    def _ended(self, reason: Reason, message: str, *, deployed: float = -1.0) -> FitEnded:
        self.ended = True
        state = self.state
        return FitEnded(
            reason=reason,
            message=message,
            best_epoch=state.best_epoch if state else 0,
            live=state.best_score if state else -1.0,
            deployed=deployed,
            seconds=time.monotonic() - self.began,
        )

    def _save(self, built: Built, state: State, kind: str) -> str:
        if kind == "last":
            checkpoints.save(self.run.last, built.checkpoint(state))
            self.saved_step = state.step
            return self.run.last.relative_to(self.run.path).as_posix()
        content = {
            "model": built.network.state_dict(),
            "epoch": state.best_epoch,
            "balanced_accuracy": state.best_score,
            "logits": state.best_logits,
            "targets": state.best_targets,
        }
        checkpoints.save(self.run.best, content)
        return self.run.best.relative_to(self.run.path).as_posix()


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0].rstrip('.')}"
