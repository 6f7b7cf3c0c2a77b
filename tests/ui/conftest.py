"""What the tests of the window get: settings of their own, the theme, a session, and a project with tiny images."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.ui import theme
from workbench.ui.session import Session


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Recent projects, theme and geometry of a test are its own, and so are the user's documents."""
    QStandardPaths.setTestModeEnabled(True)
    folder = tmp_path_factory.mktemp("settings")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    yield
    QStandardPaths.setTestModeEnabled(False)


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    """The theme is on, as it is in the program."""
    if not qapp.styleSheet():
        theme.apply(qapp, "dark")


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    """A session without a project; closed at the end, with all its threads joined."""
    made = Session()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def problems(session: Session) -> list[tuple[str, str]]:
    """Every problem that ``session`` tells from here on: (panel, sentence)."""
    told: list[tuple[str, str]] = []

    def tell(panel: str, sentence: str) -> None:
        told.append((panel, sentence))

    session.problem.connect(tell)
    return told


@pytest.fixture
def project_folder(tmp_path: Path, tiny_images: Callable[..., Path]) -> Path:
    """A project of 24 labelled images in two classes, not split."""
    from workbench.intake import add_folders
    from workbench.jobs import Stop, drain
    from workbench.project.project import Project

    folder = tmp_path / "project"
    Project.create(folder).close()
    images = tiny_images({"good": 12, "scratch": 12})
    list(drain(add_folders(folder, [images]), Stop()))
    return folder


@pytest.fixture
def project_with_split(project_folder: Path) -> Path:
    """The project of tiny images, split."""
    from workbench.project.project import Project

    with Project.open(project_folder) as project:
        project.splits.make(validation=0.25, test=0.25, seed=1)
    return project_folder
