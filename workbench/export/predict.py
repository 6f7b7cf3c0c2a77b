"""Predictions of an exported package for a folder of images: ONNX Runtime and the one decoder, no torch, none of its code."""

import csv
import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.pages import may_have_pages, with_page
from workbench.data.reading import Decoding, is_image_name, read_image, read_pages
from workbench.errors import WorkbenchError
from workbench.evaluation.batches import Unread, by_size
from workbench.export import manifest
from workbench.export.session import Session
from workbench.jobs import Job, Noticed, Progress, Stop

_BATCH = 16
_FIRST = b"image,prediction,confidence,"
"""What every file of predictions begins with."""


@dataclass(frozen=True)
class Predicted:
    """The end of a prediction: how many images were found, how many of them could not be read, and the file written."""

    images: int
    errors: int
    out: str


def predict_package(package: Path, folder: Path, out: Path) -> Job:
    """Return the job that classifies every image under ``folder`` and writes one row each to the CSV file ``out``.

    Columns: image (relative to the folder, posix), prediction, confidence, p_<class> per class, error. Rows are
    sorted by path; an image that cannot be read has a row with its error. The file appears when it is complete.
    Raises WorkbenchError where a file of the package is not what its manifest says, where the folder holds no
    image, or where ``out`` cannot be written.
    """

    def job(stop: Stop) -> Iterator[Progress | Noticed | Predicted]:
        yield Progress(0, None, "Checking the package")
        manifest.verify(package)
        if out.resolve().is_relative_to(package.resolve()):
            raise WorkbenchError(f"The predictions cannot be written into the package ({out}); choose another place.")
        _check_target(out)
        classes, decoding = _rules(package)
        names = images_under(folder)
        session = Session(package / "model.onnx")
        rows: dict[str, list[str]] = {}
        errors = 0
        for part in by_size(names, lambda name: read_image(folder / name, decoding), batch_size=_BATCH):
            if isinstance(part, Unread):
                errors += 1
                rows[part.entry] = [part.entry, "", "", *("" for _ in classes), part.message]
                yield Noticed(part.message, str(folder / part.entry))
            else:
                found = session.run(part.pixels)
                if found.shape[1:] != (len(classes),):
                    raise WorkbenchError(
                        f"The package {package} cannot be used: its model does not tell {len(classes)} classes apart, as "
                        "its labels.json says; export it again."
                    )
                for name, shares in zip(part.entries, found, strict=True):
                    best = int(shares.argmax())
                    shown = [f"{p:.7f}" for p in shares]
                    rows[name] = [name, classes[best], shown[best], *shown, ""]
            yield Progress(len(rows), len(names), "Classifying images")
        header = ["image", "prediction", "confidence", *(f"p_{name}" for name in classes), "error"]
        _write(out, [header, *(rows[name] for name in names)])
        yield Predicted(images=len(names), errors=errors, out=str(out))

    return job


def images_under(folder: Path) -> list[str]:
    """Return the paths of all images under a folder, relative and posix, sorted folder by folder, each page its own.

    Hidden files and folders are left out, as the package's demo does. Raises WorkbenchError where there is no image.
    """
    if not folder.is_dir():
        raise WorkbenchError(f"There is no folder {folder}; give the folder with the images.")
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        relative = Path(parent).relative_to(folder)
        for name in sorted(names):
            if not name.startswith(".") and is_image_name(name):
                pages = [page for page, _ in read_pages(Path(parent, name))] if may_have_pages(name) else [1]
                found += [with_page((relative / name).as_posix(), page) for page in pages]
    if not found:
        raise WorkbenchError(f"The folder {folder} holds no image that can be read; choose another folder.")
    return found


def _check_target(out: Path) -> None:
    """Raise WorkbenchError unless ``out`` is absent or an earlier file of predictions: nothing else is overwritten."""
    if out.is_dir():
        raise WorkbenchError(
            f"The predictions cannot be written to {out}: it is a folder; give the name of a CSV file."
        )
    if not (out.exists() or out.is_symlink()):
        return
    try:
        if out.is_file():
            with out.open("rb") as stream:
                if stream.read(len(_FIRST)) in (b"", _FIRST):
                    return
    except OSError as error:
        raise WorkbenchError(f"The predictions cannot be written to {out}: {error.strerror}.") from error
    raise WorkbenchError(
        f"The file {out} exists and holds no earlier predictions, so it is not overwritten; choose another name."
    )


def _rules(package: Path) -> tuple[list[str], Decoding]:
    try:
        labels: Any = json.loads((package / "labels.json").read_text(encoding="utf-8"))
        preprocess: Any = json.loads((package / "preprocess.json").read_text(encoding="utf-8"))
        return [str(name) for name in labels["classes"]], Decoding.from_dict(preprocess["decoding"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(f"The package {package} cannot be used ({error}); export it again.") from error


def _write(out: Path, rows: list[list[str]]) -> None:
    temporary = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                csv.writer(stream).writerows(rows)
            os.replace(temporary, out)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        why = "there is no space left on the disk" if error.errno == errno.ENOSPC else error.strerror
        raise WorkbenchError(f"The predictions cannot be written to {out}: {why}.") from error
