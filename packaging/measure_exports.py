"""Measures which families of backbones export: resources/exports.json.

The smallest member of each family, with random weights and two classes, goes through the exporters in the order in which
`workbench export` tries them; it passes where the file answers as torch does on images of several sizes. What was measured
with the same libraries is kept, so that the script can be stopped and started again: ``python packaging/measure_exports.py
--minutes 25``. What is not reached stays "not tried".
"""

import argparse
import json
import logging
import multiprocessing
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workbench.models.catalog import BackboneInfo, backbones

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-4
MOST_ALLOWED = 0.01
CLASSES = 2

# The families that people ask for first; the others follow by the size of their smallest member.
FIRST = (
    "torchvision/MobileNet", "torchvision/ResNet", "torchvision/EfficientNet", "torchvision/ConvNeXt",
    "timm/ResNet", "timm/MobileNet", "timm/EfficientNet", "timm/ConvNeXt", "timm/ViT", "timm/DINOv2",
    "torchvision/AlexNet", "torchvision/VGG", "torchvision/GoogLeNet", "torchvision/Inception", "torchvision/ResNeXt",
    "torchvision/Wide ResNet", "torchvision/DenseNet", "torchvision/SqueezeNet", "torchvision/ShuffleNet",
    "torchvision/MNASNet", "torchvision/RegNet", "torchvision/ViT", "torchvision/Swin", "torchvision/MaxViT",
    "timm/SE-Net", "timm/SE-ResNet", "timm/Xception", "timm/RegNet", "timm/Swin", "timm/MaxViT", "timm/CLIP",
    "timm/DINOv3", "timm/EfficientNet V2", "timm/ConvNeXt V2", "timm/EVA", "timm/SigLIP",
)  # fmt: skip


def smallest_members() -> dict[str, BackboneInfo]:
    """Return the smallest usable member of each family of each library, in the order in which they are measured."""
    found: dict[str, BackboneInfo] = {}
    for info in sorted(backbones(), key=lambda info: info.parameters or float("inf")):
        if info.library in ("workbench", "timm", "torchvision") and not info.unsupported and info.family != "Test":
            found.setdefault(f"{info.library}/{info.family}", info)
    order = {family: place for place, family in enumerate(FIRST)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(FIRST))))


def spread_answers(network: Any, preprocess: Any) -> None:
    """Let answers differ from image to image: such that are all alike, or all 0 and 1, hide a difference.

    The running statistics become those of images such as the export is tried on, as after training; the head's weights give
    logits near 1 for each of them. Otherwise a deep network with random weights makes much of a last digit.
    """
    import torch

    from workbench.export.onnx_model import SHAPES

    with torch.no_grad():
        sizes = [(height, width) for _, height, width in SHAPES]
        images = [preprocess(torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)) for size in sizes]
        for module in network.train().modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.momentum = 1.0
        network.features(torch.cat(images))
        length = network.eval().features(torch.cat(images)).norm(dim=1).max().clamp(min=1e-20)
        network.head.weight.normal_().div_(length)


def allowed_gap(network: Any, preprocess: Any) -> float:
    """Return the largest difference in probability that is no fault of the export: `TOLERANCE`, or more where the network,
    with random weights, makes much of a last digit.

    That is fifty times what a change of each pixel by a millionth makes of torch's own answer in double precision, at most
    `MOST_ALLOWED`: a graph that computes something else is further off.
    """
    import copy

    import torch

    from workbench.export.onnx_model import SHAPES

    exact, largest = copy.deepcopy(network).double(), 0.0
    with torch.no_grad():
        for batch, height, width in SHAPES:
            pixels = preprocess(torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8)).double()
            nearby = pixels * (1 + 1e-6 * torch.randn_like(pixels))
            change = exact(pixels).softmax(dim=1) - exact(nearby).softmax(dim=1)
            largest = max(largest, float(change.abs().max()))
    return min(max(TOLERANCE, 50 * largest), MOST_ALLOWED)


def measure(name: str, answer: Any) -> None:
    """Export one backbone and put into ``answer`` what became of it: exports, exporter and largest difference."""
    import torch

    from workbench.errors import WorkbenchError
    from workbench.export.onnx_model import EXPORTERS, export_onnx
    from workbench.models.backbones import create
    from workbench.models.catalog import find
    from workbench.models.deploy import Deployable
    from workbench.models.preprocess import PreprocessSpec

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    failed = []
    try:
        network, _ = create(name, weights="none", classes=CLASSES)
        deployable = Deployable(PreprocessSpec.for_backbone(find(name)), network).eval()
        spread_answers(network, deployable.preprocess)
        tolerance = allowed_gap(network, deployable.preprocess)
        with tempfile.TemporaryDirectory() as folder:
            for exporter in EXPORTERS:
                path = Path(folder) / f"{exporter}.onnx"
                try:
                    gap = export_onnx(
                        deployable, path, exporter=exporter, classes=CLASSES, metadata={}, tolerance=tolerance
                    )
                except WorkbenchError as error:
                    failed.append(str(error))
                else:
                    figures = {"difference": float(f"{gap:.2g}"), "allowed": float(f"{tolerance:.2g}")}
                    answer.put({"exports": "yes", "exporter": exporter, **figures})
                    return
    except Exception as error:
        # Any failure is the answer that is asked for.
        failed.append(f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")
    answer.put({"exports": f"no: {' '.join(failed)}"[:400]})


def measured(name: str, seconds: float) -> dict[str, Any] | None:
    """Return what became of one backbone, in a process of its own; None where it took too long."""
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=measure, args=(name, answer))
    process.start()
    try:
        found: dict[str, Any] | None = answer.get(timeout=seconds)
    except Exception:
        found = None
        process.kill()
    process.join()
    return found


def main() -> None:
    """Measure family after family and write after each."""
    parser = argparse.ArgumentParser(description="Measures which families of backbones export.")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "exports.json")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument(
        "--limit", type=float, default=240, help="seconds for each family; one that takes longer is left"
    )
    given = parser.parse_args()
    started = time.monotonic()
    libraries = {
        name: version(name).partition("+")[0] for name in ("torch", "timm", "torchvision", "onnx", "onnxruntime")
    }
    content = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {}
    families = content["families"] if content.get("measured_with") == libraries else {}
    # Once, before the processes are forked.
    import onnxscript  # noqa: F401
    import timm  # noqa: F401
    import torch.onnx._internal.exporter._core  # noqa: F401

    import workbench.export.onnx_model  # noqa: F401

    for family, info in smallest_members().items():
        if family in families:
            continue
        if time.monotonic() - started > given.minutes * 60:
            break
        found = measured(info.name, given.limit)
        print(f"{family}: {info.name}: {found or 'took too long'}", flush=True)
        if found:
            families[family] = {"smallest": info.name, **found}
            rows = {key: families[key] for key in sorted(families)}
            text = json.dumps({"measured_with": libraries, "families": rows}, indent=1, ensure_ascii=False)
            given.out.write_text(text + "\n", encoding="utf-8")
    print(f"{len(families)} families in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
