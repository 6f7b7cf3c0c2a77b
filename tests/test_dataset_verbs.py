import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import cli
from workbench.intake import add_folders
from workbench.jobs import Stop


@pytest.fixture
def folder(tiny_images: Callable[..., Path], tmp_path: Path) -> Path:
    list(add_folders(tmp_path / "project", [tiny_images({"a": 12, "b": 12})])(Stop()))
    return tmp_path / "project"


Tell = Callable[..., tuple[int, list[dict]]]


@pytest.fixture
def tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    def run(verb: str, *words: str) -> tuple[int, list[dict]]:
        code = cli.main([*verb.split(), str(folder), *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--fold", "2"), "of how many"),
        (("--folds", "1000000"), "100 or fewer"),
        (("--folds", "4", "--fold", "5"), "no fold 5"),
        (("--repair", "--group-by", "path:a"), "keep the split as it is"),
        (("--freeze-test", "x", "--folds", "4"), "keep the split as it is"),
        (("--backbone", "tiny", "--group-by", "path:a"), "near-duplicates alone"),
        (("--freeze-test", ""), "name"),
    ],
)
def test_words_that_a_split_would_not_heed_are_refused(tell: Tell, words: tuple[str, ...], sentence: str):
    code, events = tell("split", *words)
    assert (code, events[-1]["event"]) == (1, "Failed")
    assert sentence in events[-1]["message"]
    assert not any(event["event"] == "SplitOutcome" for event in events)


def test_a_split_is_repaired_or_frozen_not_both(tell: Tell):
    assert tell("split", "--repair", "--freeze-test", "x")[0] == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--backbone", "nothing"), "no backbone named 'nothing'"),
        (("--backbone", "torchvision/mobilenet_v2", "--weights", "absent.pt"), "absent.pt"),
        (("--weights", "absent.pt"), "--backbone NAME"),
    ],
)
def test_a_backbone_that_cannot_be_had_ends_curate(tell: Tell, words: tuple[str, ...], sentence: str):
    code, events = tell("curate", *words)
    assert (code, events[-1]["event"]) == (1, "Failed")
    assert sentence in events[-1]["message"]


def test_weights_that_are_none_end_curate(tell: Tell, tmp_path: Path):
    (tmp_path / "w.pt").write_bytes(b"no weights")
    code, events = tell("curate", "--backbone", "torchvision/mobilenet_v2", "--weights", str(tmp_path / "w.pt"))
    assert (code, events[-1]["event"]) == (1, "Failed")
    assert "w.pt" in events[-1]["message"]


def test_the_window_gets_what_can_be_found_without_its_backbone(tell: Tell):
    code, events = tell("curate", "--backbone", "nothing", "--no-store", "--only", "label-errors,imbalance")
    assert code == 0
    assert "no backbone named" in " ".join(event.get("message", "") for event in events)


def test_prompts_are_classes_with_a_text(tell: Tell):
    assert tell("curate", "--prompt", "a photograph")[0] == 2


def test_a_file_that_went_away_is_told_once(tell: Tell, tmp_path: Path):
    (tmp_path / "images" / "a" / "000.png").unlink()
    code, events = tell("curate")
    told = [event for event in events if event["event"] == "Noticed" and "000.png" in event["message"]]
    assert (code, len(told)) == (0, 1)


def test_a_project_that_nobody_can_write_is_looked_at_and_stays_as_it_is(
    tell: Tell, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Permissions hold nobody back where tests run as root.
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before, there = (folder / "project.sqlite").read_bytes(), sorted(folder.glob("[!p]*/**/*"))
    code, events = tell("curate", "--only", "imbalance,duplicates")
    assert (code, [event["event"] for event in events].count("CheckEnded")) == (0, 2)
    assert any("cannot be written" in event.get("message", "") for event in events)
    (tmp_path / "labels.csv").write_text("image,label\na/000.png,c\n")
    assert tell("labels import", str(tmp_path / "labels.csv"), "--dry-run")[0] == 0
    assert tell("labels export", str(tmp_path / "out.csv"))[0] == 0
    assert (folder / "project.sqlite").read_bytes() == before
    assert sorted(folder.glob("[!p]*/**/*")) == there
