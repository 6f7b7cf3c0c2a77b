"""Builds resources/sizes.json: which backbones with tables of positions take other input sizes, in which steps.

Run it after an update of timm: ``python packaging/measure_sizes.py``. Per family and patch size the smallest member is
built for its own size and for a larger one, on the meta device, where it needs no memory: it must run, and what differs
between the two must be tables that `workbench.models.sizes` can resize.
"""

import argparse
import json
import logging
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from timm.models._registry import _model_to_module

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from workbench.models.builders import own_size  # noqa: E402
from workbench.models.sizes import resized  # noqa: E402


def state(architecture: str, size: int, own: int) -> dict[str, torch.Tensor]:
    """Return the tensors of a backbone for a size, on the meta device, after an image went through it."""
    options: dict[str, Any] = {"img_size": size} if size != own else {}
    with torch.device("meta"):
        model = timm.create_model(architecture, num_classes=0, **options).eval()
        model(torch.zeros(1, 3, size, size))
    found: dict[str, torch.Tensor] = model.state_dict()
    return found


def patch_of(architecture: str) -> int:
    """Return the side of a patch, as the model or else its name says it; 16 where neither does."""
    with torch.device("meta"):
        model = timm.create_model(architecture, num_classes=0)
    patch = getattr(getattr(model, "patch_embed", None), "patch_size", None)
    if isinstance(patch, (tuple, list)) and isinstance(patch[0], int) and patch[0] > 1:
        return patch[0]  # 1 where convolutions come before the patches
    named = re.search(r"(?:patch|_p)(\d+)", architecture)
    return int(named[1]) if named else 16


def step_of(architecture: str) -> int:
    """Return the smallest step of sizes in which the backbone can be resized, 0 where it cannot."""
    own = own_size(architecture)
    first, patch = state(architecture, own, own), patch_of(architecture)
    for step in sorted({patch, 2 * patch, 4 * patch, 16, 32, 64}):
        if own % step or step < patch:
            continue
        try:
            others = [state(architecture, own + step, own), state(architecture, own - step, own)]
        except Exception:  # each model refuses a size in its own way
            continue
        for other in others:
            fits = [
                tensor.shape == first[key].shape
                or not tensor.is_floating_point()
                or resized(key, first[key], tensor) is not None
                for key, tensor in other.items()
                if key in first
            ]
            if not all(fits) or first.keys() != other.keys():
                return 0
        return step
    return 0


def main() -> None:
    """Measure one member of every group, and say of which nothing is known."""
    parser = argparse.ArgumentParser(description="Measures which backbones take other input sizes.")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "sizes.json")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_grad_enabled(False)
    rows = json.loads((ROOT / "resources" / "backbones.json").read_text(encoding="utf-8"))["backbones"]
    groups: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for row in rows:
        architecture = row["name"].partition("/")[2]
        if row.get("fixed_size") and row["name"].startswith("timm/"):
            shape = re.findall(r"(?:patch|_p|window)(\d+)", architecture)
            groups.setdefault((_model_to_module[architecture], row["family"], *shape), []).append(row)
    steps: dict[str, int] = {}
    for key, members in groups.items():
        smallest = min(members, key=lambda row: float(row.get("parameters") or 1e9))  # type: ignore[arg-type]
        architecture = str(smallest["name"]).partition("/")[2]
        try:
            step = step_of(architecture)
        except Exception as error:  # one model that cannot be made on the meta device must not end the run
            print(f"{architecture}: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
            step = 0
        print(" ".join(key), architecture, step, flush=True)
        steps.update({str(row["name"]): step for row in members if step})
    # torchvision's vision transformers: one table, patches of the side that their name tells.
    steps.update(
        {f"torchvision/{name}": int(name[-2:]) for name in torchvision.models.list_models() if name.startswith("vit_")}
    )
    content = {
        "built_from": {"timm": timm.__version__, "torchvision": torchvision.__version__.partition("+")[0]},
        "steps": dict(sorted(steps.items())),
    }
    given.out.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    print(f"{len(steps)} backbones take other sizes")


if __name__ == "__main__":
    main()
