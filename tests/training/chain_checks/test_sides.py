"""Left and right: where a project speaks of them, and where it only seems to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project
from workbench.training.chain_checks.sides import sides


@pytest.fixture
def project(tmp_path: Path, tiny_images: Callable[..., Path]) -> Callable[..., Project]:
    def make(classes: dict[str, int], rename: Callable[[int], str] | None = None) -> Project:
        images = tiny_images(classes)
        if rename is not None:
            for number, path in enumerate(sorted(images.rglob("*.png"))):
                path.rename(path.with_name(rename(number)))
        list(add_folders(tmp_path / "project", [images])(Stop()))
        return Project.open(tmp_path / "project")

    return make


PLAIN = {"good": 3, "scratch": 3}


def evidence(project: Project) -> list[str]:
    with project:
        return sides(project, project.images.page(project.images.ids())).evidence


def test_a_project_that_speaks_of_no_side_has_no_evidence(project: Callable[..., Project]) -> None:
    assert evidence(project({"right": 3, "wrong": 3})) == []


@pytest.mark.parametrize(
    "rename",
    [
        lambda number: f"patient{number}_{('OD', 'OS')[number % 2]}.png",
        lambda number: f"{number}-{('left', 'Right')[number % 2]}.png",
        lambda number: f"eye{('Left', 'Right')[number % 2]}{number}.png",
        lambda number: f"{number}_{'LR'[number % 2]}.png",
        lambda number: f"auge {('links', 'rechts')[number % 2]} {number}.png",
    ],
)
def test_file_names_say_the_side(project: Callable[..., Project], rename: Callable[[int], str]) -> None:
    (found,) = evidence(project(PLAIN, rename))
    assert found.startswith("6 of 6 file names say the side (for example ")


@pytest.mark.parametrize(
    "rename",
    [
        lambda number: f"{number}{'_L' if number == 0 else ''}.png",  # one letter alone says nothing
        lambda number: f"left_{number}.png",  # one side only
        lambda number: f"{number}_copyright_{'boss' * (number % 2)}.png",  # parts of words
    ],
)
def test_file_names_that_only_seem_to(project: Callable[..., Project], rename: Callable[[int], str]) -> None:
    assert evidence(project(PLAIN, rename)) == []


def test_classes_tags_and_columns_say_the_side(project: Callable[..., Project]) -> None:
    made = project({"left hand": 3, "right hand": 3})
    ids = made.images.ids()
    made.tags.add(ids[:2], "OD")
    made.fields.set("laterality", {int(image): "LR"[int(image) % 2] for image in ids})
    made.fields.set("camera", {int(image): "LX100" for image in ids})
    with made:
        found = sides(made, made.images.page(ids))
    assert found.by_class
    text = "; ".join(found.evidence)
    assert "classes are named by side (left hand, right hand)" in text
    assert "tags for sides (OD)" in text
    assert "the column 'laterality'" in text
    assert "camera" not in text


def test_dicom_tags_say_the_side(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    import numpy as np

    from tests.dicom_files import write_dicom

    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        levels = np.full((32, 32), 100 + number, np.uint16)
        write_dicom(folder / f"{number}.dcm", levels, ImageLaterality="LR"[number])
    list(add_folders(tmp_path / "project", [folder])(Stop()))
    (found,) = evidence(Project.open(tmp_path / "project"))
    assert found == "the DICOM tags of 2 of 2 images say the side"
