import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import tests.tiny_backbone  # noqa: F401
from workbench.models.backbones import create
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec, Resize

SHAPES = [(1, 24, 24), (3, 61, 45), (2, 7, 300), (1, 300, 7), (4, 1, 1), (1, 25, 24), (1, 481, 640)]


def test_probabilities_are_the_softmax_of_cooled_logits() -> None:
    network, _ = create("tests/tiny", weights="none", classes=4)
    network.head.weight.data.normal_(generator=torch.Generator().manual_seed(0))
    deployable = Deployable(PreprocessSpec(32), network, temperature=2.5)
    images = torch.randint(0, 256, (3, 40, 50, 3), dtype=torch.uint8)
    with torch.no_grad():
        probabilities = deployable(images)
        logits = deployable.logits(images)
    assert probabilities.dtype == torch.float32
    assert torch.allclose(probabilities, torch.softmax(logits / 2.5, dim=1))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(3))


def test_is_in_eval_mode_and_carries_its_temperature() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    deployable = Deployable(PreprocessSpec(32), network.train(), temperature=1.5)
    assert not any(module.training for module in deployable.modules())
    assert deployable.state_dict()["temperature"] == 1.5
    deployable.set_temperature(0.5)
    assert dict(deployable.named_buffers())["temperature"] == 0.5
    with pytest.raises(ValueError, match="positive"):
        deployable.set_temperature(0.0)


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_onnx_agrees_on_any_batch_height_and_width(resize: Resize, tmp_path: Path) -> None:
    torch.manual_seed(0)
    # Every pixel has a weight of its own: a shift by one pixel would show.
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 5))
    network[1].weight.data.normal_(std=0.05)
    deployable = Deployable(PreprocessSpec(24, resize), network, temperature=0.7)
    session = exported(deployable, tmp_path / "model.onnx")
    for batch, height, width in SHAPES:
        images = torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8)
        with torch.no_grad():
            expected = deployable(images).numpy()
        (found,) = session.run(None, {"images": images.numpy()})
        assert found.shape == (batch, 5)
        assert np.abs(found - expected).max() <= 1e-4, (batch, height, width)


@pytest.mark.long
@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_onnx_agrees_on_a_pretrained_network(resize: Resize, shared_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = shared_folder / "weights" / "mobilenet_v2.torchvision.imagenet1k.safetensors"
    network, _ = create("torchvision/mobilenet_v2", weights=str(weights), classes=6)
    network.head.weight.data.normal_(std=0.1)
    deployable = Deployable(PreprocessSpec.for_backbone(find("torchvision/mobilenet_v2"), resize=resize), network)
    session = exported(deployable, tmp_path / "model.onnx")
    for batch, height, width in SHAPES:
        images = torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8)
        with torch.no_grad():
            expected = deployable(images).numpy()
        (found,) = session.run(None, {"images": images.numpy()})
        assert np.abs(found - expected).max() <= 1e-4, (batch, height, width)


def exported(deployable: Deployable, path: Path) -> onnxruntime.InferenceSession:
    example = torch.randint(0, 256, (2, 45, 61, 3), dtype=torch.uint8)
    axes = {axis: torch.export.Dim(name) for axis, name in enumerate(("batch", "height", "width"))}
    with warnings.catch_warnings():
        # The exporter warns about its own libraries.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            deployable,
            (example,),
            path,
            dynamo=True,
            external_data=False,
            input_names=["images"],
            dynamic_shapes=(axes,),
            verbose=False,
        )
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
