"""Builds resources/backbones.json: every classification model of the installed timm and torchvision.

Run it after an update of either library: ``python packaging/build_catalogue.py``. Models are made on the meta device,
where they need no memory; a model that takes longer than the limit keeps its parameters and features unknown (null).
It needs no network: sizes, normalisation, tags, licences, accuracies and papers are what the libraries record. What the
present catalogue has measured is kept where the libraries are the same: the script can be stopped and started again.
"""

import argparse
import contextlib
import json
import logging
import math
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import timm
import torch
import torchvision
from timm.models import PretrainedCfg, get_pretrained_cfg
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import papers

from workbench.errors import WorkbenchError
from workbench.models.builders import measure_features, take_classifier, torchvision_model
from workbench.models.catalog import FORMAT, BackboneInfo, TagInfo, info_to_row, row_to_info

T = TypeVar("T")

RECOMMENDED = {
    "torchvision/mobilenet_v2": "Small and quick, a good first choice on a processor",
    "torchvision/resnet18": "Simple, quick and well understood",
    "torchvision/resnet50": "The usual yardstick",
    "torchvision/efficientnet_b0": "Accurate for its size",
    "torchvision/convnext_tiny": "Accurate; wants a GPU",
    "timm/mobilenetv3_large_100": "Quick on a processor, and accurate for that",
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
    "hrnet": "HRNet", "iformer": "iFormer", "inception": "Inception", "inception_next": "InceptionNeXt",
    "lambda_resnet": "LambdaNet",
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

# What the words in the names of timm's weights mean.
DATASETS = {
    "in1k": "ImageNet-1k", "in12k": "ImageNet-12k", "in21k": "ImageNet-21k", "in22k": "ImageNet-22k",
    "inw21k": "ImageNet-21k", "laion2b": "LAION-2B", "laion400m": "LAION-400M", "laiona": "LAION-Aesthetic",
    "lvd142m": "LVD-142M", "lvd1689m": "LVD-1689M", "sat493m": "SAT-493M", "webli": "WebLI", "openai": "OpenAI's pairs",
    "merged2b": "Merged-2B", "m38m": "Merged-38M", "m30m": "Merged-30M", "datacomp1b": "DataComp-1B",
    "datacompxl": "DataComp-XL", "dfn2b": "DFN-2B", "dfn5b": "DFN-5B", "dfndr2b": "DFNDR-2B", "metaclip": "MetaCLIP",
    "metaclip2": "MetaCLIP 2", "cc12m": "CC-12M", "yfcc15m": "YFCC-15M", "yfcc100m": "YFCC-100M", "ig1b": "IG-1B",
    "jft": "JFT", "sa1b": "SA-1B",
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
    if re.match(r"resnet\d+(x\d+)?_clip", architecture):
        return "CLIP"
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


def family_and_title(architecture: str) -> tuple[str, str]:
    """Return the family and a name to read."""
    family = family_of(architecture)
    return family, title_of(architecture, family)


@dataclass(frozen=True)
class Measured:
    """Parameters in millions and multiply-adds in thousand millions, with the head; the length of the features.

    ``unsupported`` says why the model cannot be used, "" where it can.
    """

    parameters: float | None = None
    gmacs: float | None = None
    features: int | None = None
    unsupported: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is left to measure."""
        return self.gmacs is not None and (self.features is not None or bool(self.unsupported))


class Multiplications(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the floating-point operations of what runs under it, by torch's own formulas."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=output)
        return output


@contextlib.contextmanager
def without_first_weights() -> Iterator[None]:
    """Leave out drawing random weights: on the meta device there are none, and it takes most of the time."""
    names = [
        name for name in dir(torch.Tensor) if re.fullmatch("(normal|uniform|trunc_normal|erfinv|kaiming.*)_", name)
    ]
    kept = {name: getattr(torch.Tensor, name) for name in names}
    for name in names:
        setattr(torch.Tensor, name, lambda tensor, *_, **__: tensor)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(torch.Tensor, name, method)


def measure(model: torch.nn.Module, size: int) -> tuple[float, float]:
    """Return millions of parameters, and thousand millions of multiply-adds for one image, of a model on the meta device.

    What torch's counter counts: convolutions, matrix products and attention. That is what the literature counts.
    """
    image = torch.zeros(1, 3, size, size, device="meta")
    with sdpa_kernel(SDPBackend.MATH), Multiplications() as counter:
        model.eval()(image)
    return millions(model), float(f"{counter.total / 2e9:.4g}")


def millions(model: torch.nn.Module) -> float:
    """Return the number of parameters in millions."""
    return round(sum(p.numel() for p in model.parameters()) / 1e6, 3)


def from_torchvision(architecture: str, measured: Measured) -> BackboneInfo:
    """Return what torchvision records about one of its models, and what was measured on it."""
    published = torchvision.models.get_model_weights(architecture)
    shown = published.DEFAULT.transforms()
    size = shown.crop_size[0]
    name = f"torchvision/{architecture}"
    family, title = family_and_title(architecture)
    fixed = architecture.startswith(("vit_", "maxvit"))
    order = (published.DEFAULT, *(weights for weights in published if weights is not published.DEFAULT))
    tags = tuple(torchvision_tag(weights) for weights in order)
    return BackboneInfo(
        name=name,
        library="torchvision",
        family=family,
        title=title,
        parameters=measured.parameters,
        input_size=size,
        mean=tags[0].mean,
        std=tags[0].std,
        interpolation=tags[0].interpolation,
        weights=tuple(tag.name for tag in tags),
        licence=tags[0].licence,
        recommended=name in RECOMMENDED,
        note=RECOMMENDED.get(name, ""),
        fixed_size=fixed,
        min_size=1 if fixed else max(published.DEFAULT.meta.get("min_size", (1, 1))),
        features=measured.features,
        files=tags[0].files,
        year=papers.year_of("torchvision", architecture),
        gmacs=measured.gmacs,
        tags=tags,
    )


def measure_torchvision(architecture: str, limit: int, before: Measured) -> Measured:
    """Count a torchvision model. Multiply-adds are those that the library records."""
    default = torchvision.models.get_model_weights(architecture).DEFAULT
    gmacs = default.meta["_ops"]
    if before.features is not None:
        return Measured(before.parameters, gmacs, before.features)
    size = default.transforms().crop_size[0]
    try:
        with torch.device("meta"):
            model = within(limit, lambda: torchvision_model(architecture, size))
    except (NotImplementedError, TooSlow):
        # RegNet reads its own tensors while it is built, which the meta device cannot.
        model = torchvision_model(architecture, size)
    return Measured(millions(model), gmacs, take_classifier(model))


def torchvision_tag(weights: Any) -> TagInfo:
    """Return what torchvision records about some weights."""
    shown = weights.transforms()
    licence = weights.meta.get("license")
    said = re.sub("IMAGENET1K", "ImageNet-1k", weights.name.partition("_V")[0])
    dataset = "SWAG, then ImageNet-1k" if "SWAG" in said else said.partition("_")[0]
    metrics = weights.meta["_metrics"].get("ImageNet-1K", {})
    return TagInfo(
        weights.name,
        licence and re.sub(r".*github\.com/([^/]*/[^/]*)/.*", r"that of \1", licence),
        # Weights of features alone have an accuracy that is no number.
        None if math.isnan(metrics.get("acc@1", math.nan)) else metrics["acc@1"],
        dataset,
        len(weights.meta["categories"] or ()),
        (f"torch:{weights.url.rpartition('/')[2]}",),
        shown.crop_size[0],
        tuple(shown.mean),
        tuple(shown.std),
        shown.interpolation.value,
    )


def from_timm(architecture: str, tags: list[str], measured: Measured) -> BackboneInfo:
    """Return what timm records about one of its models, and what was measured on it."""
    cfg: Any = get_pretrained_cfg(architecture) or PretrainedCfg()
    name, size = f"timm/{architecture}", cfg.input_size[-1]
    family, title = family_and_title(architecture)
    infos = tuple(timm_tag(architecture, tag) for tag in tags)
    return BackboneInfo(
        name=name,
        library="timm",
        family=family,
        title=title,
        parameters=measured.parameters,
        input_size=size,
        mean=tuple(cfg.mean),
        std=tuple(cfg.std),
        interpolation=cfg.interpolation,
        weights=tuple(tags),
        licence=infos[0].licence if infos else None,
        recommended=name in RECOMMENDED,
        note=RECOMMENDED.get(name, ""),
        fixed_size=cfg.fixed_input_size,
        min_size=cfg.min_input_size[-1] if cfg.min_input_size else 1,
        features=measured.features,
        files=infos[0].files if infos else (),
        year=papers.year_of("timm", architecture),
        gmacs=measured.gmacs,
        tags=infos,
        unsupported=measured.unsupported,
    )


def measure_timm(architecture: str, limit: int, before: Measured) -> Measured:
    """Count a timm model; the length of the features is kept where it is known, since it takes a second model."""
    cfg: Any = get_pretrained_cfg(architecture) or PretrainedCfg()
    name, size = f"timm/{architecture}", cfg.input_size[-1]
    parameters, gmacs = before.parameters, before.gmacs

    def count() -> tuple[float, float]:
        return measure(timm.create_model(architecture), size)

    def width() -> int:
        return measure_features(timm.create_model(architecture, num_classes=0), size, name)

    try:
        with torch.device("meta"), without_first_weights():
            parameters, gmacs = within(limit, count)
            return Measured(parameters, gmacs, before.features or within(limit, width))
    except TooSlow:
        print(f"{name}: not measured within {limit} s", file=sys.stderr)
    except WorkbenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return Measured(parameters, gmacs, unsupported="it does not give one feature vector per image")
    except Exception as error:
        # One model that cannot be made on the meta device must not end the whole run; it is named.
        print(f"{name}: not measured ({type(error).__name__}: {str(error)[:200]})", file=sys.stderr)
    return Measured(parameters, gmacs, before.features)


def timm_tag(architecture: str, tag: str) -> TagInfo:
    """Return what timm records about some weights."""
    cfg: Any = get_pretrained_cfg(f"{architecture}.{tag}" if tag else architecture)
    return TagInfo(
        tag,
        None if cfg.license in (None, "unknown") else cfg.license,
        None,
        dataset_of(tag),
        cfg.num_classes,
        hub_files(cfg),
        cfg.input_size[-1],
        tuple(cfg.mean),
        tuple(cfg.std),
        cfg.interpolation,
    )


def dataset_of(tag: str) -> str:
    """Return what the words in the name of timm's weights say of the images they learned from, in their order."""
    words = tag.split("_")
    found = [DATASETS[word] for word in words if word in DATASETS]
    return ", then ".join(name for name, before in zip(found, ["", *found], strict=False) if name != before)


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
    parser.add_argument("--minutes", type=float, default=120, help="after these no model is measured any more")
    parser.add_argument("--anew", action="store_true", help="measure also what the present catalogue has measured")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_grad_enabled(False)
    started = time.monotonic()
    tags = tags_by_architecture()
    ours = [f"torchvision/{name}" for name in torchvision.models.list_models(torchvision.models) if given.only in name]
    theirs = [f"timm/{name}" for name in timm.list_models() if given.only in name]
    known = {} if given.anew or not given.out.is_file() else earlier(given.out)

    def rows() -> list[BackboneInfo]:
        found = [from_torchvision(name.partition("/")[2], known.get(name, Measured())) for name in ours]
        for name in theirs:
            architecture = name.partition("/")[2]
            found.append(from_timm(architecture, tags.get(architecture, []), known.get(name, Measured())))
        return found

    def urgency(name: str) -> tuple[bool, bool, float]:
        """Those that are used first come first: the run may end early."""
        architecture = name.partition("/")[2]
        return name not in RECOMMENDED, architecture not in tags, known.get(name, Measured()).parameters or 0.0

    todo = [name for name in [*ours, *sorted(theirs, key=urgency)] if not known.get(name, Measured()).whole]
    for number, name in enumerate(todo):
        if time.monotonic() - started > given.minutes * 60:
            break
        work = measure_torchvision if name.startswith("torchvision/") else measure_timm
        known[name] = work(name.partition("/")[2], given.limit, known.get(name, Measured()))
        if number % 200 == 199:
            write(given.out, rows())
    found = rows()
    write(given.out, found)
    unknown = [info.name for info in found if None in (info.features, info.gmacs)]
    seconds, size = time.monotonic() - started, given.out.stat().st_size / 1e6
    left = f"{len(unknown)} are not measured: {', '.join(unknown[:12])}" if unknown else "all are measured"
    print(f"{len(found)} backbones in {seconds:.0f} s, {size:.2f} MB; {left}")


def write(path: Path, found: list[BackboneInfo]) -> None:
    """Write the catalogue, one backbone a line."""
    head = json.dumps({"format": FORMAT, "built_from": versions()}, separators=(",", ":"))[:-1]
    rows = [json.dumps(info_to_row(info), ensure_ascii=False, allow_nan=False, separators=(",", ":")) for info in found]
    path.write_text(head + ',"backbones":[\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of the libraries that the catalogue is of."""
    return {"timm": timm.__version__, "torchvision": torchvision.__version__.partition("+")[0]}


def earlier(path: Path) -> dict[str, Measured]:
    """Return what a catalogue holds of measured figures, by name; nothing where it was made with other libraries."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["built_from"] != versions():
        return {}
    infos = [row_to_info(row) for row in content["backbones"]]
    return {info.name: Measured(info.parameters, info.gmacs, info.features, info.unsupported) for info in infos}


if __name__ == "__main__":
    main()
