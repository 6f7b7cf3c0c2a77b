"""The backbones of ours in the catalogue: small, without weights, to train from scratch as baselines. Imports no torch."""

from typing import TYPE_CHECKING

from workbench.models.catalog import BackboneInfo, Registered, measured_exports, registered

if TYPE_CHECKING:
    from torch import nn


def _lenet() -> "nn.Module":
    from workbench.models.small import LeNet  # torch: only where a network is made

    return LeNet()


def _small_cnn() -> "nn.Module":
    from workbench.models.small import SmallCNN

    return SmallCNN()


def _entry(
    name: str,
    family: str,
    title: str,
    *,
    parameters: float,
    gmacs: float,
    size: int,
    features: int,
    year: int | None = None,
) -> BackboneInfo:
    return BackboneInfo(
        name=name,
        library="workbench",
        family=family,
        title=title,
        parameters=parameters,
        gmacs=gmacs,
        year=year,
        input_size=size,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        interpolation="bilinear",
        weights=(),
        licence="apache-2.0",
        recommended=False,
        note="No weights: trained from scratch, a baseline",
        min_size=16,
        features=features,
        exports=measured_exports("workbench", family),
    )


LENET = _entry("workbench/lenet", "LeNet", "LeNet-5", parameters=0.061, gmacs=0.000651, size=32, features=84, year=1998)
SMALL_CNN = _entry(
    "workbench/small_cnn", "Small CNN", "Small CNN", parameters=0.389, gmacs=0.1354, size=96, features=256
)

registered.register(LENET.name)(Registered(LENET, _lenet))
registered.register(SMALL_CNN.name)(Registered(SMALL_CNN, _small_cnn))
