import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests.dicom_files import write_dicom, write_every_kind
from tests.export.formats import write_all
from workbench.data.reading import Decoding, read_image
from workbench.export.package import _copy_samples
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
    assert (end.images, end.errors) == (len(files) + 1, 0)  # one of them has a second page
    rows = rows_of(tmp_path / "out.csv")

    done = run_demo(exported.package, folder)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(files) + 1
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


def load_demo(package):
    spec = importlib.util.spec_from_file_location("package_demo", package / "demo.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    return demo


def write_stacks(folder):
    """Write a stack of pages of every kind, with a reduced copy among them; return the paths of its images."""
    folder.mkdir()
    random = np.random.default_rng(3)
    deep = random.integers(0, 65536, (12, 14)).astype(np.uint16)
    pages = [
        Image.fromarray(random.integers(0, 256, (12, 14, 3)).astype(np.uint8)),
        Image.fromarray(deep),
        Image.fromarray(deep.astype(np.uint8)),
    ]
    path = folder / "stack.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as file:
        for number, page in enumerate([*pages, pages[0].resize((5, 5))]):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[254] = int(number == 3)
            tags[0x0112] = 6 if number == 1 else 1
            page.save(file, "TIFF", tiffinfo=tags)
            file.newFrame()
    return [path, folder / "stack.tif#page=2", folder / "stack.tif#page=3"]


def test_the_demo_decodes_pages_and_dicom_to_the_same_pixels(exported, tmp_path):
    demo = load_demo(exported.package)
    rules = json.loads((exported.package / "preprocess.json").read_text(encoding="utf-8"))
    (tmp_path / "dicom").mkdir()
    paths = [*write_stacks(tmp_path / "stacks"), *write_every_kind(tmp_path / "dicom")]
    assert sorted(demo.walk([str(tmp_path)], set(rules["suffixes"]))) == sorted(map(str, paths))
    for window in ((1000, 9000), (-1500, 700), (0, 65535)):
        decoding = Decoding(window=window)
        rules["decoding"] = json.loads(json.dumps(decoding.as_dict()))
        for path in paths:
            theirs = demo.decode(str(path), rules)
            assert theirs.dtype == np.uint8
            np.testing.assert_array_equal(theirs, read_image(path, decoding), err_msg=path.name)


def test_predict_and_the_demo_name_pages_alike(exported, run_demo, tmp_path):
    folder = tmp_path / "stacks"
    paths = write_stacks(folder)
    write_dicom(folder / "z.dcm", np.arange(60, dtype=np.uint16).reshape(2, 5, 6) * 150, frames=True)
    *_, end = predict_package(exported.package, folder, tmp_path / "out.csv")(Stop())
    names = [path.name for path in paths] + ["z.dcm", "z.dcm#page=2"]
    assert (list(rows_of(tmp_path / "out.csv")), end.errors) == (names, 0)
    done = run_demo(exported.package, folder)
    assert done.returncode == 0, done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [os.path.basename(line["image"]) for line in lines] == names
    assert [line["prediction"] for line in lines] == [
        row["prediction"] for row in rows_of(tmp_path / "out.csv").values()
    ]


def test_without_pydicom_the_demo_says_what_to_install(exported, tmp_path, monkeypatch):
    demo = load_demo(exported.package)
    rules = json.loads((exported.package / "preprocess.json").read_text(encoding="utf-8"))
    path = write_dicom(tmp_path / "a.dcm", np.zeros((3, 4), np.uint16))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ValueError, match="pip install pydicom"):
        demo.decode(str(path), rules)
    assert list(demo.walk([str(path)], set())) == [str(path)]


def test_no_dicom_file_goes_into_a_package(exported, tmp_path):
    source = write_dicom(tmp_path / "a.dcm", np.arange(30, dtype=np.uint16).reshape(5, 6) * 300)
    folder = tmp_path / "package"
    shutil.copytree(exported.package, folder, ignore=lambda *_: ["samples"])
    classes = exported.trained.classes
    result = SimpleNamespace(
        evaluated=SimpleNamespace(classes=classes), targets=np.array([0]), paths=[f"{source}"], ids=np.array([1])
    )
    (answer,) = _copy_samples(folder, result, Decoding())
    (sample,) = (folder / "samples").iterdir()
    assert (sample.suffix, answer["image"]) == (".png", f"samples/{sample.name}")
    assert np.array_equal(read_image(sample), read_image(source))


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
