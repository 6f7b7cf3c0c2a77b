"""The tab of the map: it shows what the job left, in the colours asked for, and hands a lasso on as a query."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.map_tab import MapTab
from workbench.ui.session import Session


@pytest.fixture
def tab(qtbot: QtBot, session: Session, project_folder: Path) -> MapTab:
    assert session.open_project(project_folder)
    made = MapTab(session)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    made.refresh()
    return made


def write_map(session: Session, count: int = 24) -> None:
    assert session.project is not None
    ids = session.project.images.ids()[:count]
    places = np.stack([ids, ids % 5], 1).astype(np.float32)
    np.savez(session.project.cache_folder / "map.npz", ids=ids, xy=places)


def test_without_a_map_the_empty_state_offers_it(tab: MapTab) -> None:
    assert tab._empty.isVisible()
    assert not tab.cloud.isVisible()


def test_points_have_the_colours_of_their_classes(tab: MapTab, session: Session) -> None:
    write_map(session)
    tab.refresh()
    assert tab.cloud.isVisible()
    assert session.project is not None
    rows = session.project.images.page(tab._ids)
    colours = {row.class_id: int(colour) for row, colour in zip(rows, tab.cloud._colours, strict=True)}
    assert len(set(colours.values())) == 2
    assert tab._legend_flow.count() == 2


def test_other_colours_show_the_split_and_images_without_one(tab: MapTab, session: Session) -> None:
    write_map(session)
    assert session.project is not None
    session.project.splits.make()
    tab.refresh()
    tab.colours.setCurrentIndex(tab.colours.findData("split"))
    assert tab._legend_flow.count() == 3
    tab.colours.setCurrentIndex(tab.colours.findData("prediction"))
    assert tab._legend_flow.count() == 1  # none has a prediction


def test_a_lasso_becomes_a_query_of_just_these(qtbot: QtBot, tab: MapTab, session: Session) -> None:
    write_map(session)
    tab.refresh()
    assert not tab.show_chosen.isVisible()
    tab.cloud.choose(np.array([2, 0]))
    with qtbot.waitSignal(tab.showImages) as told:
        tab.show_chosen.click()
    assert told.args is not None
    assert told.args[0].ids == (int(tab._ids[0]), int(tab._ids[2]))


def test_the_image_under_the_pointer_is_shown(qtbot: QtBot, tab: MapTab, session: Session) -> None:
    write_map(session)
    tab.refresh()
    tab.cloud.hovered.emit(3)
    qtbot.waitUntil(lambda: tab._preview.isVisible() and not tab._preview._picture.pixmap().isNull(), timeout=5000)
    tab.cloud.hovered.emit(-1)
    assert not tab._preview.isVisible()


def test_a_map_made_again_is_read_again(tab: MapTab, session: Session) -> None:
    write_map(session, 10)
    tab.refresh()
    assert len(tab._ids) == 10
    write_map(session, 24)
    tab.refresh()
    assert len(tab._ids) == 24


def test_what_is_no_map_of_this_project_is_made_again(tab: MapTab, session: Session) -> None:
    project = session.project
    assert project is not None
    file = project.cache_folder / "map.npz"
    file.write_bytes(b"no map")
    tab.refresh()
    assert not len(tab._ids)
    assert not tab.cloud.isVisible()
    np.savez(file, ids=np.array([1, 2, 99_999]), xy=np.zeros((3, 2), np.float32))
    tab.refresh()
    assert not len(tab._ids)
