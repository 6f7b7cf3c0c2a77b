"""Label Studio's JSON: choices as labels, rectangles, ellipses and polygons as regions; also its short form (JSON-MIN).

Brush masks and key points are left out, which the document says.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs, unquote, urlsplit

from workbench.data.formats.fields import Path_, Source, strings, texts
from workbench.data.formats.records import TASKS, Document, Head, Record, Shape
from workbench.data.formats.text import lines_of, read_json

OWN = "workbench"
_UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of an uploaded file."""

_REGIONS = ("rectangle", "rectanglelabels", "ellipse", "ellipselabels", "polygon", "polygonlabels")
_ROUND = 32
"""Corners that stand for an ellipse."""


def read(file: Path) -> Document:
    """Return what the file says. Raises WorkbenchError, naming the line, where it is not sound."""
    value, text = read_json(file)
    source = Source(file, text)
    if isinstance(value, dict):
        value = [value]
    tasks = source.list(value, (), "a value")
    if not tasks:
        raise source.wrong((), "holds no task")
    return _Tasks(source, tasks).document()


def is_label_studio(value: Any) -> bool:
    """Tell it from a list of flat objects."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return False
    return ("data" in first and isinstance(first["data"], dict)) or {
        "annotation_id",
        "annotator",
        "lead_time",
    } <= first.keys()


class _Tasks:
    def __init__(self, source: Source, tasks: list[Any]) -> None:
        self.source, self.tasks = source, tasks
        self.left_out: dict[str, int] = {}
        self.head = Head()
        self.own = False

    def document(self) -> Document:
        lines = lines_of(self.source.text) or [1]
        records = [
            record for place, task in enumerate(self.tasks) for record in self._task(task, (place,), lines[place])
        ]
        noticed = [
            f"{count:,} results of the kind {kind} in the file {self.source.file} are no boxes or outlines and are left out."
            for kind, count in self.left_out.items()
        ]
        return Document(
            format="label-studio",
            file=self.source.file,
            records=records,
            head=self.head,
            complete=self.own,
            several=any(record.labels is not None and len(record.labels) != 1 for record in records),
            noticed=tuple(noticed),
        )

    def _task(self, task: Any, path: Path_, line: int) -> Iterator[Record]:
        task = self.source.object(task, path, "a task")
        data = task.get("data", task)
        data = self.source.object(data, path, "the data of a task")
        own = data.get(OWN) if isinstance(data.get(OWN), dict) else None
        if own is not None and "task" in own and not self.own:
            self.own = True
            colours = {name: colour for name, colour in texts(own.get("colours")).items() if len(colour) == 7}
            self.head = Head(strings(own.get("classes", [])), TASKS.get(str(own["task"])), colours)
        name, aliases = names_of(self._image(data, path))
        own = own or {}
        first = True
        for grader, labels, regions, sides in self._annotations(task, path):
            yield Record(
                image=name,
                aliases=aliases,
                labels=labels,
                split=self.source.split(data.get("split"), path) if first else None,
                group=str(data.get("group") or "") if first else "",
                grader=grader,
                tags=strings(own.get("tags", [])) if first else (),
                note=str(own.get("note") or "") if first else "",
                rejected=bool(own.get("rejected")) if self.own and first else None,
                pinned=bool(own.get("pinned")) if self.own and first else None,
                test_set=str(own.get("test_set") or "") if first else "",
                fields=texts(own.get("fields")) if first else {},
                regions=regions,
                sides=sides,
                line=line,
            )
            first = False

    def _image(self, data: Mapping[str, Any], path: Path_) -> str:
        for key in ("image", "img", "picture", "photo", "file", "ocr", "url", "path"):
            if isinstance(data.get(key), str) and data[key].strip():
                return str(data[key]) if self.own else str(data[key]).strip()  # ours may begin with a blank
        texts_ = [value for value in data.values() if isinstance(value, str) and value.strip()]
        if len(texts_) == 1:
            return texts_[0].strip()
        raise self.source.wrong(path, "has a task that names no image (under data.image)")

    def _annotations(
        self, task: Mapping[str, Any], path: Path_
    ) -> list[tuple[str, tuple[str, ...] | None, tuple[Shape, ...], tuple[int, int] | None]]:
        if "data" not in task:
            return [self._short(task, path)]
        values = task.get("annotations", task.get("completions"))
        if values is None:
            values = []
        found = []
        for place, value in enumerate(self.source.list(values, (*path, "annotations"), "annotations")):
            here = (*path, "annotations", place)
            annotation = self.source.object(value, here, "an annotation")
            if annotation.get("was_cancelled") or annotation.get("skipped"):
                continue
            grader = _grader(annotation.get("completed_by"))
            results = self.source.list(annotation.get("result"), (*here, "result"), "a result")
            labels, regions, sides = self._results(results, (*here, "result"), grader)
            if labels is None and OWN in annotation:
                labels = () if annotation[OWN] == "none" else None
            found.append((grader, labels, regions, sides))
        return found or [("", None, (), None)]

    def _short(
        self, task: Mapping[str, Any], path: Path_
    ) -> tuple[str, tuple[str, ...] | None, tuple[Shape, ...], tuple[int, int] | None]:
        """Read JSON-MIN, where a control's name holds its values directly."""
        labels: list[str] = []
        regions: list[Shape] = []
        sides: tuple[int, int] | None = None
        for key, value in task.items():
            if key in ("choice", "choices", "label", "class") and isinstance(value, str) and value.strip():
                labels.append(value.strip())
            elif isinstance(value, dict) and "choices" in value:
                labels += strings(value["choices"])
            elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
                for place, part in enumerate(value):
                    kind = next(
                        (kind for kind in _REGIONS if kind in part), "polygon" if "points" in part else "rectangle"
                    )
                    sides = self.source.sides(part.get("original_width"), part.get("original_height"))
                    regions.append(self._shape(kind, part, (*path, key, place), _grader(task.get("annotator"))))
        return _grader(task.get("annotator")), tuple(dict.fromkeys(labels)) or None, tuple(regions), sides

    def _results(
        self, results: list[Any], path: Path_, grader: str
    ) -> tuple[tuple[str, ...] | None, tuple[Shape, ...], tuple[int, int] | None]:
        labels: list[str] | None = None
        regions: list[Shape] = []
        sides: tuple[int, int] | None = None
        for place, entry in enumerate(results):
            here = (*path, place)
            result = self.source.object(entry, here, "a result")
            kind = result.get("type")
            value = result.get("value")
            if kind in ("choices", "taxonomy", "rating"):
                value = self.source.object(value, here, "a value")
                labels = (labels or []) + list(_chosen(value))
            elif kind in _REGIONS:
                value = self.source.object(value, here, "a value")
                sides = self.source.sides(result.get("original_width"), result.get("original_height")) or sides
                regions.append(self._shape(str(kind), value, here, grader))
            elif kind not in ("relation", "textarea", "labels"):
                self.left_out[str(kind)] = self.left_out.get(str(kind), 0) + 1
        return None if labels is None else tuple(dict.fromkeys(labels)), tuple(regions), sides

    def _shape(self, kind: str, value: Mapping[str, Any], path: Path_, grader: str) -> Shape:
        """Return a region in shares of the sides; Label Studio has percent."""
        label = next(iter(strings(value.get(kind, value.get(f"{kind}labels", [])))), None)
        if kind.startswith("polygon"):
            points = self.source.points(value.get("points"), path)
            if len(points) < 3:
                raise self.source.wrong(path, "has an outline of fewer than three corners")
            return Shape("freehand", _shares(points), label, relative=True, grader=grader)

        def number(name: str) -> float:
            return self.source.number(value.get(name), path, f"a region without {name}, or one")

        x, y, turn = number("x"), number("y"), float(value.get("rotation") or 0)
        if kind.startswith("ellipse"):
            wide, high = number("radiusX"), number("radiusY")
            angles = [2 * math.pi * step / _ROUND for step in range(_ROUND)]
            points = tuple((x + wide * math.cos(angle), y + high * math.sin(angle)) for angle in angles)
            return Shape("freehand", _shares(points), label, relative=True, grader=grader)
        wide, high = number("width"), number("height")
        if wide <= 0 or high <= 0:
            raise self.source.wrong(path, "has a box without a width or height")
        if turn:
            sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
            corners = ((0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high))
            points = tuple((x + u * cosine - v * sine, y + u * sine + v * cosine) for u, v in corners)
            return Shape("freehand", _shares(points), label, relative=True, grader=grader)
        return Shape("box", _shares(((x, y), (x + wide, y + high))), label, relative=True, grader=grader)


def _chosen(value: Mapping[str, Any]) -> tuple[str, ...]:
    if "taxonomy" in value:
        paths = value["taxonomy"] if isinstance(value["taxonomy"], list) else []
        return tuple(str(path[-1]) for path in paths if isinstance(path, list) and path)
    return strings(value.get("choices", value.get("rating", [])))


def _shares(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    return tuple((x / 100, y / 100) for x, y in points)


def _grader(value: Any) -> str:
    """Return who annotated: an address or name; a number is shown as one."""
    match value:
        case {"email": str(name)} | {"username": str(name)}:
            return name
        case bool() | None:
            return ""
        case int() | str():
            return str(value)
    return ""


def names_of(image: str) -> tuple[str, tuple[str, ...]]:
    """Return (path, further names) of what may be a path, an address, or an upload with a mark before its name."""
    parts = urlsplit(image)
    local = parse_qs(parts.query).get("d")
    path = local[0] if local else unquote(parts.path) if parts.scheme or image.startswith("/data/") else image
    name = path.rpartition("/")[2]
    bare = _UPLOAD.sub("", name, count=1)
    aliases = [] if bare == name else [bare]
    if path != image and not local:
        aliases.append(image)
    return path, tuple(aliases)


def write(stream: TextIO, records: Iterable[Record], *, head: Head) -> None:
    """Write records (all graders of an image one after the other) as tasks with annotations."""
    stream.write("[")
    separator = "\n"
    own: dict[str, Any] = {"task": head.task or "single", "classes": list(head.classes), "colours": dict(head.colours)}
    for number, (name, group) in enumerate(groupby(records, key=lambda record: record.image), 1):
        rows = list(group)
        first = rows[0]
        further = {
            "note": first.note,
            "test_set": first.test_set,
            "tags": list(first.tags),
            "fields": dict(first.fields),
        }
        own |= {key: value for key, value in further.items() if value}
        own |= {key: True for key in ("rejected", "pinned") if getattr(first, key)}
        data = {"image": name, "split": first.split, "group": first.group, OWN: own}
        data = {key: value for key, value in data.items() if value}
        # An annotation without a result would say that somebody looked; an unlabelled image has none.
        rows = _with_regions(rows)
        said = [row for row in rows if row.labels is not None or row.regions or len(rows) > 1]
        task = {"id": number, "data": data, "annotations": [_annotation(row, head.task == "multi") for row in said]}
        stream.write(separator + json.dumps(task, ensure_ascii=False))
        separator, own = ",\n", {}
    stream.write("\n]\n")


def _with_regions(rows: list[Record]) -> list[Record]:
    """Return the rows with the regions that their grader drew, and further rows for graders who drew only."""
    regions: dict[str, list[Shape]] = {row.grader: [] for row in rows}
    for region in (region for row in rows for region in row.regions):
        regions.setdefault(region.grader, []).append(region)
    drawn = [Record(rows[0].image, grader=name) for name in regions if name not in {row.grader for row in rows}]
    return [replace(row, regions=tuple(regions[row.grader]), sides=rows[0].sides) for row in [*rows, *drawn]]


def _annotation(row: Record, several: bool) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    if row.labels:
        value = {"choices": list(row.labels)}
        results.append({"from_name": "choice", "to_name": "image", "type": "choices", "value": value})
    width, height = row.sides or (0, 0)
    for region in row.regions:
        kind = "rectanglelabels" if region.shape == "box" else "polygonlabels"
        points = [(100 * x / max(1, width), 100 * y / max(1, height)) for x, y in region.points]
        if region.shape == "box":
            (x, y), (u, v) = points
            value_: dict[str, Any] = {"x": x, "y": y, "width": u - x, "height": v - y, "rotation": 0}
        else:
            value_ = {"points": [list(point) for point in points], "closed": True}
        value_[kind] = [region.label] if region.label is not None else []
        size = {"original_width": width, "original_height": height, "image_rotation": 0}
        results.append({"from_name": "label", "to_name": "image", "type": kind, **size, "value": value_})
    annotation: dict[str, Any] = {"result": results}
    if row.grader:
        annotation["completed_by"] = {"email": row.grader}
    if not row.labels:
        annotation[OWN] = "none" if row.labels == () else "unsaid"
    return annotation
