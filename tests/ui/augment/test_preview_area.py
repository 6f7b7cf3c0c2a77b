from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.ui.augment.preview_area import PreviewArea
from workbench.ui.session import Session


def test_the_real_child_paints_sixteen_variants(session: Session, project_folder: Path, qtbot: QtBot) -> None:
    area = PreviewArea(session, str)
    qtbot.addWidget(area)
    area.resize(700, 600)
    session.open_project(project_folder)
    area.show_chain(Chain(steps=(Step(transform="HorizontalFlip", p=1.0),)))
    with qtbot.waitSignal(area.engine.ended, timeout=60_000):
        area.show()
    tiles = area.variants.tiles
    assert all(tile.image is not None for tile in tiles)
    straight, mirrored = tiles[0].image, tiles[1].image.flipped(Qt.Orientation.Horizontal)
    apart = [
        abs(straight.pixelColor(x, y).green() - mirrored.pixelColor(x, y).green())
        for x in range(5, 120, 5)
        for y in range(5, 120, 5)
    ]
    assert sum(apart) / len(apart) < 8
    assert tiles[1].image == tiles[16].image
    area.engine.close()
