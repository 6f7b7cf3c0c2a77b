import random
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.training import checkpoints


def draws() -> list[float]:
    return [random.random(), float(np.random.rand()), float(torch.rand(()))]


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.pt"
    checkpoints.save(path, {"model": {"weight": torch.arange(3.0)}, "step": 4})
    found = checkpoints.load(path)
    assert found["model"]["weight"].tolist() == [0, 1, 2]
    assert found["step"] == 4
    assert [file.name for file in path.parent.iterdir()] == ["last.pt"]


def test_random_states_survive_the_file_and_give_the_same_numbers(tmp_path: Path) -> None:
    random.gauss(0, 1)
    np.random.randn()
    checkpoints.save(tmp_path / "a.pt", {"random": checkpoints.random_states()})
    expected = draws()
    checkpoints.restore_random_states(checkpoints.load(tmp_path / "a.pt")["random"])
    assert draws() == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_full_disk_is_a_sentence_and_the_checkpoint_before_stays(tmp_path: Path, size: int) -> None:
    path = tmp_path / "last.pt"
    checkpoints.save(path, {"step": 1})
    (tmp_path / ".last.pt.tmp").symlink_to("/dev/full")
    with pytest.raises(WorkbenchError, match=r"No space left on device.*make room"):
        checkpoints.save(path, {"step": 2, "weights": torch.zeros(size)})
    assert checkpoints.load(path)["step"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_a_checkpoint_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",))

    torch.save({"format": 1, "model": Evil()}, tmp_path / "last.pt")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        checkpoints.load(tmp_path / "last.pt")
    assert not (tmp_path / "ran").exists()


def test_a_damaged_checkpoint_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"half a file")
    with pytest.raises(WorkbenchError, match="start a new run"):
        checkpoints.load(tmp_path / "last.pt")


def test_a_newer_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"format": checkpoints.FORMAT + 1}, tmp_path / "last.pt")
    with pytest.raises(WorkbenchError, match="newer Workbench"):
        checkpoints.load(tmp_path / "last.pt")
