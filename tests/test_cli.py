"""The command line, run as its users run it: in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import launch


def run(*words: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        launch.command(*words),
        cwd=cwd,
        env=launch.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def objects(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_help_names_every_verb_and_imports_nothing_heavy(tmp_path: Path):
    listing = run("--help", cwd=tmp_path).stdout
    for verb in ("scan", "split", "train", "evaluate", "export", "predict", "demo", "doctor"):
        assert verb in listing
    assert "serve" not in listing


@pytest.mark.parametrize(
    "words",
    [["--help"], ["scan", "project", "images", "--json"], ["split", "project"], ["train", "project", "--print-config"]],
)
def test_no_qt_ever_and_no_torch_before_a_verb_needs_it(
    words: list[str], tmp_path: Path, tiny_images: Callable[..., Path]
):
    tiny_images({"good": 8, "bad": 8})
    if words[0] == "split":
        run("scan", "project", "images", cwd=tmp_path)
    code = (
        "import sys; from workbench.cli import main; code = main(sys.argv[1:]); "
        "found = {'torch', 'PySide6', 'timm', 'onnx', 'sklearn', 'albumentations'} & set(sys.modules); "
        "sys.exit(code or (f'imported {found}' if found else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env=launch.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_scan_then_split_tells_what_it_did_in_words_and_in_json(tmp_path: Path, tiny_images: Callable[..., Path]):
    images = tiny_images({"good": 20, "scratch": 20})
    broken = images / "good" / "broken.png"
    broken.write_bytes((images / "good" / "000.png").read_bytes()[:60])
    scanned = objects(run("scan", "project", "images", "--json", cwd=tmp_path).stdout)
    assert scanned[-1]["images"] == 41
    assert scanned[-1]["corrupt"] == 1
    assert any(event["event"] == "Noticed" and "broken.png" in event["message"] for event in scanned)
    words = run("scan", "project", "images", cwd=tmp_path)
    assert "41 images, 0 new, 2 classes: good, scratch." in words.stdout
    assert "broken.png" in words.stderr
    split = objects(run("split", "project", "--seed", "3", "--json", cwd=tmp_path).stdout)[-1]
    assert sum(split["got"].values()) == 40
    assert "asked" in run("split", "project", cwd=tmp_path).stdout


def test_a_problem_is_one_sentence_and_the_exit_code_is_1(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    done = run("scan", "project", "empty", cwd=tmp_path, code=1)
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("workbench: ")]
    assert "empty" in sentence
    assert "Traceback" not in done.stderr
    as_json = run("scan", "project", "empty", "--json", cwd=tmp_path, code=1)
    assert objects(as_json.stdout)[-1]["event"] == "Failed"


def test_print_config_shows_the_whole_config_as_it_would_run(tmp_path: Path):
    from workbench.training.config import TrainConfig

    text = run("train", "p", "--set", "freeze=stages:2", "--set", "epochs=3", "--print-config", cwd=tmp_path).stdout
    config = TrainConfig.loads(text)
    assert config == TrainConfig().with_settings(["epochs=3", "freeze=stages:2"])
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    again = run("train", "p", "--config", "run.toml", "--set", "preset=fast", "--print-config", cwd=tmp_path).stdout
    assert TrainConfig.loads(again) == config.with_settings(["preset=fast"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "backbone=torchvision/mobilenet_v9"], "mobilenet_v"),
        (["--set", "epoch=3"], "epochs"),
        (["--set", "epochs=0"], "epochs"),
        (["--set", "epochs"], "no value"),
        (["--set", "freeze=half"], "stages:N"),
        (["--set", "preset=quick"], "fast"),
        (["--config", "absent.toml"], "absent.toml"),
        (["--set", "weights=absent.safetensors"], "absent.safetensors"),
        (["--run", "x", "--set", "epochs=3"], "keeps its config"),
    ],
)
def test_wrong_settings_are_refused_in_a_sentence(
    words: list[str], sentence: str, tmp_path: Path, tiny_images: Callable[..., Path]
):
    tiny_images({"good": 10, "bad": 10})
    run("scan", "project", "images", "--no-verify", cwd=tmp_path)
    run("split", "project", cwd=tmp_path)
    done = run("train", "project", *words, cwd=tmp_path, code=1)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_runs_verbs_one_after_another_and_survives_a_wrong_one(tmp_path: Path, tiny_images: Callable[..., Path]):
    tiny_images({"good": 10, "bad": 10})
    requests = [["scan", "project", "images"], ["nonsense"], ["split", "absent"], ["split", "project"]]
    done = subprocess.run(
        launch.command("serve"),
        cwd=tmp_path,
        env=launch.environment(),
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    events = objects(done.stdout)
    assert [event["code"] for event in events if event["event"] == "Done"] == [0, 2, 1, 0]
    assert sum(event["event"] == "Failed" for event in events) == 2
    assert events[-2]["event"] == "SplitOutcome"
