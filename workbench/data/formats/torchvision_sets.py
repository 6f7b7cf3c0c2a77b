"""Data sets that torchvision knows, from its own folder on the disk; nothing is downloaded.

Only those are offered whose files torchvision reads without unpickling, or unpickles only after their MD5 sums were found
right: of CIFAR10 and CIFAR100 (torchvision 0.29, ``cifar.py``) every file is checked in ``_check_integrity`` before the
first ``pickle.load``, and the names of the classes in ``_load_meta`` before theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.formats.records import SplitName
from workbench.errors import WorkbenchError

_TRAIN: dict[SplitName | None, dict[str, Any]] = {"train": {"train": True}, "test": {"train": False}}
_TWO: dict[SplitName | None, dict[str, Any]] = {"train": {"split": "train"}, "test": {"split": "test"}}
_VAL: dict[SplitName | None, dict[str, Any]] = {
    "train": {"split": "train"},
    "validation": {"split": "val"},
    "test": {"split": "test"},
}
_WHOLE: dict[SplitName | None, dict[str, Any]] = {None: {}}

OFFERED: dict[str, dict[SplitName | None, dict[str, Any]]] = {
    "MNIST": _TRAIN,
    "FashionMNIST": _TRAIN,
    "KMNIST": _TRAIN,
    "EMNIST": _TRAIN,
    "CIFAR10": _TRAIN,
    "CIFAR100": _TRAIN,
    "USPS": _TRAIN,
    "SEMEION": _WHOLE,
    "STL10": _TWO,
    "SVHN": _TWO,
    "GTSRB": _TWO,
    "Food101": _TWO,
    "DTD": _VAL,
    "Flowers102": _VAL,
    "FGVCAircraft": _VAL,
    "RenderedSST2": _VAL,
    "Country211": {"train": {"split": "train"}, "validation": {"split": "valid"}, "test": {"split": "test"}},
    "OxfordIIITPet": {"train": {"split": "trainval"}, "test": {"split": "test"}},
    "EuroSAT": _WHOLE,
}
"""The parts of each data set, with the arguments that torchvision takes for them."""


@dataclass(frozen=True)
class Part:
    """One part of a data set, opened; ``classes`` in its order."""

    split: SplitName | None
    count: int
    classes: tuple[str, ...]
    dataset: Any


def opened(root: Path, options: Mapping[str, str]) -> list[Part]:
    """Open the parts of a data set that are in ``root``; ``options`` name it (dataset=MNIST) and what else it takes.

    Raises WorkbenchError for a data set that is not offered or not in the folder. Imports torch.
    """
    name = _named(options.get("dataset", ""))
    if not root.is_dir():
        raise WorkbenchError(f"The folder {root} does not exist; choose the folder that was torchvision's root.")
    import torchvision.datasets

    further: dict[str, Any] = {key: value for key, value in options.items() if key != "dataset"}
    parts, reasons = [], []
    for split, arguments in OFFERED[name].items():
        try:
            dataset = getattr(torchvision.datasets, name)(root=str(root), download=False, **(further | arguments))
        except (RuntimeError, OSError, ValueError, TypeError, KeyError, EOFError) as error:
            reasons.append(str(error).split("\n")[0])
            continue
        classes = getattr(dataset, "classes", None) or ()
        parts.append(Part(split, len(dataset), tuple(str(each) for each in classes), dataset))
    if not parts:
        raise WorkbenchError(
            f"torchvision finds no sound {name} in {root} ({reasons[0][:160].rstrip('.')}); choose the folder that was its "
            "root. Nothing was changed."
        )
    return parts


def _named(name: str) -> str:
    for offered in OFFERED:
        if offered.casefold() == name.casefold():
            return offered
    known = ", ".join(OFFERED)
    if not name:
        raise WorkbenchError(f"Say which torchvision data set it is, as in --map dataset=MNIST; there are {known}.")
    raise WorkbenchError(
        f"The torchvision data set {name} is not offered, since its files are not images with one class, or would be "
        f"unpickled unchecked; there are {known}."
    )


def entries(part: Part) -> Iterator[tuple[NDArray[np.uint8], str | None]]:
    """Yield (pixels, class name) of each image, as torchvision gives them."""
    for number in range(part.count):
        image, target = part.dataset[number]
        yield np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB")), _class(part, target)


def _class(part: Part, target: Any) -> str | None:
    place = int(target)
    if place < 0:  # STL10's unlabelled images
        return None
    return part.classes[place] if place < len(part.classes) else str(place)
