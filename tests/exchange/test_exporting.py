import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.exchange.projects import bring, labels, look, make, write
from workbench.errors import WorkbenchError
from workbench.exchange.exporting import export_labels
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "project", tmp_path / "images", ("a/1.png", "a/2.png", "b/1.png", "c.png"))


def test_a_table_has_the_columns_that_were_promised(project: Path, tmp_path: Path) -> None:
    done = write(project, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "image,label,split,group,grader",
        "a/1.png,a,,,",
        "a/2.png,a,,,",
        "b/1.png,b,,,",
        "c.png,,,,",
    ]
    assert (done.images, done.labels, done.lost) == (4, 3, [])


def test_graders_who_differ_and_several_labels(project: Path, tmp_path: Path) -> None:
    with Project.open(project) as opened:
        opened.labels.set_task("multi")
        a, b = (row.id for row in opened.labels.classes())
        opened.labels.assign([1], (a,), grader="Ann")
        opened.labels.assign([1], (a, b), grader="Bob")
        opened.labels.assign([2], ())
    write(project, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[1:5] == [
        "a/1.png,a|b,,,Bob",
        "a/1.png,a,,,Ann",
        "a/2.png,|,,,",
        "b/1.png,b,,,",
    ]


def test_nothing_is_overwritten_and_nothing_half_written_stays(project: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(WorkbenchError, match=r"out\.csv exists already"):
        write(project, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"
    with pytest.raises(WorkbenchError, match=r"does not exist; make it"):
        write(project, tmp_path / "no" / "out.csv")
    stop = Stop()
    before = sorted(tmp_path.iterdir())
    for _ in export_labels(project, tmp_path / "stopped.csv")(stop):
        stop.stop()
    assert sorted(tmp_path.iterdir()) == before
    for name in ("out.xls", "out"):
        with pytest.raises(WorkbenchError, match="cannot be told"):
            write(project, tmp_path / name)
    with pytest.raises(WorkbenchError, match="cannot be written as idx"):
        write(project, tmp_path / "out", "idx")


def test_coco_has_boxes_and_categories_from_1(project: Path, tmp_path: Path) -> None:
    with Project.open(project) as opened:
        opened.regions.add(1, "box", ((1, 2), (11, 7)), opened.labels.classes()[1].id)
        opened.regions.add(1, "freehand", ((0, 0), (4, 0), (4, 2)))
    write(project, tmp_path / "out.json")
    value = json.loads((tmp_path / "out.json").read_text())
    assert value["categories"] == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    placed = [each for each in value["annotations"] if "bbox" in each]
    assert [each["bbox"] for each in placed] == [[1, 2, 10, 5], [0, 0, 4, 2]]
    assert (placed[0]["category_id"], placed[0]["area"], placed[1]["area"]) == (2, 50, 4)
    assert placed[1]["segmentation"] == [[0, 0, 4, 0, 4, 2]]


@pytest.mark.parametrize("format", ["folders", "yolo", "filename"])
def test_folders_are_copies_and_come_in_again(tmp_path: Path, tiny_images: Callable[..., Path], format: str) -> None:
    images = tiny_images({"a": 2, "b": 2}, side=8)
    project = tmp_path / "project"
    list(add_folders(project, [images], verify=False)(Stop()))
    with Project.open(project) as opened:
        ids = opened.images.ids()
        opened.labels.rename(opened.labels.classes()[0].id, "x/y")
        opened.splits.assign(ids[:3], "train")
        opened.splits.assign(ids[3:], "test")
        opened.rejection.set(ids[:1], True)
    before = {path: path.read_bytes() for path in images.rglob("*.png")}
    done = write(project, tmp_path / "out", format)
    assert (done.images, done.labels) == (3, 3)
    assert any("rejected" in sentence for sentence in done.lost)
    assert {path: path.read_bytes() for path in images.rglob("*.png")} == before
    fresh = tmp_path / "fresh"
    if format == "filename":
        list(add_folders(fresh, [tmp_path / "out"], verify=False)(Stop()))
        bring(fresh, tmp_path / "out", pattern=r"^(?P<split>\w+?)__(?P<label>\w+?)__")
    else:
        bring(fresh, tmp_path / "out", format=format)
    seen = look(fresh)
    assert sorted(labels(fresh).values()) == ["b", "b", "x_y"]
    assert sorted(image["split"] for image in seen["images"].values()) == ["test", "train", "train"]
    with pytest.raises(WorkbenchError, match="exists already"):
        write(project, tmp_path / "out", format)
    with pytest.raises(WorkbenchError, match="lies within"):
        write(project, images / "copies", format)


def test_a_further_page_becomes_a_picture_of_its_own(tmp_path: Path) -> None:
    images = tmp_path / "images"
    (images / "a").mkdir(parents=True)
    pages = [Image.fromarray(np.full((6, 8), 1000 * page, np.uint16)) for page in (1, 2, 3)]
    pages[0].save(images / "a" / "stack.tif", save_all=True, append_images=pages[1:])
    project = tmp_path / "project"
    list(add_folders(project, [images], verify=False)(Stop()))
    done = write(project, tmp_path / "out", "folders")
    assert (done.images, done.labels) == (3, 3)
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert written == ["a/stack-page1.png", "a/stack-page2.png", "a/stack-page3.png"]
    for page in (1, 2, 3):
        with Image.open(tmp_path / "out" / "a" / f"stack-page{page}.png") as opened:
            assert np.asarray(opened).tolist() == [[1000 * page] * 8] * 6


@pytest.mark.parametrize(("name", "format"), [("n" * 250 + ".csv", None), ("n" * 250, "folders")])
def test_what_cannot_be_written_is_told_by_the_name_that_was_given(
    project: Path, tmp_path: Path, name: str, format: str | None
) -> None:
    with pytest.raises(WorkbenchError, match=r"n{250}.*cannot be written") as refusal:
        write(project, tmp_path / name, format)
    assert ".part" not in str(refusal.value)
