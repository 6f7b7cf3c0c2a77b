"""Builds resources/backbones.json: every classification model of the installed timm and torchvision.

Run it after an update of either library: ``python packaging/build_catalogue.py``. Models are made on the meta device,
where they need no memory; a model that takes longer than the limit keeps its parameters and features unknown (null).
It needs no network: sizes, normalisation, tags and licences are what the libraries record.
"""

import argparse
import json
import logging
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import timm
import torch
import torchvision
from timm.models import PretrainedCfg, get_pretrained_cfg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workbench.errors import WorkbenchError
from workbench.models.builders import measure_features, take_classifier, torchvision_model
from workbench.models.catalog import FORMAT, BackboneInfo, info_to_row

T = TypeVar("T")

RECOMMENDED = {
    "torchvision/mobilenet_v2": "Small and quick, a good first choice on a processor",
    "torchvision/resnet18": "Simple, quick and well understood",
    "torchvision/resnet50": "The usual yardstick",
    "torchvision/efficientnet_b0": "Accurate for its size",
    "torchvision/convnext_tiny": "Accurate; wants a GPU",
    "timm/mobilenetv3_large_100": "The quickest on a processor",
    "timm/resnet50": "The usual yardstick, better trained",
    "timm/convnext_nano": "Accurate and still small",
    "timm/efficientnetv2_rw_s": "Accurate on fine detail; wants a GPU",
    "timm/vit_small_patch14_dinov2": "Features that need no fine-tuning; wants a GPU",
}

# What a family is called, by how the names of its models begin; the longest match counts.
FAMILIES = {
    "aimv2": "AIMv2", "alexnet": "AlexNet", "bat_": "BAT", "beit": "BEiT", "botnet": "BoTNet", "caformer": "CAFormer",
    "cait": "CaiT", "coat_": "CoaT", "coatnet": "CoAtNet", "coatnext": "CoAtNeXt", "convformer": "ConvFormer",
    "convit": "ConViT", "convmixer": "ConvMixer", "convnext": "ConvNeXt", "convnextv2": "ConvNeXt V2",
    "cpubone": "CPUBone", "crossvit": "CrossViT", "cs3": "CSPNet", "csatv2": "CSATv2", "csp": "CSPNet",
    "darknet": "DarkNet", "davit": "DaViT", "deepseek": "DeepSeek ViT", "deit": "DeiT", "deit3": "DeiT III",
    "densenet": "DenseNet", "dla": "DLA", "dm_nfnet": "NFNet", "dpn": "DPN", "eca_": "ECA-Net",
    "ecaresnet": "ECA-ResNet", "ecaresnext": "ECA-ResNeXt", "edgenext": "EdgeNeXt",
    "efficientformer": "EfficientFormer", "efficientnet": "EfficientNet", "efficientnet_v2": "EfficientNet V2",
    "efficientnetv2": "EfficientNet V2", "efficientvim": "EfficientViM", "efficientvit": "EfficientViT",
    "ese_vovnet": "VoVNet", "eva": "EVA", "fasternet": "FasterNet", "fastvit": "FastViT", "fbnet": "FBNet",
    "flexivit": "FlexiViT", "focalnet": "FocalNet", "gc_efficientnet": "EfficientNet", "gcresnet": "GC-ResNet",
    "gcresnext": "GC-ResNeXt", "gcvit": "GC ViT", "gemma": "Gemma ViT", "gernet": "GENet", "ghostnet": "GhostNet",
    "gmixer": "gMixer", "gmlp": "gMLP", "googlenet": "GoogLeNet", "halo2botnet": "HaloNet", "halonet": "HaloNet",
    "haloregnet": "HaloNet", "hardcorenas": "HardCoRe-NAS", "hgnet": "HGNet", "hiera": "Hiera", "hieradet": "Hiera",
    "hrnet": "HRNet", "iformer": "iFormer", "inception": "Inception", "lambda_resnet": "LambdaNet",
    "lamhalobotnet": "HaloNet", "lcnet": "LCNet", "legacy_se": "SE-Net", "legacy_xception": "Xception",
    "levit": "LeViT", "lowformer": "LowFormer", "mambaout": "MambaOut", "maxvit": "MaxViT", "maxxvit": "MaxViT",
    "mixer": "MLP-Mixer", "mixnet": "MixNet", "mnasnet": "MNASNet", "mobilenet": "MobileNet",
    "mobileone": "MobileOne", "mobilevit": "MobileViT", "mvitv2": "MViT V2", "naflexvit": "NaFlexViT",
    "nasnet": "NASNet", "nest": "NesT", "nextvit": "Next-ViT", "nf_": "NFNet", "nfnet": "NFNet", "pit": "PiT",
    "pnasnet": "PNASNet", "poolformer": "PoolFormer", "pvt": "PVT", "qwen": "Qwen ViT", "rdnet": "RDNet",
    "regnet": "RegNet", "repghost": "RepGhost", "repvgg": "RepVGG", "repvit": "RepViT", "res2net": "Res2Net",
    "res2next": "Res2Net", "resmlp": "ResMLP", "resnest": "ResNeSt", "resnet": "ResNet", "resnetaa": "ResNet",
    "resnetv2": "ResNet V2", "resnext": "ResNeXt", "rexnet": "ReXNet", "sam2_hiera": "Hiera", "samvit": "SAM ViT",
    "sebotnet": "BoTNet", "sedarknet": "DarkNet", "sehalonet": "HaloNet", "selecsls": "SelecSLS",
    "semnasnet": "MNASNet", "senet": "SE-Net", "sequencer": "Sequencer", "seresnet": "SE-ResNet",
    "seresnext": "SE-ResNeXt", "shufflenet": "ShuffleNet", "shvit": "SHViT", "skresnet": "SK-ResNet",
    "skresnext": "SK-ResNeXt", "spnasnet": "SPNASNet", "squeezenet": "SqueezeNet", "starnet": "StarNet",
    "swiftformer": "SwiftFormer", "swin": "Swin", "swin_v2": "Swin V2", "swinv2": "Swin V2", "swinv2_cr": "Swin V2",
    "test_": "Test", "tf_efficientnet": "EfficientNet", "tf_efficientnetv2": "EfficientNet V2", "tf_mixnet": "MixNet",
    "tf_mobilenet": "MobileNet", "tiny_vit": "TinyViT", "tinynet": "TinyNet", "tnt": "TNT", "tresnet": "TResNet",
    "twins": "Twins", "vgg": "VGG", "visformer": "Visformer", "vit_": "ViT", "vitamin": "ViTamin", "volo": "VOLO",
    "vovnet": "VoVNet", "wide_resnet": "Wide ResNet", "xception": "Xception", "xcit": "XCiT",
}  # fmt: skip

# Vision transformers are known by how they were trained.
TRAINED_AS = {"dinov2": "DINOv2", "dinov3": "DINOv3", "siglip": "SigLIP", "clip": "CLIP", "_pe_": "PE"}


class TooSlow(Exception):
    """A model took longer than the limit."""


def within(seconds: int, work: Callable[[], T]) -> T:
    """Return what ``work`` returns; raise TooSlow after the given time."""

    def give_up(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        return work()
    finally:
        signal.alarm(0)


def family_of(architecture: str) -> str:
    """Return what the literature calls the family of an architecture."""
    prefix = max((p for p in FAMILIES if architecture.startswith(p)), key=len, default="")
    if prefix == "vit_" or prefix == "":
        for word, family in TRAINED_AS.items():
            if word in architecture:
                return family
    return FAMILIES.get(prefix) or architecture.partition("_")[0].rstrip("0123456789").capitalize()


def title_of(architecture: str, family: str) -> str:
    """Return a name to read: the family, and what the model's own name says beside it."""
    prefix = max((p for p in FAMILIES if architecture.startswith(p)), key=len, default="")
    words = architecture.removeprefix(prefix).split("_")
    note = {"legacy": "legacy", "tf": "TensorFlow weights"}.get(architecture.partition("_")[0])
    said = {word for word, name in TRAINED_AS.items() if name == family}
    rest = [word for word in words if word and word not in said]
    return " ".join([family, *rest, *([f"({note})"] if note else [])])


def counted(model: torch.nn.Module) -> float:
    """Return the number of parameters in millions."""
    return round(sum(p.numel() for p in model.parameters()) / 1e6, 3)


def from_torchvision(architecture: str, limit: int) -> BackboneInfo:
    """Return what torchvision records about one of its models, and what is measured on it."""
    known = torchvision.models.get_model_weights(architecture)
    shown = known.DEFAULT.transforms()
    size = shown.crop_size[0]
    try:
        with torch.device("meta"):
            model = within(limit, lambda: torchvision_model(architecture, size))
    except (NotImplementedError, TooSlow):
        # RegNet reads its own tensors while it is built, which the meta device cannot.
        model = torchvision_model(architecture, size)
    name, family = f"torchvision/{architecture}", family_of(architecture)
    fixed = architecture.startswith(("vit_", "maxvit"))
    return BackboneInfo(
        name=name,
        library="torchvision",
        family=family,
        title=title_of(architecture, family),
        parameters=counted(model),
        input_size=size,
        mean=tuple(shown.mean),
        std=tuple(shown.std),
        interpolation=shown.interpolation.value,
        weights=(known.DEFAULT.name, *(weights.name for weights in known if weights is not known.DEFAULT)),
        licence=None,
        recommended=name in RECOMMENDED,
        note=RECOMMENDED.get(name, ""),
        fixed_size=fixed,
        min_size=1 if fixed else max(known.DEFAULT.meta.get("min_size", (1, 1))),
        features=take_classifier(model),
        files=(f"torch:{known.DEFAULT.url.rpartition('/')[2]}",),
    )


def from_timm(architecture: str, tags: list[str], limit: int) -> BackboneInfo:
    """Return what timm records about one of its models, and what is measured on it."""
    cfg: Any = get_pretrained_cfg(architecture) or PretrainedCfg()
    name, family, size = f"timm/{architecture}", family_of(architecture), cfg.input_size[-1]
    parameters = features = None
    note = RECOMMENDED.get(name, "")

    def measure() -> tuple[float, int]:
        with torch.device("meta"):
            whole = counted(timm.create_model(architecture))
            return whole, measure_features(timm.create_model(architecture, num_classes=0), size, name)

    try:
        parameters, features = within(limit, measure)
    except TooSlow:
        print(f"{name}: not measured within {limit} s", file=sys.stderr)
    except WorkbenchError as error:
        note = "Not supported: it does not give one feature vector per image"
        print(f"{name}: {error}", file=sys.stderr)
    except Exception as error:
        # One model that cannot be made on the meta device must not end the whole run; it is named.
        print(f"{name}: not measured ({type(error).__name__}: {str(error)[:200]})", file=sys.stderr)
    return BackboneInfo(
        name=name,
        library="timm",
        family=family,
        title=title_of(architecture, family),
        parameters=parameters,
        input_size=size,
        mean=tuple(cfg.mean),
        std=tuple(cfg.std),
        interpolation=cfg.interpolation,
        weights=tuple(tags),
        licence=cfg.license if tags else None,
        recommended=name in RECOMMENDED,
        note=note,
        fixed_size=cfg.fixed_input_size,
        min_size=cfg.min_input_size[-1] if cfg.min_input_size else 1,
        features=features,
        files=hub_files(cfg) if tags else (),
    )


def hub_files(cfg: Any) -> tuple[str, ...]:
    """Return the file of the default weights as the cache names it: ``hf:REPOSITORY#FILE`` or ``torch:FILE``."""
    if cfg.hf_hub_id:
        if cfg.hf_hub_filename:
            names = [cfg.hf_hub_filename, re.sub(r"\.bin$", ".safetensors", cfg.hf_hub_filename)]
        else:
            names = ["model.safetensors", "pytorch_model.bin"]
        return tuple(f"hf:{cfg.hf_hub_id}#{name}" for name in dict.fromkeys(names))
    return (f"torch:{cfg.url.rpartition('/')[2]}",) if cfg.url else ()


def tags_by_architecture() -> dict[str, list[str]]:
    """Return the tags of weights of every timm model, the default first."""
    tags: dict[str, list[str]] = {}
    for name in timm.list_models(pretrained=True, include_tags=True):
        architecture, _, tag = name.partition(".")
        tags.setdefault(architecture, []).append(tag)
    for architecture, found in tags.items():
        default = get_pretrained_cfg(architecture).tag or ""
        if default in found:
            tags[architecture] = [default, *(tag for tag in found if tag != default)]
    return tags


def main() -> None:
    """Build the catalogue and say what could not be measured."""
    parser = argparse.ArgumentParser(description="Builds the catalogue of backbones.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "resources" / "backbones.json")
    parser.add_argument("--limit", type=int, default=60, help="seconds per model")
    parser.add_argument("--only", default="", help="only models whose name contains this")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_grad_enabled(False)
    started = time.monotonic()
    names = [name for name in torchvision.models.list_models(torchvision.models) if given.only in name]
    found = [from_torchvision(name, given.limit) for name in names]
    tags = tags_by_architecture()
    names = [name for name in timm.list_models() if given.only in name]
    found += [from_timm(name, tags.get(name, []), given.limit) for name in names]
    versions = {"timm": timm.__version__, "torchvision": torchvision.__version__.partition("+")[0]}
    head = json.dumps({"format": FORMAT, "built_from": versions}, separators=(",", ":"))[:-1]
    rows = [json.dumps(info_to_row(info), ensure_ascii=False, separators=(",", ":")) for info in found]
    given.out.write_text(head + ',"backbones":[\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")
    unknown = [info.name for info in found if info.features is None]
    seconds, size = time.monotonic() - started, given.out.stat().st_size / 1e6
    print(f"{len(found)} backbones in {seconds:.0f} s, {size:.2f} MB; not measured: {', '.join(unknown) or 'none'}")


if __name__ == "__main__":
    main()
