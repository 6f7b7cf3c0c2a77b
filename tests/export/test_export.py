import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.trained_run import make_trained_run
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import evaluate_run
from workbench.export import export as export_module
from workbench.export import manifest, onnx_model, package
from workbench.export.export import Exported, export_run
from workbench.jobs import Noticed, Progress, Stop, drain, to_json

FILES = [
    "LICENSES/Apache-2.0.txt",
    "LICENSES/model.txt",
    "README.md",
    "config.toml",
    "demo.py",
    "labels.json",
    "manifest.json",
    "metrics.json",
    "model.onnx",
    "parity.json",
    "preprocess.json",
    "report.html",
]


@pytest.fixture
def quick_exporter(monkeypatch):
    """Only the older exporter: a tenth of the time, where the exporter is not the point."""
    monkeypatch.setattr(onnx_model, "EXPORTERS", {"torchscript": onnx_model.EXPORTERS["torchscript"]})
    monkeypatch.setattr(export_module, "EXPORTERS", onnx_model.EXPORTERS)


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_the_last_event_says_what_was_exported(exported):
    end = exported.events[-1]
    assert isinstance(end, Exported)
    assert all(isinstance(event, Progress) for event in exported.events[:-1])
    assert end.package == str(exported.package)
    assert end.exporter == "dynamo"
    assert (end.parity["images"], end.parity["flips"], end.parity["split"], end.parity["passed"]) == (
        12,
        0,
        "test",
        True,
    )
    assert end.parity["max_abs_diff"] <= 1e-4
    assert end.size_bytes == sum(path.stat().st_size for path in exported.package.rglob("*") if path.is_file())
    assert json.loads(to_json(end))["parity"]["images"] == 12


def test_the_package_is_complete_and_nothing_is_left_beside_it(exported):
    found = sorted(
        path.relative_to(exported.package).as_posix() for path in exported.package.rglob("*") if path.is_file()
    )
    samples = [name for name in found if name.startswith("samples/")]
    assert [name for name in found if name not in samples] == FILES
    assert len(samples) == 12
    assert [path.name for path in exported.package.parent.iterdir()] == ["package"]
    assert {entry.path for entry in manifest.verify(exported.package)} == {*FILES, *samples} - {"manifest.json"}


def test_the_model_file_says_what_it_is(exported):
    model = onnx.load(exported.package / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    run = exported.trained.run
    assert json.loads(metadata["classes"]) == exported.trained.classes
    assert json.loads(metadata["thresholds"])[exported.trained.classes[1]] == 0.375
    assert metadata["weights_sha256"] == manifest.sha256(run.model / "model.safetensors")
    assert metadata["config_sha256"] == manifest.sha256(run.config)
    assert metadata["samples_sha256"] == manifest.sha256(run.samples)
    assert metadata["exporter"] == "dynamo"
    (images,) = model.graph.input
    assert images.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    shape = images.type.tensor_type.shape.dim
    assert [dim.dim_value for dim in shape] == [0, 0, 0, 3]
    assert len({dim.dim_param for dim in shape[:3]}) == 3


def test_nothing_in_the_package_names_the_machine_it_was_made_on(exported):
    for path in exported.package.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert str(exported.trained.project.parent).encode() not in content, path
            assert str(Path(sys.prefix)).encode() not in content, path
            assert str(Path(__file__).parents[2]).encode() not in content, path


def test_labels_preprocess_and_metrics_are_data(exported):
    labels = read(exported.package, "labels.json")
    assert labels["classes"] == exported.trained.classes
    assert labels["thresholds"][exported.trained.classes[2]] == 0.5
    rules = read(exported.package, "preprocess.json")
    assert rules["decoding"]["window"] == [1000, 9000]
    assert rules["inside_the_model"]["size"] == 16
    metrics = read(exported.package, "metrics.json")
    assert metrics["accuracy"] == pytest.approx(11 / 12)
    assert metrics["path"] == "onnxruntime"
    assert (exported.package / "config.toml").read_bytes() == exported.trained.run.config.read_bytes()


def test_parity_lists_the_images_that_differ_most_and_the_answers_for_the_samples(exported):
    parity = read(exported.package, "parity.json")
    assert parity["exporter"] == "dynamo"
    assert parity["failed_exporters"] == []
    assert len(parity["worst"]) == 12
    assert [row["diff"] for row in parity["worst"]] == sorted((row["diff"] for row in parity["worst"]), reverse=True)
    assert parity["worst"][0]["image"].startswith("test_")
    assert len(parity["samples"]) == 12
    for sample in parity["samples"]:
        assert (exported.package / sample["image"]).is_file()
        assert max(sample["probabilities"], key=sample["probabilities"].get) == sample["prediction"]


def test_figures_agree_with_evaluate(exported):
    *_, found = evaluate_run(exported.trained.project, "last", "test")(Stop())
    metrics = read(exported.package, "metrics.json")
    assert metrics["confusion"] == found.confusion
    assert metrics["intervals"] == found.intervals


def test_the_readme_and_the_report_name_the_classes_escaped_where_needed(exported):
    assert "rot, kräftig, grün/green, blue" in (exported.package / "README.md").read_text(encoding="utf-8")
    report = (exported.package / "report.html").read_text(encoding="utf-8")
    assert "grün/green" in report
    assert "same answers" in report


def test_a_place_that_is_taken_is_refused_and_left_as_it_is(trained, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="is not empty"):
        list(export_run(trained.project, "last", out)(Stop()))
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    with pytest.raises(WorkbenchError, match="is a file"):
        list(export_run(trained.project, "last", out / "mine.txt")(Stop()))


@pytest.mark.usefixtures("quick_exporter")
def test_an_empty_folder_becomes_the_package(trained, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    list(export_run(trained.project, "last", out)(Stop()))
    assert (out / "manifest.json").is_file()


@pytest.mark.usefixtures("quick_exporter")
def test_without_test_images_the_validation_images_are_compared_and_that_is_said(tmp_path):
    trained = make_trained_run(tmp_path, splits=("train", "validation"))
    events = list(export_run(trained.project, "last", tmp_path / "out")(Stop()))
    assert any(isinstance(event, Noticed) and "no test images" in event.message for event in events)
    assert events[-1].parity["split"] == "validation"
    assert "so the figures are too good" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick_exporter")
def test_an_unreadable_test_image_is_named_and_left_out(trained, tmp_path):
    (trained.images / "test_0_1.png").write_bytes(b"no image")
    events = list(export_run(trained.project, "last", tmp_path / "out")(Stop()))
    assert any(isinstance(event, Noticed) and "test_0_1.png" in event.message for event in events)
    assert (events[-1].parity["images"], events[-1].parity["skipped"]) == (11, 1)


def test_the_older_exporter_takes_over_and_that_is_recorded(trained, tmp_path, monkeypatch):
    def broken(deployable, path):
        raise RuntimeError("unsupported operator\nwith a long trace")

    monkeypatch.setitem(onnx_model.EXPORTERS, "dynamo", broken)
    events = list(export_run(trained.project, "last", tmp_path / "out")(Stop()))
    assert events[-1].exporter == "torchscript"
    assert any(isinstance(event, Noticed) and "torchscript exporter was used" in event.message for event in events)
    parity = read(tmp_path / "out", "parity.json")
    assert parity["failed_exporters"] == ["The dynamo exporter failed: RuntimeError: unsupported operator."]


def test_a_file_that_decides_otherwise_is_not_handed_out(trained, tmp_path, monkeypatch):
    class Contrary(export_module.Session):
        def run(self, pixels):
            return np.roll(super().run(pixels), 1, axis=1)

    monkeypatch.setattr(export_module, "Session", Contrary)
    monkeypatch.delitem(onnx_model.EXPORTERS, "dynamo")
    with pytest.raises(
        WorkbenchError,
        match=r"no package was written: .* another decision for 12 of 12",
    ):
        list(export_run(trained.project, "last", tmp_path / "new" / "out")(Stop()))
    assert not (tmp_path / "new").exists()


def test_a_stopped_export_leaves_nothing(trained, tmp_path):
    stop = Stop()
    for event in drain(export_run(trained.project, "last", tmp_path / "new" / "out"), stop):
        if isinstance(event, Progress) and "Exporting" in event.what:
            assert [path.name.split("-")[0] for path in (tmp_path / "new").iterdir()] == [".out.partial"]
            stop.stop()
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("quick_exporter")
def test_no_space_left_is_one_sentence_and_leaves_nothing(trained, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.onnx")

    monkeypatch.setattr(package, "write_json", full)
    with pytest.raises(WorkbenchError, match="There is no space left for the package at"):
        list(export_run(trained.project, "last", tmp_path / "out")(Stop()))
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_run_without_a_model_or_images_says_so(trained, tmp_path):
    text = trained.run.samples.read_text(encoding="utf-8")
    trained.run.samples.write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="has no validation images; make a split"):
        list(export_run(trained.project, "last", tmp_path / "out")(Stop()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking them")
def test_a_terminated_export_cleans_up(trained, tmp_path):
    script = """
import sys, time
from pathlib import Path
from workbench.export.folder import complete_folder
with complete_folder(Path(sys.argv[1]), needed=1) as partial:
    (partial / "model.onnx").write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert list(tmp_path.glob(".out.partial-*"))
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 128 + signal.SIGTERM
    assert not list(tmp_path.glob(".out*"))


@pytest.fixture
def trained(tmp_path):
    return make_trained_run(tmp_path / "made")
