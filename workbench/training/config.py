"""Everything that can be set about a run, in one validated type. Imports no torch: the window edits it.

The window is an editor for `TrainConfig`; the command line runs the same file. Bounds, choices and help texts are field
metadata, so that the form, the TOML file and the error texts come from one definition.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomlkit
from pydantic import Field, ValidationError

from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.models.rates import LARGEST
from workbench.registry import nearest
from workbench.training import toml_text
from workbench.training.parts import WAYS as WAYS
from workbench.training.parts import AsIs as AsIs
from workbench.training.parts import Baseline as Baseline
from workbench.training.parts import FeaturesOnce as FeaturesOnce
from workbench.training.parts import Freeze, FreezeBackbone, HeadConfig, Method, Part, Phase, Train
from workbench.training.parts import FreezeNothing as FreezeNothing
from workbench.training.parts import FreezeParts as FreezeParts
from workbench.training.parts import FreezeStages as FreezeStages

FORMAT = 3
"""3: phases, heads, parts by name, ways without training, channels.
2: nested chains, a chain for rare classes, mixing, detail of the prepared images. 1 is read with images prepared at
the model's size, as they were then: a stopped run goes on with the pixels it began with."""


class BackboneConfig(Part):
    """The part of the model that comes with knowledge, and where from."""

    name: str = Field("torchvision/mobilenet_v2", title="Backbone", description="timm/NAME or torchvision/NAME")
    weights: str = Field(
        "hub",
        title="Weights",
        description="hub (downloaded once, or from a folder of packs), none (random), run:ID, or the path of a weights file",
    )
    tag: str = Field(
        "", max_length=200, title="Published weights", description="Which of those on the hub; empty for the default"
    )
    dropout: float = Field(0.0, ge=0, lt=1, title="Drop-out", description="Share of features dropped before the head")
    drop_path: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Drop-path",
        description="Share of residual branches skipped in training, where there are any",
    )
    channels: int = Field(
        3, ge=1, le=32, title="Channels", description="3: colour; 1: grey, with the first layer's weights adapted"
    )


class PreprocessConfig(Part):
    """How an image becomes what the backbone takes."""

    size: int = Field(
        0, ge=0, le=2048, title="Image size", description="Side in pixels the model sees; 0 takes the backbone's own"
    )
    resize: Literal["squash", "crop", "pad"] = Field(
        "squash",
        title="Resize",
        description="squash keeps everything and bends the aspect, crop keeps the middle, pad adds a border",
    )
    detail: float = Field(
        2.0,
        ge=1,
        le=4,
        title="Detail for crops",
        description="Images are prepared up to this many times larger than the model sees them, where the chain crops",
    )


class OptimizerConfig(Part):
    """The defaults train a new head on a frozen MobileNetV2 well in 5 epochs: on NEU (390 training images) they reached
    0.986 in the mean of 15 splits with batches of 16, where 3e-3 with batches of 32 reached 0.976."""

    name: Literal["adamw", "sgd"] = Field("adamw", title="Optimizer", description="adamw needs less tuning")
    learning_rate: float = Field(
        1e-2, gt=0, le=10, title="Learning rate", description="Of the head; the backbone's is this times the factor"
    )
    backbone_factor: float = Field(
        0.02, gt=0, le=1, title="Backbone factor", description="A gentle rate keeps what the backbone already knows"
    )
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        title="Layer decay",
        description="Each stage learns at the rate of the next one times this, from the head backwards",
    )
    stage_factors: dict[str, Annotated[float, Field(gt=0, le=LARGEST)]] = Field(
        {}, title="Rates of stages", description="Own factors of stages by name, in place of factor and decay"
    )
    weight_decay: float = Field(0.01, ge=0, le=1, title="Weight decay", description="Pulls weights towards zero")
    clip_norm: float = Field(
        1.0, ge=0, le=1000, title="Gradient clipping", description="Largest norm of the gradient; 0 switches it off"
    )


class ScheduleConfig(Part):
    """The learning rate over the run."""

    kind: Literal["cosine", "constant"] = Field("cosine", title="Schedule", description="How the learning rate falls")
    warmup: float = Field(
        0.1,
        ge=0,
        le=0.5,
        title="Warm-up",
        description="Share of the steps of each phase in which the rate rises from zero",
    )


class LossConfig(Part):
    """Cross-entropy, and what it is told about labels and classes."""

    label_smoothing: float = Field(
        0.0, ge=0, le=0.5, title="Label smoothing", description="Softens every label a little"
    )
    balance: Literal["none", "class_weights", "balanced_sampling"] = Field(
        "none", title="Rare classes", description="class_weights: count more in the loss; balanced_sampling: shown more"
    )


class StoppingConfig(Part):
    """When to end before the last epoch."""

    patience: int = Field(
        0,
        ge=0,
        le=1000,
        title="Patience",
        description="Stop after this many epochs without a better one, in the last phase; 0: never",
    )


class ComputeConfig(Part):
    """Where and how fast; changes the figures of a run little or not at all."""

    device: str = Field("auto", title="Device", description="auto, cpu, cuda or cuda:N, mps")
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        "auto", title="Precision", description="auto: half where the device is faster for it"
    )
    batch_size: int = Field(16, ge=1, le=4096, title="Batch size", description="Images per step")
    workers: int = Field(
        -1, ge=-1, le=64, title="Loader processes", description="Processes that read images; -1 chooses, 0 none"
    )
    prepared_cache: bool = Field(
        True,
        title="Prepared cache",
        description="Decode and resize every image once; training then reads pixels from disk",
    )
    log_every: int = Field(
        5, ge=1, le=10_000, title="Log every", description="Steps between two points of the live curve"
    )
    checkpoint_minutes: float = Field(
        2.0, ge=0, le=1440, title="Checkpoint every", description="Minutes between checkpoints within an epoch"
    )


LIGHT = Chain(
    steps=(
        Step(transform="HorizontalFlip", p=0.5),
        Step(
            transform="RandomBrightnessContrast",
            p=0.5,
            params={"brightness_limit": [-0.15, 0.15], "contrast_limit": [-0.15, 0.15]},
        ),
    )
)


class RareConfig(Part):
    """A chain of its own for chosen classes, in place of the one for all: usually stronger, for classes with few images."""

    classes: tuple[str, ...] = Field((), title="Rare classes", description="Names of the classes that get this chain")
    chain: Chain = Chain()


class MixConfig(Part):
    """Training images mixed in pairs, with their labels in the same shares."""

    kind: Literal["none", "mixup", "cutmix", "both"] = Field(
        "none", title="Mix", description="mixup: two images laid over each other; cutmix: a patch of one in the other"
    )
    p: float = Field(0.5, ge=0, le=1, title="Share", description="Share of the training images that are mixed")
    alpha: float = Field(
        0.4, gt=0, le=8, title="Strength", description="Beta(alpha, alpha) draws the shares; larger: more evenly mixed"
    )


class TrainConfig(Part):
    """A run, as data. ``load``/``dumps`` read and write TOML; `with_settings` applies ``--set``."""

    epochs: int = Field(
        10, ge=1, le=10_000, title="Epochs", description="Times every training image is seen; with phases, in the first"
    )
    seed: int = Field(7, ge=0, le=2**31 - 1, title="Seed", description="The same seed gives the same run")
    backbone: BackboneConfig = BackboneConfig()
    preprocess: PreprocessConfig = PreprocessConfig()
    method: Method = Train()
    head: HeadConfig = HeadConfig()
    freeze: Freeze = FreezeBackbone()
    then: tuple[Phase, ...] = Field((), max_length=16, title="Then", description="Phases that follow the first")
    batch_norm: Literal["follow", "frozen"] = Field(
        "follow",
        title="Batch norm",
        description="follow: statistics move where a stage trains; frozen: they stay as the weights brought them",
    )
    augment: Chain = LIGHT
    rare: RareConfig = RareConfig()
    mix: MixConfig = MixConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    loss: LossConfig = LossConfig()
    stopping: StoppingConfig = StoppingConfig()
    compute: ComputeConfig = ComputeConfig()

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The whole timeline: ``epochs`` of ``freeze``, then the later phases."""
        return (Phase(epochs=self.epochs, freeze=self.freeze), *self.then)

    @property
    def total_epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    def dumps(self) -> str:
        """Return the config as TOML that `loads` reads back to an equal config."""
        return toml_text.dumps({"format": FORMAT, **self.model_dump(mode="json")})

    @classmethod
    def loads(cls, text: str, source: str = "the config") -> Self:
        """Read TOML. Raises WorkbenchError naming ``source`` and every field that is wrong."""
        try:
            fields = tomlkit.parse(text).unwrap()
        except ValueError as error:
            raise WorkbenchError(f"{source} is not a TOML file: {error}; correct that line.") from error
        found = fields.pop("format", FORMAT)
        if not isinstance(found, int) or found > FORMAT:
            raise WorkbenchError(
                f"{source} was written by a newer Workbench (format {found}); update Workbench to use it."
            )
        if found < 2 and isinstance(preprocess := fields.setdefault("preprocess", {}), dict):
            preprocess.setdefault("detail", 1.0)
        return cls._validated(fields, source)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file. Raises WorkbenchError where it cannot be read or holds a wrong value."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WorkbenchError(f"The config {path} cannot be read ({error}); choose a TOML file.") from error
        return cls.loads(text, source=str(path))

    def with_settings(self, settings: list[str]) -> Self:
        """Apply ``name=value`` settings: a dotted path of fields, or a short name (see `SHORT_NAMES`).

        ``preset`` is applied first wherever it stands, then the others in order. A chain (``augment``, ``rare.chain``) is
        the name of a preset of chains (ours, or the title of an own one), a chain's file, or TOML. Raises WorkbenchError
        for a name that does not exist (with the nearest ones), a file that holds no chain, or a value out of bounds.
        """
        pairs = []
        for setting in settings:
            name, equals, value = setting.partition("=")
            if not equals:
                raise WorkbenchError(f"The setting '{setting}' has no value; write it as {setting}=VALUE.")
            pairs.append((name.strip(), value.strip()))
        fields = self.model_dump(mode="json")
        for name, value in sorted(pairs, key=lambda pair: pair[0] != "preset"):
            if name == "preset":
                _apply_preset(fields, value)
            elif name == "freeze":
                fields["freeze"] = _freeze(value)
            elif name in ("method", "method.kind") and not value.startswith("{"):
                fields["method"] = _method({"kind": value})
            elif value.startswith("{"):  # a whole part, also where its name is short for one of its fields
                _set(fields, name if name in fields else SHORT_NAMES.get(name, name), name, value)
            elif name == "augment":
                fields["augment"] = _chain(value)
            elif name == "rare.chain":
                fields["rare"]["chain"] = _chain(value)
            else:
                _set(fields, SHORT_NAMES.get(name, name), name, value)
        return type(self)._validated(fields, "the settings")

    @classmethod
    def _validated(cls, fields: dict[str, Any], source: str) -> Self:
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            said = [(".".join(map(str, e["loc"])), e["msg"].removeprefix("Value error, ")) for e in error.errors()[:5]]
            wrong = "; ".join(f"{place}: {what}" for place, what in said)
            raise WorkbenchError(f"{source[0].upper()}{source[1:]} cannot be used: {wrong}.") from error


SHORT_NAMES = {
    "backbone": "backbone.name",
    "weights": "backbone.weights",
    "lr": "optimizer.learning_rate",
    "learning_rate": "optimizer.learning_rate",
    "batch_size": "compute.batch_size",
    "device": "compute.device",
    "workers": "compute.workers",
    "size": "preprocess.size",
    "resize": "preprocess.resize",
    "mix": "mix.kind",
    "head": "head.kind",
    "channels": "backbone.channels",
    "method": "method.kind",
}
"""Short names of ``--set`` and the dotted paths they stand for."""

_ONE_PHASE: dict[str, Any] = {"method": {"kind": "train"}, "then": []}

PRESETS: dict[str, dict[str, Any]] = {
    "fast": {**_ONE_PHASE, "epochs": 5, "freeze": {"kind": "backbone"}},
    "balanced": {
        **_ONE_PHASE,
        "epochs": 15,
        "freeze": {"kind": "stages", "train_last": 2},
        "optimizer": {"learning_rate": 5e-3},
        "stopping": {"patience": 5},
    },
    "best": {
        **_ONE_PHASE,
        "epochs": 40,
        "freeze": {"kind": "none"},
        "optimizer": {"learning_rate": 5e-3},
        "loss": {"label_smoothing": 0.1},
        "stopping": {"patience": 10},
    },
}
"""Recipes: what each changes against the config it is applied to."""


def _merge(fields: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if key not in ("freeze", "method", "stage_factors") and isinstance(value, dict):
            _merge(fields[key], value)
        else:
            fields[key] = value


def _apply_preset(fields: dict[str, Any], name: str) -> None:
    """Change ``fields`` as a recipe or a way to learn says. A way from pretrained weights needs some.

    Where phases become one, the run stays as long as they were together.
    """
    if name not in PRESETS and name not in WAYS:
        raise WorkbenchError(f"There is no preset named '{name}'; choose one of {', '.join((*PRESETS, *WAYS))}.")
    whole = fields["epochs"] + sum(phase["epochs"] for phase in fields["then"])
    changes = PRESETS.get(name) or WAYS[name]
    _merge(fields, {"epochs": whole, **changes} if fields["then"] and not changes["then"] else changes)
    fields["method"] = _method(fields["method"])
    if name in WAYS and name not in ("scratch", "baseline") and fields["backbone"]["weights"] == "none":
        fields["backbone"]["weights"] = "hub"


def _method(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a method with all of its fields, so that a later setting finds them; an unknown kind is left to validation."""
    kinds: dict[str, type[Part]] = {"features": FeaturesOnce, "as-is": AsIs, "baseline": Baseline}
    kind = kinds.get(str(fields.get("kind")))
    return {**kind().model_dump(mode="json"), **fields} if kind else fields


def _freeze(value: str) -> dict[str, Any]:
    kind, _, said = value.partition(":")
    if kind in ("backbone", "none") and not said:
        return {"kind": kind}
    if kind == "stages" and said.isdecimal():
        return {"kind": "stages", "train_last": int(said)}
    if kind == "parts" and said:
        return {"kind": "parts", "trained": [part.strip() for part in said.split(",") if part.strip()]}
    raise WorkbenchError(
        f"freeze={value} is not a freeze plan; choose backbone, none, stages:N (the last N stages train) or "
        f"parts:NAME,NAME (the named stages or modules train)."
    )


def _chain(value: str) -> dict[str, Any]:
    # Late: the window holds configs and needs neither the presets nor the files for it.
    from workbench.augment import exchange, presets

    builtin = presets.builtin()
    known = {preset.title: preset.chain for preset in presets.own(presets.user_folder())}
    known |= {preset.name: preset.chain for preset in builtin}
    if value in known:
        return known[value].model_dump(mode="json")
    path = Path(value).expanduser()
    if not path.is_file():
        names = ", ".join(preset.name for preset in builtin)
        raise WorkbenchError(
            f"There is neither a preset of chains nor a file named '{value}'; choose a file, a preset of yours or one of "
            f"{names}."
        )
    return exchange.read(path).model_dump(mode="json")


def _paths(fields: dict[str, Any], prefix: str = "") -> list[str]:
    paths = []
    for key, value in fields.items():
        paths.append(prefix + key)
        if isinstance(value, dict):
            paths += _paths(value, f"{prefix}{key}.")
    return paths


def _set(fields: dict[str, Any], path: str, written: str, value: str) -> None:
    known = _paths(fields)
    if path not in known:
        close = ", ".join(nearest(written, [*known, *SHORT_NAMES, "freeze", "preset"]))
        advice = f"did you mean {close}?" if close else "train PROJECT --print-config shows them all."
        raise WorkbenchError(f"There is no setting named '{written}'; {advice}")
    *parents, last = path.split(".")
    target = fields
    for part in parents:
        target = target[part]
    old = target[last]
    target[last] = value if isinstance(old, str) else _parsed(value)


def _parsed(value: str) -> Any:
    try:
        return tomlkit.parse(f"x = {value}").unwrap()["x"]
    except ValueError:
        return value
