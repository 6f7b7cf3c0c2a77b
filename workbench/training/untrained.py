"""What the ways share that train no network: what they are given, how they read images, how their model is measured."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from workbench.data.dataset import Sample
from workbench.data.reading import Pixels
from workbench.embedding.waiting import waited
from workbench.errors import WorkbenchError
from workbench.evaluation.batches import Unread, by_size
from workbench.evaluation.evaluate import Reading
from workbench.jobs import Progress
from workbench.models.backbones import LoadReport, Network
from workbench.models.heads import LINEAR, HeadSpec
from workbench.models.preprocess import PreprocessSpec
from workbench.models.stages import stages
from workbench.project.runs import RunFolder
from workbench.training.config import TrainConfig
from workbench.training.control import Command
from workbench.training.events import FitStarted, Paused, Preparing, Reason, Resumed, TrainingEvent, Warned
from workbench.training.fetching import fetched
from workbench.training.inputs import Inputs
from workbench.training.network import make_network, make_spec

T = TypeVar("T")

_MOST_WARNED = 20
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Setting:
    """A run to make a model for; ``poll`` returns the commands that came since it was last asked."""

    run: RunFolder
    config: TrainConfig
    frozen: Inputs
    device: str
    poll: Callable[[], Sequence[Command]] = lambda: ()

    def obey(self) -> Iterator[TrainingEvent]:
        """Wait where a pause is asked for, until it ends. Raises Interrupted where a stop is."""
        paused = False
        while True:
            for command in self.poll():
                if command == "stop":
                    raise Interrupted
                if command in ("pause", "resume") and paused != (command == "pause"):
                    paused = command == "pause"
                    yield Paused(step=0) if paused else Resumed(step=0)
            if not paused:
                return
            time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Outcome:
    """How it ended: ``deployed`` is the balanced accuracy on the validation images, -1 where it was not measured."""

    reason: Reason
    message: str
    deployed: float = -1.0


class Interrupted(Exception):
    """A stop was asked for before there was a model."""


Way = Generator[TrainingEvent, None, Outcome]
"""Yields what happens and returns how it ended."""


@dataclass(frozen=True)
class Read:
    """The decoded image of ``sample``, uint8 [H,W,3]."""

    sample: Sample
    pixels: Pixels


def read(setting: Setting, samples: Sequence[Sample], what: str) -> Iterator[TrainingEvent | Read]:
    """Yield every image that can be read, a Preparing after each, and a Warned for those that cannot or have changed.

    Raises Interrupted where a stop is asked for.
    """
    reading = Reading(setting.frozen.decoding)
    done = unread = 0
    for part in by_size(samples, reading, batch_size=1):
        for notice in reading.notices():
            yield Warned(notice.message)
        if isinstance(part, Unread):
            done, unread = done + 1, unread + 1
            if unread <= _MOST_WARNED:
                yield Warned(part.message)
        else:
            for sample, pixels in zip(part.entries, part.pixels, strict=True):
                done += 1
                yield Read(sample, pixels)
        yield Preparing(what, done, len(samples))
        yield from setting.obey()
    if unread > _MOST_WARNED:
        yield Warned(f"{unread - _MOST_WARNED:,} more images could not be read and are left out.")


def unhindered() -> None:
    """Let work go on: what `working` gives to ``work``, where nobody can ask for a stop."""


def working(setting: Setting, what: str, work: Callable[[Callable[[], None]], T]) -> Generator[TrainingEvent, None, T]:
    """Do ``work`` in a thread, telling now and then that it goes on; return what it returned.

    ``work`` gets a function that it calls now and then, which raises Interrupted there once a stop is asked for.
    """
    halted = Event()

    def going_on() -> None:
        if halted.is_set():
            raise Interrupted

    yield Preparing(what)
    waiting = waited(lambda: work(going_on), Progress(0, None, what))
    try:
        while True:
            try:
                next(waiting)
            except StopIteration as done:
                yield from setting.obey()
                return done.value  # type: ignore[no-any-return] # what work returned
            yield Preparing(what)
            yield from setting.obey()
    finally:
        halted.set()
        waiting.close()


def fetching(setting: Setting) -> Iterator[TrainingEvent]:
    """Download the weights of the backbone where they are published and not here. Raises Interrupted, and WorkbenchError."""
    for event in fetched(setting.config.backbone):
        yield event
        yield from setting.obey()


def network_of(setting: Setting, head: HeadSpec = LINEAR) -> tuple[Network, LoadReport, PreprocessSpec]:
    """Return the run's backbone with its weights and a new head, and what it expects of pixels.

    Raises WorkbenchError for weights that do not fit or cannot be had.
    """
    spec = make_spec(setting.config, decoding=setting.frozen.decoding.as_dict())
    network, report = make_network(setting.config, len(setting.frozen.classes), head=head)
    return network, report, spec


def started(setting: Setting, network: Network, *, learnt: int) -> FitStarted:
    """Return the event that a run begins that has no epochs; ``learnt`` counts the parameters that are set by it."""
    names = [stage.name for stage in stages(network)]
    return FitStarted(
        run=setting.run.id,
        device=setting.device,
        epochs=0,
        steps_per_epoch=0,
        train_images=len(setting.frozen.train),
        validation_images=len(setting.frozen.validation),
        classes=setting.frozen.classes,
        trainable_parameters=learnt,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        stages=names,
        frozen_stages=names[:-1] if learnt else names,
    )


def measured(setting: Setting, events: Iterator[TrainingEvent | float]) -> Generator[TrainingEvent, None, float]:
    """Pass on the events of `finish.measure`; return the balanced accuracy that it ends with."""
    for event in events:
        if isinstance(event, float):
            return event
        yield event
        yield from setting.obey()
    raise WorkbenchError("The run could not be measured; start it again.")
