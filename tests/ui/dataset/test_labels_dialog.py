"""Importing labels by the dialog: columns are guessed and can be changed, nothing happens before the button."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.labels_dialog import LabelsDialog
from workbench.ui.session import Session


@pytest.fixture
def project_with_file(session: Session, project_folder: Path, tmp_path: Path) -> Path:
    assert session.open_project(project_folder)
    assert session.project is not None
    rows = session.project.images.page(session.project.images.ids())
    lines = ["picture,what,where"]
    lines += [f"{row.relative},{'pit' if number % 2 else 'good'},train" for number, row in enumerate(rows)]
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def shown(qtbot: QtBot, session: Session, file: Path) -> LabelsDialog:
    # Not given to qtbot: it deletes itself when it is closed.
    dialog = LabelsDialog(session, file)
    dialog.show()
    return dialog


def set_column(dialog: LabelsDialog, role: str, name: str) -> None:
    box = dialog._columns[role]
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())


def test_says_what_would_change_and_changes_it_only_when_asked(
    qtbot: QtBot, session: Session, project_with_file: Path
) -> None:
    project = session.project
    assert project is not None
    dialog = shown(qtbot, session, project_with_file)
    set_column(dialog, "image", "picture")
    set_column(dialog, "label", "what")
    set_column(dialog, "split", "where")
    qtbot.waitUntil(lambda: dialog.go.isEnabled() and "24" in dialog._says.text(), timeout=10_000)
    assert "New classes: pit" in dialog._says.text()
    assert [known.name for known in project.labels.classes()] == ["good", "scratch"]
    assert dialog.samples.columnCount() == 3
    with qtbot.waitSignal(dialog.imported, timeout=10_000):
        dialog.go.click()
    assert "pit" in [known.name for known in project.labels.classes()]
    assert project.splits.counts()["train"] == 24


def test_a_malformed_file_is_refused_in_the_dialog(
    qtbot: QtBot, session: Session, project_with_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "broken.csv"
    file.write_text("image,label\nonly-one-cell-that-is-no-image,good\n", encoding="utf-8")
    dialog = shown(qtbot, session, file)
    qtbot.waitUntil(
        lambda: dialog._problem.isVisible() or "0 name an image" in dialog._says.text().replace("\u202f", ""),
        timeout=10_000,
    )


def test_a_file_that_is_no_table_at_all_is_refused(qtbot: QtBot, session: Session, project_with_file: Path) -> None:
    file = project_with_file.with_name("nothing.json")
    file.write_text("{", encoding="utf-8")
    dialog = shown(qtbot, session, file)
    qtbot.waitUntil(dialog._problem.isVisible, timeout=10_000)
    assert "nothing.json" in dialog._problem.text()
    assert not dialog.go.isEnabled()


def test_closing_while_it_looks_leaves_nothing_running(qtbot: QtBot, session: Session, project_with_file: Path) -> None:
    dialog = shown(qtbot, session, project_with_file)
    dialog._look()
    dialog.reject()
    qtbot.waitUntil(lambda: not session.jobs, timeout=10_000)


def test_a_guess_that_is_taken_back_stays_away(qtbot: QtBot, session: Session, project_with_file: Path) -> None:
    file = project_with_file.with_name("guessed.csv")
    file.write_text(
        project_with_file.read_text(encoding="utf-8").replace("picture,what,where", "image,label,split"),
        encoding="utf-8",
    )
    dialog = shown(qtbot, session, file)
    qtbot.waitUntil(lambda: "New classes: pit" in dialog._says.text(), timeout=10_000)
    set_column(dialog, "label", "")
    qtbot.waitUntil(lambda: dialog.go.isEnabled() and "New classes" not in dialog._says.text(), timeout=10_000)
    assert dialog.mapping() == {"image": "image", "label": "-", "split": "split"}
    dialog.reject()
