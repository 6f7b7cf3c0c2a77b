"""What follows for a whole run from what was measured of its phases."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.training.config import TrainConfig
from workbench.training.devices import Device
from workbench.training.inputs import Inputs
from workbench.training.parts import Phase


@dataclass(frozen=True)
class PhaseProbed:
    """One phase: ``seconds_per_epoch`` with its validation, ``images_per_second`` in training."""

    epochs: int
    seconds_per_epoch: float
    images_per_second: float
    memory_bytes: int
    trainable_parameters: int


@dataclass(frozen=True)
class Probed:
    """What was measured, and what follows from it for the whole run.

    ``seconds_per_epoch`` is the mean over all epochs, validation included; ``minutes`` are those of the whole run: its start,
    the preparing of images that are not prepared yet, and the measuring of the best epoch. ``memory_bytes`` is the peak in
    the hungriest phase with batches of ``batch_size``, of the device, or of the whole process with torch in it
    (``memory_kind``). ``largest_batch`` is the largest that fits beside what else is there now, 4096 at most; 0 where it is
    not known. ``trainable_parameters`` are those of the phase that trains most.
    """

    device: str
    seconds_per_epoch: float
    minutes: float
    memory_bytes: int
    memory_kind: str
    largest_batch: int
    images_per_second: float
    trainable_parameters: int
    notes: list[str]
    phases: list[PhaseProbed] = field(default_factory=list)
    batch_size: int = 0


@dataclass(frozen=True)
class Found:
    """What a phase was measured to take: seconds for an image in training and in validation, bytes at the peak.

    ``batch`` fits, ``largest`` is the largest that does, and ``tried`` the largest that was; ``start`` is in seconds.
    """

    train: float
    validation: float
    memory: int
    trainable: int
    batch: int
    largest: int
    tried: int
    start: float


_ONCE = {
    "features": "Every image is looked at once; the classifier on top is fitted afterwards, which is not measured.",
    "as-is": "Nothing is trained: only the validation images are looked at.",
}


def answer(
    config: TrainConfig,
    everything: Inputs,
    device: Device,
    measured: Sequence[tuple[Phase, Found]],
    *,
    batch: int,
    preparing: float,
    starting: float,
    notes: Sequence[str],
) -> Probed:
    """Return what a run takes whose phases take what was ``measured``.

    ``batch`` was asked for; ``preparing`` are the seconds for images that are not prepared yet, ``starting`` those before the
    network is there; ``notes`` are told first.
    """
    train, validation, kind = len(everything.train), len(everything.validation), config.method.kind
    phases = [
        PhaseProbed(
            epochs=phase.epochs,
            seconds_per_epoch=found.train * train + found.validation * validation,
            images_per_second=1 / found.train,
            memory_bytes=found.memory,
            trainable_parameters=found.trainable,
        )
        for phase, found in measured
    ]
    least = min((found for _, found in measured), key=lambda found: found.largest)
    said = [*notes]
    if least.batch < batch:
        said.append(f"Batches of {batch} images do not fit into memory; measured with {least.batch}.")
    elif any(found.tried < found.batch for _, found in measured):
        tried = min(found.tried for _, found in measured)
        said.append(f"The memory is reckoned from batches of up to {tried} images, as larger ones take long here.")
    if kind == "train":
        epochs = sum(phase.epochs for phase in phases)
        seconds = sum(phase.epochs * phase.seconds_per_epoch for phase in phases)
        images = train * epochs / sum(phase.epochs * found.train * train for phase, found in measured)
        # The best epoch is measured once more, on the deployment path.
        whole = seconds + measured[-1][1].validation * validation
    else:
        epochs, images = 1, phases[0].images_per_second
        seconds = whole = (validation + (train if kind == "features" else 0)) * measured[0][1].validation
        said.append(_ONCE[kind])
    if preparing >= 1:
        said.append(f"Preparing the images takes about {preparing:.0f} s of it, once.")
    if config.stopping.patience and kind == "train":
        said.append(f"It may end earlier: after {config.stopping.patience} epochs without a better one.")
    return Probed(
        device=device.name,
        seconds_per_epoch=seconds / epochs,
        minutes=(whole + preparing + starting + measured[0][1].start) / 60,
        memory_bytes=max(phase.memory_bytes for phase in phases),
        memory_kind="main memory" if device.kind == "cpu" else f"memory of {device.name}",
        largest_batch=least.largest,
        images_per_second=images,
        trainable_parameters=max(phase.trainable_parameters for phase in phases),
        notes=list(dict.fromkeys(said)),
        phases=phases if kind == "train" else [],
        batch_size=least.batch,
    )
