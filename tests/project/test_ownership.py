import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from workbench.project import ownership
from workbench.project.owner import Owner
from workbench.project.ownership import LOCK, Ownership


def test_this_process_is_alive_and_one_that_has_ended_is_not(tmp_path: Path):
    here = Owner.here()
    assert here.alive()
    assert here.pid == os.getpid()
    (tmp_path / "lock").write_text(here.dumps())
    assert Owner.read(tmp_path / "lock") == here
    recycled = Owner(here.host, here.pid, here.started - 1000, time.time())
    assert not recycled.alive()  # the same number, another process
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = Owner(here.host, child.pid, psutil.Process(child.pid).create_time(), time.time())
    assert other.alive()
    child.kill()
    child_stdin = child.stdin
    assert child_stdin is not None
    child_stdin.close()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert not other.alive()  # dead, though nobody has collected it yet
    child.wait()
    assert not other.alive()


def test_a_process_of_another_machine_is_alive_as_long_as_it_says_so():
    assert Owner("another machine", 1, 1.0, time.time() - 10).alive()
    assert not Owner("another machine", 1, 1.0, time.time() - 100).alive()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": "a"}', '{"host": "a", "pid": "x", "started": 1}'])
def test_a_lock_that_says_nothing_is_nobodys(tmp_path: Path, text: str):
    assert Owner.read(tmp_path / "lock") is None
    (tmp_path / "lock").write_text(text)
    assert Owner.read(tmp_path / "lock") is None


def test_the_threads_of_a_process_share_the_right_and_the_last_one_gives_it_back(tmp_path: Path):
    first, second = Ownership.take(tmp_path), Ownership.take(tmp_path)
    assert isinstance(first, Ownership)
    assert isinstance(second, Ownership)
    first.release()
    assert (tmp_path / LOCK).exists()
    second.release()
    assert not (tmp_path / LOCK).exists()
    second.release()


def test_a_child_of_the_owner_shares_the_right_but_does_not_end_it(tmp_path: Path):
    parent = psutil.Process().parent()
    assert parent is not None
    owner = Owner(Owner.here().host, parent.pid, parent.create_time(), time.time())
    (tmp_path / LOCK).write_text(owner.dumps())
    taken = Ownership.take(tmp_path)
    assert isinstance(taken, Ownership)
    taken.release()
    assert Owner.read(tmp_path / LOCK) == owner


def test_another_process_is_named_and_a_dead_one_is_replaced(tmp_path: Path):
    here = Owner.here()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = Owner(here.host, child.pid, psutil.Process(child.pid).create_time(), time.time())
    (tmp_path / LOCK).write_text(other.dumps())
    assert Ownership.take(tmp_path) == other
    child.communicate()
    taken = Ownership.take(tmp_path)
    assert isinstance(taken, Ownership)
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    taken.release()


def test_network_drives_are_told_by_their_file_system(monkeypatch: pytest.MonkeyPatch):
    mounts = [
        ("/", "ext4", "rw"),
        ("/mnt/line", "nfs4", "rw"),
        ("/mnt/line/local", "xfs", "rw"),
        ("/z", "NTFS", "remote,rw"),
    ]
    monkeypatch.setattr(
        ownership.psutil,
        "disk_partitions",
        lambda all: [SimpleNamespace(mountpoint=at, fstype=kind, opts=opts) for at, kind, opts in mounts],
    )
    found = {
        path: ownership.on_network_drive(Path(path)) for path in ("/a", "/mnt/line/b", "/mnt/line/local/c", "/z/d")
    }
    assert found == {"/a": False, "/mnt/line/b": True, "/mnt/line/local/c": False, "/z/d": True}
    mounts.clear()
    assert not ownership.on_network_drive(Path("/a"))
