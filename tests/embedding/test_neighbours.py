import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.embedding.neighbours import nearest, unit


def run(events):
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


@given(count=st.integers(1, 40), k=st.integers(1, 6), seed=st.integers(0, 99), copies=st.booleans())
@settings(deadline=None, max_examples=40)
def test_as_brute_force_finds_them(count: int, k: int, seed: int, copies: bool):
    random = np.random.default_rng(seed)
    vectors = random.integers(0, 3 if copies else 1000, (count, 4)).astype(np.float32)
    distances, rows = run(nearest(vectors, k))
    square = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    expected = np.sort(square, axis=1)[:, :k]
    found = min(k, count - 1)
    assert np.allclose(distances[:, :found], expected[:, :found])
    assert (rows[:, :found] != np.arange(count)[:, None]).all()
    assert (rows[:, found:] == -1).all()
    assert np.isinf(distances[:, found:]).all()


def test_queries_find_themselves_and_a_vector_of_zeros_stays():
    vectors = np.eye(5, dtype=np.float32)
    distances, rows = run(nearest(vectors, 1, queries=vectors[[3, 1]]))
    assert rows[:, 0].tolist() == [3, 1]
    assert distances[:, 0].tolist() == [0, 0]
    assert unit(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 0]]
