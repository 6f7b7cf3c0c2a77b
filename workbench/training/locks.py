"""Who trains what: the lock of a run folder, and one lock per device and user. Imports no torch.

The run's ``lock`` is a JSON file with a heartbeat, because it is also read from other machines. The device's lock
belongs to this machine alone and is one of the operating system, which frees it however the process ends.
"""

import os
import socket
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import platformdirs
import psutil

from workbench.errors import WorkbenchError
from workbench.project.owner import Owner
from workbench.project.runs import RunFolder

HEARTBEAT_SECONDS = 5.0
GRACE_SECONDS = 2.0


def write_lock(run: RunFolder, pid: int) -> None:
    """Say in the run's folder that the process ``pid`` of this machine works on it. Does nothing if it has ended."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        return
    owner = Owner(socket.gethostname(), pid, started, time.time())
    fresh = run.lock.with_name("lock.tmp")
    fresh.write_text(owner.dumps(), encoding="utf-8")
    fresh.replace(run.lock)


class RunLock:
    """Holds a run for this process while it is entered. Raises WorkbenchError if another process holds it."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._file: IO[str] | None = None
        self._done = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"heartbeat {run.id}", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._file = self._run.lock.with_name("lock.held").open("a", encoding="utf-8")
            try:
                self._take(self._file)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            raise WorkbenchError(
                f"The run's folder {self._run.path} cannot be written ({error.strerror}); make room there, or change its "
                "permissions."
            ) from error
        self._heart.start()
        return self

    def _take(self, file: IO[str]) -> None:
        """Take the run. Of two processes that ask in the same moment the system's lock lets one through."""
        free = _lock_soon(file)
        owner = self._run.owner()
        if not free or (owner is not None and not _is_here(owner) and self._run.state() in ("running", "paused")):
            who = f" ({owner.pid} on {owner.host})" if owner is not None else ""
            raise WorkbenchError(
                f"The run {self._run.id} is being trained by another process{who}; wait until it ends or stop it there."
            )
        write_lock(self._run, os.getpid())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._heart.join()
        if self._mine():
            self._run.lock.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()

    def _mine(self) -> bool:
        """Return whether nobody has continued the run since it ended here."""
        owner = self._run.owner()
        return owner is not None and _is_here(owner)

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_SECONDS):
            try:
                if self._mine():
                    write_lock(self._run, os.getpid())
            except OSError:
                # No space or no network drive for the moment: the heartbeat only grows old, and the next one may work.
                continue


class DeviceLock:
    """Holds one device of this machine for one run of this user while it is entered.

    Raises WorkbenchError, naming the run that holds it, if another one does.
    """

    def __init__(self, device: str, run: RunFolder) -> None:
        self._device = device
        self._run = run
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        folder = Path(platformdirs.user_state_dir("workbench")) / "devices"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / f"{self._device.replace(':', '-')}.lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise WorkbenchError(
                f"Who uses the device {self._device} cannot be noted in {folder} ({error.strerror}); change its permissions, "
                "or name another folder in XDG_STATE_HOME."
            ) from error
        if not _lock_soon(file):
            file.seek(0)
            holder = file.read().strip() or "another run"
            file.close()
            raise WorkbenchError(
                f"The device {self._device} is in use by {holder}; wait until that run ends, stop it, or choose another."
            )
        file.truncate(0)
        file.write(f"the run {self._run.id} in {self._run.path.parent.parent}")
        file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def in_use(device: str) -> str:
    """Return who holds the device now, as "the run ID in PROJECT"; "" where nobody of this user does."""
    path = Path(platformdirs.user_state_dir("workbench")) / "devices" / f"{device.replace(':', '-')}.lock"
    try:
        with path.open("r+", encoding="utf-8") as file:
            return "" if _lock(file) else file.read().strip() or "another run"
    except OSError:
        return ""


def _is_here(owner: Owner) -> bool:
    """Return whether the owner is this process. Containers count their processes alike: the machine's name decides too."""
    return owner.pid == os.getpid() and owner.on_this_machine


def _lock_soon(file: IO[str]) -> bool:
    """Lock the file; a run says that it has ended a moment before its process lets go, so that is waited for."""
    deadline = time.monotonic() + GRACE_SECONDS
    while not (locked := _lock(file)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return locked


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte behind the text: what is locked cannot be read by others on Windows

    def _lock(file: IO[str]) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        file.seek(0)
        return True
else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a network drive without locks cannot say who else is there
        return True
