"""Two windows on one project, both with the Model panel: one measures while the other starts a run."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from workbench import launch
from workbench.ui.model.panel import ModelPanel
from workbench.ui.session import Session

BUSY = """
import time
print('{"event": "Progress", "done": 0, "total": null, "what": "Busy"}', flush=True)
time.sleep(120)
"""


@pytest.fixture
def open_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], ModelPanel]]:
    monkeypatch.setattr(launch, "command", lambda *argv: [sys.executable, "-S", "-c", BUSY, *argv])
    sessions = []

    def make(folder: Path) -> ModelPanel:
        session = Session()
        sessions.append(session)
        session.open_project(folder)
        panel = ModelPanel(session)
        qtbot.addWidget(panel)
        panel.show()
        return panel

    yield make
    for session in reversed(sessions):
        session.close()
        session.deleteLater()
    for pid in list(launch._detached):
        psutil.Process(pid).kill()
        while launch.is_alive(pid):
            time.sleep(0.01)


def told_by(session: Session) -> list[str]:
    said: list[str] = []
    session.problem.connect(lambda _panel, sentence: said.append(sentence))
    session.toast.connect(said.append)
    return said


def test_one_measures_while_the_other_starts_a_run(
    open_window: Callable[[Path], ModelPanel], project_with_split: Path, qtbot: QtBot
) -> None:
    first, second = open_window(project_with_split), open_window(project_with_split)
    said = [told_by(each.session) for each in (first, second)]
    for each in (first, second):
        each.session.set_config(each.session.config.with_settings(["weights=none", "freeze=none", "epochs=1"]))
    second.aside.estimate.go.click()
    qtbot.waitUntil(lambda: second.aside.probe.what == "Busy")
    first.session.start_training()
    qtbot.waitUntil(lambda: first.session.is_training)
    # Each window goes on with its own: the one that trains says why it does not measure, the other can be stopped.
    assert not first.aside.estimate.go.isEnabled()
    assert "run is being trained" in first.aside.estimate.what.text()
    assert second.aside.probe.running
    assert second.aside.estimate.go.isEnabled()
    second.aside.estimate.go.click()
    qtbot.waitUntil(lambda: not second.aside.probe.running)
    assert said == [[], []]
    assert first.session.is_training


def test_what_the_child_says_of_a_device_in_use_is_shown(
    open_window: Callable[[Path], ModelPanel],
    project_with_split: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = "cpu is in use by the run 7; measure again when that has ended."
    panel = open_window(project_with_split)
    said = told_by(panel.session)
    event = json.dumps({"event": "Failed", "message": refused})
    monkeypatch.setattr(launch, "command", lambda *argv: [sys.executable, "-S", "-c", f"print({event!r})"])
    panel.aside.estimate.go.click()
    qtbot.waitUntil(lambda: said == [refused])
    assert panel.aside.estimate.go.isEnabled()


def test_a_run_of_the_same_window_leaves_what_measures_to_be_stopped(
    open_window: Callable[[Path], ModelPanel], project_with_split: Path, qtbot: QtBot
) -> None:
    panel = open_window(project_with_split)
    panel.session.set_config(panel.session.config.with_settings(["weights=none", "freeze=none", "epochs=1"]))
    panel.aside.estimate.go.click()
    qtbot.waitUntil(lambda: panel.aside.probe.what == "Busy")
    panel.session.start_training()
    qtbot.waitUntil(lambda: panel.session.is_training)
    assert panel.aside.estimate.go.isEnabled()
    panel.aside.estimate.go.click()
    qtbot.waitUntil(lambda: not panel.aside.probe.running)
    assert not panel.aside.estimate.go.isEnabled()
    assert "run is being trained" in panel.aside.estimate.what.text()
