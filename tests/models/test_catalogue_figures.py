"""The figures of the catalogue: each as the installed library records it, or as it is measured here again."""

import json
import math
import re
from dataclasses import replace

import pytest

from workbench import resources
from workbench.errors import WorkbenchError
from workbench.models.catalog import NOT_TRIED, backbones, find, info_to_row, row_to_info, with_tag

LIBRARIES = ("timm", "torchvision")


def test_every_row_survives_being_written() -> None:
    for info in backbones():
        if info.library in LIBRARIES:
            row = json.loads(json.dumps(info_to_row(info)))
            assert replace(row_to_info(row), exports=info.exports) == info


def test_every_tag_is_told_of_in_order() -> None:
    for info in backbones():
        assert tuple(tag.name for tag in info.tags) == info.weights
        if info.tags:
            assert (info.licence, info.files) == (info.tags[0].licence, info.tags[0].files)


def test_torchvision_records_what_the_catalogue_says() -> None:
    torchvision = pytest.importorskip("torchvision")
    for info in backbones():
        if info.library != "torchvision":
            continue
        published = torchvision.models.get_model_weights(info.name.partition("/")[2])
        assert info.gmacs == published.DEFAULT.meta["_ops"]
        for tag in info.tags:
            recorded = published[tag.name]
            top1 = recorded.meta["_metrics"]["ImageNet-1K"]["acc@1"]
            assert tag.top1 == (None if math.isnan(top1) else top1)
            assert recorded.url.endswith(tag.files[0].partition(":")[2])
            assert tag.input_size == recorded.transforms().crop_size[0]


def test_timm_records_what_the_catalogue_says() -> None:
    from timm.models import get_pretrained_cfg

    for name in (
        "timm/vit_base_patch16_clip_224",
        "timm/resnet50",
        "timm/tf_efficientnet_b0",
        "timm/xcit_nano_12_p8_224",
    ):
        for tag in find(name).tags:
            recorded = get_pretrained_cfg(f"{name.partition('/')[2]}.{tag.name}")
            assert (tag.licence, tag.classes, tag.top1) == (recorded.license, recorded.num_classes, None)
            assert (tag.input_size, tag.mean, tag.std) == (recorded.input_size[-1], recorded.mean, recorded.std)
            assert tag.files[0].startswith(f"hf:{recorded.hf_hub_id}#")


def test_multiply_adds_are_those_that_torch_counts() -> None:
    """Counted here again, with torch's own counter."""
    import timm
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    for name in ("timm/resnet18", "timm/test_vit"):
        info = find(name)
        with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
            timm.create_model(name.partition("/")[2]).eval()(torch.zeros(1, 3, info.input_size, info.input_size))
        assert info.gmacs == pytest.approx(counter.get_total_flops() / 2e9, rel=1e-3)


def test_what_both_libraries_have_costs_the_same() -> None:
    for name in ("resnet18", "resnet50", "densenet121"):
        ours, theirs = find(f"timm/{name}"), find(f"torchvision/{name}")
        assert ours.gmacs == pytest.approx(theirs.gmacs, rel=0.01)
        assert ours.parameters == pytest.approx(theirs.parameters, rel=0.001)


def test_those_that_are_used_first_are_counted() -> None:
    unknown = {info.name for info in backbones() if info.library in LIBRARIES and info.gmacs is None}
    first = {info.name for info in backbones() if info.library == "torchvision" or info.recommended}
    assert not unknown & first
    assert len(unknown) < 700


def test_years_are_those_of_the_papers() -> None:
    years = {"resnet50": 2015, "vit_base_patch16_224": 2020, "mobilenetv4_conv_small": 2024, "convnextv2_tiny": 2023}
    assert {name: find(f"timm/{name}").year for name in years} == years
    assert find("torchvision/vgg16").year == 2014
    dated = [info for info in backbones() if info.library in LIBRARIES and info.year is not None]
    assert len(dated) > 1_400
    assert all(2012 <= (info.year or 0) <= 2026 for info in dated)


def test_what_weights_learned_from_is_read_from_their_names() -> None:
    told = {tag.name: tag.dataset for tag in find("timm/vit_base_patch16_clip_224").tags}
    assert told["openai"] == "OpenAI's pairs"
    assert told["laion2b_ft_in12k_in1k"] == "LAION-2B, then ImageNet-12k, then ImageNet-1k"
    swag = next(tag for tag in find("torchvision/vit_b_16").tags if tag.name == "IMAGENET1K_SWAG_E2E_V1")
    assert (swag.dataset, swag.input_size, swag.licence) == (
        "SWAG, then ImageNet-1k",
        384,
        "that of facebookresearch/SWAG",
    )


def test_with_other_weights_a_backbone_has_their_size_and_colours() -> None:
    default = find("torchvision/vit_b_16")
    other = with_tag(default, "IMAGENET1K_SWAG_E2E_V1")
    assert (default.input_size, other.input_size) == (224, 384)
    assert other.weights[0] == "IMAGENET1K_SWAG_E2E_V1"
    assert other.top1 == pytest.approx(85.304)
    assert with_tag(default, "") is default
    assert with_tag(default, default.weights[0]) is default
    with pytest.raises(WorkbenchError, match=r"no weights named 'IMAGENET1K_V3'; did you mean IMAGENET1K_V1"):
        with_tag(default, "IMAGENET1K_V3")


def test_exports_and_what_cannot_be_used_are_said_in_the_words_agreed() -> None:
    measured = json.loads(resources.path("exports.json").read_text(encoding="utf-8"))["families"]
    families = {f"{info.library}/{info.family}" for info in backbones()}
    assert set(measured) <= families
    for info in backbones():
        assert re.fullmatch(r"yes|not tried|no: .+", info.exports)
        if info.library in LIBRARIES:
            said = measured.get(f"{info.library}/{info.family}", {"exports": NOT_TRIED})
            assert info.exports == said["exports"]
    for family, said in measured.items():
        assert f"{find(said['smallest']).library}/{find(said['smallest']).family}" == family
    assert find("timm/gemma4_vit_167m_enc").unsupported == "it does not give one feature vector per image"
    assert not find("timm/resnet50").unsupported


def test_no_machine_path_is_in_the_resources() -> None:
    for name in ("backbones.json", "exports.json", "unsupported.json"):
        text = resources.path(name).read_text(encoding="utf-8")
        assert not re.search(r"/(home|work|root|tmp|Users)/", text)
