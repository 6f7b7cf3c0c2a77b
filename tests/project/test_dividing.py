"""Properties of a split that must keep something: groups, pins, several labels, folds."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.project.dividing import TEST, TRAIN, VALIDATION, Division, folded, shares_of_folds, whole
from workbench.project.members import Members

CLASSES = 3


@dataclass
class Case:
    members: Members
    shares: NDArray[np.float64]
    pure: bool

    def per_class(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        counts = np.zeros((self.members.width, 3), dtype=np.int64)
        np.add.at(counts, (self.members.columns, places[self.members.rows]), 1)
        return counts

    @property
    def torn(self) -> list[int]:
        """The groups whose own pins contradict each other."""
        held, groups = self.members.held, self.members.groups
        pinned = [set(held[(groups == group) & (held >= 0)].tolist()) for group in range(groups.max() + 1)]
        return [group for group, places in enumerate(pinned) if group and len(places) > 1]


@st.composite
def cases(draw: st.DrawFn, pins: bool = True) -> Case:
    sizes = draw(st.lists(st.integers(1, 12), min_size=CLASSES, max_size=40))
    lone = draw(st.integers(0, 40))
    several, pure = draw(st.booleans()), draw(st.booleans())
    validation, test = draw(st.sampled_from([0.0, 0.1, 0.15, 0.3])), draw(st.sampled_from([0.0, 0.1, 0.2, 0.33]))
    share_of_pins = draw(st.sampled_from([0.0, 0.03, 0.2])) if pins else 0.0
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    unit = np.repeat(np.arange(len(sizes) + lone), [*sizes, *[1] * lone])
    images = len(unit)
    first = np.where(pure or random.random(images) < 0.6, unit % CLASSES, random.integers(0, CLASSES, images))
    # The column after the last class: none of them.
    has = random.random((images, CLASSES)) < 0.3 if several else np.zeros((images, CLASSES), dtype=bool)
    has[np.arange(images), first] = random.random(images) < 0.9 if several else True
    rows, columns = np.nonzero(np.column_stack([has, ~has.any(axis=1)]))
    held = np.where(random.random(images) < share_of_pins, random.integers(0, 3, images), -1)
    members = Members(
        ids=np.arange(1, images + 1),
        keys=random.integers(0, 2**63, images).astype(np.uint64),
        rows=rows,
        columns=columns,
        names=list("abc"),
        several=several,
        held=held,
        groups=np.where(unit < len(sizes), unit + 1, 0),
        group_ids=np.arange(1, len(sizes) + 1),
        held_outside=(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)),
    )
    return Case(members, np.array([1 - validation - test, validation, test]), pure)


def check(case: Case, division: Division) -> None:
    """What holds of every division: each image in one split, pins where they were, no group on both sides."""
    places, members = division.places, case.members
    assert set(places.tolist()) <= {TRAIN, VALIDATION, TEST}
    held = members.held >= 0
    assert (places[held] == members.held[held]).all()
    crossing = [group for group in range(1, members.groups.max() + 1) if len(set(places[members.groups == group])) > 1]
    assert crossing == case.torn == division.torn.tolist()


@settings(max_examples=50, deadline=None)
@given(cases())
def test_groups_never_cross_and_pins_stay(case: Case):
    check(case, whole(case.members, case.shares))


@settings(max_examples=50, deadline=None)
@given(cases(pins=False))
def test_shares_are_kept_within_what_the_groups_allow(case: Case):
    members = case.members
    places = whole(members, case.shares).places
    off = np.abs(case.per_class(places) - members.sizes[:, None] * case.shares)
    group_sizes = np.bincount(members.groups)[1:]
    inside = np.zeros((len(group_sizes) + 1, members.width), dtype=np.int64)
    np.add.at(inside, (members.groups[members.rows], members.columns), 1)
    # A group of one class is placed for that class; one of several classes for all of them at once.
    bound = (
        inside[1:].max(axis=0) if case.pure and not members.several else np.full(members.width, 2 * group_sizes.max())
    )
    # One more, since each class is promised an image in each split.
    assert (off <= np.maximum(bound, 1)[:, None] + 1).all()
    assert not (places[:, None] == np.flatnonzero(case.shares == 0)).any()


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_images_and_the_numbers_of_the_groups_decide_nothing(case: Case, seed: int):
    members = case.members
    order = np.random.default_rng(seed).permutation(len(members.ids))
    renamed = np.concatenate([[0], np.random.default_rng(seed).permutation(len(members.group_ids)) + 1])
    turned = Members(
        ids=members.ids[order],
        keys=members.keys[order],
        rows=np.argsort(order)[members.rows],
        columns=members.columns,
        names=members.names,
        several=members.several,
        held=members.held[order],
        groups=renamed[members.groups[order]],
        group_ids=members.group_ids,
        held_outside=members.held_outside,
    )
    assert whole(turned, case.shares).places.tolist() == whole(members, case.shares).places[order].tolist()


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(2, 4))
def test_folds_are_apart_cover_the_rest_and_share_the_test_images(case: Case, folds: int):
    members, test = case.members, float(case.shares[TEST])
    found = [folded(members, test=test, folds=folds, fold=fold) for fold in range(1, folds + 1)]
    for division in found:
        check(case, division)
        assert ((division.places == TEST) == (found[0].places == TEST)).all()
    pinned = np.isin(members.groups, members.groups[members.held >= 0]) & (members.groups > 0) | (members.held >= 0)
    validates = sum((division.places == VALIDATION).astype(int) for division in found)
    assert (validates[~pinned] == (found[0].places != TEST)[~pinned]).all()
    if pinned.any():
        return
    sizes = np.bincount(members.groups)[1:]
    for division in found:
        off = case.per_class(division.places) - members.sizes[:, None] * shares_of_folds(test, folds)
        # Off in the test split, and again among the folds.
        assert (np.abs(off) <= 4 * sizes.max() + 2).all()


def lone(columns: list[int], *, several: bool = False) -> Members:
    """Images that stand alone, one class each."""
    images = len(columns)
    nothing = np.empty(0, dtype=np.int64)
    return Members(
        ids=np.arange(1, images + 1),
        keys=np.random.default_rng(3).integers(0, 2**63, images).astype(np.uint64),
        rows=np.arange(images),
        columns=np.array(columns),
        names=[f"class {n}" for n in range(max(columns) + 1)],
        several=several,
        held=np.full(images, -1),
        groups=np.zeros(images, dtype=np.int64),
        group_ids=nothing,
        held_outside=(nothing, nothing),
    )


def test_images_alone_fill_the_shares_exactly():
    case = Case(lone([0] * 100 + [1] * 60 + [2] * 20), np.array([0.65, 0.15, 0.2]), True)
    assert case.per_class(whole(case.members, case.shares).places).tolist() == [[65, 15, 20], [39, 9, 12], [13, 3, 4]]
    for fold in range(1, 5):
        places = folded(case.members, test=0.2, folds=4, fold=fold).places
        assert case.per_class(places).tolist() == [[60, 20, 20], [36, 12, 12], [12, 4, 4]]


def test_the_rarest_label_comes_first():
    # 6 images have the rare label 1, all of them also the common 0: a division by the common one alone misses it.
    members = lone([0] * 60)
    several = Members(
        ids=members.ids,
        keys=members.keys,
        rows=np.concatenate([np.arange(60), np.arange(6)]),
        columns=np.concatenate([np.zeros(60, dtype=np.int64), np.ones(6, dtype=np.int64)]),
        names=["common", "rare"],
        several=True,
        held=members.held,
        groups=members.groups,
        group_ids=members.group_ids,
        held_outside=members.held_outside,
    )
    case = Case(several, np.array([0.5, 0.25, 0.25]), False)
    counts = case.per_class(whole(several, case.shares).places)
    assert counts[0].tolist() == [30, 15, 15]
    assert sorted(counts[1].tolist()) in ([1, 2, 3], [2, 2, 2])


def test_a_class_in_few_groups_reaches_each_split_it_can():
    # Two large groups and a small one of class 1: shares alone would leave it out of a split.
    members = lone([0] * 30 + [1] * 21)
    members.groups[30:40], members.groups[40:50], members.groups[50] = 1, 2, 3
    grouped = Members(**{**members.__dict__, "group_ids": np.array([1, 2, 3])})
    case = Case(grouped, np.array([0.8, 0.1, 0.1]), True)
    assert (case.per_class(whole(grouped, case.shares).places)[1] > 0).all()


def test_what_is_not_pinned_in_a_torn_group_follows_the_most_pins():
    members = lone([0, 1] * 10)
    members.groups[:8] = 1
    members.held[:3] = [TEST, VALIDATION, TEST]
    torn = Members(**{**members.__dict__, "group_ids": np.array([9])})
    division = whole(torn, np.array([0.6, 0.2, 0.2]))
    assert division.places[:8].tolist() == [TEST, VALIDATION, TEST, TEST, TEST, TEST, TEST, TEST]
    assert division.torn.tolist() == [1]


def test_a_group_follows_an_image_that_takes_no_part():
    members = lone([0, 1] * 20)
    members.groups[:6] = 1
    outside = (np.array([1]), np.array([VALIDATION]))
    held = Members(**{**members.__dict__, "group_ids": np.array([4]), "held_outside": outside})
    assert (whole(held, np.array([0.6, 0.2, 0.2])).places[:6] == VALIDATION).all()
