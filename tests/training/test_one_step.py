"""One step under every plan of the presets changes exactly what the plan names: one small member of each family."""

import json
import os
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.training.one_step import one_step, plans
from workbench.models.catalog import BackboneInfo, backbones, find

SMALL = [
    "torchvision/alexnet",
    "torchvision/vgg11",
    "torchvision/googlenet",
    "torchvision/inception_v3",
    "timm/resnet10t",
    "timm/resnext26ts",
    "torchvision/wide_resnet50_2",
    "torchvision/densenet121",
    "timm/legacy_seresnet18",
    "torchvision/squeezenet1_1",
    "torchvision/shufflenet_v2_x0_5",
    "timm/mobilenetv3_small_050",
    "timm/mnasnet_small",
    "timm/legacy_xception",
    "timm/efficientnet_lite0",
    "timm/regnetx_002",
    "timm/convnext_zepto_rms",
    "timm/vit_tiny_patch16_224",
    "torchvision/swin_t",
    "timm/maxvit_pico_rw_256",
    "timm/vit_xsmall_patch16_clip_224",
    "timm/vit_tiny_patch16_dinov3_qkvb",
]


def test_the_plans_are_those_of_the_presets() -> None:
    kinds = [(plan.freeze.kind, getattr(plan.freeze, "train_last", 0)) for plan in plans()]
    assert kinds == [("backbone", 0), ("stages", 2), ("stages", 1), ("none", 0)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", SMALL)
def test_a_step_changes_exactly_what_the_plan_names(name: str, channels: int) -> None:
    tried = one_step(name, channels=channels)
    assert tried.problems == []
    assert tried.idle == []
    assert tried.flat == set()


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore")
def test_a_step_changes_exactly_what_the_plan_names_in_every_family_of_the_catalogue() -> None:
    """Writes to the file ``WORKBENCH_ONE_STEP`` what was tried, and what failed and why:

    ``{"tried": {family: backbone}, "failed": {family: {"backbone": name, "why": sentence}}}``. Families that are in the
    file already are left out, so that the test can be taken up again.
    """
    families = defaultdict[str, list[BackboneInfo]](list)
    for info in backbones():
        if info.library != "tests":
            families[info.family].append(info)
    file = os.environ.get("WORKBENCH_ONE_STEP")
    found: dict[str, dict[str, Any]] = {"tried": {}, "failed": {}}
    if file and Path(file).is_file():
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    smallest = [min(infos, key=lambda info: info.parameters or float("inf")) for infos in families.values()]
    for info in sorted(smallest, key=lambda info: info.parameters or 0.0):
        if info.family in found["tried"]:
            continue
        found["tried"][info.family] = info.name
        if why := _why(info):
            found["failed"][info.family] = {"backbone": info.name, "why": why}
        if file:
            Path(file).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    surprises = [family for family, row in found["failed"].items() if not find(row["backbone"]).unsupported]
    assert surprises == [], found["failed"]


def _why(info: BackboneInfo) -> str:
    why = _why_at(info, 0)
    # A small side is quick, but can leave maps of one pixel, in which some layers have nothing to learn.
    return _why_at(info, info.input_size) if why else ""


def _why_at(info: BackboneInfo, size: int) -> str:
    for channels in (3, 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tried = one_step(info.name, channels=channels, size=size)
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            return f"training a step with {channels} channels fails: {type(error).__name__}: {first}"
        if tried.problems:
            return f"with {channels} channels {tried.problems[0]}"
    return ""
