"""In which paper each architecture was published, as an arXiv identifier; its first four digits are the year and the month.

torchvision names the paper in each builder's docstring. timm names its papers in the docstring of a module, and many
modules hold architectures of several: the rules below say which of them is meant. `paper_of` refuses an identifier that
the installed library does not cite in the source of that architecture.
"""

import functools
import importlib
import re
from pathlib import Path

import timm
import torchvision
from timm.models import _registry

# By name of the architecture, the first that matches; None where there is no paper, or none that is known.
RULES: list[tuple[str, str | None]] = [
    (r"test_", None),
    # Several papers in one module of convolutional networks.
    (r"(eca_)?(bot|lambot)|sebotnet", "2101.11605"),
    (r"lambda_", "2102.08602"),
    (r"lamhalobotnet|halo|eca_halonext|sehalonet", "2103.12731"),
    (r"bat_", None),
    (r"gernet", "2006.14090"),
    (r"repvgg", "2101.03697"),
    (r"mobileone", "2206.04040"),
    (r"regnetz", "2103.06877"),
    (r"resnet\d+(x\d+)?_(clip|mlp)", "2103.00020"),
    (r"gcresne", "1904.11492"),
    (r"eca_nfnet|dm_nfnet|nfnet", "2102.06171"),
    (r"nf_", "2101.08692"),
    (r"ecaresne|eca_resne", "1910.03151"),
    (r"eca_vovnet|ese_vovnet", "1911.06667"),
    (r"seresne|senet|legacy_se", "1709.01507"),
    (r"resnetrs", "2103.07579"),
    (r"resnetv2_\d+x\d_bit", "1912.11370"),
    (r"resnetv2", "1603.05027"),
    (r"resnext", "1611.05431"),
    (r"wide_resnet", "1605.07146"),
    (r"resnet", "1512.03385"),
    (r"convnextv2", "2301.00808"),
    (r"darknet|sedarknet", "1804.02767"),
    (r"cspnext", "2212.07784"),
    (r"dla\d+.*res2ne", "1904.01169"),
    (r"inception_resnet_v2|inception_v4", "1602.07261"),
    # EfficientNet's module and MobileNetV3's.
    (r"(tf_|gc_)?efficientnetv2", "2104.00298"),
    (r"efficientnet_[xh]_", "2102.05610"),
    (r"(tf_)?efficientnet_cc", "1904.04971"),
    (r"(tf_)?efficientnet", "1905.11946"),
    (r"(tf_)?mixnet", "1907.09595"),
    (r"mnasnet|semnasnet", "1807.11626"),
    (r"mobilenet_edgetpu_v2", "2204.14007"),
    (r"mobilenet_edgetpu", None),
    (r"mobilenetv1", "1704.04861"),
    (r"mobilenetv2", "1801.04381"),
    (r"(tf_)?mobilenetv3", "1905.02244"),
    (r"mobilenetv4", "2404.10518"),
    (r"mobilenetv5", None),
    (r"fbnetc", "1812.03443"),
    (r"fbnetv3", "2006.02049"),
    (r"spnasnet", "1904.02877"),
    (r"tinynet", "2010.14819"),
    (r"lcnetv2", None),
    (r"lcnet", "2109.15099"),
    (r"hgnet", None),
    (r"ghostnetv2", "2211.12905"),
    (r"ghostnetv3", "2404.11202"),
    (r"csatv2", None),
    # Transformers and their relatives.
    (r"beitv2", "2208.06366"),
    (r"beit3", "2208.10442"),
    (r"deit3", "2204.07118"),
    (r"eva02_\w+_clip", "2303.15389"),
    (r"eva02", "2303.11331"),
    (r"eva_", "2211.07636"),
    (r"vit_.*dinov3", "2508.10104"),
    (r"vit_.*dinov2", "2304.07193"),
    (r"vit_.*_dino$", "2104.14294"),
    (r"vit_pe_", "2504.13181"),
    (r"vit_.*lingbot", "2607.05247"),
    (r"vit_.*sapiens2", "2604.21681"),
    (r"vit_.*tipsv2", "2604.12012"),
    (r"vit_.*radio", "2412.07679"),
    (r"vit_intern", "2410.16261"),
    (r"vit_.*rope", "2403.13298"),
    (r"vit_.*siglip", "2303.15343"),
    (r"vit_.*_mci", "2311.17049"),
    (r"vit_.*clip", "2103.00020"),
    (r"vit_dlittle|vit_dpwee|vit_dwee", "2410.05258"),
    (r"vit_.*_(18x2|36x1)_", "2203.09795"),
    (r"vit_so150m", "2305.13035"),
    (r"vit_(gigantic|giant)_patch\d\d_(224|gap)", "2106.04560"),
    (r"vit_.*_(gap|map)_", "2010.11929"),
    (r"aimv2", "2411.14402"),
    (r"flexivit", "2212.08013"),
    (r"naflexvit_.*siglip", "2502.14786"),
    (r"naflexvit_.*radio", "2412.07679"),
    (r"naflexvit", "2307.06304"),
    (r"vit_", "2010.11929"),
    (r"samvit", "2304.02643"),
    (r"sam2_", "2408.00714"),
    (r"coatnet|coatnext", "2106.04803"),
    (r"maxvit|maxxvit", "2204.01697"),
    (r"poolformerv2|convformer|caformer", "2210.13452"),
    (r"poolformer", "2111.11418"),
    (r"gmixer", None),
    (r"gmlp", "2105.08050"),
    (r"resmlp", "2105.03404"),
    (r"mobilevitv2", "2206.02680"),
    (r"fastvit_mci[0-2]", "2311.17049"),
    (r"fastvit_mci", "2508.20691"),
    (r"swin_s3", "2111.14725"),
    (r"efficientformerv2", "2212.08059"),
    (r"levit_conv|levit", "2104.01136"),
    (r"qwen3_vit", "2511.21631"),
    (r"xception\d", "1802.02611"),
]  # fmt: skip

_IDENTIFIER = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:)(\d{4}\.\d{4,5})", re.IGNORECASE)
_SHARED = ("layers/global_context.py", "models/resnet.py")


def year_of(library: str, architecture: str) -> int | None:
    """Return the year of the paper's first version, None where there is no paper on arXiv."""
    identifier = paper_of(library, architecture)
    return 2000 + int(identifier[:2]) if identifier else None


def paper_of(library: str, architecture: str) -> str | None:
    """Return the arXiv identifier of the architecture's paper, None where there is none.

    Raises ValueError where a rule names a paper that the installed library does not cite for this architecture.
    """
    if library == "torchvision":
        # Version 1.1 of SqueezeNet has no paper of its own; its builder names the authors' code.
        builder = torchvision.models.get_model_builder(architecture.replace("squeezenet1_1", "squeezenet1_0"))
        return _cited(builder.__doc__ or "")[0]
    cited = _cited(_source(_registry._model_to_module[architecture]))
    for pattern, identifier in RULES:
        if re.match(pattern, architecture):
            if identifier is not None and identifier not in cited:
                raise ValueError(f"timm does not cite {identifier}, which {pattern!r} names for {architecture}")
            return identifier
    return cited[0] if cited else None


def _cited(text: str) -> list[str]:
    return _IDENTIFIER.findall(text)


@functools.cache
def _source(module: str) -> str:
    own = Path(importlib.import_module(f"timm.models.{module}").__file__ or "").read_text(encoding="utf-8")
    return "\n".join([own, *((Path(timm.__file__).parent / path).read_text(encoding="utf-8") for path in _SHARED)])
