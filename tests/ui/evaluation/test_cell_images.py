from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.data.thumbnails import Thumbnails
from workbench.evaluation.results import PredictedImage
from workbench.ui.evaluation import cell_images
from workbench.ui.evaluation.cell_images import SHOWN, CellImages, CellView, PixmapRole
from workbench.ui.evaluation.thumbnails import CellThumbnails


@pytest.fixture
def thumbnails(qtbot: QtBot, tmp_path: Path) -> Iterator[CellThumbnails]:
    made = CellThumbnails(64)
    made.set_source(Thumbnails(tmp_path / "cache"))
    yield made
    made.stop()


def some(paths: list[Path]) -> list[PredictedImage]:
    return [PredictedImage(number, path, 0, 1, 0.9, [0.1, 0.9]) for number, path in enumerate(paths)]


def test_passes_the_tester(qtbot, thumbnails, tiny_images) -> None:
    model = CellImages(thumbnails)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    paths = sorted(tiny_images({"good": 4}).rglob("*.png"))
    model.show(some(paths), ["bad", "good"])
    with qtbot.waitSignal(thumbnails.arrived):
        model.index(0).data(PixmapRole)
    model.show([], [])
    del tester


def test_thumbnails_are_decoded_elsewhere_and_arrive(qtbot, thumbnails, tiny_images) -> None:
    model = CellImages(thumbnails)
    paths = sorted(tiny_images({"good": 3}, side=100).rglob("*.png"))
    model.show(some(paths), ["bad", "good"])
    assert model.index(2).data(PixmapRole) is None
    qtbot.waitUntil(lambda: model.index(2).data(PixmapRole) is not None)
    assert model.index(2).data(PixmapRole).width() == 64


def test_a_missing_file_leaves_a_reason(qtbot, thumbnails, tmp_path) -> None:
    model = CellImages(thumbnails)
    gone = tmp_path / "gone.png"
    model.show(some([gone]), ["bad", "good"])
    with qtbot.waitSignal(thumbnails.arrived):
        model.index(0).data(PixmapRole)
    assert thumbnails.error(gone)
    assert "gone.png" in model.index(0).data(cell_images.Qt.ItemDataRole.ToolTipRole)


def test_only_the_surest_of_a_large_cell_are_shown(qtbot, thumbnails) -> None:
    model = CellImages(thumbnails)
    model.show(some([Path(f"{number}.png") for number in range(SHOWN + 50)]), ["bad", "good"])
    assert model.rowCount() == SHOWN
    assert model.image(0).path == Path("0.png")


def test_a_double_click_asks_for_the_image(qtbot, thumbnails, tiny_images) -> None:
    model = CellImages(thumbnails)
    view = CellView(model)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    model.show(some(sorted(tiny_images({"good": 3}).rglob("*.png"))), ["bad", "good"])
    qtbot.waitUntil(lambda: model.index(0).data(PixmapRole) is not None)
    view.grab()
    with qtbot.waitSignal(view.wanted) as asked:
        view.activated.emit(model.index(1))
    assert asked.args == [1]
