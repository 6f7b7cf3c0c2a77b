import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench import cli
from workbench.augment.chain import Chain, Step
from workbench.data.dataset import Sample
from workbench.data.reading import Decoding
from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.training.preview import variant_seed
from workbench.training.preview_sheet import place_of
from workbench.training.samples import TrainPixels

SIDE = 40
CHAIN = Chain(
    steps=(
        Step(transform="RandomResizedCrop", p=1, params={"scale": [0.25, 1.0]}),
        Step(transform="HorizontalFlip", p=0),
        Step(transform="GaussNoise", p=1),
    )
)

Tell = Callable[..., tuple[int, list[dict]]]


@pytest.fixture
def tell(
    project_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tell:
    """Runs ``augment preview`` in a folder of its own, with the chain at 40 pixels unless words say otherwise."""
    monkeypatch.chdir(tmp_path)
    CHAIN.save(tmp_path / "chain.json")

    def run(*words: str, chain: bool = True) -> tuple[int, list[dict]]:
        given = ["--chain", "chain.json", "--set", f"size={SIDE}"] if chain else []
        code = cli.main(["augment", "preview", str(project_folder), *given, *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def tile(sheet: Path, number: int, columns: int, side: int = SIDE) -> np.ndarray:
    row, column = divmod(number, columns)
    left, top = place_of(column, row, side)
    with Image.open(sheet) as image:
        return np.asarray(image.crop((left, top, left + side, top + side)))


def test_the_sheet_shows_what_training_sees(tell: Tell, tmp_path: Path) -> None:
    code, events = tell("--image", "good/003.png", "--count", "5", "--seed", "11", "--out", "found.png")
    assert code == 0
    end = events[-1]
    assert (end["event"], end["variants"], end["size"], end["prepared"]) == ("SheetWritten", 5, SIDE, 40)
    config = TrainConfig(augment=CHAIN).with_settings([f"size={SIDE}"])
    pixels = TrainPixels(config, (), Decoding(), largest=40)
    sample = Sample(1, str(tmp_path / "images" / "good" / "003.png"), -1)
    sheet = tmp_path / "found.png"
    np.testing.assert_array_equal(tile(sheet, 0, 3), pixels.plain(sample))
    for number in range(5):
        np.testing.assert_array_equal(tile(sheet, 1 + number, 3), pixels.variant(sample, variant_seed(11, number)))


def test_the_steps_are_shown_one_after_the_other(tell: Tell, tmp_path: Path) -> None:
    code, events = tell("--image", "good/003.png", "--steps")
    assert (code, events[-1]["variants"], events[-1]["steps"]) == (0, 3, True)
    original, cropped, unflipped, noisy = (tile(tmp_path / "sheet.png", number, 2) for number in range(4))
    assert not np.array_equal(original, cropped)
    np.testing.assert_array_equal(cropped, unflipped)
    assert 0 < np.abs(noisy.astype(int) - unflipped).mean() < 60


def test_an_image_is_found_by_path_and_elsewhere(tell: Tell, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), (255, 0, 0)).save(tmp_path / "else.png")
    none = ("--set", "augment=none", "--set", f"size={SIDE}", "--count", "1")
    assert tell("--image", "else.png", *none, chain=False)[0] == 0
    assert (tile(tmp_path / "sheet.png", 1, 2) == (255, 0, 0)).all()
    path = tmp_path / "images" / "pit" / "001.png"
    code, events = tell("--image", str(path), "--count", "1")
    assert (code, events[-1]["image"]) == (0, "pit/001.png")


def test_the_draft_is_taken_and_a_rare_class_gets_its_chain(tell: Tell, tmp_path: Path, project_folder: Path) -> None:
    draft = TrainConfig(augment=Chain()).with_settings([f"size={SIDE}", 'rare.classes=["pit"]'])
    inverted = Chain(steps=(Step(transform="InvertImg", p=1),))
    draft = draft.model_copy(update={"rare": draft.rare.model_copy(update={"chain": inverted})})
    (project_folder / "draft.toml").write_text(draft.dumps())
    for name, changed in (("good/001.png", False), ("pit/001.png", True)):
        assert tell("--image", name, "--count", "1", chain=False)[0] == 0
        before, after = (tile(tmp_path / "sheet.png", number, 2) for number in range(2))
        np.testing.assert_array_equal(after, 255 - before if changed else before)
    # A chain that is named holds for every class.
    assert tell("--image", "pit/001.png", "--count", "1", "--chain", "none", chain=False)[0] == 0
    np.testing.assert_array_equal(tile(tmp_path / "sheet.png", 1, 2), tile(tmp_path / "sheet.png", 0, 2))


def test_no_file_is_lost_to_a_sheet(tell: Tell, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("mine")
    (tmp_path / "folder.png").mkdir()
    image = tmp_path / "images" / "good" / "001.png"
    before = image.read_bytes()
    for out, words in (
        (str(image), "no sheet of Workbench"),
        ("notes.png", "no sheet of Workbench"),
        ("sheet.jpg", "end in .png"),
        ("folder.png", "is a folder"),
        ("absent/sheet.png", "no folder"),
    ):
        code, events = tell("--image", "good/003.png", "--out", out)
        assert (code, events[-1]["event"]) == (1, "Failed")
        assert words in events[-1]["message"]
    assert image.read_bytes() == before
    assert (tmp_path / "notes.png").read_text() == "mine"
    # Its own sheet is replaced.
    assert [tell("--image", "good/003.png", "--count", "1")[0] for _ in range(2)] == [0, 0]
    assert not list(tmp_path.glob(".*.partial"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--image", "good/999.png"), "There is no image good/999.png"),
        (("--image", "001.png"), "3 images named 001.png"),
        (("--image", "chain.json"), "no image that can be read"),
        (("--image", "good/001.png", "--count", "0"), "1 to 399 variants"),
        (("--image", "good/001.png", "--chain", "nonsense"), "nonsense"),
        (("--image", "good/001.png", "--set", 'augment.steps=[{transform="Nonsense"}]'), "Nonsense"),
    ],
)
def test_wrong_words_are_answered_in_a_sentence(
    tell: Tell, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    code, events = tell(*words, chain="Nonsense" not in words[-1])
    assert (code, events[-1]["event"]) == (1, "Failed")
    assert sentence in events[-1]["message"]
    assert "\n" not in events[-1]["message"]
    assert not (tmp_path / "sheet.png").exists()


def test_a_project_that_cannot_be_written_will_do_and_unknown_rare_classes_are_told(
    tell: Tell, project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)

    def not_to_write(*_: object, **__: object) -> None:
        raise AssertionError("opened to write")

    monkeypatch.setattr(Project, "_open_to_write", not_to_write)
    code, events = tell("--image", "good/003.png", "--set", 'rare.classes=["god"]', chain=False)
    assert (code, events[-1]["event"]) == (0, "SheetWritten")
    told = [event["message"] for event in events if event["event"] == "Noticed"]
    assert "no class 'god'" in told[0]
    assert "did you mean good?" in told[0]
