"""A project in step with the disk: new, changed, moved, missing and found again; nothing is guessed, nothing touched."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Event, Noticed, Stop
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.rescan import Rescanned, changed_folders, rescan

Images = Callable[..., Path]


@pytest.fixture
def folder(tiny_images: Images) -> Path:
    return tiny_images({"good": 3, "bad": 3})


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Path:
    """A project of six images: each is tagged with the path it had, and the first of "bad" was labelled by hand."""
    list(add_folders(tmp_path / "project", [folder])(Stop()))
    with Project.open(tmp_path / "project") as opened:
        for row in opened.images.page(opened.images.ids()):
            opened.tags.add([row.id], row.relative)
    return tmp_path / "project"


def look(project: Path, **options: object) -> tuple[Rescanned, list[Noticed]]:
    events: list[Event] = list(rescan(project, **options)(Stop()))  # type: ignore[arg-type]
    assert isinstance(events[-1], Rescanned)
    return events[-1], [event for event in events if isinstance(event, Noticed)]


def rows(project: Path, query: Query | None = None) -> dict[str, ImageRow]:
    with Project.open(project) as opened:
        return {row.relative: row for row in opened.images.page(opened.images.ids(query or Query()))}


def was(row: ImageRow) -> str:
    """Where the image was when it came in."""
    return row.tags[0] if row.tags else ""


def test_nothing_changed(project: Path) -> None:
    before = rows(project)
    assert look(project) == (Rescanned(0, 0, 0, 0, 0, 6), [])
    assert rows(project) == before


def test_new_files_come_in_as_by_a_scan(project: Path, folder: Path) -> None:
    (folder / "scratch").mkdir()
    random = np.random.default_rng(9)
    for name in ("good/new.png", "scratch/first.png"):
        Image.fromarray(random.integers(0, 256, (8, 9, 3)).astype(np.uint8)).save(folder / name)
    assert look(project)[0] == Rescanned(2, 0, 0, 0, 0, 8)
    with Project.open(project) as opened:
        names = {row.id: row.name for row in opened.labels.classes()}
    found = rows(project)
    assert names[found["scratch/first.png"].class_id] == "scratch"
    assert names[found["good/new.png"].class_id] == "good"
    assert (found["good/new.png"].state, found["good/new.png"].width) == ("ok", 9)
    assert found["good/new.png"].content_hash


def test_a_changed_file_keeps_its_label_and_gets_a_new_hash(project: Path, folder: Path) -> None:
    before = rows(project)["good/000.png"]
    with Project.open(project) as opened:
        bad = next(row.id for row in opened.labels.classes() if row.name == "bad")
        opened.labels.assign([before.id], bad)
    Image.new("RGB", (20, 10), "red").save(folder / "good" / "000.png")
    assert look(project)[0] == Rescanned(0, 1, 0, 0, 0, 6)
    after = rows(project)["good/000.png"]
    assert (after.id, after.class_id, after.width, after.state) == (before.id, bad, 20, "ok")
    assert after.content_hash not in (None, before.content_hash)
    assert after.modified_ns != before.modified_ns  # the key of its thumbnail


def test_moved_and_renamed_files_keep_everything(project: Path, folder: Path) -> None:
    before = {row.tags[0]: row for row in rows(project).values()}
    with Project.open(project) as opened:
        opened.splits.assign([before["good/001.png"].id], "test")
    (folder / "good" / "000.png").rename(folder / "good" / "renamed.png")
    (folder / "sub").mkdir()
    (folder / "good" / "001.png").rename(folder / "sub" / "001.png")
    (folder / "good" / "002.png").rename(folder / "bad" / "over.png")
    result, told = look(project)
    assert (result, told) == (Rescanned(0, 0, 3, 0, 0, 6), [])
    found = rows(project)
    for path, old in (
        ("good/renamed.png", "good/000.png"),
        ("sub/001.png", "good/001.png"),
        ("bad/over.png", "good/002.png"),
    ):
        assert (found[path].id, was(found[path])) == (before[old].id, old)
        assert (found[path].class_id, found[path].state) == (before[old].class_id, "ok")
    assert found["sub/001.png"].split == "test"
    for again in (look, lambda where: list(add_folders(where, [folder])(Stop()))):
        again(project)  # the folder "bad" does not become its label later either
        assert rows(project)["bad/over.png"].class_id == before["good/002.png"].class_id


def test_files_move_between_roots(project: Path, tiny_images: Images) -> None:
    other = tiny_images({"other": 1}, name="second")
    list(add_folders(project, [other])(Stop()))
    first = next(path for path in rows(project) if path == "bad/001.png")
    before = rows(project)[first]
    (other / "came").mkdir()
    shutil.move(before.path, other / "came" / "x.png")
    assert look(project)[0].moved == 1
    after = rows(project)["came/x.png"]
    assert (after.id, after.path, was(after)) == (before.id, other / "came" / "x.png", "bad/001.png")


def test_missing_files_are_marked_and_found_again(project: Path, folder: Path, tmp_path: Path) -> None:
    gone = folder / "good" / "001.png"
    gone.rename(tmp_path / "aside.png")
    result, told = look(project)
    assert result == Rescanned(0, 0, 0, 1, 0, 6)
    assert [event.path for event in told] == [str(gone)]
    assert look(project)[0] == Rescanned(0, 0, 0, 0, 0, 6)
    assert list(rows(project, Query(state="missing"))) == ["good/001.png"]
    (tmp_path / "aside.png").rename(gone)
    assert look(project)[0] == Rescanned(0, 0, 0, 0, 1, 6)
    assert rows(project)["good/001.png"].state == "ok"


def test_a_file_missing_for_long_is_found_where_it_lies_now(project: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "good" / "001.png").rename(tmp_path / "aside.png")
    look(project)
    (tmp_path / "aside.png").rename(folder / "bad" / "back.png")
    assert look(project)[0] == Rescanned(0, 0, 1, 0, 0, 6)
    assert was(rows(project)["bad/back.png"]) == "good/001.png"


def test_what_cannot_be_told_apart_is_not_guessed(project: Path, folder: Path) -> None:
    gone = folder / "good" / "001.png"
    shutil.copy(gone, folder / "good" / "x.png")
    gone.rename(folder / "good" / "y.png")
    result, told = look(project)
    assert result == Rescanned(2, 0, 0, 1, 0, 8)
    assert any("none is taken for another" in event.message for event in told)
    assert rows(project)["good/001.png"].state == "missing"


def test_copies_that_moved_together_are_told_apart_by_their_paths(project: Path, folder: Path) -> None:
    copy = folder / "bad" / "copy.png"
    shutil.copy(folder / "good" / "001.png", copy)
    look(project)
    (folder / "all").mkdir()
    for name in ("good/001.png", "bad/copy.png"):
        (folder / name).rename(folder / "all" / name.split("/")[1])
    result, told = look(project)
    assert (result.moved, result.missing, result.new, told) == (2, 0, 0, [])
    assert was(rows(project)["all/001.png"]) == "good/001.png"


def test_without_a_hash_size_and_name_decide(folder: Path, tmp_path: Path) -> None:
    list(add_folders(tmp_path / "p", [folder], verify=False)(Stop()))
    before = rows(tmp_path / "p")
    (folder / "deep").mkdir()
    (folder / "good" / "002.png").rename(folder / "deep" / "002.png")
    (folder / "good" / "000.png").rename(folder / "deep" / "other name.png")
    result, _ = look(tmp_path / "p", verify=False)
    assert (result.moved, result.missing, result.new) == (1, 1, 1)
    assert rows(tmp_path / "p")["deep/002.png"].id == before["good/002.png"].id


def test_a_copied_file_is_new_and_the_original_stays(project: Path, folder: Path) -> None:
    shutil.copy(folder / "good" / "001.png", folder / "good" / "copy.png")
    assert look(project)[0] == Rescanned(1, 0, 0, 0, 0, 7)
    assert was(rows(project)["good/001.png"]) == "good/001.png"


def test_a_moved_root_is_relinked_by_path(project: Path, folder: Path, tmp_path: Path) -> None:
    before = {row.id: was(row) for row in rows(project).values()}
    moved = tmp_path / "elsewhere" / "images"
    moved.parent.mkdir()
    folder.rename(moved)
    result, told = look(project)
    assert result.missing == 6
    assert "is not there" in told[0].message
    result, _ = look(project, relink=(folder, moved))
    assert result == Rescanned(0, 0, 0, 0, 6, 6)
    assert {row.id: was(row) for row in rows(project).values()} == before
    assert {row.state for row in rows(project).values()} == {"ok"}


def test_a_moved_root_is_relinked_by_content_where_the_paths_changed_too(
    project: Path, folder: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        path.rename(moved / f"renamed {number}.png")
    result, _ = look(project, relink=(folder, moved))
    assert result == Rescanned(0, 0, 6, 0, 0, 6)
    found = rows(project)
    assert [was(found[f"renamed {number}.png"]) for number in range(6)] == [
        f"{name}/00{number}.png" for name in ("bad", "good") for number in range(3)
    ]
    assert look(project)[0] == Rescanned(0, 0, 0, 0, 0, 6)


def test_relinking_what_does_not_fit_is_refused_and_changes_nothing(
    project: Path, folder: Path, tmp_path: Path, tiny_images: Images
) -> None:
    before = rows(project)
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (3, 3)).save(other / "a.png")
    for relink, match in (
        ((folder, other), "neither by path nor by content"),
        ((folder, tmp_path / "nowhere"), "does not exist"),
        ((tmp_path / "unknown", other), f"relink one of these: {folder}"),
    ):
        with pytest.raises(WorkbenchError, match=match):
            look(project, relink=relink)
    assert rows(project) == before


def test_a_stack_moves_with_its_pages(tmp_path: Path) -> None:
    folder = tmp_path / "stacks"
    (folder / "a").mkdir(parents=True)
    pages = [Image.new("L", (9, 5 + number), 40 * number) for number in range(3)]
    pages[0].save(folder / "a" / "s.tif", save_all=True, append_images=pages[1:])
    list(add_folders(tmp_path / "p", [folder])(Stop()))
    before = rows(tmp_path / "p")
    assert list(before) == ["a/s.tif", "a/s.tif#page=2", "a/s.tif#page=3"]
    assert {row.state for row in before.values()} == {"ok"}
    assert len({row.content_hash for row in before.values()}) == 3
    assert look(tmp_path / "p")[0] == Rescanned(0, 0, 0, 0, 0, 3)
    (folder / "a" / "s.tif").rename(folder / "a" / "t.tif")
    assert look(tmp_path / "p")[0] == Rescanned(0, 0, 3, 0, 0, 3)
    after = rows(tmp_path / "p")
    assert [after[f"a/t.tif{page}"].id for page in ("", "#page=2", "#page=3")] == [row.id for row in before.values()]
    assert {row.state for row in after.values()} == {"ok"}
    pages[0].save(folder / "a" / "t.tif", save_all=True, append_images=pages[1:2])
    result, _ = look(tmp_path / "p")
    assert (result.changed, result.missing, result.images) == (2, 1, 3)


def test_a_file_renamed_over_another_takes_its_label_along(project: Path, folder: Path) -> None:
    """Renumbering by a tool: 000 becomes 001, 001 becomes 002, 002 becomes 003. No label may shift."""
    before = {was(row): row for row in rows(project).values()}
    for number in (2, 1, 0):
        (folder / "good" / f"{number:03}.png").rename(folder / "good" / f"{number + 1:03}.png")
    assert look(project)[0] == Rescanned(0, 0, 3, 0, 0, 6)
    found = rows(project)
    assert "good/000.png" not in found
    for number in range(3):
        assert found[f"good/{number + 1:03}.png"].id == before[f"good/{number:03}.png"].id


def test_two_files_that_change_places(project: Path, folder: Path) -> None:
    before = {was(row): row.id for row in rows(project).values()}
    one, two = folder / "good" / "000.png", folder / "bad" / "000.png"
    one.rename(folder / "x")
    two.rename(one)
    (folder / "x").rename(two)
    assert look(project)[0] == Rescanned(0, 0, 2, 0, 0, 6)
    found = rows(project)
    assert found["bad/000.png"].id == before["good/000.png"]
    assert found["good/000.png"].id == before["bad/000.png"]


def test_an_image_overwritten_by_another_is_missing(project: Path, folder: Path) -> None:
    before = {was(row): row.id for row in rows(project).values()}
    (folder / "good" / "000.png").rename(folder / "good" / "001.png")
    result, told = look(project)
    assert (result.moved, result.missing, result.images) == (1, 1, 6)
    found = {row.id: row for row in rows(project).values()}
    assert found[before["good/000.png"]].relative == "good/001.png"
    assert found[before["good/001.png"]].state == "missing"
    assert any("001.png" in event.message for event in told)
    assert look(project)[0] == Rescanned(0, 0, 0, 0, 0, 6)


def test_a_touched_file_counts_as_changed_and_keeps_its_hash(project: Path, folder: Path) -> None:
    before = rows(project)["good/000.png"]
    os.utime(folder / "good" / "000.png", ns=(1, 10**18))
    assert look(project, verify=False)[0] == Rescanned(0, 1, 0, 0, 0, 6)
    after = rows(project)["good/000.png"]
    assert (after.content_hash, after.modified_ns) == (before.content_hash, 10**18)


def test_changed_folders_are_told_by_their_times(project: Path, folder: Path) -> None:
    with Project.open(project) as opened:
        assert changed_folders(opened) == []
        stamp = os.stat(folder / "bad").st_mtime_ns
        (folder / "bad" / "000.png").rename(folder / "bad" / "x.png")
        os.utime(folder / "bad", ns=(stamp + 10**9, stamp + 10**9))
        assert changed_folders(opened) == [folder / "bad"]
        look(project)
        assert changed_folders(opened) == []
        (opened.cache_folder / "folders.json").write_text("{cut")
        assert changed_folders(opened) == [folder]


def test_corrupt_new_files_and_a_missing_project_are_told(project: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "good" / "broken.png").write_bytes(b"nothing")
    result, told = look(project)
    assert result.new == 1
    assert [event.path for event in told] == [str(folder / "good" / "broken.png")]
    with pytest.raises(WorkbenchError, match="not a project"):
        look(tmp_path / "nowhere")
