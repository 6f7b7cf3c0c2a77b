"""The verb `split`, as the command line runs it: parser, job, events."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import draw_image
from tests.curation.made import scene
from workbench.cli import main
from workbench.curation import splitting
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """48 images of two classes and twelve patients; patient and day in EXIF, patient in a column, copies across patients."""
    images = tmp_path / "images"
    for n in range(48):
        path = images / f"c{n % 2}" / f"p{n // 4:02}_{n:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010E] = f"patient {n // 4}"
        Image.fromarray(draw_image(n)).resize((64, 64)).save(path, exif=exif)
    list(add_folders(tmp_path / "project", [images])(Stop()))
    with Project.open(tmp_path / "project") as project:
        rows = project.images.page(project.images.ids())
        project.fields.set("patient", {row.id: row.relative[3:6] for row in rows})
    return tmp_path / "project"


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict]:
    assert main([*words, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def splits(folder: Path) -> dict[str, str | None]:
    with Project.open(folder) as project:
        return {row.relative: row.split for row in project.images.page(project.images.ids())}


@pytest.mark.parametrize("by", [r"path:/(p\d+)_", "column:patient", "exif:ImageDescription"])
def test_no_patient_is_on_both_sides_whatever_the_key(folder: Path, capsys: pytest.CaptureFixture[str], by: str):
    events = run(capsys, "split", str(folder), "--group-by", by, "--seed", "3")
    outcome = next(event for event in events if event["event"] == "SplitOutcome")
    assert outcome["grouped_by"] == by
    assert outcome["groups"] == 12
    sides: dict[str, set[str | None]] = {}
    for relative, split in splits(folder).items():
        sides.setdefault(relative[3:6], set()).add(split)
    assert all(len(found) == 1 for found in sides.values())
    assert {split for found in sides.values() for split in found} == {"train", "validation", "test"}
    assert not [event for event in events if event["event"] in ("Leaky", "Finding")]
    with Project.open(folder) as project:
        assert project.groups.by == by
        assert len(project.groups.members(1)) == 4


def test_a_split_that_tears_the_stored_groups_says_so_and_is_repaired(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder), "--group-by", "column:patient")
    events = run(capsys, "split", str(folder))
    leaks = [event for event in events if event["event"] == "Finding"]
    assert events[-1]["event"] == "Leaky"
    assert events[-1]["groups"] == len(leaks) > 0
    assert {leak["kind"] for leak in leaks} == {"leakage"}
    before = splits(folder)
    (repaired,) = [event for event in run(capsys, "split", str(folder), "--repair") if event["event"] == "Repaired"]
    after = splits(folder)
    assert repaired["groups"] == len(leaks)
    assert repaired["moved"] == sum(before[name] != after[name] for name in before) > 0
    assert repaired["left"] == []
    (again,) = [event for event in run(capsys, "split", str(folder), "--repair") if event["event"] == "Repaired"]
    assert (again["groups"], again["moved"]) == (0, 0)


def test_groups_that_held_images_keep_apart_are_named(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder), "--group-by", "column:patient")
    with Project.open(folder) as project:
        ids = {row.relative: row.id for row in project.images.page(project.images.ids())}
        project.splits.move([ids["c0/p00_00.jpg"]], "train")
        project.splits.move([ids["c1/p00_01.jpg"]], "test")
    (repaired,) = [event for event in run(capsys, "split", str(folder), "--repair") if event["event"] == "Repaired"]
    assert len(repaired["left"]) == 1
    assert "p00" in repaired["left"][0]
    assert main(["split", str(folder), "--repair"]) == 0
    assert "release them" in capsys.readouterr().out


def test_a_group_so_large_that_a_side_would_be_empty_is_left(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder))
    with Project.open(folder) as project:
        ids = project.images.ids()
        project.groups.set("column:site", ids, [1] * len(ids), {1: "the one site"})
    before = splits(folder)
    (repaired,) = [event for event in run(capsys, "split", str(folder), "--repair") if event["event"] == "Repaired"]
    assert (repaired["moved"], len(repaired["left"])) == (0, 1)
    assert splits(folder) == before


def test_near_duplicates_say_by_what(folder: Path, capsys: pytest.CaptureFixture[str]):
    image = Image.open(folder.parent / "images" / "c0" / "p00_00.jpg")
    image.resize((50, 50)).save(folder.parent / "images" / "c0" / "copy.png")
    list(add_folders(folder, [folder.parent / "images"])(Stop()))
    events = run(capsys, "split", str(folder), "--group-by", "near-duplicates")
    outcome = next(event for event in events if event["event"] == "SplitOutcome")
    assert outcome["grouped_by"] == "near-duplicates by hash"
    found = splits(folder)
    assert found["c0/copy.png"] == found["c0/p00_00.jpg"]


def test_a_set_without_near_duplicates_is_split_all_the_same(folder: Path, capsys: pytest.CaptureFixture[str]):
    events = run(capsys, "split", str(folder), "--group-by", "near-duplicates")
    assert any(event["event"] == "Noticed" and "stands alone" in event["message"] for event in events)
    outcome = next(event for event in events if event["event"] == "SplitOutcome")
    assert outcome["grouped_by"] == "near-duplicates by hash"
    assert sum(outcome["got"].values()) == 48


def test_a_frozen_test_set_stays_through_later_splits(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder))
    (frozen,) = run(capsys, "split", str(folder), "--freeze-test", "gold")[-1:]
    test = {name for name, split in splits(folder).items() if split == "test"}
    assert (frozen["event"], frozen["images"]) == ("TestFrozen", len(test))
    run(capsys, "split", str(folder), "--seed", "99")
    assert test <= {name for name, split in splits(folder).items() if split == "test"}


def test_a_key_that_fails_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder), "--group-by", "column:patient")
    before = splits(folder)
    for by in ("column:site", "path:(zebra)", "exif:Nothing"):
        run(capsys, "split", str(folder), "--group-by", by, "--seed", "5", code=1)
    assert splits(folder) == before
    with Project.open(folder) as project:
        assert project.groups.by == "column:patient"


def test_the_sentence_of_a_leak_names_the_repair(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, "split", str(folder), "--group-by", "column:patient")
    assert main(["split", str(folder)]) == 0
    assert "--repair" in capsys.readouterr().out


def test_copies_are_found_in_a_set_that_was_never_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    images = tmp_path / "images"
    for n in range(24):
        (images / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        # Each two neighbours of a class are one file.
        scene(n % 2 + n // 4 * 2, side=16).save(images / "ab"[n % 2] / f"{n:02}.png")
    words = ["scan", str(tmp_path / "project"), str(images), "--no-verify"]
    assert main(words) == 0
    capsys.readouterr()
    leaks = [event for event in run(capsys, "split", str(tmp_path / "project")) if event["event"] == "Finding"]
    assert leaks
    assert all("copies" in leak["message"] for leak in leaks)
    monkeypatch.setattr(splitting, "MOST_READ", 0)
    assert main([*words[:1], str(tmp_path / "other"), *words[2:]]) == 0
    capsys.readouterr()
    events = run(capsys, "split", str(tmp_path / "other"))
    assert any("24 images were never read" in event.get("message", "") for event in events)
