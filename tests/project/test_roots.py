import shutil
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.project.ids import ImageId
from workbench.project.project import Project


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


@pytest.fixture
def made(tmp_path: Path, scan) -> Path:
    """A folder that holds a project and its images, side by side."""
    home = tmp_path / "home"
    touch(home / "images" / "good" / "1.png")
    with Project.create(home / "project") as project:
        project.images.add(project.images.add_root(home / "images"), [scan("good/1.png")])
    return home


def where(folder: Path, *, read_only: bool = False) -> Path:
    with Project.open(folder, read_only=read_only) as project:
        return project.images.get(ImageId(1)).path


def test_a_project_moved_with_its_images_opens(made: Path, tmp_path: Path):
    moved = made.rename(tmp_path / "elsewhere")
    assert where(moved / "project", read_only=True) == moved / "images" / "good" / "1.png"
    assert where(moved / "project") == moved / "images" / "good" / "1.png"


def test_a_copy_uses_its_own_images(made: Path, tmp_path: Path):
    shutil.copytree(made, tmp_path / "copy")
    assert where(tmp_path / "copy" / "project") == tmp_path / "copy" / "images" / "good" / "1.png"
    assert where(made / "project") == made / "images" / "good" / "1.png"


def test_a_project_moved_alone_opens_and_can_then_move_with_the_images(made: Path, tmp_path: Path):
    alone = tmp_path / "deep" / "down"
    alone.mkdir(parents=True)
    (made / "project").rename(alone / "project")
    assert where(alone / "project") == made / "images" / "good" / "1.png"
    everything = tmp_path.rename(tmp_path.with_name(tmp_path.name + " moved"))
    try:
        found = where(everything / "deep" / "down" / "project")
        assert found == everything / "home" / "images" / "good" / "1.png"
    finally:
        everything.rename(tmp_path)


def test_a_folder_of_the_same_place_without_the_images_is_not_taken_for_the_root(made: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    (made / "project").rename(tmp_path / "other" / "project")
    (tmp_path / "other" / "images").mkdir()
    assert where(tmp_path / "other" / "project") == made / "images" / "good" / "1.png"


def test_roots_that_are_gone_still_have_a_path(made: Path):
    shutil.rmtree(made / "images")
    assert where(made / "project") == made / "images" / "good" / "1.png"


def test_relinking(made: Path, tmp_path: Path):
    touch(tmp_path / "new place" / "good" / "1.png")
    (tmp_path / "empty").mkdir()
    shutil.rmtree(made / "images")
    with Project.open(made / "project") as project:
        project.images.mark_missing([1])
        ((root, _),) = project.images.roots()
        with pytest.raises(WorkbenchError, match=r"holds none of the images .* that holds good/1\.png"):
            project.images.relink(root, tmp_path / "empty")
        with pytest.raises(WorkbenchError, match="does not exist"):
            project.images.relink(root, tmp_path / "nowhere")
        project.images.relink(root, tmp_path / "new place")
        assert project.images.get(ImageId(1)).state == "unverified"
        assert project.images.roots() == [(root, tmp_path / "new place")]
    assert where(made / "project") == tmp_path / "new place" / "good" / "1.png"


def test_a_root_must_be_a_folder(project: Project, tmp_path: Path):
    with pytest.raises(WorkbenchError, match=r"nowhere does not exist; choose a folder of images\.$"):
        project.images.add_root(tmp_path / "nowhere")
