"""Everything a run trains with, made from its config and its frozen inputs: network, pixels, loaders, optimizer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from workbench.data import loaders
from workbench.data.dataset import ImageDataset, VariedDataset, sample_seed
from workbench.data.mixing import Mixed, mix
from workbench.jobs import Noticed
from workbench.models.backbones import LoadReport, Network
from workbench.models.freezing import statistics_modules
from workbench.models.preprocess import Preprocess, PreprocessSpec
from workbench.training import checkpoints, devices, inputs, optim, pixels
from workbench.training.config import TrainConfig
from workbench.training.engine import Batch, Parts, Plan
from workbench.training.events import Preparing, Warned
from workbench.training.fetching import fetched
from workbench.training.finish import Model
from workbench.training.loss import CrossEntropy
from workbench.training.network import make_network, make_spec
from workbench.training.parts import FreezeBackbone, Phase
from workbench.training.phases import Timeline, load_optimizer, save_optimizer, stage_names
from workbench.training.run_weights import keep_head
from workbench.training.samples import TrainPixels
from workbench.training.state import State


@dataclass(frozen=True)
class Built:
    """The parts of a run, joined. `close` ends the loaders' processes."""

    config: TrainConfig
    frozen: inputs.Inputs
    device: devices.Device
    fabric: Fabric
    network: Network
    spec: PreprocessSpec
    parts: Parts
    plan: Plan
    phases: tuple[Phase, ...]
    state: State
    stages: list[str]
    frozen_stages: list[str]
    train_loader: "DataLoader[Any]"
    validation_loader: "DataLoader[Any]"
    random_states: dict[str, Any] = field(default_factory=dict)
    warned: frozenset[int] = frozenset()

    @property
    def model(self) -> Model:
        return Model(self.network, self.spec, self.config.backbone.name, self.frozen)

    def train_batches(self, epoch: int, start: int) -> Iterable[Batch]:
        """Return the batches of an epoch from ``start`` on, the same ones whenever it is asked."""
        loaders.set_epoch(self.train_loader, epoch, start=start)
        return self.train_loader

    def validation_batches(self) -> Iterable[Batch]:
        return self.validation_loader

    def checkpoint(self, state: State) -> dict[str, Any]:
        """Return everything that is needed to go on from ``state`` with the same numbers."""
        return {
            "model": self.network.state_dict(),
            "optimizer": save_optimizer(self.parts.optimizer, self.network),
            "schedule": {**self.config.schedule.model_dump(), "steps": self.plan.epochs * self.plan.steps_per_epoch},
            "scaler": self.fabric.strategy.precision.state_dict(),
            "phases": [phase.model_dump(mode="json") for phase in self.phases],
            "random": checkpoints.random_states(),
            "state": state.as_dict(),
        }

    def close(self) -> None:
        """End the loaders' processes."""
        for loader in (self.train_loader, self.validation_loader):
            # DataLoader offers no other way to end persistent workers at a known moment.
            iterator = getattr(loader, "_iterator", None)
            if loader.num_workers and iterator is not None:
                iterator._shutdown_workers()


def build(
    config: TrainConfig,
    frozen: inputs.Inputs,
    device: devices.Device,
    *,
    cache: Path,
    checkpoint: dict[str, Any] | None,
) -> Iterator[Preparing | Warned | Built]:
    """Yield what happens, then the parts, in the state of the checkpoint if there is one.

    Raises WorkbenchError where the weights do not fit or cannot be had, or the chain cannot be composed.
    """
    spec = make_spec(config, decoding=frozen.decoding.as_dict())
    if checkpoint is None:
        yield from fetched(config.backbone)
    network, report = make_network(config, len(frozen.classes), weights=None if checkpoint is None else "none")
    if checkpoint is None:
        report = keep_head(network, report, frozen.classes)
        yield _weights_told(config, network, report)
    images = TrainPixels(config, frozen.classes, frozen.decoding, largest=frozen.largest, cache=cache)
    warned: set[int] = set()
    ids = {sample.path: sample.id for sample in (*frozen.train, *frozen.validation)}
    for event in images.prepare(frozen.train, frozen.validation):
        if isinstance(event, Noticed):
            warned.update(ids[path] for path in [event.path] if path in ids)
            yield Warned(f"{event.message.rstrip('.')}; it is skipped in this run.")
        else:
            yield Preparing(event.what, event.done, event.total or 0)
    yield _join(config, frozen, device, network=network, spec=spec, images=images, checkpoint=checkpoint, warned=warned)


def _weights_told(config: TrainConfig, network: Network, report: LoadReport) -> Preparing | Warned:
    """Say what the backbone starts from, what of the weights file was left out, and what random numbers cannot become."""
    if config.backbone.weights != "none":
        return Preparing(report.told())
    begins = "The backbone starts from random numbers and"
    if all(isinstance(phase.freeze, FreezeBackbone) for phase in config.phases):
        return Warned(f"{begins} is frozen, so little can be learnt; unfreeze it.")
    timeline = Timeline(network, config.phases)
    learns = set().union(*timeline.trained) | network.fixed_parameters
    still = [stage.name for stage in timeline.stages if not learns.issuperset(stage.parameter_names)]
    if still:
        more = f" and {len(still) - 3} more of its stages" if len(still) > 3 else ""
        return Warned(
            f"{begins} never learns as a whole ({', '.join(still[:3])}{more}), so that little can be learnt; unfreeze "
            "everything, or choose weights."
        )
    if config.batch_norm == "frozen" and statistics_modules(network.backbone):
        return Warned(
            f"{begins} its batch norm is frozen, so that nothing is normalised and little can be learnt; let batch norm "
            "follow (batch_norm=follow)."
        )
    return Preparing(report.told())


def _join(
    config: TrainConfig,
    frozen: inputs.Inputs,
    device: devices.Device,
    *,
    network: Network,
    spec: PreprocessSpec,
    images: TrainPixels,
    checkpoint: dict[str, Any] | None,
    warned: set[int],
) -> Built:
    fabric = devices.open_fabric(device, devices.choose_precision(config.compute.precision, device))
    # Channels last is what convolutions are fastest with: MobileNetV2 on two cores 48 images/s, 26 without.
    network = network.to(device=fabric.device).to(memory_format=torch.channels_last)
    phases = _phases(config, checkpoint)
    timeline = Timeline(network, phases, batch_norm=config.batch_norm)
    optimizer = optim.create(config.optimizer, timeline.groups(config.optimizer))
    state = State(fabric.device) if checkpoint is None else State.from_dict(checkpoint["state"], fabric.device)
    timeline.apply(state.phase)
    if checkpoint is not None:
        network.load_state_dict(checkpoint["model"])
        load_optimizer(optimizer, network, checkpoint["optimizer"])
        fabric.strategy.precision.load_state_dict(checkpoint["scaler"])
    moving = any(not isinstance(phase.freeze, FreezeBackbone) for phase in phases)
    train_loader, validation_loader = _loaders(config, frozen, device, images, moving_norms=moving)
    parts = Parts(
        network=network,
        preprocess=_ChannelsLast(Preprocess(spec)).to(fabric.device),
        loss=_loss(config, frozen).to(fabric.device),
        optimizer=optimizer,
        train_mode=timeline.train_mode,
        mix=_mixing(config),
        enter=lambda phase: timeline.enter(phase, optimizer),
    )
    names, resting = stage_names(network)
    return Built(
        config=config,
        frozen=frozen,
        device=device,
        fabric=fabric,
        network=network,
        spec=spec,
        parts=parts,
        plan=Plan(
            epochs=sum(phase.epochs for phase in phases),
            steps_per_epoch=len(train_loader),
            classes=len(frozen.classes),
            schedule=config.schedule,
            clip_norm=config.optimizer.clip_norm,
            log_every=config.compute.log_every,
            patience=config.stopping.patience,
            checkpoint_seconds=60 * config.compute.checkpoint_minutes,
            shortcut=pixels.SHORTCUT,
            phases=timeline.spans,
        ),
        phases=phases,
        state=state,
        stages=names,
        frozen_stages=resting,
        train_loader=train_loader,
        validation_loader=validation_loader,
        random_states=checkpoint["random"] if checkpoint is not None else {},
        warned=frozenset(warned),
    )


def _phases(config: TrainConfig, checkpoint: dict[str, Any] | None) -> tuple[Phase, ...]:
    """Return the timeline: the one that the run began with, where it goes on."""
    if checkpoint is None:
        return config.phases
    if "phases" in checkpoint:
        return tuple(Phase.model_validate(phase) for phase in checkpoint["phases"])
    return (Phase(epochs=config.epochs, freeze=checkpoint["freeze"]),)  # format 1


def _loaders(
    config: TrainConfig, frozen: inputs.Inputs, device: devices.Device, images: TrainPixels, *, moving_norms: bool
) -> tuple["DataLoader[Any]", "DataLoader[Any]"]:
    compute = config.compute
    workers = loaders.choose_workers(compute.workers)
    # Torch keeps its threads whatever the number of workers: a sum over other parts would change the last digit of the run.
    weights = None
    if config.loss.balance == "balanced_sampling":
        per_class = inputs.class_weights(frozen.train, len(frozen.classes))
        weights = [per_class[sample.target] for sample in frozen.train]
    count = len(frozen.train)
    # Batch norm that trains cannot take a last batch of a single image.
    drop_last = moving_norms and count > compute.batch_size and count % compute.batch_size == 1
    train = loaders.make_loader(
        VariedDataset(frozen.train, images.variant, seed=config.seed, preload=images.preload),
        batch_size=compute.batch_size,
        workers=workers,
        shuffle=True,
        seed=config.seed,
        weights=weights,
        drop_last=drop_last,
        pin_memory=device.kind == "cuda",
    )
    validation = loaders.make_loader(
        ImageDataset(frozen.validation, images.plain),
        batch_size=2 * compute.batch_size,
        workers=min(1, workers),
        pin_memory=device.kind == "cuda",
    )
    return train, validation


def _loss(config: TrainConfig, frozen: inputs.Inputs) -> nn.Module:
    weight = None
    if config.loss.balance == "class_weights":
        weight = torch.tensor(inputs.class_weights(frozen.train, len(frozen.classes)))
    return CrossEntropy(weight=weight, label_smoothing=config.loss.label_smoothing)


def _mixing(config: TrainConfig) -> Callable[[Tensor, Sequence[int], int], Mixed] | None:
    mixing = config.mix
    if mixing.kind == "none" or mixing.p == 0:
        return None

    def mixed(images: Tensor, ids: Sequence[int], epoch: int) -> Mixed:
        seeds = [sample_seed(config.seed, epoch, image_id) for image_id in ids]
        return mix(images, seeds, kind=mixing.kind, p=mixing.p, alpha=mixing.alpha)

    return mixed


class _ChannelsLast(nn.Module):
    """Preprocessing whose output has the memory format of the network."""

    def __init__(self, preprocess: nn.Module) -> None:
        super().__init__()
        self.preprocess = preprocess

    def forward(self, images: Tensor) -> Tensor:
        """Return what the preprocessing returns for uint8 images [N, H, W, 3]."""
        pixels: Tensor = self.preprocess(images)
        return pixels.contiguous(memory_format=torch.channels_last)
