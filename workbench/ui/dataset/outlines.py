"""The geometry of boxes and freehand outlines: what a point means, and what a drag makes of them. No widgets."""

from collections.abc import Sequence
from math import hypot

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPolygonF

from workbench.project.regions import Points

MOST_POINTS = 400
MOST_DRAWN = 1500
"""Of a longer line only every n-th point is looked at: a hand is not that precise."""


def corners(shape: str, points: Sequence[QPointF]) -> list[QPointF]:
    """Return the corners of the closed outline; of a box the four, beginning at the first of its two points."""
    if shape != "box":
        return list(points)
    first, second = points[0], points[-1]
    return [first, QPointF(second.x(), first.y()), second, QPointF(first.x(), second.y())]


def grabbed(places: Sequence[QPointF], here: QPointF, reach: float) -> int:
    """Return which of the places is meant by a point, -1 for none of them."""
    for number, place in enumerate(places):
        if max(abs(place.x() - here.x()), abs(place.y() - here.y())) <= reach:
            return number
    return -1


def near(shape: str, points: Sequence[QPointF], here: QPointF, reach: float) -> bool:
    """Return whether a point lies on the outline."""
    outline = corners(shape, points)
    return any(
        _distance(here, start, end) <= reach for start, end in zip(outline, [*outline[1:], outline[0]], strict=True)
    )


def enclosed(shape: str, points: Sequence[QPointF], here: QPointF) -> bool:
    """Return whether a point lies within the outline."""
    if shape == "box":
        return QRectF(points[0], points[-1]).normalized().contains(here)
    return QPolygonF(list(points)).containsPoint(here, Qt.FillRule.OddEvenFill)


def resized(points: Points, corner: int, to: tuple[float, float]) -> Points:
    """Return a box (top left, bottom right) after one of its four corners was dragged; turned over where it crossed."""
    (left, top), (right, bottom) = points
    left, right = (to[0], right) if corner in (0, 3) else (left, to[0])
    top, bottom = (to[1], bottom) if corner in (0, 1) else (top, to[1])
    return (min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))


def clipped(points: Points, by: tuple[float, float], size: tuple[float, float]) -> Points:
    """Return the points moved together, as far as all of them stay within an image of this size."""
    moved = []
    for axis in (0, 1):
        values = [point[axis] for point in points]
        moved.append(min(max(by[axis], -min(values)), size[axis] - max(values)))
    return tuple((x + moved[0], y + moved[1]) for x, y in points)


def simplified(points: Sequence[tuple[float, float]], least: float) -> Points:
    """Return an outline with fewer points: none closer than ``least`` to the straight line that replaces it.

    Ramer, Douglas, Peucker; coarser where more than `MOST_POINTS` would be left.
    """
    kept = list(points[:: 1 + len(points) // MOST_DRAWN])
    while True:
        kept = _peucker(kept, least)
        if len(kept) <= MOST_POINTS:
            break
        least *= 2
    if len(kept) > 3 and hypot(kept[0][0] - kept[-1][0], kept[0][1] - kept[-1][1]) <= least:
        kept.pop()  # the outline is closed: its end is its beginning
    return tuple(kept)


def _peucker(points: list[tuple[float, float]], least: float) -> list[tuple[float, float]]:
    if len(points) < 3:
        return points
    places = np.asarray(points, dtype=np.float64)
    keep = np.zeros(len(points), dtype=np.bool_)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = places[first + 1 : last] - places[first]
        along = places[last] - places[first]
        length = float(along @ along)
        share = np.clip(away @ along / length, 0.0, 1.0) if length else np.zeros(len(away))
        distance = np.hypot(*(away - share[:, None] * along).T)
        far = int(np.argmax(distance))
        if distance[far] > least:
            keep[first + 1 + far] = True
            spans += [(first, first + 1 + far), (first + 1 + far, last)]
    return [points[number] for number in np.flatnonzero(keep)]


def _distance(point: QPointF, start: QPointF, end: QPointF) -> float:
    along = end - start
    length = along.x() ** 2 + along.y() ** 2
    away = point - start
    share = 0.0 if length == 0 else min(1.0, max(0.0, (away.x() * along.x() + away.y() * along.y()) / length))
    return hypot(away.x() - share * along.x(), away.y() - share * along.y())
