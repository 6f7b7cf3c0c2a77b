"""What every detector yields: something about the data set that a person should look at."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["exact-copy", "near-duplicate", "quality", "outlier", "label-error", "leakage", "shortcut", "imbalance"]
KINDS: tuple[Kind, ...] = (
    "exact-copy",
    "near-duplicate",
    "quality",
    "outlier",
    "label-error",
    "leakage",
    "shortcut",
    "imbalance",
)
"""Every kind of finding, in the order in which they are shown."""


@dataclass(frozen=True)
class Finding:
    """One thing found. ``images`` are paths relative to their root, posix, and ``ids`` the same images by id.

    ``score`` is 0 to 1, higher is stronger; it ranks within a kind, not between kinds. ``message`` is a sentence.
    """

    kind: Kind
    images: list[str]
    score: float
    message: str
    ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no kind of finding '{self.kind}'")
        if not 0 <= self.score <= 1:
            raise ValueError(f"a score of {self.score} is not within 0 to 1")
