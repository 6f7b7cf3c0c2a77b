"""What the command line says of the catalogue: which backbones there are, and all that is known of one. Imports no torch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.jobs import Event, Job, Stop
from workbench.models.anatomy_parts import Anatomy
from workbench.models.catalog import BackboneInfo, backbones, check_size, find, weights_here
from workbench.models.searching import Search, searchable

SORTS: dict[str, Callable[[BackboneInfo], Any]] = {
    "name": lambda info: info.name,
    "year": lambda info: -(info.year or 0),
    "parameters": lambda info: info.parameters or float("inf"),
    "gmacs": lambda info: info.gmacs or float("inf"),
    "top1": lambda info: -(info.top1 or 0),
}
"""How a list can be ordered; what is not known comes last."""


@dataclass(frozen=True)
class BackboneListed:
    """One backbone; the figures are those of `BackboneInfo`, ``here`` tells whether its default weights are on this machine."""

    name: str
    family: str
    year: int | None
    parameters: float | None
    gmacs: float | None
    input_size: int
    top1: float | None
    licence: str | None
    exports: str
    weights: int
    here: bool
    recommended: bool
    unsupported: str


@dataclass(frozen=True)
class BackbonesCounted:
    """The end of a list: how many backbones it named, of how many."""

    listed: int
    of: int


@dataclass(frozen=True)
class BackboneShown:
    """All that the catalogue knows of one backbone: the fields of `BackboneInfo`, its tags as dictionaries."""

    name: str
    facts: dict[str, Any]
    tags: list[dict[str, Any]]
    here: bool


@dataclass(frozen=True)
class LayerShown:
    """One layer of a network; the figures are those of `LayerInfo`."""

    stage: str
    path: str
    kind: str
    depth: int
    output: list[int]
    parameters: int
    macs: int


def list_backbones(
    words: Sequence[str] = (),
    *,
    library: str = "",
    family: str = "",
    here: bool = False,
    recommended: bool = False,
    most_gmacs: float = 0.0,
    sort: str = "name",
) -> Job:
    """Return the job that lists the backbones that a search for ``words`` finds (`workbench.models.searching`).

    ``most_gmacs`` of 0 sets no limit. Yields BackboneListed and BackbonesCounted.
    """

    def job(_: Stop) -> Iterator[Event]:
        every, search = backbones(), Search(words)
        found = [
            info
            for info in every
            if search.finds(searchable(info))
            and (not library or info.library == library)
            and (not family or info.family.lower() == family.lower())
            and (not recommended or info.recommended)
            and (not most_gmacs or (info.gmacs is not None and info.gmacs <= most_gmacs))
        ]
        listed = 0
        for info in sorted(found, key=SORTS[sort]):
            is_here = weights_here(info)
            if is_here or not here:
                listed += 1
                yield _listed(info, is_here)
        yield BackbonesCounted(listed, len(every))

    return job


def show_backbone(name: str, *, size: int = 0, channels: int = 3, classes: int = 2, layers: bool = False) -> Job:
    """Return the job that shows one backbone, then looks into it: its anatomy is kept for the next time.

    Yields BackboneShown, Progress, the Anatomy, and with ``layers`` a LayerShown for each. Raises WorkbenchError for an
    unknown backbone, and for a size or a number of channels that it does not take.
    """
    info = find(name)
    side = check_size(info, size)

    def job(stop: Stop) -> Iterator[Event]:
        facts = asdict(info)
        del facts["name"], facts["tags"]
        yield BackboneShown(info.name, facts, [tag._asdict() for tag in info.tags], weights_here(info))
        from workbench.models.anatomy import anatomy  # torch: only now

        for event in anatomy(name, size=side, channels=channels, classes=classes)(stop):
            yield event
            if layers and isinstance(event, Anatomy):
                yield from _layers(event)

    return job


def _listed(info: BackboneInfo, here: bool) -> BackboneListed:
    return BackboneListed(
        info.name,
        info.family,
        info.year,
        info.parameters,
        info.gmacs,
        info.input_size,
        info.top1,
        info.licence,
        info.exports,
        len(info.weights),
        here,
        info.recommended,
        info.unsupported,
    )


def _layers(anatomy: Anatomy) -> Iterator[LayerShown]:
    for stage in anatomy.stages:
        for layer in stage.layers:
            yield LayerShown(
                stage.name, layer.path, layer.kind, layer.depth, layer.output, layer.parameters, layer.macs
            )
