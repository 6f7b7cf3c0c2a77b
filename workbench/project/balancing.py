"""Dividing units that stay whole (groups of images) so that every class and the total come close to their shares.

Units come in blocks of the same make-up, large ones first, so that small ones fill what those leave; then single moves
and swaps take away what is left. With several labels per image the rarest label comes first, as in iterative
stratification (Sechidis, Tsoumakas and Vlahavas 2011, On the Stratification of Multi-Label Data). Own code, since no
library at hand keeps groups, pins and shares together, and the window's process never imports scikit-learn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

MOVES = 1_000
SWAPS = 100
ENTRIES = 30_000_000
"""Improvement ends after so many moves, swaps, and entries looked at: counted, not timed, so that splits repeat."""
CANDIDATES = 128
"""Of each direction, so many kinds of units are tried for a swap."""


@dataclass(frozen=True)
class Units:
    """What stays whole. ``keys`` [units] decide between equals; ``counts`` [i] images of unit ``rows[i]`` in ``columns[i]``.

    Columns are classes (sorted within a unit); rows are sorted and each unit has at least one. ``sizes`` [units] are images.
    """

    keys: NDArray[np.uint64]
    sizes: Whole
    rows: Whole
    columns: Whole
    counts: Whole


def gathered(unit: Whole, column: Whole, *, keys: NDArray[np.uint64], sizes: Whole) -> Units:
    """Return the units from pairs (unit, class), one for each class of each image."""
    width = int(column.max()) + 1 if len(column) else 1
    pairs = np.sort(unit * width + column)
    starts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if len(pairs) else np.zeros(0, np.int64)
    counts = np.diff(np.append(starts, len(pairs)))
    return Units(keys, sizes, pairs[starts] // width, pairs[starts] % width, counts)


def balanced(
    units: Units, targets: Real, *, already: Whole, totals: Real, already_in_all: Whole, rare_first: bool
) -> Whole:
    """Return the part of each unit.

    ``targets`` [classes, parts] and ``totals`` [parts] are the images that each part should have, of which ``already`` and
    ``already_in_all`` are there. A part whose total is 0 gets none. ``rare_first``: the rarest class decides, else the size.
    """
    kinds = _Kinds.of(units)
    table = _Table(kinds, targets, totals, already, already_in_all)
    for block in table.by_rarity() if rare_first else [(None, np.arange(kinds.number))]:
        label, numbers = block
        for kind in numbers.tolist():
            table.fill(kind, label)
    table.settle()
    table.improve()
    table.fill_empty()
    return kinds.parts(units, table.chosen)


@dataclass(frozen=True)
class _Kinds:
    """Units of equal make-up as one kind, large ones first. ``order`` lists the units by kind, then by key."""

    number: int
    order: Whole
    amounts: Whole  # [kinds] units
    sizes: Whole  # [kinds] images in a unit
    starts: Whole  # [kinds + 1] into columns and counts
    columns: Whole
    counts: Whole

    @classmethod
    def of(cls, units: Units) -> "_Kinds":
        number = len(units.sizes)
        if not number:
            nothing = np.zeros(0, dtype=np.int64)
            return cls(0, nothing, nothing, nothing, np.zeros(1, dtype=np.int64), nothing, nothing)
        starts = np.searchsorted(units.rows, np.arange(number + 1))
        # A sum of mixed numbers stands for the make-up: 64 bits, so that two different ones never meet in practice.
        mixed = _mixed(units.columns.astype(np.uint64) << np.uint64(32) | units.counts.astype(np.uint64))
        make_up = np.add.reduceat(mixed, starts[:-1]) + _mixed(~units.sizes.astype(np.uint64))
        by_kind = np.lexsort((units.keys, make_up))
        ordered = make_up[by_kind]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        amounts = np.diff(np.append(first, number))
        one = by_kind[first]
        # Within a factor of two of size the keys decide, so that each seed gives another split.
        octaves = np.floor(np.log2(units.sizes[one]))
        kinds = np.lexsort((units.keys[one], -octaves))
        order = by_kind[_spans(first[kinds], amounts[kinds])]
        one, lengths = one[kinds], (starts[1:] - starts[:-1])[one[kinds]]
        places = _spans(starts[one], lengths)
        return cls(
            number=len(one),
            order=order,
            amounts=amounts[kinds],
            sizes=units.sizes[one],
            starts=np.concatenate([[0], np.cumsum(lengths)]),
            columns=units.columns[places],
            counts=units.counts[places],
        )

    def parts(self, units: Units, chosen: Whole) -> Whole:
        """Return the part of each unit from ``chosen`` [kinds, parts], how many units of a kind go into each part."""
        parts = np.empty(len(units.sizes), dtype=np.int64)
        # From the end: the images that are tested on change least when images are added.
        backwards = np.arange(chosen.shape[1])[::-1]
        parts[self.order] = np.repeat(np.tile(backwards, self.number), chosen[:, ::-1].ravel())
        return parts


class _Table:
    """How many units of each kind go into each part, and how far that is from what each part should have."""

    def __init__(self, kinds: _Kinds, targets: Real, totals: Real, already: Whole, already_in_all: Whole) -> None:
        self.kinds = kinds
        self.open = np.flatnonzero(totals > 0)
        self.chosen = np.zeros((kinds.number, len(totals)), dtype=np.int64)
        # The last row is the total, which counts like an average class.
        wanted = np.vstack([targets, totals])
        self.off = np.vstack([already, already_in_all]) - wanted
        average = targets.mean(axis=0) if len(targets) else totals
        self.weights = 1 / (np.vstack([targets, average]) + 1)
        self.targets = targets
        # Plain lists: a block changes a few numbers, for which numpy takes ten times as long.
        self._off = self.off.tolist()
        self._weights = self.weights.tolist()

    def by_rarity(self) -> "list[tuple[int | None, Whole]]":
        """Return the kinds by the rarest of their classes among what is not divided yet, the rarest class first."""
        kinds = self.kinds
        of_kind = np.repeat(np.arange(kinds.number), np.diff(kinds.starts))
        images = kinds.counts * kinds.amounts[of_kind]
        classes = self.off.shape[0] - 1
        left = np.bincount(kinds.columns, weights=images, minlength=classes)
        waiting = np.ones(kinds.number, dtype=np.bool_)
        by_class = np.argsort(kinds.columns, kind="stable")
        bounds = np.searchsorted(kinds.columns[by_class], np.arange(classes + 1))
        blocks: list[tuple[int | None, Whole]] = []
        while (left > 0.5).any():
            label = int(np.argmin(np.where(left > 0.5, left, np.inf)))
            having = of_kind[by_class[bounds[label] : bounds[label + 1]]]
            numbers = having[waiting[having]]
            waiting[numbers] = False
            gone = np.isin(of_kind, numbers)
            left -= np.bincount(kinds.columns[gone], weights=images[gone], minlength=classes)
            blocks.append((label, np.sort(numbers)))
        return blocks

    def fill(self, kind: int, label: int | None) -> None:
        """Divide the units of a kind by what each part still needs, of ``label`` or of all their classes."""
        kinds = self.kinds
        start, end = int(kinds.starts[kind]), int(kinds.starts[kind + 1])
        columns, counts = kinds.columns[start:end].tolist(), kinds.counts[start:end].tolist()
        amount, size = int(kinds.amounts[kind]), int(kinds.sizes[kind])
        parts, off = self.open.tolist(), self._off
        row = self.chosen[kind]
        if amount > 1:
            asked = [(label, 1)] if label is not None else list(zip(columns, counts, strict=True))
            needs = [sum(count * max(0.0, -off[column][part]) for column, count in asked) for part in parts]
            needed = sum(needs)
            if needed > 0:
                for part, need in zip(parts, needs, strict=True):
                    given = int(amount * need / needed + 1e-9)
                    if given:
                        row[part] += given
                        self._add(columns, counts, size, part, given)
                amount -= int(row.sum())
        for _ in range(amount):
            best = min(parts, key=lambda part: self._cost(columns, counts, size, part, label))
            row[best] += 1
            self._add(columns, counts, size, best, 1)

    def _cost(
        self, columns: list[int], counts: list[int], size: int, part: int, label: int | None
    ) -> tuple[float, float]:
        """Return what one more unit costs in ``part``; by the need for ``label`` first, where there is one."""
        off, weights = self._off, self._weights
        cost = weights[-1][part] * size * (2 * off[-1][part] + size)
        for column, count in zip(columns, counts, strict=True):
            cost += weights[column][part] * count * (2 * off[column][part] + count)
        return (0.0 if label is None else round(off[label][part], 6), cost)

    def _add(self, columns: list[int], counts: list[int], size: int, part: int, units: int) -> None:
        off = self._off
        off[-1][part] += size * units
        for column, count in zip(columns, counts, strict=True):
            off[column][part] += count * units

    def settle(self) -> None:
        """End the filling: what follows looks at many kinds at once."""
        self.off = np.array(self._off, dtype=np.float64).reshape(self.weights.shape)

    def improve(self) -> None:
        """Move single units, and swap pairs, as long as that brings the parts closer to what they should have."""
        if not self.kinds.number or len(self.open) < 2:
            return
        entries = len(self.kinds.counts) * self.chosen.shape[1]
        budget = max(10, ENTRIES // max(1, entries))
        moves, swaps = min(MOVES, budget), min(SWAPS, budget)
        squares = self._per_kind(self.kinds.counts**2, self.kinds.sizes**2, self.weights)
        while moves > 0:
            costs = self._move_costs(squares)
            kind, source, target = np.unravel_index(int(np.argmin(costs)), costs.shape)
            if costs[kind, source, target] < -1e-9:
                self._move(int(kind), int(source), int(target))
                moves -= 1
            elif swaps > 0 and self._swap(costs):
                swaps -= 1
            else:
                break

    def _per_kind(self, counts: Whole, sizes: Whole, values: Real) -> Real:
        """Return [kinds, parts], the sum of ``counts`` times ``values`` over the classes of each kind and the total."""
        products = counts[:, None] * values[self.kinds.columns]
        summed: Real = np.add.reduceat(products, self.kinds.starts[:-1], axis=0) + sizes[:, None] * values[-1]
        return summed

    def _move_costs(self, squares: Real) -> Real:
        """Return [kinds, from, to], by how much moving one unit changes the sum of weighted squares; inf where it cannot be."""
        slopes = 2 * self._per_kind(self.kinds.counts, self.kinds.sizes, self.weights * self.off)
        costs = (squares - slopes)[:, :, None] + (squares + slopes)[:, None, :]
        costs[self.chosen == 0] = np.inf
        closed = np.ones(self.chosen.shape[1], dtype=np.bool_)
        closed[self.open] = False
        costs[:, :, closed] = np.inf
        diagonal = np.arange(costs.shape[1])
        costs[:, diagonal, diagonal] = np.inf
        return costs

    def _swap(self, costs: Real) -> bool:
        """Make the best swap of two units of different kinds between two parts; return whether there was one."""
        best, found = -1e-9, None
        parts = self.open.tolist()
        for place, one in enumerate(parts):
            for other in parts[place + 1 :]:
                there, back = _least(costs[:, one, other]), _least(costs[:, other, one])
                if not len(there) or not len(back):
                    continue
                # What one unit leaves, the other fills: the squares of a swap are those of the difference.
                weights = self.weights[:, one] + self.weights[:, other]
                shared = (self._dense(there) * weights) @ self._dense(back).T
                both = costs[there, one, other][:, None] + costs[back, other, one][None, :] - 2 * shared
                at = int(np.argmin(both))
                if both.flat[at] < best:
                    best = float(both.flat[at])
                    found = (int(there[at // len(back)]), int(back[at % len(back)]), one, other)
        if found is None:
            return False
        first, second, one, other = found
        self._move(first, one, other)
        self._move(second, other, one)
        return True

    def _dense(self, numbers: Whole) -> Real:
        """Return [kinds, classes and total] of some kinds."""
        made = np.zeros((len(numbers), len(self.weights)))
        for row, kind in enumerate(numbers.tolist()):
            span = slice(int(self.kinds.starts[kind]), int(self.kinds.starts[kind + 1]))
            made[row, self.kinds.columns[span]] = self.kinds.counts[span]
        made[:, -1] = self.kinds.sizes[numbers]
        return made

    def _move(self, kind: int, source: int, target: int) -> None:
        span = slice(int(self.kinds.starts[kind]), int(self.kinds.starts[kind + 1]))
        self.chosen[kind, source] -= 1
        self.chosen[kind, target] += 1
        for part, sign in ((source, -1), (target, 1)):
            self.off[self.kinds.columns[span], part] += sign * self.kinds.counts[span]
            self.off[-1, part] += sign * self.kinds.sizes[kind]

    def fill_empty(self) -> None:
        """Give each class that is missing in a part a unit there, where it has one to spare elsewhere."""
        wanted = self.targets[:, self.open] > 0
        if not self.kinds.number:
            return
        of_kind = np.repeat(np.arange(self.kinds.number), np.diff(self.kinds.starts))
        for place, part in enumerate(self.open.tolist()):
            for column in np.flatnonzero(wanted[:, place]).tolist():
                if self._images(column)[part] < 0.5:
                    self._bring(column, part, of_kind)

    def _images(self, column: int) -> Real:
        there: Real = self.off[column] + self.targets[column]
        return there

    def _bring(self, column: int, part: int, of_kind: Whole) -> None:
        having = of_kind[self.kinds.columns == column]
        squares = self._per_kind(self.kinds.counts**2, self.kinds.sizes**2, self.weights)
        costs = self._move_costs(squares)[having, :, part]
        for at in np.argsort(costs, axis=None, kind="stable").tolist():
            row, source = divmod(at, costs.shape[1])
            if not np.isfinite(costs[row, source]):
                return
            kind = int(having[row])
            span = slice(int(self.kinds.starts[kind]), int(self.kinds.starts[kind + 1]))
            spared = zip(self.kinds.columns[span].tolist(), self.kinds.counts[span].tolist(), strict=True)
            if all(self._images(other)[source] - count > 0.5 for other, count in spared):
                self._move(kind, source, part)
                return


def _least(costs: Real) -> Whole:
    """Return the places of the least costs, no more than are tried for a swap, in a fixed order."""
    possible = np.flatnonzero(np.isfinite(costs))
    if len(possible) > CANDIDATES:
        possible = np.sort(possible[np.argsort(costs[possible], kind="stable")[:CANDIDATES]])
    return possible


def _spans(starts: Whole, lengths: Whole) -> Whole:
    """Return the numbers of all spans, one after the other, each from its start."""
    before = np.cumsum(lengths) - lengths
    numbers: Whole = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
    return numbers


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well mixed numbers, one for each (splitmix64, Steele, Lea and Flood 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
