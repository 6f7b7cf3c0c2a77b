"""What chains cost in training: images a second of the loader from the prepared cache, by chain and by the side prepared.

    .venv/bin/python -m tests.benchmarks.augment_training [IMAGES]     400 unless said

Makes photographs of 640 x 480 pixels in a temporary folder. The model sees 224 pixels (S). Then one epoch of MobileNetV2
with its backbone frozen, which is what asks most of a loader: with images prepared at S and at 2 S, and with each mixing.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PIL import Image

from workbench.augment.catalog import presets
from workbench.augment.chain import Chain, Step
from workbench.data.dataset import VariedDataset
from workbench.data.loaders import make_loader, set_epoch
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project
from workbench.training import inputs, run
from workbench.training.config import TrainConfig
from workbench.training.events import EpochEnded, FitEnded, FitStarted
from workbench.training.samples import TrainPixels

CROP = Chain(steps=(Step(transform="RandomResizedCrop", p=1.0, params={"scale": [0.25, 1.0]}),))
CHAINS = {
    "none": presets()["none"],
    "light": presets()["light"],
    "strong": presets()["strong"],
    "crop to 1/4, then light": Chain(steps=(*CROP.steps, *presets()["light"].steps)),
}
BASE = TrainConfig().with_settings(["weights=none", "preprocess.size=224", "epochs=1", "device=cpu", "workers=0"])


def photographs(folder: Path, count: int) -> None:
    """Write JPEGs of 640 x 480 pixels with the detail that photographs have, in two classes."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (30, 40, 3)).astype(np.uint8)).resize((640, 480))
        noisy = np.asarray(coarse).astype(np.int16) + random.integers(-12, 13, (480, 640, 3))
        below = folder / ("good", "bad")[number % 2]
        below.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(below / f"{number}.jpg", quality=88)


def with_chain(chain: Chain, detail: float) -> TrainConfig:
    preprocess = BASE.preprocess.model_copy(update={"detail": detail})
    return BASE.model_copy(update={"augment": chain, "preprocess": preprocess})


def rates(pixels: TrainPixels, frozen: inputs.Inputs, workers: Sequence[int] = (0, 2)) -> Iterator[float]:
    """Yield images a second of the loader for each number of workers, after one epoch to warm up."""
    for count in workers:
        dataset = VariedDataset(frozen.train, pixels.variant, seed=7, preload=pixels.preload)
        loader = make_loader(dataset, batch_size=16, workers=count, shuffle=True, seed=7)
        for epoch in range(2):
            set_epoch(loader, epoch)
            began = time.perf_counter()
            images = sum(len(batch.targets) for batch in loader)
            took = time.perf_counter() - began
        yield images / took
        del loader


def epoch(project: Path, config: TrainConfig) -> float:
    """Return the seconds from the first step to the end of training's only epoch, the cache being there."""
    folder = run.prepare(project, config)
    began = first = 0.0
    for event in run.train(project, folder.id)(Stop()):
        if isinstance(event, FitStarted):
            began = time.perf_counter()
        elif isinstance(event, EpochEnded):
            first = time.perf_counter() - began
        elif isinstance(event, FitEnded) and event.reason != "finished":
            raise RuntimeError(event.message)
    return first


def main(images: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photographs(folder / "images", images)
        project = folder / "project"
        list(add_folders(project, [folder / "images"])(Stop()))
        with Project.open(project) as opened:
            opened.splits.make(validation=0.1, test=0.1, seed=1)
        frozen = inputs.load(run.prepare(project, BASE))
        cache = project / "cache"
        print(f"{len(frozen.train)} images of 640 x 480 in training, the model sees 224; images a second of the loader")
        print(f"{'chain':26}{'prepared at':>12}{'no worker':>12}{'2 workers':>12}")
        for title, chain in CHAINS.items():
            for detail in (1.0, 2.0):
                pixels = TrainPixels(
                    with_chain(chain, detail), frozen.classes, frozen.decoding, largest=frozen.largest, cache=cache
                )
                if detail > 1 and pixels.prepared_side == pixels.size:
                    continue
                list(pixels.prepare(frozen.train, []))
                alone, two = rates(pixels, frozen)
                print(f"{title:26}{pixels.prepared_side:>12}{alone:>12.0f}{two:>12.0f}", flush=True)
        print("\nSeconds of an epoch with validation, MobileNetV2, backbone frozen, no worker, the cache being there")
        crop = CHAINS["crop to 1/4, then light"]
        kinds = {"prepared at S": with_chain(crop, 1.0), "prepared at 2 S": with_chain(crop, 2.0)}
        for mixing in ("mixup", "cutmix"):
            kinds[f"at S, {mixing} of every image"] = kinds["prepared at S"].with_settings([f"mix={mixing}", "mix.p=1"])
        # In turn, and the shortest of each: what else the machine does comes and goes.
        rounds = [{title: epoch(project, config) for title, config in kinds.items()} for _ in range(3)]
        shortest = {title: min(seconds[title] for seconds in rounds) for title in kinds}
        for title, seconds in shortest.items():
            print(f"{title:32}{seconds:6.1f}   ratio {seconds / shortest['prepared at S']:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
