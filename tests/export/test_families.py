import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.export import onnx_model
from workbench.export.onnx_model import export_onnx
from workbench.models.backbones import create
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec

FAMILIES = [
    "torchvision/mobilenet_v2",
    "torchvision/swin_t",
    "timm/resnet18",
    "timm/efficientnet_b0",
    "timm/convnext_atto",
    "timm/vit_tiny_patch16_224",
    "timm/hiera_tiny_224",
    "timm/eva02_tiny_patch14_224",
    "timm/mobilenetv3_small_100",
]


@pytest.mark.long
@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_passes_with_one_of_the_exporters(name, tmp_path):
    torch.manual_seed(0)
    network, _ = create(name, weights="none", classes=5)
    torch.nn.init.normal_(network.head.weight, std=0.2)
    deployable = Deployable(PreprocessSpec.for_backbone(find(name)), network)
    failed = []
    for exporter in onnx_model.EXPORTERS:
        path = tmp_path / f"{exporter}.onnx"
        try:
            differs = export_onnx(deployable, path, exporter=exporter, classes=5, metadata={}, tolerance=1e-4)
        except WorkbenchError as error:
            failed.append(str(error))
            continue
        assert differs < 1e-5
        return
    pytest.fail(" ".join(failed))
