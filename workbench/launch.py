"""Any verb of the command line as a child process: detached, as a job, or in one child that keeps its imports warm.

The children speak JSON lines. Their output goes to a file that is followed, not to a pipe: reading never blocks, so a
job can be stopped at any moment, and no thread is needed.
"""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import psutil

from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop

_CHECKOUT = Path(__file__).resolve().parent.parent
_POLITENESS = 5
SPIN_COUNT = "1000"
"""How long torch's threads spin while they wait for each other. MobileNetV2 on two cores, images/s: 71 against 76 with
OpenMP's own 300 000 where nothing else runs, but 45 against 10 where something does, be it only a window."""
_detached: dict[int, subprocess.Popen[bytes]] = {}


def command(*argv: str) -> list[str]:
    """Return the command line that runs ``workbench *argv`` with this interpreter."""
    return [sys.executable, "-m", "workbench", *argv]


def environment() -> dict[str, str]:
    """Return the environment of every child: this one, but the child finds this package and stays off the network."""
    paths = [str(_CHECKOUT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", SPIN_COUNT),
    }


def start_detached(argv: Sequence[str], *, stderr: Path) -> int:
    """Start ``workbench *argv`` so that it outlives this process, at a lower priority; return its process id.

    What it writes on stderr is appended to the file ``stderr``. Ask `is_alive` about it later.
    """
    for earlier in list(_detached):
        is_alive(earlier)  # reaps those that nobody has asked about since they ended
    with stderr.open("ab") as log:
        child = subprocess.Popen(
            command(*argv),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            **_own_session(),
        )
    lower_priority(child.pid)
    _detached[child.pid] = child
    return child.pid


@atexit.register
def _let_go() -> None:
    """Leave what was started detached to itself: Python warns of every child whose end nobody has waited for."""
    for pid, child in list(_detached.items()):
        if is_alive(pid):
            child.returncode = 0  # it has none; the system hands the child over to another process that waits for it
    _detached.clear()


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A child of `start_detached` that has ended is reaped here; a zombie is dead."""
    child = _detached.get(pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _detached[pid]
        return False
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def follow_lines(path: Path, stop: Stop, *, alive: Callable[[], bool], poll: float = 0.05) -> Iterator[str]:
    """Yield the complete lines that are and will be in ``path``, without their line ends.

    A file that does not exist yet and a last line without its end are waited for. Ends when stopped, or when ``alive``
    says no and everything is read; a last line that never got its end is then dropped: its writer died in it.
    """
    return (line for line, _ in follow_from(path, 0, stop, alive=alive, poll=poll))


def follow_from(
    path: Path, start: int, stop: Stop, *, alive: Callable[[], bool], poll: float = 0.05
) -> Iterator[tuple[str, int]]:
    """Do as `follow_lines` from the byte ``start`` on; yield each line with the byte at which the next one begins."""
    rest = b""
    file: IO[bytes] | None = None
    try:
        while not stop.stopped:
            # Asked before the read: a line written between the last read and the death of the writer is not lost.
            still = alive()
            if file is None and path.exists():
                file = path.open("rb")
                file.seek(start)
            fresh = file.read(1 << 20) if file is not None else b""
            *lines, rest = (rest + fresh).split(b"\n")
            for line in lines:
                start += len(line) + 1
                yield line.decode("utf-8", errors="replace").rstrip("\r"), start
                if stop.stopped:
                    return
            if not fresh:
                if not still:
                    return
                time.sleep(poll)
    finally:
        if file is not None:
            file.close()


def job(argv: Sequence[str]) -> Job:
    """Return a job that runs ``workbench *argv --json`` as a child and yields each line of its output as a dictionary.

    Raises WorkbenchError with the child's own sentence where it failed. Stopping or closing the job ends the child.
    """

    def run(stop: Stop) -> Iterator[dict[str, Any]]:
        with tempfile.TemporaryDirectory(prefix="workbench-job-") as folder:
            output, errors = Path(folder, "stdout"), Path(folder, "stderr")
            with output.open("wb") as out, errors.open("wb") as err:
                child = subprocess.Popen(
                    command(*argv, "--json"), env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=err
                )
            try:
                for line in follow_lines(output, stop, alive=partial(_runs, child)):
                    yield _event(line, argv[0])
                if not stop.stopped and child.wait() != 0:
                    raise WorkbenchError(died(argv[0], child.returncode, errors))
            finally:
                _end(child)

    return run


class WarmChild:
    """One child (``workbench serve``) that keeps its imports, so that a short job does not wait for torch each time.

    Jobs run one after another; a second waits for the first. Stopping a job ends the child; the next job starts another.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._read_to = 0

    def warm(self) -> None:
        """Start the child if it does not run, so that its imports are done before they are needed."""
        with self._starting:
            if self._child is not None and self._child.poll() is None:
                return
            self._end_child()
            self._folder = tempfile.TemporaryDirectory(prefix="workbench-warm-")
            self._read_to = 0
            with self._file("stdout").open("wb") as out, self._file("stderr").open("wb") as err:
                self._child = subprocess.Popen(
                    command("serve"), env=environment(), stdin=subprocess.PIPE, stdout=out, stderr=err, bufsize=0
                )

    def close(self) -> None:
        """End the child. A job that runs in it fails."""
        with self._starting:
            self._end_child()

    def job(self, argv: Sequence[str]) -> Job:
        """Return a job with the same contract as the function `job`, run in the warm child."""

        def run(stop: Stop) -> Iterator[dict[str, Any]]:
            while not self._turn.acquire(timeout=0.05):
                if stop.stopped:
                    return
            finished = False
            try:
                self.warm()
                child, output, errors = self._child, self._file("stdout"), self._file("stderr")
                assert child is not None
                _send(child, argv, errors)
                failure: WorkbenchError | None = None
                alive = partial(_runs, child)
                for line, read_to in follow_from(output, self._read_to, stop, alive=alive, poll=0.02):
                    self._read_to = read_to
                    try:
                        event = _event(line, argv[0])
                    except WorkbenchError as error:
                        failure = error  # told when the child is free again, which is after its "Done"
                        continue
                    if event.get("event") == "Done":
                        finished = True
                        break
                    yield event
                if failure is not None:
                    raise failure
                if not finished and not stop.stopped:
                    raise WorkbenchError(died(argv[0], child.wait(), errors))
            finally:
                if not finished or stop.stopped:
                    self.close()
                self._turn.release()

        return run

    def _file(self, name: str) -> Path:
        assert self._folder is not None
        return Path(self._folder.name, name)

    def _end_child(self) -> None:
        if self._child is not None:
            _end(self._child)
            self._child = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def died(verb: str, code: int | None, stderr: Path) -> str:
    """Return one sentence about a child that ended without saying why, with the last line it wrote on stderr."""
    last = last_line(stderr)
    if code is not None and code < 0:
        cause = f"was ended by signal {-code}"
        if -code == 9:
            cause += " (somebody ended it, or the computer ran out of memory)"
    else:
        cause = "ended unexpectedly" + (f" with code {code}" if code is not None else "")
    return f"The process that was to {verb} {cause}{f': {last}' if last else ''}."


def last_line(path: Path) -> str:
    """Return the last line of a log that is not empty, without a closing full stop; "" where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 4096))
            lines = [line.strip() for line in log.read().decode("utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    return next((line.rstrip(".") for line in reversed(lines) if line), "")


def _runs(child: subprocess.Popen[bytes]) -> bool:
    return child.poll() is None


def _send(child: subprocess.Popen[bytes], argv: Sequence[str], errors: Path) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(json.dumps(list(argv)).encode() + b"\n")
    except OSError as error:
        raise WorkbenchError(died(argv[0], child.wait(), errors)) from error


def _event(line: str, verb: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError as error:
        raise WorkbenchError(f"The process that was to {verb} wrote something unexpected: {line[:200]}.") from error
    if not isinstance(event, dict):
        raise WorkbenchError(f"The process that was to {verb} wrote something unexpected: {line[:200]}.")
    if event.get("event") == "Failed":
        raise WorkbenchError(str(event.get("message", "")))
    return event


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with contextlib.suppress(OSError):  # a dead child's pipe cannot be flushed; there is nothing left to tell it
            child.stdin.close()
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=3)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()


def _own_session() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def lower_priority(pid: int, by: int = _POLITENESS) -> None:
    """Let the window go first; ``by`` is how much, in the system's own steps where it has any.

    A child that ended at once, or a system that refuses, keeps its priority.
    """
    with contextlib.suppress(psutil.Error):
        lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)
        psutil.Process(pid).nice(lower if lower is not None else os.nice(0) + by)
