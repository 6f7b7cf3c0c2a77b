import time

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.ui import theme
from workbench.ui.plots import DRAWN, Growing, LiveCurve, thinned


@pytest.fixture
def curve(qtbot: QtBot) -> LiveCurve:
    made = LiveCurve("Loss", x_label="epoch")
    made.add_series("train", "Training", thick=False)
    made.add_series("validation", "Validation")
    qtbot.addWidget(made)
    made.resize(640, 320)
    made.show()
    return made


def test_growing_keeps_every_pair() -> None:
    pairs = Growing()
    for number in range(1000):
        pairs.append(number, number**2)
    assert len(pairs) == 1000
    assert pairs.x.tolist() == list(range(1000))
    assert pairs.y[-1] == 999**2


def test_few_points_are_drawn_as_they_are() -> None:
    x = np.arange(10.0)
    thin_x, thin_y = thinned(x, x * 2)
    assert thin_x.tolist() == x.tolist()
    assert thin_y.tolist() == (x * 2).tolist()


def test_of_many_points_the_extremes_and_the_last_are_kept() -> None:
    x = np.arange(100_003.0)
    y = np.sin(x / 1000)
    y[77_777], y[12_345] = 9, -9
    thin_x, thin_y = thinned(x, y)
    assert len(thin_x) <= DRAWN * 1.1
    assert {9, -9} <= set(thin_y.tolist())
    assert thin_x[-1] == 100_002
    assert (np.diff(thin_x) >= 0).all()


def test_a_hundred_thousand_points_stay_quick(curve: LiveCurve) -> None:
    started = time.perf_counter()
    for number in range(100_000):
        curve.append("train", number, 1 / (number + 1))
    assert time.perf_counter() - started < 2
    started = time.perf_counter()
    curve.redraw()
    QApplication.processEvents()
    assert time.perf_counter() - started < 0.5
    assert curve.points("train") == 100_000


def test_values_under_the_pointer_are_told_for_every_curve(curve: LiveCurve) -> None:
    curve.set_data("train", [0, 1, 2], [1.0, 0.5, 0.25])
    curve.set_data("validation", [1, 2], [0.6, 0.4])
    assert curve.values_at(1.2) == [("Training", 1.0, 0.5), ("Validation", 1.0, 0.6)]
    curve.show_values(1.9)
    assert "Validation 0.4" in curve.readout()


def test_clear_keeps_the_series(curve: LiveCurve) -> None:
    curve.append("train", 1, 1)
    curve.mark_best(1, 1)
    curve.clear()
    assert curve.points("train") == 0
    curve.append("train", 1, 2)
    assert curve.points("train") == 1


def test_a_curve_changes_its_colours_with_the_theme(curve: LiveCurve, qapp: QApplication) -> None:
    curve.set_data("validation", [1, 2], [1, 2])
    for mode, tokens in (("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply(qapp, mode)
        QApplication.processEvents()
        image = curve.grab().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(0, image.width()) for y in range(40, image.height())}
        assert tokens.accent in colours
        other = theme.DARK if tokens is theme.LIGHT else theme.LIGHT
        assert not colours & {other.background, other.surface, other.line}


def test_the_axis_of_steps_has_no_fractions(curve: LiveCurve) -> None:
    curve.set_data("train", [1, 2], [0.5, 0.4])
    QApplication.processEvents()
    axis = curve._plot.getPlotItem().getAxis("bottom")
    values = [value for _, level in axis.tickValues(0.5, 2.5, 400) for value in level]
    assert values
    assert all(value == int(value) for value in values)


def test_a_single_point_is_a_dot(curve: LiveCurve) -> None:
    curve.set_data("validation", [3], [0.5])
    assert curve._series["validation"].curve.opts["symbol"] == "o"
    curve.set_data("validation", [3, 4], [0.5, 0.4])
    assert curve._series["validation"].curve.opts["symbol"] is None
