"""The backbones of ours in the catalogue: small, without weights, to train from scratch as baselines. Imports no torch."""

from typing import TYPE_CHECKING

from workbench.models.catalog import BackboneInfo, Registered, registered

if TYPE_CHECKING:
    from torch import nn

NOTE = "No weights: trained from scratch, a baseline"


def _lenet() -> "nn.Module":
    from workbench.models.small import LeNet  # torch: only where a network is made

    return LeNet()


def _small_cnn() -> "nn.Module":
    from workbench.models.small import SmallCNN

    return SmallCNN()


LENET = BackboneInfo(
    name="workbench/lenet",
    library="workbench",
    family="LeNet",
    title="LeNet-5",
    parameters=0.061,
    input_size=32,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    interpolation="bilinear",
    weights=(),
    licence="apache-2.0",
    recommended=False,
    note=NOTE,
    min_size=16,
    features=84,
)
SMALL_CNN = BackboneInfo(
    name="workbench/small_cnn",
    library="workbench",
    family="Small CNN",
    title="Small CNN",
    parameters=0.389,
    input_size=96,
    mean=LENET.mean,
    std=LENET.std,
    interpolation="bilinear",
    weights=(),
    licence="apache-2.0",
    recommended=False,
    note=NOTE,
    min_size=16,
    features=256,
)

registered.register(LENET.name)(Registered(LENET, _lenet))
registered.register(SMALL_CNN.name)(Registered(SMALL_CNN, _small_cnn))
