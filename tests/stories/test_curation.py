"""The afternoon of a quality engineer: labels come in from a table, the set is checked, cleaned and split, and goes out."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QListWidget, QPushButton, QSpinBox

from tests.stories.conftest import User
from workbench.project.images import Query
from workbench.ui import figures
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


def panel(user: User) -> DatasetPanel:
    return user.window.findChild(DatasetPanel)


def show_tab(user: User, key: str) -> None:
    tabs = panel(user).tabs
    place = tabs.tabRect(tabs.keys.index(key)).center()
    user.qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=place)
    user.wait(lambda: tabs.current == key)


def test_a_data_set_is_labelled_checked_cleaned_split_and_exported(
    open_window: Callable[..., User], castings: Path, tmp_path: Path
) -> None:
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
    show_tab(user, "findings")
    user.wait(lambda: user.is_shown("findings.check"))
    only = {action.text(): action for action in user.find("findings.choose", QPushButton).menu().actions()}
    for name, kind in (("Copies and near-duplicates", "exact-copy"), ("Quality", "quality")):
        user.wait(lambda: not session.jobs)
        next(action for text, action in only.items() if text.startswith(name)).trigger()
        user.wait(lambda kind=kind: kind in project.findings.counts(), seconds=60)
    user.wait(lambda: not session.jobs)
    user.shoot("findings")
    kinds = user.find("findings.kinds", QListWidget)
    kinds.setCurrentRow(next(row for row in range(kinds.count()) if kinds.item(row).text() == "Exact copies"))
    found = dataset._tabs["findings"]
    user.wait(lambda: found.kind() == "exact-copy")
    first_row = found.view.visualRect(found.model.index(0, 0)).center()
    user.qtbot.mouseClick(found.view.viewport(), Qt.MouseButton.LeftButton, pos=first_row)
    user.click("findings.keepFirst")
    user.wait(lambda: project.rejection.count() == 1)
    user.wait(lambda: "exact-copy" not in project.findings.counts())
    # Offscreen nobody makes the window active again after a dialog.
    user.window.activateWindow()
    user.wait(user.window.isActiveWindow)
    # One key takes the rejection and the dismissal back, one makes them again.
    control = Qt.KeyboardModifier.ControlModifier
    user.qtbot.keyClick(user.window, Qt.Key.Key_Z, control)
    user.wait(lambda: project.rejection.count() == 0 and "exact-copy" in project.findings.counts())
    user.qtbot.keyClick(user.window, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    user.wait(lambda: project.rejection.count() == 1)

    # Pictures of one part stay on one side of the split.
    show_tab(user, "split")
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
    show_tab(user, "grid")
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
    assert [row["image"] for row in rows if row["rejected"]] == ["part90_copy.jpg"]  # it is in no part, so in no group
    assert all(row["group"] == Path(row["image"]).name[:6] for row in rows if not row["rejected"])


def test_a_second_grader_grades_blind_and_sees_how_far_the_two_agree(
    open_window: Callable[..., User], tmp_path: Path
) -> None:
    folder = tmp_path / "fundus"
    for grade in ("0", "1"):
        (folder / grade).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (64, 48), 60 + 120 * int(grade) + number).save(folder / grade / f"eye{grade}{number}.png")
    user = open_window(folder)
    session = user.window.session
    user.wait(lambda: session.project is not None and session.project.images.count() == 12 and not session.jobs)
    project, dataset = session.project, panel(user)
    zero, one = project.labels.classes()

    def named(name: str) -> None:
        show_tab(user, "graders")
        user.wait(lambda: user.is_shown("graders.me"))
        user.write("graders.me", name)
        user.wait(lambda: session.grader == name)

    # Ann confirms every image with a key.
    named("ann")
    show_tab(user, "grid")
    for known in (zero, one):
        places = [place for place, value in enumerate(project.labels.of(dataset.model.ids)) if value == known.id]
        dataset.selection.select(places)
        dataset.grid.setFocus()
        user.qtbot.wait(100)  # The keys of the classes wait for a selection.
        user.qtbot.keyClick(dataset.grid, Qt.Key(Qt.Key.Key_1 + known.position))
    user.wait(lambda: project.graders.counts() == {"ann": 12})

    # Bob sees none of it, says 0 to the first ten and 1 to the others, and changes no label.
    named("bob")
    labels = project.labels.of(range(1, 13))
    user.wait(lambda: user.find("graders.blind").isEnabled())
    user.click("graders.blind")
    user.wait(lambda: user.is_shown("dataset.blind") and len(dataset.model.ids) == 12)
    assert [dataset.model.row_at(place).class_id for place in range(12)] == [None] * 12
    dataset.selection.select_only(0)
    dataset.grid.setFocus()
    user.qtbot.wait(100)
    for place in range(12):
        user.qtbot.keyClick(dataset.grid, Qt.Key.Key_1 if place < 10 else Qt.Key.Key_2)
        user.wait(lambda place=place: project.graders.counts().get("bob") == place + 1)
    user.click("dataset.blind.end")
    assert project.labels.of(range(1, 13)) == labels

    # The two are compared, and what they disagree on can be shown.
    _, anns, bobs = project.graders.pairs("ann", "bob")
    same = sum(a == b for a, b in zip(anns, bobs, strict=True))
    show_tab(user, "graders")
    graders = dataset._tabs["graders"]
    user.wait(lambda: not graders._result.isHidden())
    assert graders.share.number() == figures.percent(same / 12)
    user.shoot("agreement")
    user.click("graders.disagree")
    user.wait(lambda: len(dataset.model.ids) == 12 - same)
