"""Checkpoints on disk, and the random states in them. A checkpoint that exists is whole, whatever happened."""

import json
import os
import random
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import torch

from workbench.errors import WorkbenchError

FORMAT = 2
"""2: the optimizer by names of parameters, the phases. 1 is read: a stopped run goes on as it began."""


def save(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` (tensors and plain data) to a temporary name, flush it to the disk, then rename it to ``path``.

    Raises WorkbenchError where the disk is full or refuses; the file that was there before is then untouched.
    """
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            writer = _Writer(file.write)
            try:
                torch.save({"format": FORMAT, **content}, cast("IO[bytes]", writer))
            except RuntimeError:
                # torch reports a failed write as an error of its own, without the cause
                if writer.error is None:
                    raise
                raise writer.error from None
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise WorkbenchError(
            f"The checkpoint {path} cannot be written ({error.strerror}); make room there, then continue the run "
            "from the checkpoint before."
        ) from error


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint of `save`, tensors on the processor. Runs no code from the file (``weights_only=True``)."""
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WorkbenchError(
            f"The checkpoint {path} cannot be read ({_first_line(error)}); start a new run."
        ) from error
    if content.get("format", FORMAT) > FORMAT:
        raise WorkbenchError(
            f"The checkpoint {path} was written by a newer Workbench; update Workbench to continue the run."
        )
    return content


def random_states() -> dict[str, Any]:
    """Return the states of every global random generator as tensors and text."""
    name, keys, position, has_gauss, gauss = np.random.get_state()
    states: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "python": json.dumps(random.getstate()),
        "numpy": {
            "name": str(name),
            "keys": torch.from_numpy(np.asarray(keys, dtype=np.int64)),
            "position": int(position),
            "has_gauss": int(has_gauss),
            "gauss": float(gauss),
        },
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any]) -> None:
    """Put back what `random_states` returned. A state of a device that is not here is left out."""
    torch.set_rng_state(states["torch"])
    version, internal, gauss = json.loads(states["python"])
    random.setstate((version, tuple(internal), gauss))
    legacy = states["numpy"]
    keys = legacy["keys"].numpy().astype(np.uint32)
    np.random.set_state((legacy["name"], keys, legacy["position"], legacy["has_gauss"], legacy["gauss"]))
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


class _Writer:
    """A file for `torch.save` that remembers why a write failed."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return int(self._write(data))
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Do nothing: `save` flushes."""


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be synced (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
