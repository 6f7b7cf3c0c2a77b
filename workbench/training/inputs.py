"""What a run trains on, frozen in its folder: the list of images, the order of the classes, the decoding rules."""

import csv
import json
import os
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.dataset import Sample
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.evaluation.samples import COLUMNS, read_samples
from workbench.intake import decoding_of
from workbench.project.ids import ClassId
from workbench.project.project import Project
from workbench.project.runs import RunFolder

FORMAT = 2
"""2: the longest side of the project's images. 1 is read as it is."""


@dataclass(frozen=True)
class Inputs:
    """The frozen inputs of a run. ``classes`` are in the project's order; targets are indices into them.

    ``largest`` is the longest side in pixels of the project's images then, 0 where the run is older than this record.
    """

    classes: list[str]
    decoding: Decoding
    train: list[Sample]
    validation: list[Sample]
    largest: int = 0


def freeze(project: Project, run: RunFolder) -> None:
    """Write ``samples.csv`` and ``inputs.json`` of a run from what the project holds now.

    Only classes that have labelled images take part, in the project's order.
    """
    rows = [row for row in project.images.samples(None) if row.split is not None]
    names = _used(project, {row.class_id for row in rows})
    content = {
        "format": FORMAT,
        "classes": list(names.values()),
        "decoding": decoding_of(project).as_dict(),
        "largest": project.images.largest_side(),
    }
    _write_text(_inputs_path(run), json.dumps(content, indent=2, ensure_ascii=False))
    fresh = run.samples.with_name("samples.csv.tmp")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            facts = [row.id, row.path.as_posix(), names[row.class_id], row.split, row.content_hash or ""]
            writer.writerow([*facts, row.test_set or ""])
        file.flush()
        os.fsync(file.fileno())
    # Last: a run with this file is wholly prepared.
    fresh.replace(run.samples)


def classes_of(project: Project) -> list[str]:
    """Return the names of the classes that would take part in a run now, in their order."""
    return list(
        _used(project, {row.class_id for row in project.images.samples(None) if row.split is not None}).values()
    )


def _used(project: Project, used: Set[ClassId]) -> dict[ClassId, str]:
    return {row.id: row.name for row in project.labels.classes() if row.id in used}


def load(run: RunFolder) -> Inputs:
    """Read back what `freeze` wrote. Raises WorkbenchError where a file is missing or damaged."""
    path = _inputs_path(run)
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        classes, decoding = list(content["classes"]), Decoding.from_dict(content["decoding"])
        largest = int(content.get("largest", 0))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(f"The run's file {path} cannot be read ({error}); start a new run.") from error
    return Inputs(
        classes=classes,
        decoding=decoding,
        train=read_samples(run.samples, "train", classes),
        validation=read_samples(run.samples, "validation", classes),
        largest=largest,
    )


def class_weights(samples: Sequence[Sample], classes: int) -> list[float]:
    """Return per class N / (C * n), the weight that lets every class count the same; 0 for a class without images."""
    counts = [0] * classes
    for sample in samples:
        counts[sample.target] += 1
    return [len(samples) / (classes * count) if count else 0.0 for count in counts]


def _inputs_path(run: RunFolder) -> Path:
    return run.path / "inputs.json"


def _write_text(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
