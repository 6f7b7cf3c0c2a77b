"""Test accuracy on hot-rolled steel over split seeds 1 to 5, pretrained and random weights, and the parity of the package.

Everything goes through the command line as a user would. Prints a table; ``tests/long`` asserts on the same figures.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from workbench import launch  # noqa: E402

SHARED = REPOSITORY.parent / "shared"
WEIGHTS = SHARED / "weights" / "mobilenet_v2.torchvision.imagenet1k.safetensors"


def workbench(*words: str) -> dict[str, Any]:
    """Run a verb with ``--json``; return its last object. Raises RuntimeError with its stderr where it failed."""
    done = subprocess.run(
        launch.command(*words, "--json"), env=launch.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


@dataclass(frozen=True)
class Outcome:
    weights: str
    seed: int
    accuracy: float
    interval: list[float]
    seconds: float
    project: Path


def measure(folder: Path, seeds: list[int], weights: str) -> Iterator[Outcome]:
    """Scan, split, train 5 epochs with the backbone frozen and the default recipe, evaluate on the test split."""
    for seed in seeds:
        project = folder / f"{Path(weights).stem}-{seed}"
        workbench("scan", str(project), str(SHARED / "data" / "neu_cls"))
        workbench("split", str(project), "--validation", "0.15", "--test", "0.2", "--seed", str(seed))
        start = time.perf_counter()
        settings = ["backbone=torchvision/mobilenet_v2", f"weights={weights}", "freeze=backbone", "epochs=5"]
        workbench("train", str(project), *[word for setting in settings for word in ("--set", setting)])
        seconds = time.perf_counter() - start
        found = workbench("evaluate", str(project))
        yield Outcome(
            Path(weights).stem[:12], seed, found["accuracy"], found["intervals"]["accuracy"], seconds, project
        )


@dataclass(frozen=True)
class Parity:
    images: int
    max_abs_diff: float
    flips: int
    demo_images: int
    demo_disagreements: int
    demo_max_abs_diff: float


def parity(project: Path, folder: Path) -> Parity:
    """Export, then run the package's own demo beside ``workbench predict`` on every image of the data set."""
    package, predictions = folder / "package", folder / "predictions.csv"
    exported = workbench("export", str(project), "--out", str(package))
    images = SHARED / "data" / "neu_cls"
    workbench("predict", str(package), str(images), "--out", str(predictions))
    done = subprocess.run(
        [sys.executable, "demo.py", str(images)], cwd=package, capture_output=True, text=True, check=True
    )
    demo = {row["image"]: row for row in map(json.loads, done.stdout.splitlines())}
    by_name = {Path(name).name: row for name, row in demo.items()}
    with predictions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    disagreements, largest = 0, 0.0
    for row in rows:
        other = by_name[Path(row["image"]).name]
        disagreements += other["prediction"] != row["prediction"]
        probabilities = other["probabilities"]
        largest = max(largest, *(abs(float(row[f"p_{name}"]) - value) for name, value in probabilities.items()))
    found = exported["parity"]
    return Parity(found["images"], found["max_abs_diff"], found["flips"], len(rows), disagreements, largest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--random-seeds", type=int, nargs="*", default=[1])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workbench-accuracy-") as name:
        folder = Path(name)
        outcomes = []
        print("weights       seed  test accuracy          train seconds")
        for weights, seeds in ((str(WEIGHTS), arguments.seeds), ("none", arguments.random_seeds)):
            for outcome in measure(folder, seeds, weights):
                outcomes.append(outcome)
                low, high = outcome.interval
                figures = f"{outcome.accuracy:.3f} [{low:.3f}, {high:.3f}]  {outcome.seconds:>6.0f}"
                print(f"{outcome.weights:12}  {outcome.seed:4}  {figures}", flush=True)
        pretrained = [outcome.accuracy for outcome in outcomes if outcome.weights != "none"]
        print(f"pretrained: mean {sum(pretrained) / len(pretrained):.3f}, lowest {min(pretrained):.3f}")
        print(parity(outcomes[0].project, folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
