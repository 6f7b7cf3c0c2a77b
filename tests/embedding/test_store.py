import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.embedding.store import EmbeddingStore, newest, stores


def sha(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def rows(*numbers: int) -> np.ndarray:
    return np.array([[n, n + 0.5, -n] for n in numbers], dtype=np.float32)


def fill(folder: Path, key: str, *numbers: int) -> None:
    with EmbeddingStore(folder, key) as store:
        store.describe({"title": key})
        store.add([sha(n) for n in numbers], rows(*numbers))


def test_what_was_added_is_there_at_once_and_after_opening_again(tmp_path: Path):
    with EmbeddingStore(tmp_path, "a") as store:
        store.add([sha(1), sha(2)], rows(1, 2))
        assert store.has([sha(2), sha(3), None]).tolist() == [True, False, False]
        assert store.get([sha(2)])[0].tolist() == rows(2).tolist()
    again = EmbeddingStore(tmp_path, "a")
    vectors, present = again.get([sha(2), None, sha(3), sha(1)])
    assert present.tolist() == [True, False, False, True]
    assert vectors.tolist() == [*rows(2).tolist(), [0, 0, 0], [0, 0, 0], *rows(1).tolist()]
    assert again.width == 3


def test_two_writers_at_once_lose_nothing(tmp_path: Path):
    with EmbeddingStore(tmp_path, "a") as one, EmbeddingStore(tmp_path, "a") as other:
        one.add([sha(1)], rows(1))
        other.add([sha(2), sha(1)], rows(2, 1))
        one.flush()
        other.flush()
    vectors, present = EmbeddingStore(tmp_path, "a").get([sha(1), sha(2)])
    assert present.all()
    assert vectors.tolist() == rows(1, 2).tolist()


@given(cut=st.integers(0, 60), hashes_too=st.booleans())
@settings(deadline=None, max_examples=25)
def test_a_segment_cut_short_gives_only_whole_vectors(
    cut: int, hashes_too: bool, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("cut")
    fill(folder, "a", *range(5))
    ending = "*.sha256" if hashes_too else "*.f32"
    (file,) = (folder / "a").glob(ending)
    file.write_bytes(file.read_bytes()[: max(0, file.stat().st_size - cut)])
    store = EmbeddingStore(folder, "a")
    vectors, present = store.get([sha(n) for n in range(5)])
    size = 32 if hashes_too else 12
    assert present.sum() == 5 - min(5, -(-cut // size))
    assert vectors[present].tolist() == rows(*range(5))[present].tolist()
    fill(folder, "a", *range(5))
    assert EmbeddingStore(folder, "a").has([sha(n) for n in range(5)]).all()


def test_nothing_is_written_for_nothing_and_what_is_there_stays(tmp_path: Path):
    with EmbeddingStore(tmp_path, "a"):
        pass
    assert stores(tmp_path) == []
    assert newest(tmp_path / "absent") is None
    fill(tmp_path, "a", 1)
    with EmbeddingStore(tmp_path, "a") as store:
        store.add([sha(1)], rows(7))
    vectors, _ = EmbeddingStore(tmp_path, "a").get([sha(1)])
    assert vectors.tolist() == rows(1).tolist()


def test_the_newest_store_is_the_one_that_grew_last(tmp_path: Path):
    import os

    for number, key in enumerate(("b", "a", "c")):
        fill(tmp_path, key, number)
        for file in (tmp_path / key).glob("*.sha256"):
            os.utime(file, (1000 + number, 1000 + number))
    assert [store.key for store in stores(tmp_path)] == ["c", "a", "b"]
    found = newest(tmp_path)
    assert found is not None
    assert found.title == "c"


def test_damaged_or_newer_stores_count_as_empty(tmp_path: Path):
    fill(tmp_path, "a", 1)
    (tmp_path / "a" / "about.json").write_text("{")
    assert not EmbeddingStore(tmp_path, "a").has([sha(1)]).any()
    (tmp_path / "a" / "about.json").write_text('{"format": 99, "width": 3}')
    assert stores(tmp_path) == []


def test_vectors_of_another_length_are_refused(tmp_path: Path):
    fill(tmp_path, "a", 1)
    with EmbeddingStore(tmp_path, "a") as store, pytest.raises(ValueError, match="width 3"):
        store.add([sha(2)], np.zeros((1, 4), dtype=np.float32))


def test_a_thousand_are_found_by_their_bytes_too(tmp_path: Path):
    with EmbeddingStore(tmp_path, "a") as store:
        for start in range(0, 1000, 100):
            store.add([sha(n) for n in range(start, start + 100)], rows(*range(start, start + 100)))
    wanted = [5, 999, 1000, 0]
    raw = np.frombuffer(b"".join(bytes.fromhex(sha(n)) for n in wanted), dtype=np.uint8).reshape(-1, 32)
    vectors, present = EmbeddingStore(tmp_path, "a").get_raw(raw)
    assert present.tolist() == [True, True, False, True]
    assert vectors[:, 0].tolist() == [5, 999, 0, 0]
