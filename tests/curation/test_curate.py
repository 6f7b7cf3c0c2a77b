import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tests.tiny_backbone  # noqa: F401
from workbench import cli
from workbench.curation.curate import curate
from workbench.curation.finding import KINDS, Finding
from workbench.curation.store import KINDS_OF, CheckEnded, MapMade, Suggested
from workbench.dataset_verbs import CHECKS, FURTHER
from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Noticed, Progress, Stop, drain
from workbench.project.project import Project


@pytest.fixture
def folder(tiny_images: Callable[..., Path], tmp_path: Path) -> Path:
    images = tiny_images({"a": 12, "b": 12})
    (images / "a" / "copy.png").write_bytes((images / "b" / "003.png").read_bytes())
    list(add_folders(tmp_path / "project", [images])(Stop()))
    return tmp_path / "project"


def run(folder: Path, *only: str, **options: Any) -> list[Any]:
    return list(curate(folder, only=only, **options)(Stop()))


def ended(events: list[Any]) -> list[str]:
    return [event.check for event in events if isinstance(event, CheckEnded) and event.ran]


def noticed(events: list[Any]) -> list[str]:
    return [event.message for event in events if isinstance(event, Noticed)]


def test_every_check_of_the_command_line_is_there():
    assert tuple(KINDS_OF) == (*CHECKS, *FURTHER)
    assert tuple(kind for check in CHECKS for kind in KINDS_OF[check]) == KINDS


def test_checks_by_embeddings_share_them_and_are_kept(folder: Path):
    events = run(folder, "map", "label-errors", "outliers", "suggestions", backbone="tiny", weights="none")
    assert ended(events) == ["outliers", "label-errors", "map", "suggestions"]
    loading = [event for event in events if isinstance(event, Progress) and event.what.startswith("Loading")]
    assert len(loading) == 1
    found = [event for event in events if isinstance(event, Finding) and event.kind == "label-error"]
    assert found[0].images == ["a/copy.png"]
    assert len(found) >= 3
    assert sum(isinstance(event, MapMade | Suggested) for event in events) == 2
    with Project.open(folder) as project:
        assert project.findings.counts()["label-error"] == len(found)
        assert project.findings.list("label-error")[0].message == found[0].message
        assert project.predictions.source == "embedding tests/tiny, random weights"
    again = run(folder, "label-errors")
    assert [event for event in again if isinstance(event, Finding)] == found


def test_without_store_the_project_stays_as_it_is(folder: Path):
    events = run(folder, "label-errors", backbone="tests/tiny", weights="none", store=False)
    assert any(isinstance(event, Finding) for event in events)
    with Project.open(folder) as project:
        assert project.findings.counts() == {}


def test_without_embeddings_a_check_says_what_it_needs_and_keeps_what_was_found(folder: Path):
    run(folder, "label-errors", backbone="tests/tiny", weights="none")
    with Project.open(folder) as project:
        before = project.findings.counts()
    for file in (folder / "cache" / "embeddings").glob("*/*"):
        file.unlink()
    events = run(folder, "label-errors", "outliers", "map", "suggestions")
    assert ended(events) == []
    assert len(noticed(events)) == 4
    assert all("--backbone NAME --weights FILE" in message for message in noticed(events))
    with Project.open(folder) as project:
        assert project.findings.counts() == before


def test_a_backbone_that_cannot_be_had_stops_only_what_needs_it(folder: Path, tmp_path: Path):
    absent = str(tmp_path / "absent.pt")
    with pytest.raises(WorkbenchError, match=r"absent\.pt"):
        run(folder, "label-errors", backbone="tests/tiny", weights=absent)
    with pytest.raises(WorkbenchError, match="There is no backbone"):
        run(folder, "outliers", "map", backbone="nothing")
    events = run(folder, "label-errors", "imbalance", backbone="tests/tiny", weights=absent)
    assert ended(events) == ["imbalance"]
    assert "absent.pt" in noticed(events)[0]


def test_images_that_cannot_be_read_are_told_and_the_rest_is_judged(folder: Path, tmp_path: Path):
    (tmp_path / "images" / "a" / "000.png").write_bytes(b"no image any more")
    events = run(folder, "label-errors", backbone="tests/tiny", weights="none")
    assert ended(events) == ["label-errors"]
    assert "000.png" in noticed(events)[0]


def test_stopped_it_ends_between_two_events(folder: Path):
    stop, seen = Stop(), []
    for event in drain(curate(folder, only=["label-errors"], backbone="tests/tiny", weights="none"), stop):
        seen.append(event)
        if len(seen) == 3:
            stop.stop()
    assert len(seen) == 3


def test_rejected_images_take_no_part(folder: Path):
    with Project.open(folder) as project:
        rejected = project.images.ids()[:5]
        project.rejection.set(rejected, True)
    events = run(folder, "label-errors", "suggestions", backbone="tests/tiny", weights="none")
    found = {image_id for event in events if isinstance(event, Finding) for image_id in event.ids}
    assert not found & set(rejected.tolist())
    assert events[-2].images == 20


def test_by_command_one_finding_a_line_strongest_first(folder: Path, capsys: pytest.CaptureFixture[str]):
    words = ["curate", str(folder), "--only", "label-errors", "--backbone", "tests/tiny", "--weights", "none", "--json"]
    assert cli.main(words) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line for line in lines if "kind" in line]
    assert found[0]["images"] == ["a/copy.png"]
    assert all(line["kind"] == "label-error" and len(line["images"]) == 1 and line["message"] for line in found)
    scores = [line["score"] for line in found]
    assert scores == sorted(scores, reverse=True)
    assert cli.main([*words[:-1], "--run", "last"]) == 0
    assert "label-error" in capsys.readouterr().out


def test_without_the_backbone_copies_are_found_by_hash_all_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object):
        raise WorkbenchError("The weights are not on this machine.")
        yield

    monkeypatch.setattr("workbench.curation.curate.embedded", refuse)
    events = run(folder, "duplicates", "quality", store=False)
    assert "duplicates" in [event.check for event in events if isinstance(event, CheckEnded) and event.ran]
    assert any("by hash alone. The weights are not" in sentence for sentence in noticed(events))
