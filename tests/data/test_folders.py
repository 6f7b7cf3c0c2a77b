"""The list of folders that are watched."""

from pathlib import Path

from workbench.data.folders import FoldersFound, folders_of
from workbench.jobs import Stop


def listed(*roots: Path, most: int = 100) -> FoldersFound:
    *_, last = folders_of(roots, most=most)(Stop())
    assert isinstance(last, FoldersFound)
    return last


def test_lists_folders_level_by_level_without_hidden_ones_and_links(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file.png").write_bytes(b"")
    names = [Path(folder).relative_to(tmp_path).as_posix() for folder in listed(tmp_path).folders]
    assert names == [".", "a", "b", "a/deep"]


def test_says_when_there_are_more_than_asked_for(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    found = listed(tmp_path, most=2)
    assert len(found.folders) == 2
    assert not found.all
    assert listed(tmp_path).all


def test_a_root_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    assert listed(tmp_path / "gone").folders == []
