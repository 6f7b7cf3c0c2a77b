"""What a check of a chain tells. Imports no torch: the window reads these too.

Each has ``place`` (where the step stands in its chain; empty: the whole chain), ``rare`` (it stands in the chain of the rare
classes), ``severity``, and ``message``, a sentence for people. Shares are 0 to 1; ``images`` is the number of images behind a
figure, ``draws`` that of the variants; ``low`` and ``high`` are a 95 % interval.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning"]


@dataclass(frozen=True)
class StepCost:
    """What a step costs: ``ms`` per image on average, ``share`` of the whole chain, ``applied_ms`` where it is applied, which
    happens in ``chance`` of the images.
    """

    place: list[int]
    severity: Severity
    message: str
    step: str
    ms: float
    share: float
    applied_ms: float
    chance: float
    images: int
    rare: bool = False


@dataclass(frozen=True)
class Feeding:
    """Images per second that the loader makes and that the model consumes (0: not known).

    ``single_rate`` is measured, of one process with reading and chain; ``loader_rate`` is that of the ``workers`` processes
    the run would have (0: the training process itself), estimated for more than one. ``waiting`` is the share of the time in
    which the model waits for images. ``workers_needed`` is what would do, 0 where nothing has to change and -1 where no number
    does. ``source`` is "steps" (measured now), "run ID" or empty. ``note`` says how it was measured.
    """

    place: list[int]
    severity: Severity
    message: str
    note: str
    loader_rate: float
    model_rate: float
    single_rate: float
    workers: int
    workers_needed: int
    cores: int
    device: str
    source: str
    waiting: float
    read_ms: float
    chain_ms: float
    images: int
    rare: bool = False


@dataclass(frozen=True)
class MarkLoss:
    """How often a mark on the finding leaves the picture (less than half of it is left) or shrinks below ``smallest`` pixels
    at the model's size.

    ``source`` is "drawn by hand" or "from heat maps of the run ID". ``small`` counts marks that are small only because
    of the chain; ``small_before`` those that are without it. Of a single step: where it is applied.
    """

    place: list[int]
    severity: Severity
    message: str
    step: str
    source: str
    marks: int
    images: int
    draws: int
    lost: float
    low: float
    high: float
    small: float
    small_before: float
    smallest: int
    rare: bool = False


@dataclass(frozen=True)
class Laterality:
    """A step mirrors images of a project that speaks of left and right: ``evidence`` says where, in words."""

    place: list[int]
    severity: Severity
    message: str
    step: str
    evidence: list[str]
    images: int
    rare: bool = False


@dataclass(frozen=True)
class DecisionFlips:
    """How often the decision of a trained run changes: under the whole chain, or where a single step is applied."""

    place: list[int]
    severity: Severity
    message: str
    step: str
    run: str
    flips: float
    low: float
    high: float
    images: int
    draws: int
    rare: bool = False


@dataclass(frozen=True)
class BorderLoss:
    """``border``: share of the pixels that show nothing of the image; ``cut``: share of the image that is not in view."""

    place: list[int]
    severity: Severity
    message: str
    step: str
    border: float
    cut: float
    images: int
    draws: int
    rare: bool = False


@dataclass(frozen=True)
class DetailLoss:
    """``enlarged``: how many times the smallest crop is enlarged to reach ``size``; images are prepared at ``prepared``."""

    place: list[int]
    severity: Severity
    message: str
    step: str
    enlarged: float
    size: int
    prepared: int
    rare: bool = False


@dataclass(frozen=True)
class ChainChecked:
    """The end. ``steps`` are those that take part, in both chains; ``run`` is the one that was asked, "" for none."""

    place: list[int]
    severity: Severity
    message: str
    warnings: int
    images: int
    steps: int
    size: int
    prepared: int
    run: str
    seconds: float
    rare: bool = False


Finding = StepCost | Feeding | MarkLoss | Laterality | DecisionFlips | BorderLoss | DetailLoss
TYPES: tuple[type, ...] = (
    StepCost,
    Feeding,
    MarkLoss,
    Laterality,
    DecisionFlips,
    BorderLoss,
    DetailLoss,
    ChainChecked,
)
