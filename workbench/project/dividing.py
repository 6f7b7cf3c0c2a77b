"""How the images of a split are divided: by class alone, or with groups, pinned images, several labels or folds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.project.allocation import largest_remainder, stratified
from workbench.project.balancing import balanced, gathered
from workbench.project.ids import SPLITS
from workbench.project.members import Members

TRAIN, VALIDATION, TEST = range(3)


@dataclass(frozen=True)
class Division:
    """The place in SPLITS of each member, what each class (row) and split should have had, and groups that are torn.

    ``torn`` are the numbers of groups whose pinned images are in several splits: they cannot be kept together.
    """

    places: NDArray[np.int64]
    wanted: NDArray[np.float64]
    torn: NDArray[np.int64]


def by_class(members: Members, shares: NDArray[np.float64]) -> Division:
    """Divide single images of one class each."""
    table = stratified(members.sizes, shares)
    # Grouped by class, then by key; equal keys stay in the order of the paths.
    order = np.lexsort((members.keys, members.columns))
    backwards = np.arange(len(SPLITS))[::-1]
    places = np.empty(len(members.ids), dtype=np.int64)
    # From the end: the images that are tested on change least when images are added.
    places[order] = np.repeat(np.tile(backwards, len(table)), table[:, ::-1].ravel())
    return Division(places, table.astype(np.float64), np.empty(0, dtype=np.int64))


def whole(members: Members, shares: NDArray[np.float64]) -> Division:
    """Divide with everything that is to be kept: groups on one side, pinned images where they are."""
    places, fixed, torn = _held(members)
    wanted = _wanted(members, shares)
    places[~fixed] = _divided(members, ~fixed, wanted, places)
    return Division(places, wanted, torn)


def folded(members: Members, *, test: float, folds: int, fold: int) -> Division:
    """Hold the test images out, then divide the rest into ``folds``, of which ``fold`` (from 1) validates.

    Who validates in which fold does not depend on ``fold``. Images pinned to train or validation are in no fold.
    """
    places, fixed, torn = _held(members)
    first = _wanted(members, np.array([1 - test, 0.0, test]))
    places[~fixed] = _divided(members, ~fixed, first, np.where(places == VALIDATION, TRAIN, places))
    rest = ~fixed & (places == TRAIN)
    chosen = members.rows[rest[members.rows]], members.columns[rest[members.rows]]
    sizes = np.bincount(chosen[1], minlength=members.width)
    equal = np.full(folds, 1 / folds)
    nothing = np.full(len(members.ids), -1)
    in_fold = _divided(members, rest, np.vstack([sizes[:, None] * equal, int(rest.sum()) * equal]), nothing)
    places[rest] = np.where(in_fold == fold - 1, VALIDATION, TRAIN)
    return Division(places, _wanted(members, shares_of_folds(test, folds)), torn)


def shares_of_folds(test: float, folds: int) -> NDArray[np.float64]:
    """Return what each split gets of a division into folds."""
    return np.array([(1 - test) * (folds - 1) / folds, (1 - test) / folds, test])


def _wanted(members: Members, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the images [classes, and in the last row all] that each split should have."""
    sizes, total = members.sizes, len(members.ids)
    if members.several or (sizes < np.count_nonzero(shares)).any():
        bounds = np.zeros(len(shares), dtype=np.int64), np.full(len(shares), total)
        return np.vstack([sizes[:, None] * shares, largest_remainder(total, total * shares, *bounds)])
    table = stratified(sizes, shares)
    return np.vstack([table, table.sum(axis=0)]).astype(np.float64)


def _held(members: Members) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return the places of pinned images and of their groups (-1 for the rest), which these are, and torn groups.

    What is not pinned in a torn group follows most of those that are, the first of equal splits.
    """
    places = members.held.copy()
    number = len(members.group_ids) + 1
    votes = np.zeros((number, len(SPLITS)), dtype=np.int64)
    own = (members.held >= 0) & (members.groups > 0)
    np.add.at(votes, (members.groups[own], members.held[own]), 1)
    np.add.at(votes, members.held_outside, 1)
    follows = (places < 0) & (members.groups > 0) & (votes.sum(axis=1) > 0)[members.groups]
    places[follows] = votes.argmax(axis=1)[members.groups[follows]]
    return places, places >= 0, np.flatnonzero(np.count_nonzero(votes, axis=1) > 1)


def _divided(
    members: Members, free: NDArray[np.bool_], wanted: NDArray[np.float64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the part of each of the ``free`` members; ``places`` says where the others are (-1: nowhere)."""
    parts = wanted.shape[1]
    rows, columns = members.rows, members.columns
    there = ~free & (places >= 0)
    pairs = there[rows]
    already = np.bincount(columns[pairs] * parts + places[rows[pairs]], minlength=members.width * parts)
    already_in_all = np.bincount(places[there], minlength=parts)
    already = already.reshape(members.width, parts)
    unit, number = _units(members.groups[free])
    keys = np.full(number, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(keys, unit, members.keys[free])
    of_member = np.full(len(free), -1, dtype=np.int64)
    of_member[free] = unit
    pairs = free[rows]
    units = gathered(of_member[rows[pairs]], columns[pairs], keys=keys, sizes=np.bincount(unit, minlength=number))
    targets, totals = _possible(wanted, already, already_in_all, several=members.several)
    chosen = balanced(
        units,
        targets,
        totals=totals,
        already=already,
        already_in_all=already_in_all,
        rare_first=members.several,
    )
    return chosen[unit]


def _possible(
    wanted: NDArray[np.float64], already: NDArray[np.int64], already_in_all: NDArray[np.int64], *, several: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what can still be reached where more is there already, of the classes and in all.

    A part that has too many of a class leaves the others less of it, in their proportions; the other classes keep theirs.
    """
    classes = _reached(wanted[:-1], already)
    # A part that nothing is asked of must stay at 0, so that nothing more comes in.
    totals = _reached(wanted[-1:], already_in_all[None, :])[0] if several else classes.sum(axis=0)
    return classes, np.where(wanted[-1] > 0, totals, 0.0)


def _reached(wanted: NDArray[np.float64], already: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = wanted.sum(axis=1, keepdims=True)
    reached = wanted.copy()
    full = np.zeros(wanted.shape, dtype=np.bool_)
    for _ in range(wanted.shape[1]):
        full |= already > reached
        taken = np.where(full, already, 0).sum(axis=1, keepdims=True)
        open_ = np.where(full, 0.0, wanted)
        scale = np.maximum(sums - taken, 0) / np.maximum(open_.sum(axis=1, keepdims=True), 1e-12)
        reached = np.where(full, already, open_ * scale)
    return reached


def _units(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return the number of the unit of each image, from 0, and how many there are: one for each group and lone image."""
    alone = groups == 0
    named = groups + 0
    named[alone] = groups.max(initial=0) + 1 + np.arange(int(alone.sum()))
    found, unit = np.unique(named, return_inverse=True)
    return unit, len(found)
