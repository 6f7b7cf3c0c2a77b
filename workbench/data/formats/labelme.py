"""labelme: a JSON file for each image, with flags as labels and shapes as regions."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.data.formats.fields import Source
from workbench.data.formats.records import Document, Head, Record, Shape
from workbench.data.formats.text import read_json
from workbench.data.formats.writing import new_folder
from workbench.errors import WorkbenchError

_ROUND = 32


def read(file: Path) -> Document:
    """Return what a labelme file, or all those in a folder and below it, say.

    Raises WorkbenchError, naming the file and line, where one is not sound, and where there is none.
    """
    files = (
        sorted(found for found in file.rglob("*.json") if not found.name.startswith(".")) if file.is_dir() else [file]
    )
    records: list[Record] = []
    passed: list[str] = []
    for each in files:
        value, text = read_json(each)
        if not is_labelme(value):
            passed.append(str(each))
            continue
        records.append(_record(Source(each, text), value, file if file.is_dir() else file.parent))
    if not records:
        raise WorkbenchError(f"{file} holds no labelme file (JSON with shapes or flags); choose another one.")
    flagged = any(record.labels is not None for record in records)
    if not flagged:  # labelled by its shapes alone
        records = [_by_shapes(record) for record in records]
    noticed = tuple(f"The file {name} is no labelme file and is left out." for name in passed[:20])
    return Document(
        format="labelme",
        file=file,
        records=records,
        several=any(record.labels is not None and len(record.labels) > 1 for record in records),
        noticed=noticed,
    )


def is_labelme(value: Any) -> bool:
    """Tell it from other JSON."""
    return isinstance(value, dict) and ("shapes" in value or "imagePath" in value)


def _record(source: Source, value: Any, top: Path) -> Record:
    name = source.name(value.get("imagePath", source.file.with_suffix("").name), ("imagePath",), "imagePath")
    name = name.replace("\\", "/")
    # The path is as seen from the JSON file, or of another machine: then the name is what counts.
    own = PurePosixPath(source.file.parent.relative_to(top).as_posix())
    path = str(_flattened(own / name)) if not PurePosixPath(name).is_absolute() else name
    flags = source.object(value.get("flags") or {}, ("flags",), "flags")
    for flag, on in flags.items():
        if not isinstance(on, bool):
            raise source.wrong(("flags", flag), f"has the flag {flag} that is neither true nor false")
    labels = tuple(flag.strip() for flag, on in flags.items() if on and flag.strip())
    shapes = source.list(value.get("shapes") or [], ("shapes",), "shapes")
    return Record(
        image=path,
        aliases=(PurePosixPath(name).name,),
        labels=labels if flags else None,
        regions=tuple(shape for place, each in enumerate(shapes) for shape in _shapes(source, each, ("shapes", place))),
        sides=source.sides(value.get("imageWidth"), value.get("imageHeight")),
        line=1,
        file=source.file,
    )


def _flattened(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _shapes(source: Source, value: Any, path: tuple[str | int, ...]) -> Iterator[Shape]:
    shape = source.object(value, path, "a shape")
    label = shape.get("label")
    label = label.strip() if isinstance(label, str) and label.strip() else None
    points = source.points(shape.get("points"), (*path, "points"))
    kind = shape.get("shape_type") or "polygon"
    if kind == "rectangle" and len(points) == 2:
        (x, y), (u, v) = points
        yield Shape("box", ((min(x, u), min(y, v)), (max(x, u), max(y, v))), label)
    elif kind == "circle" and len(points) == 2:
        (x, y), (u, v) = points
        radius = math.hypot(u - x, v - y)
        angles = [2 * math.pi * step / _ROUND for step in range(_ROUND)]
        yield Shape("freehand", tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles), label)
    elif kind in ("polygon", "rectangle", "oriented_rectangle") and len(points) >= 3:
        yield Shape("freehand", points, label)
    elif kind in ("polygon", "rectangle", "circle"):
        raise source.wrong(path, f"has a {kind} of {len(points)} points")
    # Points and lines have no area; masks are pictures within the file.


def _by_shapes(record: Record) -> Record:
    labels = tuple(dict.fromkeys(shape.label for shape in record.regions if shape.label is not None))
    return Record(
        image=record.image,
        aliases=record.aliases,
        labels=labels or None,
        regions=record.regions,
        sides=record.sides,
        line=record.line,
        file=record.file,
    )


def write(folder: Path, records: Iterable[tuple[Record, Path]], *, head: Head) -> None:
    """Write one file for each image into a new folder, as the images lie; each with the path to its image."""
    with new_folder(folder) as part:
        for record, image in records:
            target = part / PurePosixPath(record.image + ".json")
            target.parent.mkdir(parents=True, exist_ok=True)
            width, height = record.sides or (0, 0)
            value = {
                "version": "5.5.0",
                "flags": {name: name in record.labels for name in head.classes} if record.labels is not None else {},
                "shapes": [_shape(region) for region in record.regions],
                "imagePath": image.as_posix(),
                "imageData": None,
                "imageHeight": height,
                "imageWidth": width,
            }
            target.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def _shape(region: Shape) -> dict[str, Any]:
    return {
        "label": region.label or "",
        "points": [list(point) for point in region.points],
        "group_id": None,
        "shape_type": "rectangle" if region.shape == "box" else "polygon",
        "flags": {},
    }
