"""In which order the backbones stand: recommended first, or by a column, and before all what is searched by its name. No Qt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from workbench.models.catalog import BackboneInfo
from workbench.models.searching import squeezed
from workbench.ui.model.backbone_words import plain

Key = Callable[[BackboneInfo], Any]
"""What a column is sorted by; None where nobody knows it."""


class CatalogueOrder:
    """Keeps what the rows are sorted by. ``keys`` has one for each column."""

    def __init__(self, backbones: Sequence[BackboneInfo], keys: Mapping[int, Key]) -> None:
        self._keys = keys
        self._squeezed = {each.name: squeezed(plain(each)) for each in backbones}
        self._places: dict[str, int] = {}
        self._column, self._descending = -1, False
        self._needle = ""
        self._sorted = self._ordered(backbones)

    def put_first(self, names: Iterable[str]) -> None:
        """Say which come first, in their order, while no column sorts."""
        self._places = {name: place for place, name in enumerate(names)}
        self._sorted = self._ordered(self._sorted)

    def sort(self, column: int, *, descending: bool) -> None:
        """Sort by a column; by -1 the order is the catalogue's own."""
        self._column, self._descending = column, descending
        self._sorted = self._ordered(self._sorted)

    def rank_by(self, needle: str) -> bool:
        """Put what is called ``needle`` (squeezed) first, then what begins so. Returns whether it is another one."""
        if needle == self._needle:
            return False
        self._needle = needle
        return True

    def rows(self) -> list[BackboneInfo]:
        """Return all rows: the names first that are what is searched, then names and families that begin with it."""
        if not self._needle:
            return self._sorted
        exact, begins, others = list[BackboneInfo](), list[BackboneInfo](), list[BackboneInfo]()
        for row in self._sorted:
            name, family = self._squeezed[row.name], squeezed(row.family)
            first = name.startswith(self._needle) or family.startswith(self._needle)
            (exact if name == self._needle else begins if first else others).append(row)
        return exact + begins + others

    def _ordered(self, rows: Sequence[BackboneInfo]) -> list[BackboneInfo]:
        last = len(self._places)
        order = sorted(rows, key=lambda row: (self._places.get(row.name, last), plain(row).lower(), row.library))
        if self._column >= 0:
            key = self._keys[self._column]
            known = [row for row in order if key(row) is not None]
            known.sort(key=key, reverse=self._descending)
            # What nobody knows stays at the end whichever way the rest is sorted.
            order = known + [row for row in order if key(row) is None]
        return order
