"""The eight ways to a classifier side by side on ants and bees: accuracy with its interval, seconds, trainable parameters.

Every way is a run of its own through the command line, on the same split, with the weights of MobileNetV2 from a file. The
ways that train the network do so for the same number of epochs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from workbench import launch  # noqa: E402
from workbench.training.config import WAYS, Phase, TrainConfig  # noqa: E402

SHARED = REPOSITORY.parent / "shared"
WITHOUT_WEIGHTS = ("scratch", "baseline")


@dataclass(frozen=True)
class Row:
    """What came of one way. ``trainable`` is the most that trained in any phase; ``problem`` says why there is no figure."""

    way: str
    accuracy: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    images: int = 0
    seconds: float = 0.0
    trainable: int = 0
    problem: str = ""

    def told(self) -> str:
        if self.problem:
            return f"{self.way:14}  {self.problem}"
        low, high = self.interval
        accuracy = f"{self.accuracy:.3f} [{low:.3f}, {high:.3f}]"
        return f"{self.way:14}  {accuracy:22}  {self.seconds:>7.0f}  {self.trainable:>20,}"


HEADING = f"{'way':14}  {'test accuracy':22}  {'seconds':>7}  {'trainable parameters':>20}"


def workbench(*words: str) -> list[dict[str, Any]]:
    """Run a verb with ``--json``; return its events. Raises RuntimeError with its sentence where it failed."""
    done = subprocess.run(
        launch.command(*words, "--json"), env=launch.environment(), capture_output=True, text=True, check=False
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        said = [event["message"] for event in events if event["event"] in ("Failed", "FitEnded")]
        raise RuntimeError(said[-1] if said else done.stderr[-2000:])
    return events


def config_of(way: str, *, weights: str, epochs: int, settings: Sequence[str] = ()) -> TrainConfig:
    """Return the config of a way with ``epochs`` in all; the phases of gradual unfreezing keep their shares of them."""
    config = TrainConfig().with_settings(
        [f"preset={way}", *([] if way in WITHOUT_WEIGHTS else [f"weights={weights}"]), *settings]
    )
    planned = [phase.epochs for phase in config.phases]
    shares = divided(epochs, planned)
    then = [
        Phase(epochs=share, freeze=phase.freeze, rate=phase.rate)
        for share, phase in zip(shares[1:], config.then, strict=True)
    ]
    return config.model_copy(update={"epochs": shares[0], "then": tuple(then)})


def divided(epochs: int, planned: Sequence[int]) -> list[int]:
    """Divide epochs as planned, one at least to each; the last gets what is left."""
    shares = [max(1, round(epochs * each / sum(planned))) for each in planned[:-1]]
    return [*shares, max(1, epochs - sum(shares))]


def measure(project: Path, ways: Sequence[str], *, weights: str, epochs: int, settings: Sequence[str]) -> Iterator[Row]:
    """Train each way and measure it on the test split. The images are prepared before, so that no way pays for all."""
    chosen = project / "way.toml"

    def train(config: TrainConfig) -> list[dict[str, Any]]:
        chosen.write_text(config.dumps(), encoding="utf-8")
        return workbench("train", str(project), "--config", str(chosen))

    train(config_of("frozen", weights=weights, epochs=1, settings=settings))
    for way in ways:
        try:
            events = train(config_of(way, weights=weights, epochs=epochs, settings=settings))
            found = workbench("evaluate", str(project))[-1]
        except RuntimeError as error:
            yield Row(way, problem=str(error))
            continue
        ended = next(event for event in events if event["event"] == "FitEnded")
        low, high = found["intervals"]["accuracy"]
        yield Row(way, found["accuracy"], (low, high), found["images"], ended["seconds"], trained(events))


def trained(events: Sequence[dict[str, Any]]) -> int:
    """Return how many parameters trained in the phase in which most did."""
    started = [event for event in events if event["event"] == "FitStarted"]
    changed = [event for event in events if event["event"] == "StageChanged"]
    if not started:
        return 0
    most: int = started[0]["trainable_parameters"]
    for event in changed:
        if set(event["training_stages"]) == set(started[0]["stages"]):
            most = started[0]["parameters"]
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", help="the weights of torchvision's MobileNetV2: a file, or hub")
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "ants_bees", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the split")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change every config")
    arguments = parser.parse_args()
    weights = arguments.weights if arguments.weights == "hub" else str(Path(arguments.weights).absolute())
    with tempfile.TemporaryDirectory(prefix="workbench-transfer-") as name:
        project = Path(name) / "project"
        workbench("scan", str(project), str(arguments.data))
        shares = ["--validation", "0.15", "--test", "0.4", "--seed", str(arguments.seed)]
        split = workbench("split", str(project), *shares)
        counts = next(event["got"] for event in split if event["event"] == "SplitOutcome")
        print(", ".join(f"{count} {part}" for part, count in counts.items()), f"images; {arguments.epochs} epochs")
        print(HEADING, flush=True)
        for row in measure(project, arguments.ways, weights=weights, epochs=arguments.epochs, settings=arguments.set):
            print(row.told(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
