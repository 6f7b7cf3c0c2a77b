"""The afternoon of a quality engineer: labels come in from a table, the set is checked, cleaned and split, and goes out."""

import csv
import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QListWidget, QSpinBox

from workbench.project.images import Query
from workbench.ui.dataset.panel import DatasetPanel

pytestmark = pytest.mark.story


@pytest.fixture
def castings(tmp_path: Path, shared_folder: Path) -> Path:
    """Forty steel images of two classes in one folder, two parts of which have two pictures, one file twice, one black."""
    folder = tmp_path / "castings"
    folder.mkdir()
    for kind in ("patches", "scratches"):
        for number, file in enumerate(sorted((shared_folder / "data" / "neu_cls" / kind).iterdir())[:20]):
            shutil.copy(file, folder / f"part{number // 2:02}_{kind}_{number % 2}.jpg")
    shutil.copy(folder / "part03_patches_0.jpg", folder / "part90_copy.jpg")
    Image.new("L", (200, 200), 2).save(folder / "part91_dark.png")
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id_code", "defect", "part"])
        for file in sorted(folder.iterdir()):
            kind = "scratches" if "scratches" in file.name else "patches"
            writer.writerow([file.stem, kind, file.name[:6]])
    return folder


def panel(user) -> DatasetPanel:
    return user.window.findChild(DatasetPanel)


def test_a_data_set_is_labelled_checked_cleaned_split_and_exported(open_window, castings: Path, tmp_path: Path) -> None:
    user = open_window(castings)
    session = user.window.session
    user.wait(lambda: session.project is not None and session.project.images.count() == 42 and not session.jobs)
    project = session.project

    # The labels come from a table that is dropped on the window; nothing changes before "Import".
    user.drop(tmp_path / "labels.csv")
    user.wait(lambda: user.is_shown("labels.import") and user.find("labels.import").isEnabled())
    assert project.labels.counts()[None] == 42
    user.shoot("import")
    user.click("labels.import")
    user.wait(lambda: project.labels.counts()[None] == 0)
    assert sorted(known.name for known in project.labels.classes()) == ["patches", "scratches"]

    # The checks find the copy and the black picture.
    dataset = panel(user)
    dataset.tabs.choose("findings")
    user.wait(lambda: user.is_shown("findings.check"))
    dataset._tabs["findings"]._check(["duplicates", "quality"])
    user.wait(lambda: {"exact-copy", "quality"} <= set(project.findings.counts()), seconds=120)
    user.wait(lambda: not session.jobs)
    user.shoot("findings")
    kinds = user.find("findings.kinds", QListWidget)
    kinds.setCurrentRow(next(row for row in range(kinds.count()) if kinds.item(row).text() == "Exact copies"))
    found = dataset._tabs["findings"]
    found.view.setCurrentIndex(found.model.index(0, 0))
    user.click("findings.keepFirst")
    user.wait(lambda: project.rejection.count() == 1)

    # Pictures of one part stay on one side of the split.
    dataset.tabs.choose("split")
    user.wait(lambda: user.is_shown("split.make"))
    kind = user.find("split.groupKind", QComboBox)
    kind.setCurrentIndex(kind.findData("column"))
    column = user.find("split.groupColumn", QComboBox)
    column.setCurrentIndex(column.findText("part"))
    user.find("split.validation", QSpinBox).setValue(20)
    user.click("split.make")
    user.wait(lambda: project.splits.counts()["train"] > 0 and not session.jobs)
    parts: dict[str, set[str | None]] = {}
    for row in project.images.page(project.images.ids(Query(rejected=False))):
        parts.setdefault(row.relative[:6], set()).add(row.split)
    assert all(len(sides) == 1 for sides in parts.values())
    user.shoot("split")

    # A wrong label is corrected by a key, a bad picture rejected; both are taken back and made again.
    dataset.tabs.choose("grid")
    user.wait(lambda: user.is_shown("dataset.grid") and len(dataset.model.ids) == 41)
    first = int(dataset.model.ids[0])
    dataset.selection.select_only(0)
    was = project.labels.of([first])[0]
    other = next(known for known in project.labels.classes() if known.id != was)
    user.qtbot.keyClick(dataset.grid, Qt.Key(Qt.Key.Key_1 + other.position))
    user.wait(lambda: project.labels.of([first])[0] == other.id)
    user.qtbot.keyClick(user.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    user.wait(lambda: project.labels.of([first])[0] == was)
    dataset.selection.select_only(0)
    user.qtbot.keyClick(dataset.grid, Qt.Key.Key_Delete)
    user.wait(lambda: project.rejection.count() == 2)
    user.qtbot.keyClick(user.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    user.wait(lambda: project.rejection.count() == 1)
    user.shoot("grid")

    # Everything goes out again, with the split and the part.
    dataset.files.export_labels(tmp_path / "out.csv")
    user.wait((tmp_path / "out.csv").exists)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 42
    assert list(rows[0])[:5] == ["image", "label", "split", "group", "grader"]
    assert all(row["group"] == Path(row["image"]).name[:6] for row in rows)
