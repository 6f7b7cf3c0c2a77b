import json

import numpy as np
import onnx
import pytest
import torch

import tests.tiny_backbone  # noqa: F401
from tests.trained_run import deployable
from workbench.errors import WorkbenchError
from workbench.evaluation.predict import run_torch
from workbench.export import onnx_model
from workbench.export.onnx_model import export_onnx
from workbench.export.session import Session
from workbench.models.backbones import create
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.heads import HeadSpec
from workbench.models.preprocess import PreprocessSpec


def export(module, path, exporter="torchscript", **metadata):
    return export_onnx(module, path, exporter=exporter, classes=3, metadata=metadata, tolerance=1e-4)


@pytest.mark.parametrize("exporter", list(onnx_model.EXPORTERS))
@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_both_exporters_give_one_dynamic_file_in_every_resize_mode(tmp_path, exporter, resize):
    base = deployable(temperature=1.7)
    spec = PreprocessSpec(size=16, resize=resize, mean=(0.5, 0.4, 0.3), std=(0.5, 0.2, 0.3))
    module = Deployable(spec, base.network, temperature=1.7)
    path = tmp_path / "model.onnx"
    assert export(module, path, exporter, classes=["a", "ü"], run="r") < 1e-5
    assert list(tmp_path.iterdir()) == [path]
    session = Session(path)
    assert json.loads(session.metadata["classes"]) == ["a", "ü"]
    assert session.metadata["run"] == "r"
    pixels = np.random.default_rng(5).integers(0, 256, (4, 90, 17, 3), dtype=np.uint8)
    np.testing.assert_allclose(session.run(pixels), run_torch(module, pixels), atol=1e-5)
    np.testing.assert_allclose(session.run(pixels[:1]), run_torch(module, pixels)[:1], atol=1e-5)


@pytest.mark.parametrize("exporter", list(onnx_model.EXPORTERS))
def test_a_network_of_one_channel_takes_colours_too(tmp_path, exporter):
    network, _ = create("tests/tiny", weights="none", classes=3, channels=1, head=HeadSpec("cosine"))
    module = Deployable(PreprocessSpec.for_backbone(find("tests/tiny"), channels=1), network)
    assert export(module, tmp_path / "model.onnx", exporter) < 1e-5
    pixels = np.random.default_rng(5).integers(0, 256, (2, 90, 17, 3), dtype=np.uint8)
    np.testing.assert_allclose(Session(tmp_path / "model.onnx").run(pixels), run_torch(module, pixels), atol=1e-5)


def test_an_exporter_s_own_error_is_one_sentence(tmp_path):
    class Impossible(torch.nn.Module):
        def forward(self, images):
            raise TypeError("cannot do this\nand much more")

    for exporter in onnx_model.EXPORTERS:
        with pytest.raises(WorkbenchError) as caught:
            export(Impossible(), tmp_path / "model.onnx", exporter)
        assert str(caught.value) == f"The {exporter} exporter failed: TypeError: cannot do this."


def test_a_file_that_answers_otherwise_is_refused(tmp_path):
    class Moody(torch.nn.Module):
        """Traced as if images were always dark."""

        def __init__(self):
            super().__init__()
            self.inner = deployable()

        def forward(self, images):
            shares = self.inner(images)
            return shares if int(images.max()) == 0 else shares.flip(1)

    with pytest.raises(WorkbenchError, match="differs from torch by"):
        export(Moody(), tmp_path / "model.onnx")


def test_a_file_with_another_number_of_classes_is_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="in the shape"):
        export_onnx(
            deployable(classes=2), tmp_path / "m.onnx", exporter="torchscript", classes=3, metadata={}, tolerance=1e-4
        )


def test_nothing_is_printed_on_stdout(tmp_path, capsys):
    export(deployable(), tmp_path / "model.onnx", "dynamo")
    assert capsys.readouterr().out == ""


def test_traces_of_the_machine_are_dropped(tmp_path):
    export(deployable(), tmp_path / "model.onnx", "dynamo")
    model = onnx.load(tmp_path / "model.onnx")
    assert not [entry for node in model.graph.node for entry in node.metadata_props]
    assert b".py" not in (tmp_path / "model.onnx").read_bytes()


def test_something_else_than_an_exported_model_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"nonsense")
    with pytest.raises(WorkbenchError, match="cannot be loaded by ONNX Runtime"):
        Session(tmp_path / "x.onnx")
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:])
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / "y.onnx")
    with pytest.raises(WorkbenchError, match="was not exported by Workbench"):
        Session(tmp_path / "y.onnx")
