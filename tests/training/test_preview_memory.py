import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.training import preview_memory
from workbench.training.preview_memory import SharedTiles


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the folder that lies in memory."""
    monkeypatch.setattr(preview_memory, "_IN_MEMORY", str(tmp_path))
    return tmp_path


def test_pixels_written_by_one_are_read_by_the_other() -> None:
    written = SharedTiles.create(1000)
    read = SharedTiles(written.path, 1000)
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    written.put(30, pixels)
    found = read.get(30, 5, 4)
    np.testing.assert_array_equal(found, pixels)
    written.put(30, pixels[::-1])
    np.testing.assert_array_equal(found, pixels)
    written.remove()
    assert not written.path.exists()
    np.testing.assert_array_equal(read.get(30, 5, 4), pixels[::-1])
    written.remove()
    with pytest.raises(FileNotFoundError):
        SharedTiles(written.path, 1000)


def test_it_lies_in_the_temporary_folder_where_memory_is_full(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    reserve = os.posix_fallocate

    def full(handle: int, start: int, size: int) -> None:
        if Path(os.readlink(f"/proc/self/fd/{handle}")).parent == folder:
            raise OSError(28, "No space left on device")
        reserve(handle, start, size)

    monkeypatch.setattr(os, "posix_fallocate", full)
    made = SharedTiles.create(1000)
    assert made.path.parent == elsewhere
    assert not list(folder.iterdir())

    def nowhere(handle: int, start: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", nowhere)
    with pytest.raises(WorkbenchError, match="no space left"):
        SharedTiles.create(1000)
    assert list(elsewhere.iterdir()) == [made.path]


def test_what_a_killed_window_left_is_swept_away(folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    days_ago = time.time() - 3 * 24 * 3600
    left, fresh, living = (
        folder / f"workbench-preview-{name}" for name in (f"{ended.pid}-a", f"{ended.pid}-b", f"{os.getpid()}-c")
    )
    other = folder / "workbench-preview-x-y"
    for file in (left, fresh, living, other):
        file.write_bytes(b"pixels")
    for file in (left, living, other):
        os.utime(file, (days_ago, days_ago))
    SharedTiles.create(10).remove()
    assert set(folder.iterdir()) == {fresh, living, other}
