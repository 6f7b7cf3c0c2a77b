from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.data.thumbnails import Thumbnails
from workbench.evaluation.results import PredictedImage
from workbench.ui.evaluation import cell_images
from workbench.ui.evaluation.cell_images import SHOWN, CellImages, CellView, PixmapRole
from workbench.ui.thumbnails import ThumbnailLoader


@pytest.fixture
def thumbnails(qtbot: QtBot, tmp_path: Path) -> Iterator[ThumbnailLoader]:
    source = Thumbnails(tmp_path / "cache")

    def decode(path: Path, _modified_ns: int, side: int) -> NDArray[np.uint8]:
        return source.get(path, path.stat().st_mtime_ns, side)

    made = ThumbnailLoader(decode)
    yield made
    made.stop()


@pytest.fixture
def shown(qtbot: QtBot, thumbnails: ThumbnailLoader) -> CellView:
    view = CellView(CellImages(thumbnails), thumbnails)
    view.model().setParent(view)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    return view


def some(paths: list[Path]) -> list[PredictedImage]:
    return [PredictedImage(number, path, 0, 1, 0.9, [0.1, 0.9]) for number, path in enumerate(paths)]


def test_passes_the_tester(qtbot, thumbnails, tiny_images) -> None:
    model = CellImages(thumbnails)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    paths = sorted(tiny_images({"good": 4}).rglob("*.png"))
    model.show(some(paths), ["bad", "good"])
    model.show([], [])
    del tester


def test_thumbnails_in_view_are_decoded_elsewhere_and_arrive(qtbot, shown, tiny_images) -> None:
    model = shown.model()
    paths = sorted(tiny_images({"good": 3}, side=100).rglob("*.png"))
    model.show(some(paths), ["bad", "good"])
    assert model.index(2).data(PixmapRole) is None
    qtbot.waitUntil(lambda: model.index(2).data(PixmapRole) is not None)
    assert model.index(2).data(PixmapRole).width() == 100


def test_what_is_below_the_view_is_not_decoded(qtbot, shown, thumbnails, tiny_images) -> None:
    model = shown.model()
    model.show(some(sorted(tiny_images({"good": 30}).rglob("*.png"))), ["bad", "good"])
    qtbot.waitUntil(lambda: model.index(0).data(PixmapRole) is not None)
    thumbnails.stop()
    qtbot.wait(30)
    assert model.index(29).data(PixmapRole) is None
    shown.scrollToBottom()
    qtbot.waitUntil(lambda: model.index(29).data(PixmapRole) is not None)


def test_a_missing_file_leaves_a_reason(qtbot, shown, thumbnails, tmp_path) -> None:
    model = shown.model()
    gone = tmp_path / "gone.png"
    model.show(some([gone]), ["bad", "good"])
    qtbot.waitUntil(lambda: bool(thumbnails.error(0, 0)))
    assert "gone.png" in model.index(0).data(cell_images.Qt.ItemDataRole.ToolTipRole)


def test_only_the_surest_of_a_large_cell_are_shown(qtbot, thumbnails) -> None:
    model = CellImages(thumbnails)
    model.show(some([Path(f"{number}.png") for number in range(SHOWN + 50)]), ["bad", "good"])
    assert model.rowCount() == SHOWN
    assert model.image(0).path == Path("0.png")


def test_a_double_click_asks_for_the_image(qtbot, shown, tiny_images) -> None:
    view, model = shown, shown.model()
    model.show(some(sorted(tiny_images({"good": 3}).rglob("*.png"))), ["bad", "good"])
    qtbot.waitUntil(lambda: model.index(0).data(PixmapRole) is not None)
    view.grab()
    with qtbot.waitSignal(view.wanted) as asked:
        view.activated.emit(model.index(1))
    assert asked.args == [1]
