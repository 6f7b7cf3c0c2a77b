"""Writing a label file or a folder: under a temporary name first, and never over anything."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from workbench.errors import WorkbenchError


def require_new(path: Path) -> None:
    """Raise WorkbenchError where something is there already (an empty folder may be), or the folder above is not."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise WorkbenchError(f"{path} exists already and is not overwritten; choose another name.")
    if not path.absolute().parent.is_dir():
        raise WorkbenchError(f"The folder {path.absolute().parent} does not exist; make it or choose another one.")


@contextmanager
def new_text(path: Path) -> Iterator[TextIO]:
    """Open a new UTF-8 file that appears under its name only when the block has ended without an error."""
    require_new(path)
    if path.is_dir():
        raise WorkbenchError(f"{path} is a folder; choose a file name.")
    part = _part(path)
    try:
        with part.open("x", encoding="utf-8", newline="") as stream:
            yield stream
        require_new(path)
        part.rename(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a new folder that gets its name only when the block has ended without an error."""
    require_new(path)
    part = _part(path)
    try:
        part.mkdir()
        yield part
        require_new(path)
        if path.is_dir():
            path.rmdir()  # empty, as checked
        part.rename(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> WorkbenchError:
    """Return what is wrong under the name that the user gave; a file that was read for it (an image) is named as it is."""
    other = error.filename is not None and ".part" not in str(error.filename) and str(error.filename) != str(path)
    about = f" ({error.filename})" if other else ""
    return WorkbenchError(
        f"{path} cannot be written: {error.strerror or error}{about}; choose another place, or see to its drive and permissions."
    )


def _part(path: Path) -> Path:
    """Return a name beside ``path`` that nobody else has."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
