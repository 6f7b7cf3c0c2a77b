"""The parts of a config that say how a network learns: what is frozen when, its head, and the way it is made. No torch."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A part of the config: unknown fields are refused, values never change in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class FreezeBackbone(Part):
    """Only the head trains."""

    kind: Literal["backbone"] = "backbone"


class FreezeNothing(Part):
    """Everything trains."""

    kind: Literal["none"] = "none"


class FreezeStages(Part):
    """The head and the last stages of the backbone train."""

    kind: Literal["stages"] = "stages"
    train_last: int = Field(1, ge=1, le=64, title="Stages that train", description="Counted from the head backwards")


class FreezeParts(Part):
    """The head and the named parts of the backbone train, the rest is frozen."""

    kind: Literal["parts"] = "parts"
    trained: tuple[str, ...] = Field(
        (),
        max_length=4096,
        title="Parts that train",
        description="Names of stages (layer4) or paths of modules (backbone.layer4.1)",
    )


Freeze = Annotated[FreezeBackbone | FreezeNothing | FreezeStages | FreezeParts, Field(discriminator="kind")]


class Phase(Part):
    """A later part of the run: from here on other stages train, at their own pace."""

    epochs: int = Field(5, ge=1, le=10_000, title="Epochs", description="How long this phase takes")
    freeze: Freeze = FreezeNothing()
    rate: float = Field(
        1.0, gt=0, le=10, title="Rate", description="All learning rates of the run times this, in this phase"
    )


class HeadConfig(Part):
    """What is put on the backbone in place of its own classifier."""

    kind: Literal["linear", "hidden", "cosine"] = Field(
        "linear",
        title="Head",
        description="linear: one layer; hidden: one more between; cosine: compares directions, for few or uneven images",
    )
    width: int = Field(256, ge=8, le=8192, title="Hidden width", description="Numbers between the two layers")


class Train(Part):
    """The network is trained, phase after phase."""

    kind: Literal["train"] = "train"


class FeaturesOnce(Part):
    """The frozen backbone looks at every image once, without augmentation; a classifier learns from what it saw."""

    kind: Literal["features"] = "features"
    classifier: Literal["logistic", "svm"] = Field(
        "logistic", title="Classifier", description="logistic regression, or a linear support vector machine"
    )
    strength: float = Field(
        0.0,
        ge=0,
        le=1e6,
        title="C (0: chosen)",
        description="How freely the classifier fits: the inverse of its regularisation; 0 chooses it by cross-validation",
    )


class AsIs(Part):
    """The pretrained classifier as it is: nothing is trained, its own classes answer for the project's."""

    kind: Literal["as-is"] = "as-is"
    classes: dict[str, tuple[str, ...]] = Field(
        {},
        title="Classes that answer",
        description="For each class of the project those of the classifier that mean it; by name where left out",
    )


class Baseline(Part):
    """No network: colours, gradients (HOG) and key points (SIFT, bag of words) with a support vector machine."""

    kind: Literal["baseline"] = "baseline"
    colour: bool = Field(True, title="Colour", description="Histograms of hue, saturation and brightness")
    gradients: bool = Field(True, title="Gradients", description="Histograms of oriented gradients (HOG)")
    key_points: bool = Field(True, title="Key points", description="SIFT key points, counted as visual words")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.colour or self.gradients or self.key_points):
            raise ValueError("a baseline needs colour, gradients or key_points")
        return self


Method = Annotated[Train | FeaturesOnce | AsIs | Baseline, Field(discriminator="kind")]

_STILL = "frozen"
"""Few images in small batches move running statistics further from those of the weights than they teach the network: on
ants and bees, 179 training images, everything trained for ten epochs reached 0.86 with moving statistics, 0.95 without. Also
the advice of Keras' guide to transfer learning (https://keras.io/guides/transfer_learning, "BatchNormalization layer")."""
_RATES = {"learning_rate": 1e-2, "backbone_factor": 0.02, "layer_decay": 1.0, "stage_factors": {}}

WAYS: dict[str, dict[str, Any]] = {
    "features-once": {"method": {"kind": "features"}, "freeze": {"kind": "backbone"}, "then": []},
    "frozen": {"method": {"kind": "train"}, "freeze": {"kind": "backbone"}, "then": [], "optimizer": _RATES},
    "partial": {
        "method": {"kind": "train"},
        "freeze": {"kind": "stages", "train_last": 2},
        "then": [],
        "batch_norm": _STILL,
        "optimizer": _RATES,
    },
    "full": {
        "method": {"kind": "train"},
        "freeze": {"kind": "none"},
        "then": [],
        "batch_norm": _STILL,
        "optimizer": _RATES,
    },
    "gradual": {
        "method": {"kind": "train"},
        "epochs": 3,
        "freeze": {"kind": "backbone"},
        "then": [
            {"epochs": 3, "freeze": {"kind": "stages", "train_last": 1}, "rate": 0.5},
            {"epochs": 4, "freeze": {"kind": "none"}, "rate": 0.25},
        ],
        "batch_norm": _STILL,
        "optimizer": {**_RATES, "layer_decay": 0.8},
    },
    "scratch": {
        "method": {"kind": "train"},
        "freeze": {"kind": "none"},
        "then": [],
        "backbone": {"weights": "none"},
        "batch_norm": "follow",
        "optimizer": {**_RATES, "learning_rate": 1e-3, "backbone_factor": 1.0},
    },
    "as-is": {"method": {"kind": "as-is"}, "freeze": {"kind": "backbone"}, "then": []},
    "baseline": {"method": {"kind": "baseline"}, "freeze": {"kind": "backbone"}, "then": []},
}
"""The textbook's ways to a classifier, as changes of a config: what learns, when, and how fast."""
