"""Bad input by the command line: one clear sentence, the right exit code, JSON only where JSON was asked for, nothing lost."""

import errno
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tests.tiny_backbone  # noqa: F401 - registers the backbone
from tests.trained_run import TrainedRun, make_trained_run
from workbench import cli, launch
from workbench.errors import told
from workbench.project.project import Project

FAST = [
    "backbone=tests/tiny",
    "weights=none",
    "freeze=none",
    "size=32",
    "epochs=1",
    "batch_size=8",
    "workers=0",
    "device=cpu",
]
SETTINGS = [word for setting in FAST for word in ("--set", setting)]

Tool = Callable[..., list[dict]]


@pytest.fixture
def tool(capfd: pytest.CaptureFixture[str]) -> Tool:
    """Run a verb with ``--json``; every line of stdout must be JSON, and nothing may look like a trace."""

    def run(*words: object, code: int = 0) -> list[dict]:
        capfd.readouterr()
        got = cli.main([*(str(word) for word in words), "--json"])
        out, err = capfd.readouterr()
        events = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
        assert "Traceback" not in out + err
        assert got == code, out + err
        if code == 1:
            assert events[-1]["event"] in ("Failed", "FitEnded")
            assert "defect" not in events[-1]["message"]
            assert "bug" not in events[-1]["message"]
        return events

    return run


def notices(events: list[dict]) -> str:
    return "\n".join(event["message"] for event in events if event["event"] in ("Noticed", "Warned"))


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    before = hashes(folder)
    yield
    assert hashes(folder) == before


@pytest.fixture
def project(tmp_path: Path, tiny_images: Callable[..., Path], tool: Tool) -> Path:
    """A project of 24 images of two classes, split."""
    tool("scan", tmp_path / "project", tiny_images({"good": 12, "bad": 12}))
    tool("split", tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def package(tmp_path: Path, tool: Tool) -> tuple[Path, TrainedRun]:
    trained = make_trained_run(tmp_path / "trained")
    tool("export", trained.project, "--out", tmp_path / "package")
    return tmp_path / "package", trained


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_odd_names_links_and_files_are_brought_in_or_named(
    tmp_path: Path, tiny_images: Callable[..., Path], tool: Tool
):
    images = tiny_images({"good": 4, "bad": 4})
    content = (images / "good" / "000.png").read_bytes()
    for name in ("größe.png", "图片.png", "new\nline.png", 'a, "b".png'):
        (images / "good" / name).write_bytes(content)
    good = os.fsencode(images / "good")
    for name in (good + b"/no\xff.png", os.fsencode(images) + b"/cl\xffass/x.png"):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(content)
    for hidden in (images / ".hidden", images / "empty", images / "good" / "folder.jpg"):
        hidden.mkdir()
    (images / ".hidden" / "x.png").write_bytes(content)
    (images / "good" / "up").symlink_to("..")
    (images / "good" / "again").symlink_to(images / "bad")
    (images / "good" / "itself.png").symlink_to("itself.png")
    (images / "good" / "dangling.png").symlink_to("nowhere.png")
    os.mkfifo(images / "good" / "pipe.png")
    (images / "bad" / "zero.jpg").write_bytes(b"")
    (images / "bad" / "cut.png").write_bytes(content[: len(content) // 2])
    Image.new("CMYK", (20, 20)).save(images / "bad" / "cmyk.jpg")
    Image.new("RGB", (20, 20)).save(images / "bad" / "w.webp")
    Image.new("P", (20, 20)).save(images / "bad" / "g.gif")
    Image.fromarray(np.full((20, 20), 40_000, dtype=np.uint16)).save(images / "bad" / "deep.png")
    events = tool("scan", tmp_path / "project", images)
    assert events[-1]["classes"] == ["bad", "good"]
    assert events[-1]["images"] == 18
    assert events[-1]["corrupt"] == 2
    told_ = notices(events)
    for named in ("no?.png", "cl?ass", "empty", "good/up", "good/again", "itself.png", "zero.jpg", "cut.png"):
        assert named in told_
    assert tool("scan", tmp_path / "project", images)[-1]["added"] == 0


def test_a_folder_whose_own_name_is_no_text_is_refused(tmp_path: Path, tool: Tool):
    if sys.platform != "linux":
        pytest.skip("only Linux has such names")
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/im\xff"))
    folder.mkdir()
    assert "rename" in tool("scan", tmp_path / "project", folder, code=1)[-1]["message"]
    assert not (tmp_path / "project").exists()


def test_too_few_images_or_classes(tmp_path: Path, tiny_images: Callable[..., Path], tool: Tool):
    (tmp_path / "nothing" / "below").mkdir(parents=True)
    assert "holds no images" in tool("scan", tmp_path / "p0", tmp_path / "nothing", code=1)[-1]["message"]
    assert not (tmp_path / "p0").exists()
    tool("scan", tmp_path / "p1", tiny_images({"good": 6}, name="one"))
    assert "'good'" in tool("split", tmp_path / "p1", code=1)[-1]["message"]
    assert "second class" in tool("train", tmp_path / "p1", *SETTINGS, code=1)[-1]["message"]
    tool("scan", tmp_path / "p2", tiny_images({"good": 1, "bad": 1}, name="two"))
    assert "'bad' has 1 usable image" in tool("split", tmp_path / "p2", code=1)[-1]["message"]
    for share in ("nan", "inf", "-0.1", "1"):
        assert "shares" in tool("split", tmp_path / "p2", "--validation", share, code=1)[-1]["message"]


def test_a_class_without_validation_images_is_said_by_the_run_and_a_missing_test_split_by_evaluate(
    tmp_path: Path, tiny_images: Callable[..., Path], tool: Tool
):
    tiny_images({"good": 6, "bad": 6}, name="tree/train")
    tiny_images({"good": 4}, name="tree/val")
    tool("scan", tmp_path / "project", tmp_path / "tree")
    events = tool("train", tmp_path / "project", *SETTINGS)
    assert "No validation image is of the class 'bad'" in notices(events)
    assert "--split validation" in tool("evaluate", tmp_path / "project", code=1)[-1]["message"]
    assert "'bad'" in notices(tool("evaluate", tmp_path / "project", "--split", "validation"))
    assert "There is no run 'other'" in tool("evaluate", tmp_path / "project", "--run", "other", code=1)[-1]["message"]


def test_images_that_turn_bad_after_the_scan_are_skipped_and_named_everywhere(
    tmp_path: Path, project: Path, tool: Tool
):
    with Project.open(project) as opened:
        rows = opened.images.samples(None)
    for split in ("train", "validation", "test"):
        cut, gone = [row.path for row in rows if row.split == split][:2]
        cut.write_bytes(cut.read_bytes()[:200])
        gone.unlink()
    trained = tool("train", project, *SETTINGS)
    assert "cut off" in notices(trained)
    assert "missing" in notices(trained)
    evaluated = tool("evaluate", project)
    assert evaluated[-1]["skipped"] == 2
    assert len([event for event in evaluated if event["event"] == "Noticed"]) >= 2


def test_a_deleted_class_takes_no_part_and_a_moved_folder_is_found_again(tmp_path: Path, project: Path, tool: Tool):
    images = tmp_path / "images"
    images.rename(tmp_path / "moved")
    assert "not there any more" in tool("train", project, *SETTINGS, code=1)[-1]["message"]
    moved = tool("scan", project, tmp_path / "moved")
    assert moved[-1]["added"] == 0
    assert "keep their labels" in notices(moved)
    for path in (tmp_path / "moved" / "bad").iterdir():
        path.unlink()
    tool("scan", project, tmp_path / "moved")
    assert "Only the class 'good'" in tool("train", project, *SETTINGS, code=1)[-1]["message"]


def test_a_run_whose_images_vanish_while_it_trains_ends_with_a_sentence(
    tmp_path: Path, project: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
):
    from workbench.training import finish

    real = finish.predict

    def vanishing(*words: object, **named: object) -> object:
        (tmp_path / "images").rename(tmp_path / "elsewhere")
        return real(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(finish, "predict", vanishing)
    ended = tool("train", project, *SETTINGS, code=1)[-1]
    assert "None of the validation images can be read any more" in ended["message"]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("lr=nan", "learning_rate"),
        ("epochs=1e400", "epochs"),
        ("batch_size=99999999999999999999", "batch_size"),
        ("freeze=stages:²", "freeze plan"),
        ("=3", "--print-config"),
        ("backbone=torchvision/mobilenet_v9", "mobilenet_v2"),
        ('augment.steps=[{transform="Rotated"}]', "Rotate"),
        ('augment.steps=[{transform="HorizontalFlip", p=nan}]', "augment.steps.0.p"),
        ("device=tpu", "auto"),
    ],
)
def test_odd_settings_are_refused_in_a_sentence(setting: str, sentence: str, project: Path, tool: Tool):
    assert sentence in tool("train", project, *SETTINGS, "--set", setting, code=1)[-1]["message"]


def test_a_batch_larger_than_the_data_set_trains(project: Path, tool: Tool):
    assert tool("train", project, *SETTINGS, "--set", "batch_size=4096")[-1]["reason"] == "finished"


@pytest.mark.parametrize(
    "text", ["[[[", "epochs = 1\nepochs = 2", "format = 99", "epochs = 'x'", "[augment]\nsteps = 3"]
)
def test_a_malformed_config_is_named(text: str, tmp_path: Path, tool: Tool):
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    words = ["train", tmp_path, "--config", tmp_path / "run.toml", "--print-config"]
    assert "run.toml" in tool(*words, code=1)[-1]["message"]


def test_weights_that_hold_code_are_not_opened(tmp_path: Path, project: Path, tool: Tool):
    import pickle

    class Evil:
        def __reduce__(self) -> object:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"weight": Evil()}, protocol=2))
    ended = tool("train", project, *SETTINGS, "--set", f"weights={tmp_path / 'evil.pth'}", code=1)[-1]
    assert "could run code" in ended["message"]
    assert not (tmp_path / "ran").exists()


def test_a_project_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path, project: Path, tool: Tool):
    with sqlite3.connect(project / "project.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with unchanged(project):
        for words in (["scan", project, tmp_path / "images"], ["split", project], ["train", project, *SETTINGS]):
            assert "newer Workbench" in tool(*words, code=1)[-1]["message"]


def test_predict_overwrites_nothing_but_earlier_predictions(
    tmp_path: Path, package: tuple[Path, TrainedRun], tool: Tool
):
    folder, trained = package
    image = next(trained.images.iterdir())
    notes = tmp_path / "notes.csv"
    notes.write_text("mine", encoding="utf-8")
    with unchanged(trained.images), unchanged(folder):
        for out in (image, notes, tmp_path, folder / "predictions.csv", Path("/dev/full")):
            tool("predict", folder, trained.images, "--out", out, code=1)
    assert notes.read_text(encoding="utf-8") == "mine"
    assert not Path("/dev/full").is_file()
    tool("predict", folder, trained.images, "--out", tmp_path / "new.csv")
    tool("predict", folder, trained.images, "--out", tmp_path / "new.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", {"classes": ["only one"]}),
        ("labels.json", []),
        ("preprocess.json", {"decoding": []}),
        ("preprocess.json", {"decoding": {"window": [5, 1]}}),
    ],
)
def test_a_package_that_contradicts_itself_is_refused(
    name: str, content: object, tmp_path: Path, package: tuple[Path, TrainedRun], tool: Tool
):
    folder, trained = package
    text = json.dumps(content).encode()
    (folder / name).write_bytes(text)
    assert "manifest" in tool("predict", folder, trained.images, "--out", tmp_path / "a.csv", code=1)[-1]["message"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    tool("predict", folder, trained.images, "--out", tmp_path / "a.csv", code=1)
    assert not (tmp_path / "a.csv").exists()


def test_the_demo_does_not_draw_into_a_folder_of_the_users(
    tmp_path: Path, tiny_images: Callable[..., Path], tool: Tool
):
    tiny_images({"good": 2}, name="mine/images")
    with unchanged(tmp_path / "mine"):
        words = ["demo", "--headless", "--prepare-only", "--out", tmp_path / "mine"]
        assert "holds other files" in tool(*words, code=1)[-1]["message"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "no space left"), (errno.EROFS, "permissions"), (errno.EIO, "drive")],
)
def test_an_error_of_the_system_is_one_sentence(
    number: int, words: str, tool: Tool, project: Path, monkeypatch: pytest.MonkeyPatch
):
    from workbench.project.splits import Splits

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "some/file")

    monkeypatch.setattr(Splits, "make", fail)
    message = tool("split", project, code=1)[-1]["message"]
    assert words in message
    assert "some/file" in message
    assert words in str(told(OSError(number, os.strerror(number)), doing="work"))


def test_a_bug_is_a_sentence_that_names_the_file_with_its_trace(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    from workbench.project.splits import Splits

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(Splits, "make", fail)
    capfd.readouterr()
    assert cli.main(["split", str(project), "--json"]) == 1
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    log = json.loads(out)["message"].split("what is in ")[1].rstrip(".")
    assert "ZeroDivisionError: a defect" in Path(log).read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full_is_a_failure(project: Path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            launch.command("split", str(project)),
            env=launch.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr
