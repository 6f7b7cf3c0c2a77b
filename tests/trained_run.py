"""A project with one finished run, made by hand in a moment: what evaluation and export work on."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from workbench.data.reading import Decoding
from workbench.evaluation.samples import COLUMNS, content_hash
from workbench.models import bundle
from workbench.models.backbones import create
from workbench.models.catalog import BackboneInfo, Registered, registered
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.config import BackboneConfig, TrainConfig

CLASSES = ["rot, kräftig", "grün/green", "blue"]
"""Class names as users write them: a comma, an umlaut, a slash."""

_NAME = "tests/mean-colour"


@dataclass(frozen=True)
class TrainedRun:
    project: Path
    run: RunFolder
    images: Path
    classes: list[str]


def mean_colour() -> nn.Module:
    """The mean of each channel: with an identity head, a classifier of reddish, greenish and bluish images."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _register() -> None:
    if _NAME not in registered.names():
        info = BackboneInfo(
            name=_NAME,
            library="tests",
            family="tests",
            title="Mean colour",
            parameters=0.0,
            input_size=16,
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            interpolation="bilinear",
            weights=(),
            licence="Apache-2.0",
            recommended=False,
            note="",
            features=3,
        )
        registered.register(_NAME)(Registered(info, mean_colour))


def deployable(*, classes: int = 3, decoding: Decoding | None = None, temperature: float = 1.0) -> Deployable:
    _register()
    network, _ = create(_NAME, weights="none", classes=classes)
    with torch.no_grad():
        network.head.weight.copy_(4 * torch.eye(classes, 3))
    spec = PreprocessSpec(
        size=16, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), decoding=(decoding or Decoding()).as_dict()
    )
    return Deployable(spec, network, temperature=temperature)


def draw(path: Path, channel: int, *, side: tuple[int, int] = (24, 20), seed: int = 0) -> Path:
    """Write an image in which ``channel`` stands out."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 100, (side[1], side[0], 3), generator=generator, dtype=torch.uint8)
    pixels[..., channel] += 80
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.numpy()).save(path)
    return path


def make_trained_run(
    folder: Path,
    *,
    splits: Sequence[str] = ("train", "validation", "test"),
    per_class: int = 4,
    wrong: int = 1,
    decoding: Decoding | None = None,
    classes: Sequence[str] = CLASSES,
) -> TrainedRun:
    """Make a project with a run. ``wrong`` images of each split are labelled as the class that follows theirs."""
    images = folder / "images"
    project_folder = folder / "project"
    with Project.create(project_folder) as project:
        run = project.runs.create(TrainConfig(backbone=BackboneConfig(name=_NAME, weights="none")).dumps())
    rows = []
    for split in splits:
        for number in range(per_class):
            for channel in range(len(classes)):
                name = f"{split}_{channel}_{number}.png"
                path = draw(images / name, channel, side=(24 + number % 2, 20), seed=len(rows))
                label = (channel + 1) % len(classes) if number == 0 and channel < wrong else channel
                rows.append([len(rows) + 1, path.as_posix(), classes[label], split, content_hash(path)])
    with run.samples.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    bundle.save(
        run.model,
        deployable(classes=len(classes), decoding=decoding),
        classes=list(classes),
        backbone=_NAME,
        thresholds={name: 0.25 + index / 8 for index, name in enumerate(classes)},
    )
    return TrainedRun(project_folder, run, images, list(classes))
