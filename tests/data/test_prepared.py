import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.data import prepared
from workbench.data.dataset import Sample
from workbench.data.prepared import PreparedCache
from workbench.data.reading import ImageError, Pixels
from workbench.errors import WorkbenchError
from workbench.jobs import Noticed, Progress

SIDE = 8


def square(sample: Sample) -> Pixels:
    if sample.target < 0:
        raise ImageError(f"The image {sample.path} is damaged; replace it.")
    return np.random.default_rng(sample.id).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def samples(*ids: int) -> list[Sample]:
    return [Sample(number, f"{number}.png", 0, f"hash{number}") for number in ids]


@pytest.fixture
def cache(tmp_path: Path) -> Callable[[], PreparedCache]:
    return lambda: PreparedCache(tmp_path / "cache", size=SIDE, geometry="squash 0-65535")


def test_what_was_built_is_read_back(cache: Callable[[], PreparedCache]) -> None:
    events = list(cache().build(samples(*range(150)), square))
    assert events[0] == Progress(0, 150, "Preparing images")
    assert events[-1] == Progress(150, 150, "Preparing images")
    found = cache()
    for sample in samples(0, 70, 149):
        pixels = found.get(sample)
        assert np.array_equal(pixels, square(sample))
        assert pixels.flags.writeable
    copied = pickle.loads(pickle.dumps(found))
    assert np.array_equal(copied.get(samples(3)[0]), square(samples(3)[0]))


def test_only_what_is_missing_is_made(cache: Callable[[], PreparedCache]) -> None:
    made: list[int] = []

    def prepare(sample: Sample) -> Pixels:
        made.append(sample.id)
        return square(sample)

    list(cache().build(samples(1, 2), prepare))
    list(cache().build(samples(1, 2, 3), prepare))
    events = list(cache().build(samples(3, 2, 1), prepare))
    assert made == [1, 2, 3]
    assert events == [Progress(3, 3, "Preparing images")]


def test_one_object_sees_what_it_adds_later(cache: Callable[[], PreparedCache]) -> None:
    one = cache()
    list(one.build(samples(1), square))
    one.get(samples(1)[0])
    list(one.build(samples(2), square))
    assert np.array_equal(one.get(samples(2)[0]), square(samples(2)[0]))


def test_another_geometry_is_another_cache(tmp_path: Path, cache: Callable[[], PreparedCache]) -> None:
    list(cache().build(samples(1), square))
    with pytest.raises(ImageError, match=r"1\.png"):
        PreparedCache(tmp_path / "cache", size=SIDE, geometry="crop 0-65535").get(samples(1)[0])


def test_an_unreadable_image_is_noticed_and_left_out(cache: Callable[[], PreparedCache], tmp_path: Path) -> None:
    bad = Sample(9, "9.png", -1, "hash9")
    events = list(cache().build([*samples(1), bad], square))
    assert [event.path for event in events if isinstance(event, Noticed)] == ["9.png"]
    with pytest.raises(ImageError, match=r"9\.png"):
        cache().get(bad)
    list(cache().build([*samples(1), bad], square))
    assert len(list((tmp_path / "cache").rglob("*.pixels"))) == 1  # nothing to add leaves nothing behind


def test_a_killed_build_keeps_its_complete_part(cache: Callable[[], PreparedCache], tmp_path: Path) -> None:
    list(cache().build(samples(1, 2, 3), square))
    (pixels,) = (tmp_path / "cache").rglob("*.pixels")
    (index,) = (tmp_path / "cache").rglob("*.index")
    pixels.write_bytes(pixels.read_bytes()[: 2 * SIDE * SIDE * 3 + 5])
    index.write_text(index.read_text()[:-4])
    found = cache()
    assert np.array_equal(found.get(samples(2)[0]), square(samples(2)[0]))
    with pytest.raises(ImageError):
        found.get(samples(3)[0])
    list(found.build(samples(1, 2, 3), square))
    assert np.array_equal(cache().get(samples(3)[0]), square(samples(3)[0]))


def test_a_stopped_build_keeps_what_is_done(
    cache: Callable[[], PreparedCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "_CHUNK", 2)
    building = cache().build(samples(1, 2, 3, 4), square)
    next(building)
    next(building)
    building.close()
    assert np.array_equal(cache().get(samples(2)[0]), square(samples(2)[0]))


def test_without_a_hash_the_file_and_its_time_count(cache: Callable[[], PreparedCache], tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(b"first")
    sample = Sample(1, str(path), 0)
    list(cache().build([sample], square))
    cache().get(sample)
    path.write_bytes(b"changed")
    with pytest.raises(ImageError, match="changed"):
        cache().get(sample)
    path.unlink()
    with pytest.raises(ImageError):
        cache().get(sample)


def test_no_space_left_is_said_before_anything_is_written(
    cache: Callable[[], PreparedCache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "_SPARE", 10**18)
    with pytest.raises(WorkbenchError, match="no space left"):
        list(cache().build(samples(1), square))
    assert not (tmp_path / "cache").exists()


def test_a_disk_that_fills_up_is_told(cache: Callable[[], PreparedCache], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prepared, "_flush", full)
    with pytest.raises(WorkbenchError, match="No space left on device"):
        list(cache().build(samples(1), square))


def test_pixels_of_another_shape_are_a_bug(cache: Callable[[], PreparedCache]) -> None:
    with pytest.raises(ValueError, match="not uint8 of side 8"):
        list(cache().build(samples(1), lambda _: np.zeros((3, 3, 3), np.uint8)))
