import pytest
import timm
import torch
from torch import nn

import tests.tiny_backbone  # noqa: F401
from workbench.models.backbones import Network, create
from workbench.models.builders import build, take_classifier, torchvision_model
from workbench.models.catalog import backbones, find
from workbench.models.stages import stages


def stage_names(name: str) -> list[str]:
    return [stage.name for stage in check(on_meta(name))]


def on_meta(name: str) -> Network:
    library, _, architecture = name.partition("/")
    with torch.device("meta"):
        if library == "timm":
            backbone, features = timm.create_model(architecture, num_classes=0), 1
        else:
            backbone = torchvision_model(architecture, find(name).input_size)
            features = take_classifier(backbone)
        return Network(name, backbone, features, classes=2)


def check(network: Network) -> list:
    """Stages hold every parameter once, and every module that holds one."""
    found = stages(network)
    names = [name for stage in found for name in stage.parameter_names]
    assert sorted(names) == sorted(name for name, _ in network.named_parameters())
    assert sum(stage.parameters for stage in found) == sum(p.numel() for p in network.parameters())
    assert all(stage.parameters for stage in found)
    assert found[-1].name == "head"
    assert len({stage.name for stage in found}) == len(found)
    modules = [network.get_submodule(name) for stage in found for name in stage.modules]
    held = {id(inner) for module in modules for inner in module.modules()}
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert all(id(norm) in held for norm in norms)
    return found


def test_residual_networks_have_the_stages_of_the_literature() -> None:
    expected = ["stem", "layer1", "layer2", "layer3", "layer4", "head"]
    assert stage_names("torchvision/resnet18") == expected
    assert stage_names("timm/resnet50d") == expected


def test_mobilenet_opens_a_stage_where_the_resolution_falls() -> None:
    names = stage_names("torchvision/mobilenet_v2")
    assert names == ["stem", "features.1", "features.2–3", "features.4–6", "features.7–13", "features.14–18", "head"]


def test_vision_transformers_have_a_stage_per_block() -> None:
    assert stage_names("timm/vit_tiny_patch16_224") == ["stem", *(f"blocks.{n}" for n in range(12)), "head"]
    assert len(stage_names("torchvision/vit_b_32")) == 14


def test_hierarchical_transformers_have_four_stages() -> None:
    assert stage_names("torchvision/swin_t") == [
        "stem",
        "features.1",
        "features.2–3",
        "features.4–5",
        "features.6–7",
        "head",
    ]
    assert stage_names("timm/convnext_atto") == ["stem", "stages.0", "stages.1", "stages.2", "stages.3", "head"]


def test_plain_stacks_are_cut_at_the_poolings() -> None:
    assert stage_names("torchvision/vgg11")[-2:] == ["classifier", "head"]
    assert len(stage_names("torchvision/vgg11")) == 7
    assert stage_names("torchvision/alexnet") == ["stem", "features.3", "features.6–10", "classifier", "head"]


def test_inception_modules_are_grouped() -> None:
    assert stage_names("torchvision/inception_v3") == [
        "stem", "Mixed_5b–Mixed_5d", "Mixed_6a–Mixed_6e", "Mixed_7a–Mixed_7c", "head"
    ]  # fmt: skip


def test_the_tiny_backbone_has_two() -> None:
    network, _ = create("tests/tiny", weights="none", classes=2)
    assert [stage.name for stage in check(network)] == ["stem", "3–4", "head"]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore")
def test_every_backbone_of_the_catalogue_has_stages() -> None:
    few = []
    for info in backbones():
        if info.library not in ("timm", "torchvision"):
            continue
        try:
            network = on_meta(info.name)
        except NotImplementedError:
            # RegNet of torchvision cannot be built on the meta device.
            backbone, features = build(info)
            network = Network(info.name, backbone, features, classes=2)
        if len(check(network)) < 4:
            few.append(info.name)
    assert len(few) < 30, few
