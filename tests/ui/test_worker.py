import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType

import pytest
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Noticed, Progress, Stop
from workbench.ui.worker import JobHandle, JobRunner, JobThread


def three(stop: Stop) -> Iterator[Event]:
    for number in range(3):
        yield Progress(number + 1, 3, "counting")


def endless(stop: Stop) -> Iterator[Event]:
    while not stop.stopped:
        time.sleep(0.005)
        yield Progress(1, None, "waiting")


def broken(stop: Stop) -> Iterator[Event]:
    yield Progress(0, 1, "trying")
    raise WorkbenchError("The disk is full; free some space.")


def buggy(stop: Stop) -> Iterator[Event]:
    raise ZeroDivisionError("oh")
    yield


def test_events_come_in_order_on_the_threads_of_the_window(qtbot: QtBot) -> None:
    runner = JobRunner(JobThread(three))
    got: list[tuple[int, bool]] = []
    runner.told.connect(lambda event: got.append((event.done, threading.current_thread() is threading.main_thread())))
    with qtbot.waitSignal(runner.done):
        runner.start()
    assert got == [(1, True), (2, True), (3, True)]
    assert not runner.running


def test_a_sentence_for_the_user_is_told(qtbot: QtBot) -> None:
    runner = JobRunner(JobThread(broken))
    with qtbot.waitSignal(runner.failed) as told:
        runner.start()
    assert told.args == ["The disk is full; free some space."]


def test_a_bug_reaches_the_excepthook(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        seen.append(kind)

    monkeypatch.setattr(sys, "excepthook", hook)
    runner = JobRunner(JobThread(buggy))
    with qtbot.waitSignal(runner.failed) as told:
        runner.start()
    assert "oh" in told.args[0]
    assert seen == [ZeroDivisionError]


def test_a_stopped_job_ends_with_done(qtbot: QtBot) -> None:
    runner = JobRunner(JobThread(endless))
    runner.start()
    qtbot.wait(30)
    with qtbot.waitSignal(runner.done):
        runner.stop()


def test_join_waits_for_the_thread(qtbot: QtBot) -> None:
    runner = JobRunner(JobThread(endless))
    runner.start()
    assert runner.join()
    assert runner.thread_.isFinished()


def test_many_events_never_hold_the_window_for_long(qtbot: QtBot) -> None:
    def flood(stop: Stop) -> Iterator[Event]:
        for number in range(5000):
            yield Progress(number, 5000, "flood")

    runner = JobRunner(JobThread(flood))
    longest = 0.0
    last = time.monotonic()
    drained = 0

    def slow(_event: Event) -> None:
        nonlocal drained
        drained += 1
        time.sleep(0.00002)

    runner.told.connect(slow)
    runner.start()
    while runner.running:
        qtbot.wait(1)
        longest = max(longest, time.monotonic() - last)
        last = time.monotonic()
    assert drained == 5000
    assert longest < 0.2


class TestJobHandle:
    def test_it_knows_how_far_the_job_is(self, qtbot: QtBot) -> None:
        done: list[object] = []
        handle = JobHandle("Counting", three, on_done=done.append)
        with qtbot.waitSignal(handle.ended):
            handle.start()
        assert handle.share == 1.0
        assert handle.what == "counting"
        assert done == [Progress(3, 3, "counting")]

    def test_events_of_a_child_are_dictionaries(self, qtbot: QtBot) -> None:
        def child(stop: Stop) -> Iterator[Event]:
            yield {"event": "Progress", "done": 4, "total": 8, "what": "reading"}
            yield {"event": "Noticed", "message": "one is corrupt", "path": None}

        handle = JobHandle("Child", child)
        with qtbot.waitSignal(handle.ended):
            handle.start()
        assert handle.share == 0.5
        assert handle.notices == ["one is corrupt"]

    def test_a_stopped_job_calls_nobody(self, qtbot: QtBot) -> None:
        called: list[object] = []
        handle = JobHandle("Endless", endless, on_done=called.append, on_failed=called.append)
        handle.start()
        qtbot.wait(20)
        with qtbot.waitSignal(handle.ended):
            handle.stop()
        assert called == []
        assert handle.share is None

    def test_notices_are_kept(self, qtbot: QtBot) -> None:
        def job(stop: Stop) -> Iterator[Event]:
            yield Noticed("a.png cannot be read", "a.png")

        handle = JobHandle("Scan", job)
        with qtbot.waitSignal(handle.ended):
            handle.start()
        assert handle.notices == ["a.png cannot be read"]
