from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.project.id_ranges import PACK, as_ids, pack, ranges, unpack

some_ids = st.lists(st.integers(1, 300), max_size=200)


@given(some_ids)
def test_ids_are_sorted_and_occur_once(ids: list[int]):
    assert as_ids(ids).tolist() == sorted(set(ids))


@given(some_ids)
def test_ranges_hold_the_ids_and_are_apart(ids: list[int]):
    found = ranges(as_ids(ids))
    assert [n for first, last in found for n in range(first, last + 1)] == sorted(set(ids))
    assert all(after[0] > before[1] + 1 for before, after in pairwise(found))


@given(some_ids)
def test_packed_ids_come_back(ids: list[int]):
    found: list[int] = []
    for first, last, offsets in pack(as_ids(ids)):
        part = list(range(first, last + 1)) if offsets is None else unpack(first, offsets).tolist()
        assert (part[0], part[-1]) == (first, last)
        found += part
    assert found == sorted(set(ids))


def test_a_million_ids_are_packed_small():
    together = list(pack(np.arange(1, 1_000_001)))
    assert together == [(1, 1_000_000, None)]
    scattered = list(pack(np.arange(1, 1_000_001, 2)))
    assert len(scattered) == -(-500_000 // PACK)
    assert sum(len(offsets or b"") for *_, offsets in scattered) == 4 * 500_000
