"""Loading weights into a backbone to see what fits, before a run does: the same code, and its whole report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.jobs import Event, Job, Progress, Stop

if TYPE_CHECKING:
    from workbench.models.backbones import LoadReport, Network

LISTED = 200
"""So many names of a kind are told at most."""


@dataclass(frozen=True)
class WeightsChecked:
    """``matched`` tensors fit. ``dropped`` are left over in the weights, ``new`` start at random (the head); ``adapted``
    are among the matched, by name how they were changed for other channels or another size. ``sentence`` says it all.

    Lists end after `LISTED` names; ``left_out`` counts all that are dropped.
    """

    name: str
    source: str
    matched: int
    left_out: int
    dropped: list[str]
    new: list[str]
    adapted: dict[str, str]
    sentence: str


def check_load(
    name: str,
    *,
    weights: str,
    tag: str = "",
    channels: int = 3,
    size: int = 0,
    classes: int = 2,
    head: tuple[Literal["linear", "hidden", "cosine"], int] = ("linear", 256),
    then: "Callable[[Network, LoadReport], LoadReport] | None" = None,
) -> Job:
    """Return the job that loads weights (``hub`` or a file, as `create` takes them) and yields WeightsChecked.

    ``head`` is its kind and the width of a hidden one. ``then`` does what a run does to a network of so many ``classes``
    after loading, and returns the report with it.
    It takes as much memory as the network. Raises WorkbenchError, as a run would, where they do not fit.
    """

    def job(_: Stop) -> Iterator[Event]:
        yield Progress(0, None, "Importing torch")
        from workbench.models.backbones import create
        from workbench.models.heads import HeadSpec

        yield Progress(0, None, f"Loading weights into {name}")
        network, report = create(
            name, weights=weights, classes=classes, channels=channels, size=size, tag=tag, head=HeadSpec(*head)
        )
        if then is not None:
            report = then(network, report)
        yield WeightsChecked(
            name=name,
            source=report.source,
            matched=report.matched,
            left_out=len(report.dropped),
            dropped=report.dropped[:LISTED],
            new=report.new[:LISTED],
            adapted={key: str(how) for key, how in list(report.adapted.items())[:LISTED]},
            sentence=report.told(),
        )

    return job
