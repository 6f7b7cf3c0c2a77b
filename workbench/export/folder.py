"""A folder that appears complete or not at all."""

import contextlib
import errno
import glob
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import psutil

from workbench.errors import WorkbenchError

_MARK = ".partial-"


@contextlib.contextmanager
def complete_folder(out: Path, *, needed: int) -> Iterator[Path]:
    """Give a temporary folder beside ``out`` that is renamed to ``out`` at the end, and removed on any failure or stop.

    ``out`` must be absent or empty; ``needed`` bytes must be free. A process that is asked to terminate cleans
    up too; what one that was killed left behind is removed by the next export to the same place. Raises
    WorkbenchError for what can be told: the place is taken, cannot be written, or there is no space left.
    """
    check_target(out)
    out = out.absolute()
    with _told(out):
        made = [parent for parent in out.parents if not parent.exists()]
        out.parent.mkdir(parents=True, exist_ok=True)
    done = False
    partial = out.with_name(f".{out.name}{_MARK}{os.getpid()}")
    try:
        _remove_left_behind(out)
        with _told(out), _cleaning_up_when_terminated():
            _check_space(out, needed)
            _make(partial, out)
            try:
                yield partial
                if out.exists():
                    out.rmdir()
                os.rename(partial, out)
                done = True
            finally:
                if not done:
                    shutil.rmtree(partial, ignore_errors=True)
    finally:
        if not done:
            for parent in made:
                with contextlib.suppress(OSError):  # somebody else has put something there meanwhile
                    parent.rmdir()


def check_target(out: Path) -> None:
    """Raise WorkbenchError unless ``out`` is absent or an empty folder."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise WorkbenchError(f"{out} is a file; choose a new or empty folder for the package.")
    if out.is_dir() and any(out.iterdir()):
        raise WorkbenchError(f"The folder {out} is not empty; choose a new or empty folder for the package.")


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_space(out) from error
        place = error.filename or out
        raise WorkbenchError(
            f"The package cannot be written to {out} ({place}: {error.strerror}); choose another folder."
        ) from error


def _make(partial: Path, out: Path) -> None:
    try:
        partial.mkdir()
    except FileExistsError as error:
        raise WorkbenchError(f"Another export is writing to {out}; wait for it, or choose another folder.") from error


def _check_space(out: Path, needed: int) -> None:
    free = shutil.disk_usage(out.parent).free
    if free < needed:
        raise _no_space(out, f" ({needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free)")


def _no_space(out: Path, figures: str = "") -> WorkbenchError:
    return WorkbenchError(
        f"There is no space left for the package at {out}{figures}; free some or choose another disk. Nothing was written."
    )


def _remove_left_behind(out: Path) -> None:
    for left in out.parent.glob(f".{glob.escape(out.name)}{_MARK}*"):
        pid = left.name.rpartition("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _cleaning_up_when_terminated() -> Iterator[None]:
    """Let SIGTERM end the process by an exception, so that what is half done is removed on the way out."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
