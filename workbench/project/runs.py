"""Run folders, what state their runs are in, and the list of runs."""

import builtins
import json
import os
import time
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from workbench.errors import WorkbenchError
from workbench.project.database import BusyDatabase, Database
from workbench.project.ids import RunId
from workbench.project.owner import Owner as Owner  # callers know it as part of a run
from workbench.project.run_events import last_word, summary
from workbench.registry import nearest

RunState = Literal["new", "running", "paused", "finished", "stopped", "failed", "crashed"]

_ENDED: dict[str, RunState] = {
    "finished": "finished",
    "early_stopping": "finished",
    "stopped": "stopped",
    "failed": "failed",
}
"""The state after a FitEnded of this reason."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run: where everything in it lies. It need not be inside a project."""

    path: Path

    @property
    def id(self) -> RunId:
        return RunId(self.path.name)

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def samples(self) -> Path:
        return self.path / "samples.csv"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def stderr(self) -> Path:
        return self.path / "stderr.log"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def last(self) -> Path:
        return self.checkpoints / "last.pt"

    @property
    def best(self) -> Path:
        return self.checkpoints / "best.pt"

    @property
    def model(self) -> Path:
        """The bundle of the best checkpoint, a folder."""
        return self.path / "model"

    @property
    def results(self) -> Path:
        return self.path / "results"

    @property
    def exists(self) -> bool:
        return self.path.is_dir()

    def result(self, split: str) -> Path:
        """Return the path of the metrics measured on a split."""
        return self.results / f"{split}.json"

    def predictions(self, split: str) -> Path:
        """Return the path of the predictions on a split, image by image."""
        return self.results / f"{split}_predictions.csv"

    def owner(self) -> Owner | None:
        """Return the process that last said it works on this run, or None; it may have ended since."""
        return Owner.read(self.lock)

    def state(self) -> RunState:
        """Return the state, from the lock, the process behind it and the last events."""
        owner = self.owner()
        word = last_word(self.events)
        alive = owner is not None and owner.alive()
        if word.ended is not None:
            # A process that was started after the last event has not come to say anything yet: the run goes on.
            if alive and owner is not None and owner.started > self.events.stat().st_mtime:
                return "running"
            return _ENDED.get(word.ended, "failed")
        if alive:
            return "paused" if word.paused else "running"
        return "crashed" if owner is not None or word.begun else "new"


@dataclass(frozen=True)
class RunRow:
    """A run in the list.

    ``created`` in seconds of time.time(). ``epochs`` as configured, in all phases, 0 where no network is trained;
    ``epochs_done`` complete ones. ``backbone`` is "baseline" for a run without a network. ``best`` is the balanced
    accuracy on the validation images, measured on the deployment path where the run got that far, else the best live
    figure, else None.
    """

    id: RunId
    folder: RunFolder
    created: float
    state: RunState
    backbone: str
    epochs: int
    best: float | None
    star: bool
    note: str
    epochs_done: int = 0


class Runs:
    """The runs in the project's folder ``runs``. The folders are the truth; the database adds stars and notes.

    Whatever made a folder there (this window, the command line, another machine), it is in the list. Of runs that have
    ended the database remembers what their events say, until the events file changes.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def create(self, config_toml: str) -> RunFolder:
        """Make a folder for a new run, numbered within its day, with its config in it."""
        day = time.strftime("%Y-%m-%d")
        try:
            self._folder.mkdir(exist_ok=True)
            taken = [path.name.removeprefix(f"{day}-") for path in self._folder.glob(f"{day}-*")]
            number = max((int(rest) for rest in taken if rest.isdecimal()), default=0) + 1
            while True:
                run = RunFolder(self._folder / f"{day}-{number:03d}")
                try:
                    run.path.mkdir()
                    break
                except FileExistsError:
                    number += 1  # another process was faster
            for folder in (run.checkpoints, run.results):
                folder.mkdir()
            run.config.write_text(config_toml, encoding="utf-8")
        except OSError as error:
            raise WorkbenchError(
                f"No run could be made in {self._folder} ({error.strerror}); make room there or change its permissions."
            ) from error
        return run

    def list(self) -> builtins.list[RunRow]:
        """Return the runs, newest first."""
        kept = {
            run: (created, bool(star), note, remembered)
            for run, created, star, note, remembered in self._database.rows(
                "SELECT id, created, star, note, remembered FROM run"
            )
        }
        rows: list[RunRow] = []
        fresh: list[tuple[str, float, str | None]] = []
        for folder in _folders(self._folder):
            created, star, note, remembered = kept.get(folder.id, (_created(folder), False, "", None))
            facts = _recalled(folder, remembered)
            if facts is None:
                facts = _facts(folder)
                lasting = facts["state"] in _ENDED.values()
                fresh.append((folder.id, created, json.dumps(facts) if lasting else None))
            del facts["stamp"]
            rows.append(RunRow(id=folder.id, folder=folder, created=created, star=star, note=note, **facts))
        news = [row for row in fresh if row[0] not in kept or row[2] != kept[row[0]][3]]
        if news and not self._database.read_only:
            self._remember(news)
        return sorted(rows, key=lambda row: (row.created, row.id), reverse=True)

    def get(self, run: str) -> RunFolder:
        """Return a run by its id, or the newest one as "last". Raises WorkbenchError that names what there is."""
        folders = _folders(self._folder)
        if not folders:
            raise WorkbenchError(f"The project {self._folder.parent} has no runs yet; train one first.")
        if run == "last":
            return self.list()[0].folder
        for folder in folders:
            if folder.id == run:
                return folder
        ids = [folder.id for folder in folders]
        close = nearest(run, ids) or sorted(ids, reverse=True)[:3]
        raise WorkbenchError(f"There is no run '{run}' in {self._folder.parent}; choose {', '.join(close)} or last.")

    def set_note(self, run: RunId, note: str) -> None:
        self._set(run, "note", note)

    def set_star(self, run: RunId, star: bool) -> None:
        self._set(run, "star", int(star))

    def _set(self, run: RunId, column: Literal["note", "star"], value: str | int) -> None:
        folder = self.get(run)
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO run (id, created) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", (folder.id, _created(folder))
            )
            self._database.execute(f"UPDATE run SET {column} = ? WHERE id = ?", (value, folder.id))

    def _remember(self, rows: Iterable[tuple[str, float, str | None]]) -> None:
        # Only a memory: while a long job writes, the list does without, and the next one tries again.
        with suppress(BusyDatabase), self._database.impatient(), self._database.transaction():
            self._database.execute_many(
                "INSERT INTO run (id, created, remembered) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET remembered = excluded.remembered",
                rows,
            )


def _folders(parent: Path) -> list[RunFolder]:
    try:
        paths = [Path(entry.path) for entry in os.scandir(parent) if entry.is_dir()]
    except FileNotFoundError:
        return []
    return [RunFolder(path) for path in paths if (path / "config.toml").is_file()]


def _created(folder: RunFolder) -> float:
    return folder.config.stat().st_mtime


def _facts(folder: RunFolder) -> dict[str, Any]:
    stamp = _stamp(folder)
    try:
        config = tomllib.loads(folder.config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}  # shown as a run without a backbone; opening it says what is wrong with the file
    backbone, method = config.get("backbone", {}), config.get("method", {})
    name = str(backbone.get("name", "")) if isinstance(backbone, dict) else ""
    way = method.get("kind", "train") if isinstance(method, dict) else "train"
    phases = [config, *config.get("then", [])]
    return {
        "stamp": stamp,
        "state": folder.state(),
        "backbone": name if way != "baseline" else way,
        "epochs": sum(int(phase.get("epochs", 0)) for phase in phases) if way == "train" else 0,
        **asdict(summary(folder.events)),
    }


def _recalled(folder: RunFolder, remembered: str | None) -> dict[str, Any] | None:
    """Return the remembered facts, unless the run has gone on since."""
    if remembered is None or folder.lock.exists():
        return None
    facts: dict[str, Any] = json.loads(remembered)
    return facts if facts["stamp"] == _stamp(folder) else None


def _stamp(folder: RunFolder) -> list[int]:
    try:
        found = folder.events.stat()
    except FileNotFoundError:
        return [0, 0]
    return [found.st_size, found.st_mtime_ns]
