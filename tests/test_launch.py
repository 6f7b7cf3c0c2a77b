import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import launch
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, drain

CHILD = """
import json, sys, time
verb, *rest = sys.argv[1:]
def say(**event):
    print(json.dumps(event), flush=True)
def work(verb, rest):
    if verb == "count":
        for number in range(int(rest[0])):
            say(event="Number", number=number)
    elif verb == "fail":
        say(event="Failed", message="The folder x is empty; choose another.")
        return 1
    elif verb == "crash":
        sys.exit("ValueError: boom")
    elif verb == "forever":
        while True:
            say(event="Number", number=1)
            time.sleep(0.01)
    elif verb == "silent":
        say(event="Number", number=1)
        time.sleep(60)
    return 0
if verb == "serve":
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        say(event="Done", code=work(verb, rest))
else:
    sys.exit(work(verb, rest))
"""


@pytest.fixture(autouse=True)
def _child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "workbench_child.py"
    script.write_text(CHILD)
    # "workbench" in the command line, so that a child that is left running is noticed
    monkeypatch.setattr(launch, "command", lambda *argv: [sys.executable, str(script), *argv])


@pytest.fixture
def warm() -> Iterator[launch.WarmChild]:
    child = launch.WarmChild()
    yield child
    child.close()


def numbers(job: launch.Job) -> list[int]:
    return [event["number"] for event in job(Stop())]


def test_a_job_yields_the_lines_of_its_child() -> None:
    assert numbers(launch.job(["count", "3"])) == [0, 1, 2]


def test_a_job_that_failed_says_the_childs_sentence() -> None:
    with pytest.raises(WorkbenchError, match=r"^The folder x is empty; choose another\.$"):
        list(launch.job(["fail"])(Stop()))


def test_a_child_that_died_without_a_word_is_told_with_its_last_line() -> None:
    with pytest.raises(WorkbenchError, match="crash ended unexpectedly with code 1: ValueError: boom"):
        list(launch.job(["crash"])(Stop()))


def test_stopping_ends_the_child_though_it_says_nothing() -> None:
    stop = Stop()
    events = launch.job(["silent"])(stop)
    assert next(events)["number"] == 1
    threading.Timer(0.1, stop.stop).start()
    began = time.monotonic()
    assert list(events) == []
    assert time.monotonic() - began < 5


def test_closing_a_job_ends_the_child() -> None:
    stop = Stop()
    for _ in drain(launch.job(["forever"]), stop):
        stop.stop()


def test_the_warm_child_runs_one_job_after_another(warm: launch.WarmChild) -> None:
    assert numbers(warm.job(["count", "2"])) == [0, 1]
    first = warm._child
    assert numbers(warm.job(["count", "3"])) == [0, 1, 2]
    assert warm._child is first


def test_a_failed_job_leaves_the_warm_child_usable(warm: launch.WarmChild) -> None:
    warm.warm()
    first = warm._child
    with pytest.raises(WorkbenchError, match="x is empty"):
        list(warm.job(["fail"])(Stop()))
    assert numbers(warm.job(["count", "1"])) == [0]
    assert warm._child is first


def test_stopping_a_warm_job_ends_the_child_and_the_next_job_starts_another(warm: launch.WarmChild) -> None:
    stop = Stop()
    for _ in drain(warm.job(["forever"]), stop):
        stop.stop()
    assert numbers(warm.job(["count", "1"])) == [0]


def test_a_warm_child_that_crashes_is_told_and_replaced(warm: launch.WarmChild) -> None:
    with pytest.raises(WorkbenchError, match="boom"):
        list(warm.job(["crash"])(Stop()))
    assert numbers(warm.job(["count", "1"])) == [0]


def test_a_second_warm_job_waits_and_can_be_stopped_while_it_waits(warm: launch.WarmChild) -> None:
    running = warm.job(["forever"])(Stop())
    next(running)
    stop = Stop()
    threading.Timer(0.1, stop.stop).start()
    assert list(warm.job(["count", "1"])(stop)) == []
    running.close()
    assert numbers(warm.job(["count", "1"])) == [0]


def test_a_detached_child_survives_and_is_reaped(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    pid = launch.start_detached(["silent"], stderr=log)
    assert launch.is_alive(pid)
    if hasattr(os, "getsid"):
        assert os.getsid(pid) == pid
    os.kill(pid, 9)
    while launch.is_alive(pid):
        time.sleep(0.01)
    assert not launch.is_alive(pid)


def test_a_detached_child_that_nobody_asks_about_is_reaped_by_the_next(tmp_path: Path) -> None:
    import psutil

    first = launch.start_detached(["crash"], stderr=tmp_path / "stderr.log")
    while psutil.Process(first).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    second = launch.start_detached(["crash"], stderr=tmp_path / "stderr.log")
    assert not psutil.pid_exists(first)
    while launch.is_alive(second):
        time.sleep(0.01)


STARTS_AND_ENDS = """
import sys
from pathlib import Path
from workbench import launch

launch.command = lambda *argv: [sys.executable, sys.argv[1], *argv]
print(launch.start_detached([sys.argv[2]], stderr=Path(sys.argv[3])))
"""


def test_who_started_a_detached_child_ends_without_a_warning_and_the_child_goes_on(tmp_path: Path) -> None:
    import psutil

    script, log = str(tmp_path / "workbench_child.py"), str(tmp_path / "stderr.log")
    argv = [sys.executable, "-W", "always::ResourceWarning", "-c", STARTS_AND_ENDS, script, "silent", log]
    ended = subprocess.run(argv, env=launch.environment(), capture_output=True, text=True, check=True)
    child = psutil.Process(int(ended.stdout))
    assert child.is_running()
    assert child.status() != psutil.STATUS_ZOMBIE
    child.kill()
    assert ended.stderr == ""


def test_a_detached_child_is_less_important_than_the_window(tmp_path: Path) -> None:
    import psutil

    pid = launch.start_detached(["silent"], stderr=tmp_path / "stderr.log")
    assert psutil.Process(pid).nice() > psutil.Process().nice()
    os.kill(pid, 9)
    while launch.is_alive(pid):
        time.sleep(0.01)


def test_stderr_of_a_detached_child_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    pid = launch.start_detached(["crash"], stderr=log)
    while launch.is_alive(pid):
        time.sleep(0.01)
    assert launch.last_line(log) == "ValueError: boom"


def test_follow_lines_waits_for_the_file_and_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    alive = True

    def write() -> None:
        nonlocal alive
        time.sleep(0.05)
        with path.open("w") as file:
            for part in ("on", "e\ntw", "o\n", "lost"):
                file.write(part)
                file.flush()
                time.sleep(0.03)
        alive = False

    writer = threading.Thread(target=write)
    writer.start()
    assert list(launch.follow_lines(path, Stop(), alive=lambda: alive, poll=0.005)) == ["one", "two"]
    writer.join()


def test_follow_lines_loses_nothing_that_is_written_just_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    asked = 0

    def alive() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            path.write_text("last\n")
        return asked < 3

    assert list(launch.follow_lines(path, Stop(), alive=alive, poll=0)) == ["last"]


def test_the_command_runs_this_package_with_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert launch.command("doctor", "--json") == [sys.executable, "-m", "workbench", "doctor", "--json"]
    child = launch.environment()
    assert child["NO_ALBUMENTATIONS_UPDATE"] == "1"
    assert child["GOMP_SPINCOUNT"] == launch.SPIN_COUNT
    assert Path(child["PYTHONPATH"].split(os.pathsep)[0], "workbench", "launch.py").is_file()
    assert json.dumps(child)
