"""Runs with a model, a list of images and results, in the files that training and evaluation write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.evaluation.results import Evaluated, Result, save_result
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
            yield as_dict(Progress(1, 2, "Working"))
            yield from self._work(argv)

        return run

    def close(self) -> None:
        pass


@pytest.fixture
def child() -> type[Child]:
    return Child


@pytest.fixture
def write_result() -> Callable[..., Result]:
    """Return a function that writes a result: of each class of the project, one image is called the next class."""
    from workbench.evaluation.metrics import measure

    def write(run: RunFolder, split: str, paths: Sequence[Path], targets: Sequence[int], classes: list[str]) -> Result:
        wanted = np.array(targets)
        called = wanted.copy()
        for position in range(len(classes)):
            called[np.flatnonzero(wanted == position)[0]] = (position + 1) % len(classes)
        shares = np.full((len(wanted), len(classes)), 0.1, dtype=np.float32)
        shares[np.arange(len(wanted)), called] = 0.6 + 0.01 * np.arange(len(wanted), dtype=np.float32)
        metrics = measure(wanted, shares, classes)
        evaluated = Evaluated(run=run.id, split=split, **asdict(metrics), classes=classes)
        result = Result(evaluated, np.arange(len(wanted)) + 1, [str(p) for p in paths], wanted, called, shares)
        save_result(run.path, result)
        return result

    return write


@pytest.fixture
def write_model() -> Callable[..., RunFolder]:
    """Return a function that writes a finished run with a model, its images all in ``split``."""

    def write(folder: Path, *, split: str = "test") -> RunFolder:
        with Project.open(folder) as project:
            run = project.runs.create(TrainConfig(epochs=1).dumps())
            lines = ["id,path,class,split,content_hash"]
            names = {row.id: row.name for row in project.labels.classes()}
            lines += [
                f"{row.id},{row.path},{names[row.class_id]},{split},"
                for row in project.images.page(project.images.ids())
            ]
        run.samples.write_text("\n".join(lines) + "\n", encoding="utf-8")
        ended = FitEnded("finished", "", 1, 0.9, 0.9, 5.0)
        run.events.write_text('{"format": 1}\n' + to_json(ended) + "\n", encoding="utf-8")
        run.model.mkdir()
        return run

    return write


@pytest.fixture
def images(project_folder: Path) -> tuple[list[Path], list[int], list[str]]:
    """Paths, targets and classes of the project's images."""
    with Project.open(project_folder) as project:
        classes = project.labels.classes()
        position = {row.id: number for number, row in enumerate(classes)}
        rows = project.images.page(project.images.ids())
        return [row.path for row in rows], [position[row.class_id] for row in rows], [row.name for row in classes]
