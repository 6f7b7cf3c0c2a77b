"""The tab of the graders: what it shows of an agreement, and the images behind a cell."""

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.graders_tab import GradersTab
from workbench.ui.session import Session

AGREED: dict[str, Any] = {
    "event": "Agreement",
    "a": "Ada {2}",
    "b": "Ben",
    "images": 4,
    "agreeing": 3,
    "kappa": 0.5,
    "low": None,
    "high": None,
    "weighted_kappa": None,
    "confusion": [[2, 1], [0, 1]],
    "classes": ["good", "scratch"],
}


@pytest.fixture
def tab(qtbot: QtBot, session: Session, project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> GradersTab:
    assert session.open_project(project_folder)
    asked: list[object] = []
    monkeypatch.setattr(GradersTab, "_compare", lambda self: asked.append(self))
    made = GradersTab(session)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    assert asked, "two graders are compared without a click"
    return made


def test_an_agreement_is_shown_in_the_names_of_the_graders(tab: GradersTab) -> None:
    tab._compared = ("Ada {2}", "Ben")
    tab._show_agreement(AGREED)
    assert tab.kappa.number() == "0.50"
    assert tab.share.number() == "75\u202f%"
    assert tab.matrix.describe(0, 1) == "1 of 3 images that Ada {2} calls good (33\u202f%) are scratch to Ben"
    assert not tab.weighted.isVisible()  # these classes are no scale


def test_several_labels_have_a_figure_for_each_class_and_no_matrix(tab: GradersTab) -> None:
    tab._compared = ("Ada", "Ben")
    tab._show_agreement(
        AGREED | {"confusion": [], "per_class": [{"class": "good", "kappa": 0.7}, {"class": "scratch", "kappa": None}]}
    )
    assert not tab.matrix.isVisible()
    assert tab._matrix_says.text() == "good: 0.70\nscratch: –"


def test_a_click_on_a_cell_shows_what_the_two_call_so(qtbot: QtBot, tab: GradersTab, session: Session) -> None:
    project = session.project
    assert project is not None
    good, scratch = (known.id for known in project.labels.classes())
    ids = project.images.ids()[:3].tolist()
    project.labels.assign_each(ids, [good, good, scratch], grader="Ada {2}")
    project.labels.assign_each(ids, [good, scratch, scratch], grader="Ben")
    tab._compared = ("Ada {2}", "Ben")
    tab._show_agreement(AGREED)
    with qtbot.waitSignal(tab.showImages) as told:
        tab.matrix.cellClicked.emit(0, 1)
    assert told.args is not None
    assert told.args[0].ids == (ids[1],)
