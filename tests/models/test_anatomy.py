import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, as_dict
from workbench.models import anatomy_cache
from workbench.models.anatomy import anatomy, describe
from workbench.models.anatomy_parts import Anatomy
from workbench.models.backbones import create
from workbench.models.catalog import Registered, find, registered
from workbench.models.heads import HeadSpec
from workbench.models.stages import stages


def test_the_figures_of_the_tiny_backbone_are_those_of_pen_and_paper() -> None:
    found = describe("tests/tiny", classes=3)
    stem, second, head = found.stages
    assert [stage.name for stage in found.stages] == ["stem", "3–4", "head"]
    assert (stem.parameters, second.parameters, head.parameters) == (216 + 16, 1152 + 32, 16 * 3 + 3)
    assert (stem.macs, second.macs, head.macs) == (216 * 16 * 16, 1152 * 8 * 8, 48)
    # The image, the convolution's output and two numbers a channel for the norm, the activation for the next convolution;
    # four bytes each.
    assert stem.memory == 4 * (3 * 32 * 32 + 2 * 8 * 16 * 16 + 2 * 8)
    assert second.memory == 4 * (2 * 16 * 8 * 8 + 2 * 16)
    assert head.memory == 4 * 16
    assert (found.features, found.classes, found.size, found.channels) == (16, 3, 32, 3)
    assert found.macs == stem.macs + second.macs + head.macs
    assert found.memory == stem.memory + second.memory + head.memory


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("resnet18", torchvision.models.ResNet18_Weights.IMAGENET1K_V1),
        ("mobilenet_v2", torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V1),
        ("vit_b_32", torchvision.models.ViT_B_32_Weights.IMAGENET1K_V1),
    ],
)
def test_parameters_and_multiply_adds_are_those_that_torchvision_records(
    name: str, weights: torchvision.models.WeightsEnum
) -> None:
    found = describe(f"torchvision/{name}", classes=1000)
    assert found.parameters == weights.meta["num_params"]
    assert found.macs / 1e9 == pytest.approx(weights.meta["_ops"], abs=1e-3)


def test_memory_is_what_training_keeps_of_each_further_image() -> None:
    name, kept = "timm/test_resnet", []
    network, _ = create(name, weights="none", classes=2)
    own = {tensor.data_ptr() for tensor in (*network.parameters(), *network.buffers())}
    for batch in (2, 3):
        held: dict[int, torch.UntypedStorage] = {}

        def keep(tensor: torch.Tensor, held: dict[int, torch.UntypedStorage] = held) -> torch.Tensor:
            if tensor.data_ptr() not in own:
                held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            network(torch.zeros(batch, 3, find(name).input_size, find(name).input_size))
        kept.append(sum(storage.nbytes() for storage in held.values()))
    assert describe(name).memory == pytest.approx(kept[1] - kept[0], rel=0.01)


def test_stages_open_to_their_layers() -> None:
    found = describe("torchvision/resnet18")
    network, _ = create("torchvision/resnet18", weights="none", classes=2)
    assert [(stage.name, stage.parameters) for stage in found.stages] == [
        (stage.name, stage.parameters) for stage in stages(network)
    ]
    layer4 = found.stages[4]
    assert [layer.path for layer in layer4.layers if layer.depth == 0] == [
        "backbone.layer4.0",
        "backbone.layer4.1",
        "backbone.avgpool",
    ]
    by_path = {layer.path: layer for layer in layer4.layers}
    whole, conv, norm = (by_path[f"backbone.layer4{inner}"] for inner in (".1", ".1.conv1", ".1.bn1"))
    assert (conv.kind, conv.output, conv.parameters, conv.depth) == ("Conv2d", [512, 7, 7], 512 * 512 * 9, 1)
    assert conv.macs == 512 * 512 * 9 * 49
    assert (norm.kind, norm.has_norm_statistics, conv.has_norm_statistics) == ("BatchNorm2d", True, False)
    assert (whole.kind, whole.output, whole.parameters) == ("BasicBlock", [512, 7, 7], 2 * (512 * 512 * 9 + 2 * 512))
    assert (whole.macs, whole.has_norm_statistics) == (2 * conv.macs, True)
    outer = [layer for layer in layer4.layers if layer.depth == 0]
    assert layer4.parameters == sum(layer.parameters for layer in outer)
    assert layer4.macs == sum(layer.macs for layer in outer)
    # Every layer is one that can be named in a freeze plan.
    assert all(network.get_submodule(layer.path) for stage in found.stages for layer in stage.layers)


def test_what_is_learnt_beside_the_layers_is_listed() -> None:
    found = describe("timm/test_vit")
    stem = found.stages[0]
    beside = [layer.path for layer in stem.layers if layer.kind == "Parameter"]
    assert "backbone.cls_token" in beside
    assert stem.parameters == sum(layer.parameters for layer in stem.layers if layer.depth == 0)
    assert not any(layer.has_norm_statistics for stage in found.stages for layer in stage.layers)


def test_what_a_block_learns_beside_its_layers_is_one_of_its_layers() -> None:
    found = describe("timm/convnext_atto")
    layers = {layer.path: layer for stage in found.stages for layer in stage.layers}
    block, scale = layers["backbone.stages.1.blocks.0"], layers["backbone.stages.1.blocks.0.gamma"]
    assert (scale.kind, scale.parameters, scale.depth) == ("Parameter", 80, block.depth + 1)
    inside = [
        layer for path, layer in layers.items() if path.startswith(f"{block.path}.") and layer.depth == block.depth + 1
    ]
    assert sum(layer.parameters for layer in inside) == block.parameters


def test_attention_keeps_no_matrix_between_its_patches() -> None:
    """Twice the side are four times the patches: what is kept grows with them, not with their square."""
    small, large = describe("timm/test_vit", size=160), describe("timm/test_vit", size=320)
    block = [each.stages[1].memory for each in (small, large)]
    patches = [(side // 16) ** 2 + 1 for side in (160, 320)]
    assert block[1] / block[0] == pytest.approx(patches[1] / patches[0], rel=0.001)


class Tabled(nn.Module):
    """A backbone with a table that never trains, and a convolution that the meta device cannot run."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.ones(1, 3, 1, 1), requires_grad=False)
        self.first = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        float(images.sum())  # a number out of a tensor
        features: torch.Tensor = self.norm(self.first(images * self.table)).mean((2, 3))
        return features


def test_what_cannot_run_on_the_meta_device_runs_on_the_processor() -> None:
    info = replace(find("tests/tiny"), name="tests/tabled", features=4)
    if "tests/tabled" not in registered.names():
        registered.register("tests/tabled")(Registered(info, Tabled))
    found = describe("tests/tabled")
    stem = found.stages[0]
    assert (stem.parameters, stem.fixed) == (3 + 112 + 8, 3)
    assert stem.macs == 108 * 30 * 30
    assert [(layer.path, layer.fixed) for layer in stem.layers if layer.kind == "Parameter"] == [("backbone.table", 3)]


def test_a_network_that_the_meta_device_cannot_build_is_moved_there() -> None:
    assert describe("torchvision/regnet_y_400mf", classes=1000).macs / 1e9 == pytest.approx(0.402, abs=1e-3)


def test_the_size_of_the_images_counts() -> None:
    small, large = describe("tests/tiny"), describe("tests/tiny", size=64)
    assert large.stages[0].macs == 4 * small.stages[0].macs
    assert large.parameters == small.parameters
    with pytest.raises(WorkbenchError, match="takes images of 224 pixels only"):
        describe("timm/mixer_b16_224", size=100)


def test_channels_and_the_head_count() -> None:
    grey = describe("tests/tiny", channels=1)
    assert (grey.stages[0].parameters, grey.channels) == (72 + 16, 1)
    hidden = describe("tests/tiny", classes=3, head=HeadSpec("hidden", 64))
    assert hidden.stages[-1].parameters == 16 * 64 + 64 + 64 * 3 + 3
    assert hidden.stages[:-1] == describe("tests/tiny").stages[:-1]


def test_an_anatomy_is_kept_for_a_window_without_torch() -> None:
    assert anatomy_cache.cached("tests/tiny") is None
    progress, found = anatomy("tests/tiny", size=48)(Stop())
    assert type(progress).__name__ == "Progress"
    assert anatomy_cache.cached("tests/tiny", 48) == found
    assert anatomy_cache.cached("tests/tiny") is None
    assert anatomy_cache.cached("tests/tiny", 48, channels=1) is None
    # As it comes from a child process.
    assert Anatomy.from_dict(json.loads(json.dumps(as_dict(found)))) == found
    code = "import sys, workbench.models.anatomy_cache; print({'torch', 'timm', 'numpy'} & set(sys.modules))"
    root = Path(anatomy_cache.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "set()"


def test_its_own_size_is_the_same_question_as_none() -> None:
    anatomy_cache.keep(describe("tests/tiny"))
    assert anatomy_cache.cached("tests/tiny", 32) == anatomy_cache.cached("tests/tiny") is not None


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"stages": 3}', '{"stages": [{}]}'])
def test_a_damaged_file_is_as_good_as_none(own_folders: Path, content: str) -> None:
    anatomy_cache.keep(describe("tests/tiny"))
    (path,) = own_folders.rglob("anatomy/*.json")
    path.write_text(content)
    assert anatomy_cache.cached("tests/tiny") is None


def test_other_versions_of_the_libraries_have_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    anatomy_cache.keep(describe("tests/tiny"))
    monkeypatch.setattr(anatomy_cache, "versions", lambda: ("torch 0",))
    assert anatomy_cache.cached("tests/tiny") is None


def test_where_nothing_can_be_kept_nothing_fails(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folders / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_folders / "file"))
    anatomy_cache.keep(describe("tests/tiny"))
    assert anatomy_cache.cached("tests/tiny") is None
