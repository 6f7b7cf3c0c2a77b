import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench import launch
from workbench.errors import WorkbenchError
from workbench.project.owner import Owner
from workbench.project.runs import RunFolder
from workbench.training import locks
from workbench.training.locks import DeviceLock, RunLock, write_lock

HOLDER = """
import sys, time
from pathlib import Path
from workbench.project.runs import RunFolder
from workbench.training.locks import DeviceLock
with DeviceLock("cuda:0", RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "project" / "runs" / "2026-11-21-001")
    run.path.mkdir(parents=True)
    return run


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "GRACE_SECONDS", 0.0)


def test_a_device_is_held_by_one_run_until_its_process_ends_however_it_ends(folder: RunFolder) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)], stdout=subprocess.PIPE, env=launch.environment()
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WorkbenchError, match=rf"cuda:0 is in use by the run {folder.id} in .*project"):
            DeviceLock("cuda:0", folder).__enter__()
        with DeviceLock("cuda:1", folder), DeviceLock("cpu", folder):
            pass
        holder.kill()
        holder.wait()
    with DeviceLock("cuda:0", folder):
        pass


def test_a_run_that_is_about_to_let_go_is_waited_for(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "GRACE_SECONDS", 5.0)
    first = DeviceLock("cpu", folder)
    first.__enter__()
    asked = 0
    sleep = time.sleep

    def let_go(seconds: float) -> None:
        nonlocal asked
        asked += 1
        first.__exit__(None, None, None)
        sleep(0)

    monkeypatch.setattr(locks.time, "sleep", let_go)
    with DeviceLock("cpu", folder):
        assert asked == 1


def test_the_lock_of_a_run_beats_and_goes(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.01)
    with RunLock(folder):
        first = folder.owner()
        assert first is not None
        assert first.pid == os.getpid()
        while (owner := folder.owner()) is None or owner.heartbeat == first.heartbeat:
            time.sleep(0.01)
        assert folder.state() == "running"
    assert not folder.lock.exists()


def test_of_two_that_want_a_run_in_the_same_moment_one_gets_it(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Neither has written its lock when the other looks.
    monkeypatch.setattr(RunFolder, "owner", lambda _: None)
    with RunLock(folder), pytest.raises(WorkbenchError, match="being trained by another process"):
        RunLock(folder).__enter__()
    with RunLock(folder):
        pass


def test_a_process_of_the_same_number_on_another_machine_is_another(folder: RunFolder) -> None:
    elsewhere = Owner("elsewhere", os.getpid(), time.time(), time.time())
    folder.lock.write_text(elsewhere.dumps())
    with pytest.raises(WorkbenchError, match="on elsewhere"):
        RunLock(folder).__enter__()
    assert folder.owner() == elsewhere


def test_a_folder_of_the_user_that_cannot_be_written_is_a_sentence(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(locks.platformdirs, "user_state_dir", lambda _: str(tmp_path / "file"))
    with pytest.raises(WorkbenchError, match="XDG_STATE_HOME"):
        DeviceLock("cpu", folder).__enter__()


def test_a_lock_that_the_next_process_took_over_is_left(folder: RunFolder) -> None:
    with RunLock(folder):
        write_lock(folder, os.getppid())
    owner = folder.owner()
    assert owner is not None
    assert owner.pid == os.getppid()


def test_no_lock_is_written_for_a_process_that_is_gone(folder: RunFolder) -> None:
    write_lock(folder, 2**22)
    assert not folder.lock.exists()


def test_the_lock_is_json_that_other_machines_can_read(folder: RunFolder) -> None:
    write_lock(folder, os.getpid())
    assert set(json.loads(folder.lock.read_text())) == {"host", "pid", "started", "heartbeat"}


def test_a_folder_that_cannot_be_written_is_a_sentence(folder: RunFolder) -> None:
    (folder.path / "lock.tmp").mkdir()
    with pytest.raises(WorkbenchError, match="cannot be written"):
        RunLock(folder).__enter__()
