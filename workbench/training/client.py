"""The window's side of a run: start it in a child process, continue it, follow its events. Imports no torch.

The child writes only into its run folder; this reads there. So a run on another machine can be followed too, and a
window that was closed finds its run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench import launch
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, to_json
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.checks import as_recorded, check
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded, Preparing, TrainingEvent, read
from workbench.training.locks import write_lock
from workbench.training.log import append


@dataclass(frozen=True)
class Died:
    """The process of a run ended without a last event: it was killed, or the machine went down. It can be continued."""

    message: str


def start_run(project: Project, config: TrainConfig) -> RunFolder:
    """Make a run of ``config`` and start it in a child process that outlives this one.

    Returns at once; `follow` tells what happens. Raises WorkbenchError where the run cannot succeed (no labels, no
    split, one class only, an unknown backbone, a weights file that is not there).
    """
    check(project, config)
    run = project.runs.create(as_recorded(config, project).dumps())
    append(run, [to_json(Preparing(what="Starting the training process"))])
    _start(project, run)
    return run


def resume_run(project: Project, run: RunFolder) -> None:
    """Continue a run that was stopped, failed or crashed from its last checkpoint, in a child process.

    Raises WorkbenchError for a run that is being trained or has finished.
    """
    state = run.state()
    if state in ("running", "paused"):
        raise WorkbenchError(f"The run {run.id} is being trained already; stop it first, or follow it.")
    if state == "finished":
        raise WorkbenchError(f"The run {run.id} has finished; start a new run to train longer.")
    # Written before the child starts, so that whoever follows does not take the last FitEnded of before for the end.
    append(run, [to_json(Preparing(what="Continuing the run"))])
    _start(project, run)


def follow(run: RunFolder, stop: Stop) -> Iterator[TrainingEvent | Died]:
    """Yield every event of the run from its first on, then those to come.

    Ends after the last `FitEnded`, or with `Died` where the process is gone without one. A FitEnded after which the run
    was continued is left out. Stopping only ends the following, never the run.
    """
    ended: FitEnded | None = None
    for line, end in launch.follow_from(run.events, 0, stop, alive=lambda: _writing(run)):
        event = _read(line)
        if event is None:
            continue
        if isinstance(event, FitEnded):
            ended = event
            if run.events.stat().st_size <= end:
                yield event
                return
            continue
        ended = None
        yield event
    if stop.stopped:
        return
    yield ended if ended is not None else Died(message=_death(run))


def _start(project: Project, run: RunFolder) -> None:
    run.control.unlink(missing_ok=True)
    pid = launch.start_detached(["train", str(project.folder), "--run", run.id], stderr=run.stderr)
    # The child writes its own lock once torch is imported; until then this one says that the run has begun.
    owner = run.owner()
    if (owner is None or owner.pid != pid) and launch.is_alive(pid):
        write_lock(run, pid)


def _writing(run: RunFolder) -> bool:
    """Return whether somebody may still write events: the state covers other machines, the pid reaps our own child."""
    owner = run.owner()
    if owner is not None:
        launch.is_alive(owner.pid)
    return run.state() in ("running", "paused")


def _read(line: str) -> TrainingEvent | None:
    """Return the event of a line; None for the header, a line cut off by a kill, or a kind of a later version."""
    try:
        return read(line)
    except (ValueError, TypeError):
        return None


def _death(run: RunFolder) -> str:
    last = launch.last_line(run.stderr)
    cause = f" ({last})" if last else ""
    return f"The process of the run {run.id} ended without a word{cause}; continue the run from its last checkpoint."
