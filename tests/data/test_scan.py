import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.dicom_files import write_dicom
from workbench.data import scan
from workbench.errors import WorkbenchError
from workbench.jobs import Noticed


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes 8x6 images at the given relative paths and returns their root."""

    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 6)).save(path)
        return tmp_path / "root"

    return write


def scanned(root: Path) -> tuple[list[scan.Scanned], list[Noticed]]:
    images: list[scan.Scanned] = []
    noticed: list[Noticed] = []
    for event in scan.walk(scan.layout(root), batch=2):
        if isinstance(event, Noticed):
            noticed.append(event)
        else:
            assert 1 <= len(event) <= 2
            images += event
    return images, noticed


def places(root: Path) -> dict[str, tuple[str | None, str | None]]:
    return {image.relative: (image.class_name, image.split) for image in scanned(root)[0]}


def test_sub_folders_are_classes_in_natural_order(folder: Callable[..., Path]) -> None:
    root = folder("grade 10/a.png", "grade 2/b10.png", "grade 2/b9.png", "Grade 1/deep/er/c.png", "loose.png")
    images, noticed = scanned(root)
    assert scan.layout(root).classes == ("Grade 1", "grade 2", "grade 10")
    assert [(image.relative, image.class_name) for image in images] == [
        ("loose.png", None),
        ("Grade 1/deep/er/c.png", "Grade 1"),
        ("grade 2/b9.png", "grade 2"),
        ("grade 2/b10.png", "grade 2"),
        ("grade 10/a.png", "grade 10"),
    ]
    assert not noticed
    first = images[0]
    stat = os.stat(root / "loose.png")
    assert (first.width, first.height, first.channels, first.bits) == (8, 6, 3, 8)
    assert (first.bytes, first.modified_ns, first.error, first.split) == (stat.st_size, stat.st_mtime_ns, None, None)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train", "val"), ("train", "validation")),
        (("Training", "VALID", "Testing"), ("train", "validation", "test")),
        (("train", "validation", "test"), ("train", "validation", "test")),
        (("train", "test"), ("train", "test")),
        (("test",), ("test",)),
    ],
)
def test_a_tree_sets_the_split(folder: Callable[..., Path], names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    root = folder(*(f"{name}/{kind}/{name}.png" for name in names for kind in ("good", "bad")))
    found = scan.layout(root)
    assert found.splits == expected
    assert found.classes == ("bad", "good")
    for split, name in zip(expected, names, strict=True):
        assert places(root)[f"{name}/good/{name}.png"] == ("good", split)


def test_a_class_may_be_called_test(folder: Callable[..., Path]) -> None:
    root = folder("test/a.png", "plane/b.png", "car/c.png")
    assert scan.layout(root).splits == ()
    assert scan.layout(root).classes == ("car", "plane", "test")


def test_a_folder_beside_the_splits_is_unlabelled_and_noticed(folder: Callable[..., Path]) -> None:
    root = folder("train/good/a.png", "val/good/b.png", "later/x/c.png", "train/loose.png")
    assert places(root)["later/x/c.png"] == (None, None)
    assert places(root)["train/loose.png"] == (None, "train")
    assert ["later" in notice.message for notice in scanned(root)[1]] == [True]


@pytest.mark.parametrize("wrapper", ["images", "Data/imgs", "castings"])
def test_a_single_folder_around_the_splits_is_looked_through(folder: Callable[..., Path], wrapper: str) -> None:
    root = folder(f"{wrapper}/train/good/a.png", f"{wrapper}/val/good/b.png")
    assert places(root)[f"{wrapper}/train/good/a.png"] == ("good", "train")


def test_images_in_a_folder_called_images_are_unlabelled_and_others_are_a_class(folder: Callable[..., Path]) -> None:
    assert places(folder("images/a.png")) == {"images/a.png": (None, None)}
    assert places(folder("pits/b.png")) == {"images/a.png": ("images", None), "pits/b.png": ("pits", None)}


def test_hidden_and_foreign_files_are_passed_over(folder: Callable[..., Path]) -> None:
    root = folder(
        "good/a.png", ".hidden/b.png", "__MACOSX/c.png", "good/.d.png", "good/@eaDir/e.png", "Thumbs/f.png", "bad/g.png"
    )
    (root / "good" / "notes.txt").write_text("no image")
    (root / "good" / "Thumbs.db").write_bytes(b"x")
    assert list(places(root)) == ["bad/g.png", "good/a.png"]


def test_a_project_and_what_it_keeps_are_passed_over(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png", "bad/b.png", "cache/thumbnails/c.png", "other/cache/d.png", "exports/e/f.png")
    (root / "project.sqlite").touch()
    (root / "other" / "project.sqlite").touch()
    assert list(places(root)) == ["bad/b.png", "good/a.png"]


def test_an_empty_class_folder_is_noticed_and_no_class(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png", "bad/b.png")
    (root / "empty" / "deeper").mkdir(parents=True)
    assert scan.layout(root).classes == ("bad", "good")
    assert [notice.path for notice in scanned(root)[1]] == [str(root / "empty")]


def test_a_file_without_a_header_comes_with_its_error(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png")
    (root / "good" / "b.png").write_bytes(b"nothing")
    images, _ = scanned(root)
    assert [image.error is None for image in images] == [True, False]
    assert "b.png" in (images[1].error or "")
    assert images[1].width == 0


def test_a_folder_without_images_is_empty_and_a_missing_one_an_error(tmp_path: Path) -> None:
    assert scan.layout(tmp_path).empty
    with pytest.raises(WorkbenchError, match="does not exist"):
        scan.layout(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_are_followed_once(folder: Callable[..., Path], tmp_path: Path) -> None:
    root = folder("good/a.png")
    (root / "good" / "again").symlink_to(root / "good")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Image.new("L", (2, 2)).save(elsewhere / "c.png")
    (root / "linked").symlink_to(elsewhere)
    assert list(places(root)) == ["good/a.png", "linked/c.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows any bytes in a name")
def test_a_name_that_is_no_text_is_noticed(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png")
    os.rename(os.fsencode(root / "good" / "a.png"), os.fsencode(root / "good") + b"/\xff\xfe.png")
    images, noticed = scanned(root)
    assert not images
    assert "rename" in noticed[0].message


def test_a_folder_that_cannot_be_listed_is_noticed(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder("good/a.png", "shut/b.png")
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if os.fspath(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    images, noticed = scanned(root)
    assert [image.relative for image in images] == ["good/a.png"]
    assert [notice.path for notice in noticed] == [str(root / "shut")]
    assert "cannot be read" in noticed[0].message


def test_decomposed_names_are_one_class(folder: Callable[..., Path]) -> None:
    root = folder("train/Gru\u0308n/a.png", "val/Gr\u00fcn/b.png", "val/x/c.png")
    assert scan.layout(root).classes == ("Grün", "x")


def test_each_page_of_a_stack_is_an_image(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png")
    pages = [Image.new("L", (9, 5 + number)) for number in range(3)]
    pages[0].save(root / "good" / "s.tif", save_all=True, append_images=pages[1:])
    images, _ = scanned(root)
    assert [(image.relative, image.height, image.class_name) for image in images[1:]] == [
        ("good/s.tif", 5, "good"),
        ("good/s.tif#page=2", 6, "good"),
        ("good/s.tif#page=3", 7, "good"),
    ]
    assert len({image.bytes for image in images[1:]}) == 1
    found = [file for batch in scan.files(scan.layout(root)) if isinstance(batch, list) for file in batch]
    assert [file.relative for file in found] == ["good/a.png", "good/s.tif"]


def test_a_file_in_the_place_of_a_page_is_told(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png")
    pages = [Image.new("L", (9, 5)), Image.new("L", (9, 6))]
    pages[0].save(root / "good" / "s.tif", save_all=True, append_images=pages[1:])
    (root / "good" / "s.tif#page=2").write_bytes(b"not a page")
    images, _ = scanned(root)
    assert [image.relative for image in images] == ["good/a.png", "good/s.tif", "good/s.tif#page=2"]
    assert [image.error is None for image in images] == [True, True, False]
    assert "rename that file" in str(images[2].error)


def test_a_damaged_dicom_file_is_one_image_with_its_error(folder: Callable[..., Path]) -> None:
    root = folder("good/a.png")
    whole = write_dicom(root / "good" / "b.dcm", np.zeros((3, 5, 6), np.uint16), frames=True).read_bytes()
    (root / "good" / "c.dcm").write_bytes(whole[:300])
    (root / "good" / "d.dcm").write_bytes(b"no DICOM at all")
    images, _ = scanned(root)
    assert [image.relative for image in images[1:]] == [
        "good/b.dcm",
        "good/b.dcm#page=2",
        "good/b.dcm#page=3",
        "good/c.dcm",
        "good/d.dcm",
    ]
    assert [image.error is None for image in images[1:]] == [True, True, True, False, False]


def test_every_folder_is_remembered_with_its_time(folder: Callable[..., Path]) -> None:
    root = folder("good/deep/a.png", "bad/b.png", ".hidden/c.png")
    (root / "empty").mkdir()
    found = scan.layout(root)
    list(scan.walk(found))
    names = {os.path.relpath(path, root) for path in found.visited}
    assert names == {".", "good", os.path.join("good", "deep"), "bad", "empty"}
    assert found.visited[str(root)] == os.stat(root).st_mtime_ns


def test_natural_key_puts_two_before_ten() -> None:
    assert sorted(["10", "2", "b1", "B10", "b9", "1a"], key=scan.natural_key) == ["1a", "2", "10", "b1", "b9", "B10"]


def test_headers_are_read_fast(shared_folder: Path) -> None:
    root = shared_folder / "data" / "neu_cls"
    list(scan.walk(scan.layout(root)))
    start = time.perf_counter()
    count = sum(len(batch) for batch in scan.walk(scan.layout(root)) if isinstance(batch, list))
    assert count == 600
    assert count / (time.perf_counter() - start) > 1000  # 8 000 a second on an idle core; this one is shared
