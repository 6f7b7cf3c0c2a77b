"""The backbone of the tests: 1 416 parameters, two stages with batch norm. ``import tests.tiny_backbone`` registers it."""

from typing import TYPE_CHECKING

from workbench.models.catalog import BackboneInfo, Registered, registered

if TYPE_CHECKING:
    from torch import nn

TINY = BackboneInfo(
    name="tests/tiny",
    library="tests",
    family="Tiny",
    title="Tiny",
    parameters=0.0014,
    input_size=32,
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    interpolation="bilinear",
    weights=(),
    licence=None,
    recommended=False,
    note="",
    features=16,
)


def _build() -> "nn.Module":
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


registered.register(TINY.name)(Registered(TINY, _build))
