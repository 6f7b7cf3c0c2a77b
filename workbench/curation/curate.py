"""All checks of a data set as one job: what each needs, in which order they run, what becomes of one that cannot."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workbench.curation.finding import Finding
from workbench.curation.store import KINDS_OF, CheckEnded, storing
from workbench.embedding.embed import NEEDED, Vectors, embedded, source_of
from workbench.embedding.source import Source
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.project import Project

BY_EMBEDDINGS = ("outliers", "label-errors", "map")
"""Checks that are nothing without embeddings; `duplicates` and `suggestions` can do without."""

_USES_EMBEDDINGS = (*BY_EMBEDDINGS, "duplicates", "suggestions")


def curate(
    project_folder: Path,
    *,
    only: Sequence[str],
    backbone: str | None = None,
    weights: str | None = None,
    run: str | None = None,
    prompts: Mapping[str, str] | None = None,
    store: bool = True,
    required: bool = False,
) -> Job:
    """Return the job that runs the checks named in ``only``, ending each with `CheckEnded`.

    Yields Progress, Noticed, and the findings, strongest first within a kind. ``backbone`` and ``weights`` (a file, ``hub``
    or ``none``) are what embeddings are made with; without them the newest ones on the disk are used, and a check that
    finds none says what it needs. ``run`` or ``prompts`` (class to text) make the suggestions instead. With ``store``
    what was found is kept in the project. Raises WorkbenchError where none of the checks can run, and with ``required``
    where the backbone cannot be had; else the checks that can do without it are made.
    """
    checks = [name for name in KINDS_OF if name in only]
    job = partial(_curate, Path(project_folder), checks, backbone, weights, run, dict(prompts or {}), required)
    return storing(Path(project_folder), job, checks) if store else job


@dataclass
class Asked:
    """What the checks share: the project, and its embeddings, made when the first of them asks."""

    project: Project
    source: Source | None
    run: str | None
    prompts: dict[str, str]
    backbone: str | None
    weights: str | None
    embeddings: bool = True
    """False where the backbone that was asked for cannot be had."""
    required: bool = False
    """Its lack ends the job."""
    _vectors: list[Vectors | None] = field(default_factory=list)

    def vectors(self) -> Generator[Progress | Noticed, None, Vectors | None]:
        """Return the embeddings of every usable image, None where there are none; use it with ``yield from``."""
        if not self.embeddings:
            return None
        if not self._vectors:
            try:
                found = yield from embedded(self.project, self.project.links.usable(), self.source)
            except WorkbenchError as error:
                raise _NoBackbone(str(error)) from error
            if found is not None and self.source is None and found.missing:
                yield Noticed(
                    f"{found.missing:,} images have no embedding by {found.source} yet and are left out; {NEEDED}."
                )
            self._vectors.append(found if found is not None and len(found.ids) else None)
        return self._vectors[0]


def _curate(
    folder: Path,
    checks: Sequence[str],
    backbone: str | None,
    weights: str | None,
    run: str | None,
    prompts: dict[str, str],
    required: bool,
    _: Stop,
) -> Iterator[Event]:
    yield Progress(0, None, "Opening the project")
    with Project.open_as_it_is(folder) as project:
        if project.read_only:
            yield Noticed("The project cannot be written, so what is found is told but not kept.", str(folder))
        asked = Asked(project, None, run, prompts, backbone, weights, required=required)
        uses = set(_USES_EMBEDDINGS) - ({"suggestions"} if prompts or run else set())
        if set(checks) & uses:
            try:
                asked.source = source_of(project, backbone, weights)
            except WorkbenchError as error:
                if required or set(checks) <= set(BY_EMBEDDINGS):
                    raise
                asked.embeddings = False
                yield Noticed(str(error))
        said: set[str] = set()
        for check in checks:
            for event in _checked(check, asked, alone=len(checks) == 1):
                if isinstance(event, Noticed):  # each check meets the same missing file
                    if event.message in said:
                        continue
                    said.add(event.message)
                yield event


def _checked(check: str, asked: Asked, *, alone: bool) -> Iterator[Event]:
    """Run one check. What stops it ends the job only where it is the only one."""
    found = 0
    try:
        for event in _CHECKS[check](asked):
            found += isinstance(event, Finding)
            yield event
    except WorkbenchError as error:
        if alone or (asked.required and isinstance(error, _NoBackbone)):
            raise
        yield Noticed(f"The check for {check} could not be made: {error}")
        yield CheckEnded(check, [], 0, ran=False)
        return
    except _NothingToGoBy as reason:
        yield Noticed(str(reason))
        yield CheckEnded(check, [], 0, ran=False)
        return
    yield CheckEnded(check, list(KINDS_OF[check]), found)


class _NoBackbone(WorkbenchError):
    """The embeddings cannot be made with the backbone that was asked for."""


class _NothingToGoBy(Exception):
    """A check lacks what it goes by; the sentence says what."""


def _required(asked: Asked, what: str) -> Generator[Progress | Noticed, None, Vectors]:
    vectors = yield from asked.vectors()
    if vectors is None:
        raise _NothingToGoBy(f"{what} are found by embeddings, and there are none yet; {NEEDED}.")
    return vectors


def _duplicates(asked: Asked) -> Iterator[Event]:
    from workbench.curation import duplicates

    vectors = None
    try:
        vectors = yield from asked.vectors()
    except _NoBackbone as error:
        if asked.required:
            raise
        yield Noticed(f"Near-duplicates are looked for by hash alone. {error}")
    yield from duplicates.find(asked.project, vectors)


def _quality(asked: Asked) -> Iterator[Event]:
    from workbench.curation import quality

    yield from quality.find(asked.project)


def _outliers(asked: Asked) -> Iterator[Event]:
    from workbench.curation import outliers

    vectors = yield from _required(asked, "Outliers")
    yield from outliers.find(asked.project, vectors)


def _label_errors(asked: Asked) -> Iterator[Event]:
    from workbench.curation import label_errors

    vectors = yield from _required(asked, "Probable wrong labels")
    yield from label_errors.find(asked.project, vectors)


def _leakage(asked: Asked) -> Iterator[Event]:
    from workbench.curation import leakage

    yield from leakage.check(asked.project)


def _shortcuts(asked: Asked) -> Iterator[Event]:
    from workbench.curation import shortcuts

    yield from shortcuts.find(asked.project)


def _imbalance(asked: Asked) -> Iterator[Event]:
    from workbench.curation import imbalance

    yield from imbalance.find(asked.project)


def _map(asked: Asked) -> Iterator[Event]:
    from workbench.curation import map2d

    vectors = yield from _required(asked, "Places on the map")
    yield from map2d.make(asked.project, vectors)


def _suggestions(asked: Asked) -> Iterator[Event]:
    from workbench.curation import prompts, suggest

    if asked.prompts:
        yield from prompts.suggest(asked.project, asked.prompts, model=asked.backbone, weights=asked.weights)
    elif asked.run:
        yield from suggest.by_run(asked.project, asked.run)
    else:
        vectors = yield from _required(asked, "Without a run (--run ID), suggestions")
        yield from suggest.by_embeddings(asked.project, vectors)


_CHECKS: dict[str, Callable[[Asked], Iterator[Event]]] = {
    "duplicates": _duplicates,
    "quality": _quality,
    "outliers": _outliers,
    "label-errors": _label_errors,
    "leakage": _leakage,
    "shortcuts": _shortcuts,
    "imbalance": _imbalance,
    "map": _map,
    "suggestions": _suggestions,
}
