import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication

from workbench.ui import icons, theme
from workbench.ui.rail import STAGES


def inked(image: QImage) -> set[str]:
    """The colours of the opaque pixels."""
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {image.pixelColor(x, y).name() for x, y in pixels if image.pixelColor(x, y).alpha() == 255}


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_draws_something_inside_its_square(qapp: QApplication, name: str) -> None:
    image = icons.pixmap(name, 40, ratio=1.0).toImage()
    drawn = [(x, y) for x in range(40) for y in range(40) if image.pixelColor(x, y).alpha() > 40]
    assert len(drawn) > 20
    assert not any(x in (0, 39) or y in (0, 39) for x, y in drawn)


def test_the_stages_have_icons() -> None:
    assert {stage.icon for stage in STAGES} <= set(icons.names())


def test_an_icon_takes_the_colour_of_the_theme_in_use(qapp: QApplication) -> None:
    icon = icons.icon("stop", "text")
    theme.apply(qapp, "light")
    assert theme.LIGHT.text in inked(icon.pixmap(QSize(40, 40), 1.0).toImage())
    theme.apply(qapp, "dark")
    assert theme.DARK.text in inked(icon.pixmap(QSize(40, 40), 1.0).toImage())


def test_a_disabled_icon_is_dimmed(qapp: QApplication) -> None:
    drawn = icons.icon("stop", "text").pixmap(QSize(40, 40), 1.0, QIcon.Mode.Disabled).toImage()
    assert QColor(theme.tokens().disabled).name() in inked(drawn)


def test_at_200_percent_a_picture_has_four_times_the_pixels(qapp: QApplication) -> None:
    sharp = icons.pixmap("dataset", 20, ratio=2.0)
    assert sharp.size() == QSize(40, 40)
    assert sharp.devicePixelRatio() == 2.0


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_an_icon_in_a_button_is_as_sharp_as_the_screen(qapp: QApplication, ratio: float) -> None:
    drawn = icons.icon("menu", "text").pixmap(QSize(20, 20), ratio)
    direct = icons.pixmap("menu", 20, "text", ratio)
    assert drawn.devicePixelRatio() == ratio
    assert drawn.toImage() == direct.toImage()
