"""Regions: boxes and freehand outlines on the finding, kept as labels are."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from workbench.errors import WorkbenchError
from workbench.project.changes import record, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import as_ids
from workbench.project.ids import ClassId, ImageId

if TYPE_CHECKING:
    from workbench.project.project import Project

Shape = Literal["box", "freehand"]
Points = tuple[tuple[float, float], ...]

_COLUMNS = "id, image_id, class_id, shape, points, source, grader, created_at"


@dataclass(frozen=True)
class NewRegion:
    """A region to add; see `Region`."""

    image_id: int
    shape: Shape
    points: Points
    class_id: ClassId | None = None


@dataclass(frozen=True)
class Region:
    """A region of an image, in pixels after the EXIF turn.

    A box has two points, top left and bottom right; freehand the three or more corners of a closed outline.
    ``created_at`` in UNIX seconds.
    """

    id: int
    image_id: ImageId
    class_id: ClassId | None
    shape: Shape
    points: Points
    source: str
    grader: str
    created_at: float


@dataclass(frozen=True)
class RegionChange:
    """Regions before and after: None where one was not there, or is gone."""

    before: tuple[Region | None, ...]
    after: tuple[Region | None, ...]
    grader: str = ""

    @property
    def what(self) -> str:
        return "region"

    @property
    def ids(self) -> tuple[int, ...]:
        """The images whose regions changed, sorted."""
        return tuple(sorted({region.image_id for region in (*self.before, *self.after) if region is not None}))

    def inverse(self) -> Self:
        return type(self)(self.after, self.before, self.grader)

    def apply(self, project: "Project", *, source: str) -> "RegionChange":
        return project.regions.apply(self, source=source)


_SAME: Any = object()


class Regions:
    """The regions of a project's images. Every change is committed on return; a removed region can come back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, image_id: ImageId) -> list[Region]:
        """Return the image's regions in the order in which they were drawn."""
        return self._found("image_id = ?", (int(image_id),))

    def get(self, region_id: int) -> Region:
        """Return one region. Raises WorkbenchError where it is gone."""
        found = self._found("id = ?", (int(region_id),))
        if not found:
            raise WorkbenchError("That region is no longer in the project; choose another one.")
        return found[0]

    def all(self) -> Iterator[Region]:
        """Yield every region, by id; a thousand are read at a time."""
        last = 0
        while found := self._found("id > ?", (last,), limit=1000):
            yield from found
            last = found[-1].id

    def count(self) -> int:
        """Return the number of regions."""
        return int(self._database.value("SELECT count(*) FROM region WHERE removed_at IS NULL"))

    def add(
        self,
        image_id: int,
        shape: Shape,
        points: Sequence[tuple[float, float]],
        class_id: ClassId | None = None,
        *,
        source: str = "user",
        grader: str = "",
    ) -> RegionChange:
        """Add a region; a box from any two opposite corners. Raises ValueError for points that make no such shape."""
        return self.add_all([NewRegion(image_id, shape, tuple(points), class_id)], source=source, grader=grader)

    def add_all(self, regions: Sequence[NewRegion], *, source: str = "user", grader: str = "") -> RegionChange:
        """Add regions of any images, all of them or none; ``after`` of what it returns has their ids."""
        now = time.time()
        with self._database.transaction():
            first = int(self._database.value("SELECT coalesce(max(id), 0) FROM region")) + 1
            made = tuple(
                Region(
                    id=number,
                    image_id=ImageId(int(new.image_id)),
                    class_id=None if new.class_id is None else ClassId(int(new.class_id)),
                    shape=new.shape,
                    points=_checked(new.shape, new.points),
                    source=source,
                    grader=grader,
                    created_at=now,
                )
                for number, new in enumerate(regions, first)
            )
            return self.apply(RegionChange((None,) * len(made), made, grader), source=source)

    def remove(self, region_id: int, *, source: str = "user", grader: str = "") -> RegionChange:
        """Remove a region. Raises WorkbenchError where it is gone already."""
        return self.apply(RegionChange((self.get(region_id),), (None,), grader), source=source)

    def change(
        self,
        region_id: int,
        *,
        points: Sequence[tuple[float, float]] = _SAME,
        class_id: ClassId | None = _SAME,
        source: str = "user",
        grader: str = "",
    ) -> RegionChange:
        """Give a region other points, or another class; what is not named stays."""
        before = self.get(region_id)
        after = before
        if points is not _SAME:
            after = replace(after, points=_checked(before.shape, points))
        if class_id is not _SAME:
            after = replace(after, class_id=None if class_id is None else ClassId(int(class_id)))
        if after == before:
            return RegionChange((), (), grader)
        return self.apply(RegionChange((before,), (after,), grader), source=source)

    def apply(self, change: RegionChange, *, source: str = "user") -> RegionChange:
        """Make the change; return it. Raises WorkbenchError where a region's class is gone."""
        with self._database.transaction():
            require_images(self._database, as_ids(change.ids))
            known = {class_id for (class_id,) in self._database.rows("SELECT id FROM class")} | {None}
            if any(region is not None and region.class_id not in known for region in change.after):
                raise WorkbenchError("That class is no longer in the project; choose another class.")
            for before, after in zip(change.before, change.after, strict=True):
                region = after or before
                if region is None:
                    continue
                self._write(region, None if after is not None else time.time())
                verb = "removed" if after is None else "added" if before is None else "changed"
                detail = f"{verb} {region.shape}"
                image = [int(region.image_id)]
                record(self._database, "region", detail, ids=image, source=source, grader=change.grader)
        return change

    def _write(self, region: Region, removed_at: float | None) -> None:
        self._database.execute(
            f"INSERT OR REPLACE INTO region ({_COLUMNS}, removed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                region.id,
                int(region.image_id),
                None if region.class_id is None else int(region.class_id),
                region.shape,
                json.dumps(region.points),
                region.source,
                region.grader,
                region.created_at,
                removed_at,
            ),
        )

    def _found(self, where: str, parameters: tuple[object, ...], *, limit: int = -1) -> list[Region]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM region WHERE removed_at IS NULL AND {where} ORDER BY id LIMIT {limit}", parameters
        )
        return [
            Region(number, image, class_id, shape, tuple((x, y) for x, y in json.loads(points)), *rest)
            for number, image, class_id, shape, points, *rest in rows
        ]


def _checked(shape: str, points: Sequence[tuple[float, float]]) -> Points:
    pairs = tuple((float(x), float(y)) for x, y in points)
    if not all(math.isfinite(value) for pair in pairs for value in pair):
        raise ValueError("the points of a region must be finite")
    if shape == "box" and len(pairs) == 2:
        (left, right), (top, bottom) = (sorted(values) for values in zip(*pairs, strict=True))
        return (left, top), (right, bottom)
    if shape == "freehand" and len(pairs) >= 3:
        return pairs
    raise ValueError(f"{len(pairs)} points are no {shape}: a box has two corners, a freehand outline three or more")
