import os
import subprocess
import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.export.folder import complete_folder


def test_the_folder_appears_at_the_end(tmp_path):
    out = tmp_path / "a" / "b"
    with complete_folder(out, needed=1) as partial:
        (partial / "x").write_text("x", encoding="utf-8")
        assert not out.exists()
    assert (out / "x").read_text(encoding="utf-8") == "x"
    assert list(out.parent.iterdir()) == [out]


def test_a_failure_leaves_nothing_not_even_the_parents_it_made(tmp_path):
    def fail() -> None:
        with complete_folder(tmp_path / "a" / "b", needed=1) as partial:
            (partial / "x").write_text("x", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not (tmp_path / "a").exists()


def test_too_little_space_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(WorkbenchError, match="no space left"), complete_folder(tmp_path / "out", needed=2**60):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_removed_by_the_next(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    left = tmp_path / f".out.partial-{done.stdout.strip()}"
    left.mkdir()
    (left / "model.onnx").write_bytes(b"half")
    other = tmp_path / f".other.partial-{done.stdout.strip()}"
    other.mkdir()
    with complete_folder(tmp_path / "out", needed=1):
        assert not left.exists()
    assert other.exists()


def test_two_exports_to_one_place_do_not_mix(tmp_path):
    with complete_folder(tmp_path / "out", needed=1) as partial:
        (partial / "x").write_text("x", encoding="utf-8")
        with pytest.raises(WorkbenchError, match="Another export"), complete_folder(tmp_path / "out", needed=1):
            pass
        assert (partial / "x").exists()
    assert (tmp_path / "out" / "x").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkbenchError, match="cannot be written"), complete_folder(tmp_path / "out", needed=1):
        pass


def test_a_parent_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="cannot be written"), complete_folder(tmp_path / "file" / "out", needed=1):
        pass
