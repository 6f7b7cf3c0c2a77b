"""Packages as the export writes them, and runs with a model."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.jobs import Job, Progress, Stop, as_dict, to_json
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded


class Child:
    """Stands in for the warm child: remembers what it was asked, and does ``work`` as its job."""

    def __init__(self, work: Callable[[Sequence[str]], Iterator[dict[str, Any]]]) -> None:
        self.asked: list[list[str]] = []
        self._work = work

    def job(self, argv: Sequence[str]) -> Job:
        self.asked.append(list(argv))

        def run(stop: Stop) -> Iterator[dict[str, Any]]:
            yield as_dict(Progress(0, None, "Exporting to ONNX"))
            yield from self._work(argv)

        return run

    def close(self) -> None:
        pass


@pytest.fixture
def child() -> type[Child]:
    return Child


@pytest.fixture
def write_package() -> Callable[..., Path]:
    """Return a function that writes a package into a folder."""

    def write(folder: Path, **parity: object) -> Path:
        folder.mkdir(parents=True)
        for name, size in (("model.onnx", 5000), ("labels.json", 20), ("demo.py", 300), ("manifest.json", 40)):
            (folder / name).write_bytes(b"0" * size)
        (folder / "samples").mkdir()
        for name in ("a.png", "b.png"):
            (folder / "samples" / name).write_bytes(b"0" * 100)
        content = {
            "format": 1,
            "split": "test",
            "images": 24,
            "max_abs_diff": 2e-6,
            "flips": 0,
            "tolerance": 1e-4,
            "passed": True,
            "skipped": 0,
            "worst": [],
            "exporter": "dynamo",
            **parity,
        }
        (folder / "parity.json").write_text(json.dumps(content), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def run_with_model(project_folder: Path) -> RunFolder:
    with Project.open(project_folder) as project:
        run = project.runs.create(TrainConfig(epochs=1).dumps())
    ended = FitEnded("finished", "", 1, 0.9, 0.9, 5.0)
    run.events.write_text('{"format": 1}\n' + to_json(ended) + "\n", encoding="utf-8")
    run.model.mkdir()
    return run
