import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.ui.model import weights_jobs
from workbench.ui.model.weights_jobs import WeightsJobs, Wish
from workbench.ui.session import Session

WISH = Wish("timm/tiny", "a1_in1k")


class Download:
    """Stands for the child: tells how far it is, then waits until it may end."""

    def __init__(self, problem: str = "") -> None:
        self.go_on = threading.Event()
        self.problem = problem

    def __call__(self, stop: Stop) -> Iterator[dict[str, Any]]:
        yield {"event": "Progress", "done": 3, "total": 12, "what": "bytes"}
        while not self.go_on.wait(0.01) and not stop.stopped:
            pass
        if self.problem:
            raise WorkbenchError(self.problem)
        yield {"event": "WeightsFetched", "name": WISH.name}


def fetching(session: Session, monkeypatch: pytest.MonkeyPatch, download: Job) -> WeightsJobs:
    monkeypatch.setattr(weights_jobs, "job", lambda wish: download)
    jobs = WeightsJobs(session, session)
    jobs.fetch(WISH)
    return jobs


def test_progress_then_arrival(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    download = Download()
    jobs = fetching(session, monkeypatch, download)
    jobs.fetch(WISH)  # a second click
    assert len(session.jobs) == 1
    qtbot.waitUntil(lambda: jobs.progress(WISH) == (3, 12))
    with qtbot.waitSignal(jobs.arrived) as came:
        download.go_on.set()
    assert came.args == ["timm/tiny"]
    assert not jobs.is_fetching(WISH)
    assert jobs.problem(WISH) == ""


def test_a_stopped_download_tells_no_arrival(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = fetching(session, monkeypatch, Download())
    qtbot.waitUntil(lambda: jobs.progress(WISH) == (3, 12))
    with qtbot.assertNotEmitted(jobs.arrived):
        jobs.stop(WISH)
        qtbot.waitUntil(lambda: not jobs.is_fetching(WISH))
    assert jobs.problem(WISH) == ""


def test_why_it_failed_is_kept_until_the_next_attempt(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Download("The hub cannot be reached.")
    jobs = fetching(session, monkeypatch, download)
    download.go_on.set()
    qtbot.waitUntil(lambda: jobs.problem(WISH) == "The hub cannot be reached.")
    assert not jobs.is_fetching(WISH)
    monkeypatch.setattr(weights_jobs, "job", lambda wish: Download())
    jobs.fetch(WISH)
    assert jobs.problem(WISH) == ""
    jobs.stop(WISH)
    qtbot.waitUntil(lambda: not jobs.is_fetching(WISH))


def test_a_download_ends_with_its_project(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = fetching(session, monkeypatch, Download())
    session._background.join()
    assert not jobs.is_fetching(WISH)


def test_the_child_is_asked_for_the_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(weights_jobs.launch, "job", asked.append)
    weights_jobs.job(WISH)
    weights_jobs.job(Wish("timm/tiny", ""))
    assert asked == [["weights", "fetch", "timm/tiny.a1_in1k"], ["weights", "fetch", "timm/tiny"]]
