import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import cli
from workbench.augment import exchange, presets
from workbench.augment.chain import Chain, Step

Tell = Callable[..., tuple[int, list[dict]]]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tell:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, list[dict]]:
        code = cli.main(["augment", *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_presets_are_listed_ours_and_the_users(tell: Tell, capsys: pytest.CaptureFixture[str]) -> None:
    presets.save_own(presets.user_folder(), "Mine", Chain(steps=(Step(transform="Blur"),)))
    code, events = tell("presets")
    assert code == 0
    assert [event["name"] for event in events[:4]] == ["none", "light", "medium", "strong"]
    assert (events[-1]["title"], events[-1]["own"], events[-1]["steps"]) == ("Mine", True, ["Blur"])
    assert cli.main(["augment", "presets"]) == 0
    assert capsys.readouterr().out.startswith("none: The images stay as they are.")


@pytest.mark.parametrize("name", ["chain.json", "chain.yaml"])
def test_a_chain_goes_to_albumentations_and_back(tell: Tell, tmp_path: Path, name: str) -> None:
    assert tell("convert", "light", "--out", name, "--for", "albumentations", "--size", "224")[0] == 0
    assert "__class_fullname__" in (tmp_path / name).read_text()
    assert tell("convert", name, "--out", "back.json")[0] == 0
    light = next(preset.chain for preset in presets.builtin() if preset.name == "light")
    names = [step.transform for step in exchange.read(tmp_path / "back.json").steps]
    assert names == [step.transform for step in light.steps]
    assert "format" in json.loads((tmp_path / "back.json").read_text())


def test_a_chain_is_written_as_code(tell: Tell, tmp_path: Path) -> None:
    code, events = tell("convert", "medium", "--out", "chain.py", "--size", "224")
    assert (code, events[-1]["event"]) == (0, "ChainWritten")
    assert "def augment(" in (tmp_path / "chain.py").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("light", "--out", "there.py"), "is there already"),
        (("light", "--out", "absent/chain.py"), "no folder"),
        (("light", "--out", "chain.txt"), "chain.txt"),
        (("light", "--out", "chain.json", "--size", "99999"), "--size"),
        (("nonsense", "--out", "chain.json"), "no preset and no file named 'nonsense'"),
        (("there.py", "--out", "chain.json"), "there.py"),
        (("absent.json", "--out", "chain.json"), "absent.json"),
    ],
)
def test_what_cannot_be_converted_is_said_and_nothing_is_lost(
    tell: Tell, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "there.py").write_text("mine")
    code, events = tell("convert", *words)
    assert (code, events[-1]["event"]) == (1, "Failed")
    assert sentence in events[-1]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]
    assert (tmp_path / "there.py").read_text() == "mine"


def test_a_chain_that_only_albumentations_refuses_is_named_with_its_step(tell: Tell, tmp_path: Path) -> None:
    falling = Step(transform="RandomResizedCrop", params={"scale": [0.9, 0.1]})
    Chain(steps=(Step(transform="Blur"), falling)).save(tmp_path / "falling.json")
    for words in (
        ("convert", "falling.json", "--out", "out.json"),
        ("preview", "absent", "--image", "x.png", "--chain", "falling.json"),
        ("check", "absent", "--chain", "falling.json"),
    ):
        code, events = tell(*words)
        assert (code, events[-1]["event"]) == (1, "Failed")
        assert events[-1]["message"].startswith(
            "falling.json cannot be used at step 2: The transform RandomResizedCrop"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["falling.json"]
