"""Exporting a run: one ONNX file, checked against torch on the user's images, in a package that explains and checks itself."""

import os
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.data.dataset import Sample
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import Reading, moved_images, open_model, samples_of, summarise
from workbench.evaluation.predict import Predictions
from workbench.evaluation.samples import split_names
from workbench.export.folder import complete_folder
from workbench.export.onnx_model import EXPORTERS, export_onnx
from workbench.export.origin import Origin, metadata, origin_of
from workbench.export.package import Checked, package_size, write_package
from workbench.export.parity import TOLERANCE, Parity, compare
from workbench.export.session import Session
from workbench.jobs import Job, Noticed, Progress, Stop
from workbench.models.bundle import Bundle
from workbench.project.project import Project

_SPARE = 20_000_000


@dataclass(frozen=True)
class Exported:
    """The end of an export: the folder, the parity as in ``parity.json`` (without its list of images), size and time."""

    package: str
    parity: dict[str, Any]
    size_bytes: int
    exporter: str
    seconds: float


ExportEvent = Progress | Noticed | Exported


def export_run(project_folder: Path, run: str, out: Path) -> Job:
    """Return the job that exports a run (an id, or ``last``) of a project to the package ``out``, absent or empty before.

    Every test image goes through torch and through the ONNX file; without test images the validation images do,
    and a notice says so. A file that gives another decision for any image, or differs by more than 1e-4, is not
    handed out: the other exporter is tried, then WorkbenchError says what differs. A stopped or failed export
    leaves nothing behind.
    """

    def job(stop: Stop) -> Iterator[ExportEvent]:
        started = time.monotonic()
        with Project.open(project_folder, read_only=True) as project:
            folder, title = project.runs.get(run).path, project.name
            moved = moved_images(folder, project)
        yield Progress(0, None, "Loading the model")
        bundle = open_model(folder)
        split = "test" if "test" in split_names(folder / "samples.csv") else "validation"
        samples = samples_of(folder, split, bundle, moved=moved)
        if split != "test":
            yield Noticed(
                f"The run {folder.name} has no test images: the package is checked on its validation images, "
                f"and the figures in its report are those the model was chosen by."
            )
        origin = origin_of(folder, bundle, title=title)
        needed = 3 * (folder / "model" / "model.safetensors").stat().st_size + _SPARE
        with complete_folder(out, needed=needed) as partial:
            checked = yield from _export(partial / "model.onnx", bundle, samples, origin=origin, split=split)
            yield Progress(0, None, "Writing the package")
            write_package(partial, folder, origin=origin, bundle=bundle, checked=checked)
            size = package_size(partial)
        parity = asdict(checked.parity)
        del parity["worst"]
        yield Exported(
            package=os.fspath(out),
            parity=parity,
            size_bytes=size,
            exporter=checked.exporter,
            seconds=round(time.monotonic() - started, 2),
        )

    return job


def _export(
    path: Path, bundle: Bundle, samples: list[Sample], *, origin: Origin, split: str
) -> Generator[ExportEvent, None, Checked]:
    """Try the exporters in order until one gives the same answers as torch; the file of the last one stays at ``path``."""
    failed: list[str] = []
    for exporter in EXPORTERS:
        yield Progress(0, None, f"Exporting to ONNX ({exporter})")
        try:
            random_diff = export_onnx(
                bundle.deployable,
                path,
                exporter=exporter,
                classes=len(bundle.classes),
                metadata=metadata(origin, bundle, exporter=exporter),
                tolerance=TOLERANCE,
            )
        except WorkbenchError as error:
            failed.append(str(error))
            continue
        parity, predictions = yield from _compare(path, bundle, samples, split=split, notify=not failed)
        if parity.images == 0 or parity.passed:
            result = summarise(
                predictions, run=origin.run, split=split, bundle=bundle, device="cpu", path="onnxruntime"
            )
            if failed:
                yield Noticed(f"The {exporter} exporter was used. {failed[0]}")
            return Checked(parity, result, exporter, failed, random_diff)
        failed.append(_difference(exporter, parity))
    raise WorkbenchError(
        f"The run {origin.run} cannot be exported, so no package was written: {' '.join(failed)} Choose another backbone."
    )


def _compare(
    path: Path, bundle: Bundle, samples: list[Sample], *, split: str, notify: bool
) -> Generator[ExportEvent, None, tuple[Parity, Predictions]]:
    reading = Reading(Decoding.from_dict(dict(bundle.spec.decoding)))
    compared = compare(
        bundle.deployable,
        Session(path),
        samples,
        read=reading,
        classes=bundle.classes,
        split=split,
        tolerance=TOLERANCE,
    )
    found: tuple[Parity, Predictions] | None = None
    for event in compared:
        if notify:
            yield from reading.notices()
        if isinstance(event, Progress):
            yield event
        else:
            found = event
    assert found is not None
    if notify:
        yield from (Noticed(error.message, error.entry.path) for error in found[1].errors)
    return found


def _difference(exporter: str, parity: Parity) -> str:
    worst = parity.worst[0]
    return (
        f"The file of the {exporter} exporter gives another decision for {parity.flips} of {parity.images} {parity.split} images "
        f"and differs by up to {parity.max_abs_diff:.2g} in probability ({worst['image']})."
    )
