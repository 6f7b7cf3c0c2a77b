"""Keeping what curation finds: a job whose findings, suggestions and map come from here, another process or a test."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from workbench.curation.finding import KINDS
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Stop, drain
from workbench.project.findings import NewFinding
from workbench.project.project import Project

KINDS_OF: dict[str, tuple[str, ...]] = {
    "duplicates": ("exact-copy", "near-duplicate"),
    "quality": ("quality",),
    "outliers": ("outlier",),
    "label-errors": ("label-error",),
    "leakage": ("leakage",),
    "shortcuts": ("shortcut",),
    "imbalance": ("imbalance",),
    "map": (),
    "suggestions": (),
}
"""The kinds of findings that each check gives."""


@dataclass(frozen=True)
class CheckEnded:
    """A check came to its end, and gave so many findings of these kinds; those of an earlier time no longer hold.

    ``ran`` is False where it could not be made: then there are no kinds, and what was found before stays.
    """

    check: str
    kinds: list[str]
    findings: int
    ran: bool = True


@dataclass(frozen=True)
class Suggested:
    """Predictions for ``images`` images lie in ``file``: ids, class_ids, confidences and priorities (.npz).

    ``source`` says what made them: "run ID", "embedding NAME" or "prompt".
    """

    file: str
    images: int
    source: str


@dataclass(frozen=True)
class MapMade:
    """A map of ``images`` images lies in ``file`` (.npz): ids int64 [N] and xy float32 [N, 2], within 0 to 1."""

    file: str
    images: int


@dataclass
class _Kept:
    findings: dict[str, list[NewFinding]] = field(default_factory=dict)
    replaced: bool = False


def storing(project_folder: Path, job: Job, kinds: Sequence[str]) -> Job:
    """Return ``job`` with its findings and suggestions put into the project; the events go on as they are.

    ``kinds`` are kinds of findings or names of checks. The findings of a check replace the earlier ones when it ends, so a
    job that is stopped keeps what it has done and leaves the rest as it was. A job that says nothing of checks replaces
    ``kinds`` at its end. Understands events and, from another process, their dictionaries.
    """
    wanted = [kind for name in kinds for kind in KINDS_OF.get(name, (name,))]
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown:
        raise ValueError(f"there is no kind of finding or check '{unknown[0]}'")

    def stored(stop: Stop) -> Iterator[Event]:
        kept = _Kept()
        events = cast("Generator[Event]", drain(job, stop))
        try:
            for event in events:
                _take(Path(project_folder), event, kept)
                yield event
        finally:
            events.close()
        if not kept.replaced and not stop.stopped and wanted:
            _replace(Path(project_folder), wanted, kept)

    return stored


def save_columns(file: Path, **columns: Any) -> None:
    """Write the columns of `Suggested` or `MapMade`, complete or not at all."""
    temporary = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            np.savez(stream, **columns)
        temporary.replace(file)
    except OSError as error:
        raise WorkbenchError(
            f"The file {file} cannot be written ({error.strerror}); make room on its drive."
        ) from error


def _take(folder: Path, event: Event, kept: _Kept) -> None:
    match _name(event):
        case "Finding":
            fields = _fields(event)
            ids = tuple(int(image) for image in fields["ids"])
            found = NewFinding(fields["kind"], float(fields["score"]), fields["message"], ids)
            kept.findings.setdefault(found.kind, []).append(found)
        case "CheckEnded":
            if kinds := [str(kind) for kind in _fields(event)["kinds"]]:
                _replace(folder, kinds, kept)
            kept.replaced = True
        case "Suggested":
            fields = _fields(event)
            _suggest(folder, Path(fields["file"]), fields["source"])


def _replace(folder: Path, kinds: Iterable[str], kept: _Kept) -> None:
    found = [finding for kind in kinds for finding in kept.findings.pop(kind, [])]
    with Project.open_as_it_is(folder) as project:
        if not project.read_only:
            project.findings.replace(list(kinds), found)


def _suggest(folder: Path, file: Path, source: str) -> None:
    try:
        with np.load(file) as columns:
            ids, class_ids = columns["ids"], columns["class_ids"]
            confidences, priorities = columns["confidences"], columns["priorities"]
    except (OSError, ValueError, KeyError) as error:
        raise WorkbenchError(f"The suggestions in {file} cannot be read; make them again.") from error
    with Project.open_as_it_is(folder) as project:
        if not project.read_only:
            project.predictions.replace(source, ids, class_ids, confidences, priorities)


def _name(event: Event) -> str:
    return str(event.get("event")) if isinstance(event, dict) else type(event).__name__


def _fields(event: Event) -> dict[str, Any]:
    return asdict(event) if is_dataclass(event) and not isinstance(event, type) else dict(event)
