"""MobileNetV2 with the published weights on grey images: as colours, and with its first layer folded to one channel."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from workbench.evaluation.metrics import wilson
from workbench.models.backbones import Network, create
from workbench.models.catalog import find
from workbench.models.preprocess import Preprocess, PreprocessSpec

NAME = "torchvision/mobilenet_v2"
WEIGHTS = "weights/mobilenet_v2.torchvision.imagenet1k.safetensors"
SIDE, PER_CLASS = 128, 50


@pytest.fixture(scope="module")
def networks(shared_folder: Path) -> tuple[Network, Network]:
    file = str(shared_folder / WEIGHTS)
    colour, _ = create(NAME, weights=file, classes=2)
    grey, report = create(NAME, weights=file, classes=2, channels=1)
    assert (report.matched, report.adapted) == (312, {"features.0.0.weight": "channels"})
    return colour.eval(), grey.eval()


def read(files: list[Path]) -> torch.Tensor:
    pixels = [np.asarray(Image.open(file).convert("L")) for file in files]
    return torch.from_numpy(np.stack(pixels))[..., None]


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_grey_files_equal_copies_of_them_in_colour(shared_folder: Path, resize: str) -> None:
    grey = read(sorted((shared_folder / "data/neu_cls/patches").glob("*.jpg"))[:2])
    layer = Preprocess(PreprocessSpec.for_backbone(find(NAME), size=SIDE, resize=resize))  # type: ignore[arg-type]
    assert (layer(grey) - layer(grey.repeat(1, 1, 1, 3))).abs().max() <= 1e-6


def test_the_folded_first_layer_is_the_sum_over_the_colours(
    networks: tuple[Network, Network], shared_folder: Path
) -> None:
    colour, grey = networks
    published = load_file(shared_folder / WEIGHTS)["features.0.0.weight"]
    folded = grey.backbone.state_dict()["features.0.0.weight"]
    assert torch.allclose(folded, published.sum(1, keepdim=True), atol=1e-6)
    images = torch.randn(2, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        difference = grey.features(images) - colour.features(images.expand(-1, 3, -1, -1))
    assert difference.abs().max() <= 1e-4


@pytest.mark.long
def test_one_channel_keeps_the_accuracy(networks: tuple[Network, Network], shared_folder: Path) -> None:
    folders = sorted(folder for folder in (shared_folder / "data/neu_cls").iterdir() if folder.is_dir())
    files = [file for folder in folders for file in sorted(folder.glob("*.jpg"))[:PER_CLASS]]
    targets = np.repeat(np.arange(len(folders)), PER_CLASS)
    learns = np.arange(len(files)) % 5 < 2
    correct = {}
    for network in networks:
        spec = PreprocessSpec.for_backbone(find(NAME), size=SIDE, channels=network.channels)
        layer = Preprocess(spec)
        with torch.no_grad():
            vectors = [network.features(layer(read(files[i : i + 10]))).numpy() for i in range(0, len(files), 10)]
        features = np.concatenate(vectors)
        scaler = StandardScaler().fit(features[learns])
        model = LogisticRegression(C=0.01, max_iter=1000).fit(scaler.transform(features[learns]), targets[learns])
        found = model.predict(scaler.transform(features[~learns]))
        correct[network.channels] = int((found == targets[~learns]).sum())
    count = int((~learns).sum())
    low, high = wilson(correct[3], count)
    print(f"{correct[3]} of {count} with three channels ({low:.3f} to {high:.3f}), {correct[1]} with one")
    assert low <= correct[1] / count <= high
    assert correct[3] > 0.9 * count
