import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.data import thumbnails
from workbench.data.reading import Decoding, ImageError
from workbench.data.thumbnails import Thumbnails


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:300, 0:600]
    path = tmp_path / "photo.jpg"
    Image.fromarray(np.stack([x * 255 // 600, y * 255 // 300, 0 * x + 90], axis=2).astype(np.uint8)).save(
        path, quality=95
    )
    return path


def test_a_thumbnail_fits_and_looks_like_its_image(photo: Path, tmp_path: Path) -> None:
    found = Thumbnails(tmp_path / "cache").get(photo, 1, 120)
    assert found.shape == (60, 120, 3)
    assert not found.flags.writeable
    expected = np.asarray(Image.open(photo).resize((120, 60), Image.Resampling.BOX)).astype(int)
    assert np.abs(found - expected).mean() < 3


def test_small_images_are_not_enlarged(tmp_path: Path) -> None:
    Image.new("RGB", (10, 7), (200, 0, 0)).save(tmp_path / "tiny.png")
    assert Thumbnails(tmp_path / "cache").get(tmp_path / "tiny.png", 1, 120).shape == (7, 10, 3)


def test_memory_then_disk_then_file(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    real = thumbnails.read_image

    def read(path: Path | str, *args: object, **options: object) -> object:
        reads.append(path)
        return real(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(thumbnails, "read_image", read)
    first = Thumbnails(tmp_path / "cache")
    assert first.in_memory(photo, 1, 64) is None
    made = first.get(photo, 1, 64)
    assert first.get(photo, 1, 64) is made
    assert first.in_memory(photo, 1, 64) is made
    again = Thumbnails(tmp_path / "cache").get(photo, 1, 64)
    assert np.abs(again.astype(int) - made).mean() < 3
    assert len(reads) == 1
    first.get(photo, 2, 64)  # the file changed
    first.get(photo, 1, 32)
    Thumbnails(tmp_path / "cache", Decoding(window=(0, 255))).get(photo, 1, 64)
    assert len(reads) == 4


def test_memory_is_bounded(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Thumbnails(tmp_path / "cache", memory_items=3)
    for stamp in range(5):
        kept.get(photo, stamp, 16)
    assert [kept.in_memory(photo, stamp, 16) is not None for stamp in range(5)] == [False, False, True, True, True]
    monkeypatch.setattr(thumbnails, "_MEMORY", 3100)
    kept = Thumbnails(tmp_path / "cache")
    for stamp in range(3):
        kept.get(photo, stamp, 32)
    assert [kept.in_memory(photo, stamp, 32) is not None for stamp in range(3)] == [False, True, True]


def test_a_damaged_cache_file_is_made_again(photo: Path, tmp_path: Path) -> None:
    Thumbnails(tmp_path / "cache").get(photo, 1, 64)
    (file,) = (tmp_path / "cache").rglob("*.jpg")
    file.write_bytes(file.read_bytes()[:100])
    assert Thumbnails(tmp_path / "cache").get(photo, 1, 64).shape == (32, 64, 3)
    assert file.stat().st_size > 100


def test_a_cache_that_cannot_be_written_costs_no_thumbnail(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    kept = Thumbnails(tmp_path / "cache")
    assert kept.get(photo, 1, 64).shape == (32, 64, 3)
    assert kept.problem is not None
    assert "cache" in kept.problem


def test_an_unreadable_image_raises_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    with pytest.raises(ImageError, match=r"bad\.png"):
        Thumbnails(tmp_path / "cache").get(tmp_path / "bad.png", 1, 64)


def test_threads_share_one(photo: Path, tmp_path: Path) -> None:
    kept, found = Thumbnails(tmp_path / "cache"), []
    threads = [threading.Thread(target=lambda: found.append(kept.get(photo, 1, 64))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(np.abs(image.astype(int) - found[0]).mean() < 3 for image in found)
    assert not list((tmp_path / "cache").rglob("*.part"))
