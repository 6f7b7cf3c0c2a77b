from math import cos, pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from workbench.ui.dataset.outlines import MOST_POINTS, clipped, corners, enclosed, grabbed, near, resized, simplified

BOX = [QPointF(10, 20), QPointF(50, 80)]
values = st.floats(0, 100, allow_nan=False)


def test_a_box_has_four_corners_and_lines_between_them() -> None:
    assert [(p.x(), p.y()) for p in corners("box", BOX)] == [(10, 20), (50, 20), (50, 80), (10, 80)]
    assert grabbed(corners("box", BOX), QPointF(52, 78), 4) == 2
    assert grabbed(corners("box", BOX), QPointF(30, 50), 4) == -1
    assert near("box", BOX, QPointF(30, 22), 3)
    assert not near("box", BOX, QPointF(30, 50), 3)
    assert enclosed("box", BOX, QPointF(30, 50))
    assert not enclosed("box", BOX, QPointF(60, 50))


def test_within_a_freehand_outline() -> None:
    triangle = [QPointF(0, 0), QPointF(10, 0), QPointF(0, 10)]
    assert enclosed("freehand", triangle, QPointF(2, 2))
    assert not enclosed("freehand", triangle, QPointF(8, 8))
    assert near("freehand", triangle, QPointF(5, 5), 1)


@pytest.mark.parametrize(("corner", "expected"), [(0, (0, 0, 50, 80)), (1, (10, 0, 10, 80)), (2, (0, 0, 10, 20))])
def test_a_corner_is_dragged_and_the_box_stays_in_order(corner: int, expected: tuple[float, ...]) -> None:
    to = (0.0, 0.0) if corner != 1 else (10.0, 0.0)
    (left, top), (right, bottom) = resized(((10, 20), (50, 80)), corner, to)
    assert (left, top, right, bottom) == expected


@given(st.lists(st.tuples(values, values), min_size=2, max_size=20), values, values)
@settings(deadline=None, max_examples=50)
def test_what_is_moved_stays_inside_and_keeps_its_shape(points: list[tuple[float, float]], x: float, y: float) -> None:
    moved = clipped(tuple(points), (x * 3 - 150, y * 3 - 150), (100, 100))
    assert all(-1e-9 <= value <= 100 + 1e-9 for point in moved for value in point)
    away = {(round(a[0] - b[0], 6), round(a[1] - b[1], 6)) for a, b in zip(moved, points, strict=True)}
    assert len(away) == 1


def test_an_outline_is_simplified_without_leaving_its_line() -> None:
    circle = [(50 + 40 * cos(2 * pi * n / 2000), 50 + 40 * sin(2 * pi * n / 2000)) for n in range(2001)]
    kept = simplified(circle, 0.5)
    assert 10 < len(kept) < 100
    assert set(kept) <= set(circle)
    outline = [QPointF(*point) for point in kept]
    assert all(near("freehand", outline, QPointF(*point), 0.51) for point in circle[::20])
    zigzag = [(float(n), float(n % 2) * 50) for n in range(3000)]
    assert len(simplified(zigzag, 0.1)) <= MOST_POINTS
