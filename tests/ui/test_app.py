import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.ui import app as program
from workbench.ui.app import ErrorReporter
from workbench.ui.dialogs import BugDialog
from workbench.ui.main_window import MainWindow
from workbench.ui.session import Session

NEVER = {
    "torch",
    "torchvision",
    "timm",
    "onnx",
    "onnxruntime",
    "sklearn",
    "albumentations",
    "scipy",
    "lightning_fabric",
}
LATER = {"numpy", "cv2", "pydantic", "pyqtgraph", "PIL", "tomlkit"}

UNTIL_SHOWN = """
import json, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from workbench.ui import app

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not found:
            found.update(at=time.time(), modules=sorted({name.split(".")[0] for name in sys.modules}))
            QTimer.singleShot(0, watched.close)
        return False

found = {}
created = app.create

def create(folder=None):
    window = created(folder)
    painted = Painted(window)
    window.installEventFilter(painted)
    return window

app.create = create
code = app.main([])
print(json.dumps(found))
sys.exit(code)
"""

WITH_A_PROJECT = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workbench.ui import app

created = app.create

def create(folder=None):
    window = created(folder)
    def look():
        if window.session.project is not None and window.panels.complete():
            print(json.dumps({"project": window.session.project.name, "built": sorted(window.panels.existing()),
                              "modules": sorted({name.split(".")[0] for name in sys.modules})}))
            window.close()
    timer = QTimer(window)
    timer.timeout.connect(look)
    timer.start(50)
    return window

app.create = create
sys.exit(app.main([sys.argv[1]]))
"""


def start(code: str, *argv: str) -> tuple[float, dict[str, object]]:
    """Run ``code`` in a process of its own; return when it was started and the JSON that it printed."""
    started = time.time()
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return started, json.loads(done.stdout.strip().splitlines()[-1])


def test_only_light_modules_are_imported_before_the_window_shows_and_it_shows_quickly() -> None:
    found: dict[str, object] = {}
    seconds = []
    for _ in range(3):
        started, found = start(UNTIL_SHOWN)
        seconds.append(float(str(found["at"])) - started)
        if seconds[-1] < 1.5:
            break
    modules = found["modules"]
    assert isinstance(modules, list)
    assert not (NEVER | LATER) & set(modules)
    assert min(seconds) < 1.5


def test_with_a_project_open_and_all_panels_built_nothing_heavy_is_there(project_folder: Path) -> None:
    _, found = start(WITH_A_PROJECT, str(project_folder))
    assert found["project"] == "project"
    modules = found["modules"]
    assert isinstance(modules, list)
    assert not NEVER & set(modules)


class TestAFolderNamedAtTheStart:
    @pytest.fixture
    def window(self, project_folder: Path, qtbot: QtBot) -> Iterator[MainWindow]:
        made = program.create(project_folder)
        yield made
        made.session.close()
        made.close()
        made.deleteLater()
        qtbot.wait(10)

    def test_it_is_opened_after_the_window_is_painted(self, window: MainWindow, qtbot: QtBot) -> None:
        happened: list[str] = []

        class Painted(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    happened.append("painted")
                return False

        painted = Painted(window)
        window.start.installEventFilter(painted)
        window.session.projectChanged.connect(lambda: happened.append("opened"))
        window.show()
        assert "Opening project" in window.start.said()
        qtbot.waitUntil(lambda: "opened" in happened, timeout=10_000)
        assert happened[0] == "painted"
        assert window.start.said() == ""

    def test_a_window_that_is_never_painted_opens_it_too(
        self, project_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(program, "UNPAINTED", 10)
        window = program.create(project_folder)
        qtbot.waitUntil(lambda: window.session.project is not None, timeout=10_000)
        window.session.close()
        window.close()
        window.deleteLater()

    def test_where_that_fails_the_choices_are_there(self, tmp_path: Path, qtbot: QtBot) -> None:
        window = program.create(tmp_path / "gone")
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(lambda: bool(window.banners.shown()), timeout=10_000)
        assert window.start.said() == ""
        assert window.session.project is None


class TestErrors:
    @pytest.fixture
    def window(self, qtbot: QtBot, session: Session) -> MainWindow:
        made = MainWindow(session, ())
        qtbot.addWidget(made)
        made.show()
        return made

    def test_a_sentence_becomes_a_banner(self, window: MainWindow) -> None:
        error = WorkbenchError("The disk is full; free some space.")
        ErrorReporter(window).report(type(error), error, None)
        assert [banner.text() for banner in window.banners.shown()] == ["The disk is full; free some space."]

    def test_anything_else_is_a_bug_with_a_report(
        self, window: MainWindow, capsys: pytest.CaptureFixture[str], qtbot: QtBot
    ) -> None:
        error = KeyError("lost")
        ErrorReporter(window).report(type(error), error, None)
        dialog = window.findChild(BugDialog)
        assert dialog is not None
        assert dialog.isVisible()
        assert not dialog.isModal()
        assert "KeyError: 'lost'" in capsys.readouterr().err
        dialog.close()
