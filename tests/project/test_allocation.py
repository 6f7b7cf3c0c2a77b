import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.project.allocation import largest_remainder, stratified


@st.composite
def asked(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    validation = draw(st.sampled_from([0.0, 0.1, 0.15, 0.25]) | st.floats(0.01, 0.45))
    test = draw(st.sampled_from([0.0, 0.1, 0.2, 1 / 3]) | st.floats(0.01, 0.5))
    shares = np.array([1 - validation - test, validation, test])
    least = int((shares > 0).sum())
    sizes = draw(st.lists(st.integers(least, 400), min_size=1, max_size=30))
    return np.array(sizes, dtype=np.int64), shares


@given(asked())
def test_every_image_is_in_one_split_and_every_class_in_each_asked_one(case):
    sizes, shares = case
    counts = stratified(sizes, shares)
    assert (counts.sum(axis=1) == sizes).all()
    assert (counts[:, shares > 0] >= 1).all()
    assert (counts[:, shares == 0] == 0).all()


@given(asked())
def test_totals_are_within_one_image_of_the_shares_wherever_that_is_possible(case):
    sizes, shares = case
    counts = stratified(sizes, shares)
    for split in range(3):
        off = counts[:, split].sum() - sizes.sum() * shares[split]
        # More than asked only because each class has one, less only because another split must have them.
        promised = (counts[:, split] == 1).all() or any((counts[:, s] == 1).all() for s in range(3) if shares[s] > 0)
        assert abs(off) <= 1 or promised


@given(asked())
def test_classes_are_split_alike(case):
    sizes, shares = case
    if (sizes[:, None] * shares < 2)[:, shares > 0].any():
        return  # the promise of one image bends the shares of small classes
    counts = stratified(sizes, shares)
    off = np.abs(counts - sizes[:, None] * shares)
    assert (off[:, 1:] < 1 + 1e-6).all()
    assert (off[:, 0] < 2 + 1e-6).all()


def test_the_first_of_equal_remainders_gets_what_is_left():
    bounds = np.zeros(3, dtype=np.int64), np.full(3, 9)
    assert largest_remainder(4, np.full(3, 4 / 3), *bounds).tolist() == [2, 1, 1]
    assert largest_remainder(5, np.array([0.2, 0.2, 4.6]), *bounds).tolist() == [0, 0, 5]


def test_bounds_win_over_the_total():
    low, high = np.array([1, 1]), np.array([2, 2])
    assert largest_remainder(9, np.array([4.5, 4.5]), low, high).tolist() == [2, 2]
    assert largest_remainder(0, np.array([0.0, 0.0]), low, high).tolist() == [1, 1]
