import pytest
import timm
import torch

from workbench.errors import WorkbenchError
from workbench.models.adaptation import adapted_to
from workbench.models.backbones import create
from workbench.models.builders import build
from workbench.models.catalog import check_size, find
from workbench.models.sizes import resized


@pytest.mark.parametrize("name", ["test_vit", "test_vit3"])
def test_positions_are_resized_as_their_library_does(name: str) -> None:
    if not find(f"timm/{name}").size_step:
        pytest.skip("it takes any size")
    torch.manual_seed(0)
    own, _ = build(find(f"timm/{name}"))
    wanted, _ = build(find(f"timm/{name}"), size=224)
    weights, changed = adapted_to(wanted, own.state_dict(), channels=3)
    assert set(changed.values()) == {"size"}
    wanted.load_state_dict(weights)
    theirs = timm.create_model(name, num_classes=0)
    theirs.load_state_dict(own.state_dict())
    theirs.set_input_size(img_size=224)
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(wanted.eval()(images), theirs.eval()(images), atol=1e-4)


def test_a_network_for_another_size_is_made_from_weights_of_its_own(tmp_path) -> None:
    network, _ = create("timm/test_vit", weights="none", classes=2)
    torch.save(network.backbone.state_dict(), tmp_path / "vit.pt")
    larger, report = create("timm/test_vit", weights=str(tmp_path / "vit.pt"), classes=2, size=192)
    assert larger.size == 192
    assert report.adapted == {"pos_embed": "size"}
    assert report.matched == len(network.backbone.state_dict())
    how = "one table of positions resized, 2 new (head.weight, head.bias)"
    assert report.told() == f"Loaded {report.matched} weights of {tmp_path / 'vit.pt'}, {how}"
    assert larger.eval()(torch.zeros(1, 3, 192, 192)).shape == (1, 2)


def test_the_tokens_without_a_place_stay_as_they_are() -> None:
    table = torch.randn(1, 4 * 4 + 1, 8)
    made = resized("pos_embed", table, torch.empty(1, 6 * 6 + 1, 8))
    assert made is not None
    assert made.shape == (1, 37, 8)
    assert torch.equal(made[:, 0], table[:, 0])


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("pos_embed", (1, 14, 14, 8), (1, 16, 16, 8)),  # VOLO
        ("pos_embed1", (1, 8, 28, 28), (1, 8, 30, 30)),  # Visformer
        ("pos_embed", (1, 16, 196, 8), (1, 16, 225, 8)),  # NesT
        ("head.pos_embed", (50, 8), (65, 8)),  # ResNets of CLIP
        ("attn.relative_position_bias_table", (169, 4), (225, 4)),  # Swin
        ("attn.relative_position_bias_table", (732, 4), (844, 4)),  # BEiT, with three further entries
        ("attn.relative_position_bias_table", (4, 13, 13), (4, 15, 15)),  # MaxViT of TensorFlow
        ("attn.attention_biases", (4, 196), (4, 225)),  # LeViT
        ("pos_embed.height_rel", (31, 8), (35, 8)),  # BoTNet
        ("attn.rel_pos_h", (27, 8), (29, 8)),  # SAM
    ],
)
def test_every_kind_of_table_keeps_its_constants_and_its_order(
    key: str, old: tuple[int, ...], new: tuple[int, ...]
) -> None:
    made = resized(key, torch.full(old, 0.5), torch.empty(new))
    assert made is not None
    assert tuple(made.shape) == new
    assert torch.allclose(made, torch.full(new, 0.5), atol=1e-4)
    table = torch.arange(float(torch.Size(old).numel())).reshape(old)
    made = resized(key, table, torch.empty(new))
    assert made is not None
    # A ramp stays one: the first corner stays below the last, whatever lies between.
    assert made.flatten()[0] < made.flatten()[-1]


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("conv1.weight", (8, 3), (8, 4)),
        ("blocks.0.mlp_tokens.fc1.weight", (384, 196), (384, 225)),  # MLP-Mixer mixes places by learnt weights
        ("pos_embed", (1, 197, 8), (1, 226, 16)),
        ("pos_embed", (1, 23, 8), (1, 226, 8)),
        ("attn.attention_biases", (4, 49), (4, 50)),
    ],
)
def test_what_is_no_table_of_positions_is_left_alone(key: str, old: tuple[int, ...], new: tuple[int, ...]) -> None:
    assert resized(key, torch.zeros(old), torch.zeros(new)) is None


def test_sizes_are_multiples_of_a_patch() -> None:
    info = find("timm/vit_base_patch16_224")
    assert check_size(info, 96) == 96
    with pytest.raises(WorkbenchError, match=r"multiple of 16 pixels, not 100; choose 96"):
        check_size(info, 100)
    with pytest.raises(WorkbenchError, match="224 pixels only"):
        check_size(find("timm/mixer_b16_224"), 96)
