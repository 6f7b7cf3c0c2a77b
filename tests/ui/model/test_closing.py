"""The window closes, or opens another project, while a child of the Model panel is at work: nothing is left behind."""

import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from workbench import launch
from workbench.project.project import Project
from workbench.ui.model.panel import ModelPanel
from workbench.ui.session import Session

BUSY = """
import pathlib, sys, time
words = sys.argv[1:]
if "--scratch" in words:  # what a probe prepares
    folder = pathlib.Path(words[words.index("--scratch") + 1], "workbench-probe-x")
    folder.mkdir()
    (folder / "prepared.npy").write_bytes(bytes(1000))
print('{"event": "Progress", "done": 0, "total": null, "what": "Busy"}', flush=True)
time.sleep(120)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all temporary files and folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def panel(
    qtbot: QtBot, session: Session, project_folder: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelPanel:
    """The panel in a window whose children never come to an end by themselves."""
    monkeypatch.setattr(launch, "command", lambda *argv: [sys.executable, "-S", "-c", BUSY, *argv])
    session.open_project(project_folder)
    made = ModelPanel(session)
    qtbot.addWidget(made)
    made.show()
    return made


def _probes(panel: ModelPanel, qtbot: QtBot, known: dict[str, Any]) -> None:
    panel.aside.estimate.go.click()
    qtbot.waitUntil(lambda: panel.aside.probe.what == "Busy")


def _reads_layers(panel: ModelPanel, qtbot: QtBot, known: dict[str, Any]) -> None:
    known["timm/resnet18"] = None
    panel.side.chosen.emit("timm/resnet18")
    qtbot.waitUntil(lambda: any(job.what == "Busy" for job in panel.session.jobs))


def _closes(session: Session, _tmp_path: Path) -> None:
    session.close()


def _opens_another(session: Session, tmp_path: Path) -> None:
    Project.create(tmp_path / "other").close()
    session.open_project(tmp_path / "other")


@pytest.mark.parametrize("leave", [_closes, _opens_another])
@pytest.mark.parametrize("work", [_probes, _reads_layers])
def test_children_threads_and_files_go_with_the_project(
    panel: ModelPanel,
    session: Session,
    qtbot: QtBot,
    temporary: Path,
    tmp_path: Path,
    known_anatomies: dict[str, Any],
    work: Callable[[ModelPanel, QtBot, dict[str, Any]], None],
    leave: Callable[[Session, Path], None],
) -> None:
    me, before = psutil.Process(), {thread.ident for thread in threading.enumerate()}
    children = {child.pid for child in me.children()}
    work(panel, qtbot, known_anatomies)
    assert {child.pid for child in me.children()} - children
    leave(session, tmp_path)
    left = {child.pid for child in me.children()} - children
    assert not left
    assert session.jobs == []
    assert not panel.aside.probe.running
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert {thread.ident for thread in threading.enumerate()} <= before | {threading.main_thread().ident}
