import json
import shutil

import pytest

from workbench.errors import WorkbenchError
from workbench.export import manifest


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    (folder / "samples").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"model")
    (folder / "samples" / "ä.png").write_bytes(b"image")
    manifest.write(folder)
    return folder


def test_every_other_file_is_listed_with_size_and_hash(package):
    content = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    assert content["format"] == 1
    assert set(content["files"]) == {"model.onnx", "samples/ä.png"}
    assert content["files"]["model.onnx"]["size"] == 5
    assert len(content["files"]["model.onnx"]["sha256"]) == 64
    assert [entry.path for entry in manifest.verify(package)] == ["model.onnx", "samples/ä.png"]


def test_a_changed_file_of_the_same_size_is_refused_by_name(package):
    (package / "samples" / "ä.png").write_bytes(b"imago")
    with pytest.raises(WorkbenchError, match=r"samples/ä\.png in the package .* is not the file that was exported"):
        manifest.verify(package)


def test_a_missing_file_is_refused_by_name(package):
    (package / "samples" / "ä.png").unlink()
    with pytest.raises(WorkbenchError, match=r"samples/ä\.png is missing"):
        manifest.verify(package)


def test_an_extra_file_is_refused_by_name_but_a_browser_s_leftover_is_not(package):
    (package / "samples" / ".DS_Store").write_bytes(b"")
    manifest.verify(package)
    (package / "samples" / "more.py").write_bytes(b"")
    with pytest.raises(WorkbenchError, match=r"samples/more\.py in the package .* is not in its manifest"):
        manifest.verify(package)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a\\..\\b", "C:/x", ""])
def test_a_file_outside_the_package_is_refused(package, name):
    path = package / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["files"][name] = {"size": 1, "sha256": "0"}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(WorkbenchError, match="outside the package"):
        manifest.verify(package)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read"),
        ("[]", "is damaged"),
        ('{"format": 2, "files": {}}', "newer Workbench"),
        ('{"format": 1, "files": {}}', "is damaged"),
        ('{"format": 1, "files": {"model.onnx": 3}}', "is damaged"),
    ],
)
def test_a_manifest_that_is_none_is_told(package, content, sentence):
    (package / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(WorkbenchError, match=sentence):
        manifest.verify(package)


def test_a_folder_that_is_no_package_is_told(package, tmp_path):
    (package / "manifest.json").unlink()
    with pytest.raises(WorkbenchError, match="is not a package"):
        manifest.verify(package)
    shutil.rmtree(package)
    with pytest.raises(WorkbenchError, match="no package at"):
        manifest.verify(package)
