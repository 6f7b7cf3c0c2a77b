import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.export.formats import write_all
from workbench.data.reading import Decoding, read_image
from workbench.export.predict import predict_package
from workbench.jobs import Stop

SPY = """
import atexit, json, os, sys
def tell():
    with open(os.environ["SPY"], "w") as stream:
        json.dump(sorted(name for name in sys.modules if "." not in name), stream)
atexit.register(tell)
"""


@pytest.fixture
def run_demo(tmp_path):
    """Return a function that runs the demo of a package as its user would and checks what it imported."""
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(SPY, encoding="utf-8")

    def run(package, *arguments, cwd=tmp_path):
        environment = {**os.environ, "PYTHONPATH": str(spy), "SPY": str(spy / "modules.json")}
        command = [sys.executable, str(package / "demo.py"), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, cwd=cwd, env=environment, encoding="utf-8")
        imported = set(json.loads((spy / "modules.json").read_text(encoding="utf-8")))
        assert {"numpy", "PIL", "onnxruntime"} <= imported
        assert not imported & {"workbench", "torch", "cv2", "torchvision", "sklearn", "scipy", "onnx"}
        return done

    return run


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["image"]: row for row in csv.DictReader(stream)}


def test_the_demo_agrees_with_predict_on_every_format(exported, run_demo, tmp_path):
    folder = tmp_path / "images"
    files = write_all(folder)
    *_, end = predict_package(exported.package, folder, tmp_path / "out.csv")(Stop())
    assert (end.images, end.errors) == (len(files), 0)
    rows = rows_of(tmp_path / "out.csv")

    done = run_demo(exported.package, folder)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(files)
    for line in lines:
        assert set(line) == {"image", "prediction", "probabilities"}
        row = rows[os.path.relpath(line["image"], folder).replace(os.sep, "/")]
        assert line["prediction"] == row["prediction"]
        assert list(line["probabilities"]) == exported.trained.classes
        for name, share in line["probabilities"].items():
            assert share == pytest.approx(float(row[f"p_{name}"]), abs=1e-3)


def test_the_demo_decodes_to_the_same_pixels(exported, tmp_path):
    spec = importlib.util.spec_from_file_location("package_demo", exported.package / "demo.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    rules = json.loads((exported.package / "preprocess.json").read_text(encoding="utf-8"))
    decoding = Decoding.from_dict(rules["decoding"])
    for path in write_all(tmp_path / "images"):
        mine, theirs = read_image(path, decoding), demo.decode(str(path), rules)
        assert theirs.dtype == np.uint8
        np.testing.assert_array_equal(theirs, mine, err_msg=path.name)


def test_a_window_of_16_bit_images_makes_a_difference(exported, tmp_path):
    path = next(path for path in write_all(tmp_path / "images") if path.name == "grey16.png")
    narrow, wide = read_image(path, Decoding(window=(1000, 9000))), read_image(path)
    assert int(wide.max()) < 60
    assert int(narrow.max()) == 255


def test_unreadable_files_give_a_line_with_the_error(exported, run_demo, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    shutil.copyfile(exported.trained.images / "test_1_1.png", folder / "a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes()[:80])
    (folder / "notes.txt").write_text("not an image", encoding="utf-8")
    (folder / ".hidden.png").write_bytes(b"")
    done = run_demo(exported.package, folder)
    assert done.returncode == 1
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["prediction"] == exported.trained.classes[1]
    assert second["prediction"] is None
    assert second["error"]


def test_single_files_and_a_missing_folder(exported, run_demo, tmp_path):
    image = exported.trained.images / "test_2_1.png"
    done = run_demo(exported.package, image.name, cwd=image.parent)
    assert json.loads(done.stdout)["image"] == "test_2_1.png"
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run_demo(exported.package, empty)
    assert done.returncode == 1
    assert "There is no image in" in done.stderr
    assert run_demo(exported.package).returncode == 2


def test_check_compares_with_the_answers_stored_at_export(exported, run_demo, tmp_path):
    done = run_demo(exported.package, "--check")
    assert done.returncode == 0
    assert "This machine gives the same answers." in done.stdout
    other = tmp_path / "other"
    shutil.copytree(exported.package, other)
    samples = sorted((other / "samples").iterdir())
    shutil.copyfile(samples[0], samples[1])
    done = run_demo(other, "--check")
    assert done.returncode == 1
    assert "answers differently on 1 sample" in done.stdout


def test_decoding_rules_it_does_not_follow_are_refused(exported, run_demo, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(exported.package, other)
    rules = json.loads((other / "preprocess.json").read_text(encoding="utf-8"))
    rules["decoding"]["alpha"] = "over white"
    (other / "preprocess.json").write_text(json.dumps(rules), encoding="utf-8")
    done = run_demo(other, other / "samples")
    assert done.returncode == 1
    assert "decoding rules that this demo.py does not follow: alpha" in done.stderr
