"""COCO: categories of whole images (annotations without a place), boxes and outlines as regions.

Ours also holds what COCO has no place for, in further keys of ``info`` and of each image that other programs pass over.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from workbench.data.formats.fields import Source, strings, texts
from workbench.data.formats.records import TASKS, Document, Head, Record, Shape
from workbench.data.formats.text import lines_of, read_json

OWN = "workbench"


def read(file: Path) -> Document:
    """Return what a COCO file says. Raises WorkbenchError, naming the line, where it is not sound."""
    value, text = read_json(file)
    return _Coco(Source(file, text), value).document()


def is_coco(value: Any) -> bool:
    """Tell it from other JSON."""
    return isinstance(value, dict) and "images" in value and ("annotations" in value or "categories" in value)


class _Coco:
    def __init__(self, source: Source, value: Any) -> None:
        self.source = source
        self.value = source.object(value, (), "a value")
        self.noticed: list[str] = []
        self.categories = self._categories()
        own = self.value.get("info")
        own = own.get(OWN) if isinstance(own, dict) else None
        self.own = own if isinstance(own, dict) else None
        self.labels: dict[Any, dict[str, list[str]]] = {}
        """By image id and grader."""
        self.regions: dict[Any, list[Shape]] = {}
        self.without_outline = 0

    def document(self) -> Document:
        images = self.source.list(self.value.get("images"), ("images",), 'a value "images"')
        known: set[Any] = set()
        for place, image in enumerate(images):
            number = self.source.object(image, ("images", place), "an image").get("id")
            if not isinstance(number, int | str) or isinstance(number, bool):
                raise self.source.wrong(("images", place), "has an image without an id")
            if number in known:
                raise self.source.wrong(("images", place), f"has a second image with the id {number}")
            known.add(number)
        self._read_annotations(known)
        lines = lines_of(self.source.text, "images")
        records = [
            record
            for place, image in enumerate(images)
            for record in self._records(image, ("images", place), lines[place])
        ]
        if self.without_outline:
            self.noticed.append(
                f"{self.without_outline:,} outlines of the file {self.source.file} are run-length masks; their boxes are "
                "taken instead."
            )
        return Document(
            format="coco",
            file=self.source.file,
            records=records,
            head=self._head(),
            complete=self.own is not None,
            several=any(record.labels is not None and len(record.labels) != 1 for record in records),
            noticed=tuple(self.noticed),
        )

    def _categories(self) -> dict[Any, str]:
        found: dict[Any, str] = {}
        values = self.source.list(self.value.get("categories", []), ("categories",), 'a value "categories"')
        for place, value in enumerate(values):
            path = ("categories", place)
            category = self.source.object(value, path, "a category")
            number = category.get("id")
            if not isinstance(number, int | str) or number in found:
                raise self.source.wrong(path, "has a category without an id of its own")
            found[number] = self.source.name(category.get("name"), path, "name of a category")
        return found

    def _head(self) -> Head:
        if self.own is None:
            return Head(
                classes=tuple(
                    name for _, name in sorted(self.categories.items(), key=lambda each: str(each[0]).zfill(12))
                )
            )
        colours = {name: colour for name, colour in texts(self.own.get("colours")).items() if len(colour) == 7}
        return Head(tuple(self.categories.values()), TASKS.get(str(self.own.get("task"))), colours)

    def _read_annotations(self, known: set[Any]) -> None:
        values = self.source.list(self.value.get("annotations", []), ("annotations",), 'a value "annotations"')
        for place, value in enumerate(values):
            path = ("annotations", place)
            annotation = self.source.object(value, path, "an annotation")
            image = annotation.get("image_id")
            if not isinstance(image, int | str) or image not in known:
                raise self.source.wrong(
                    path, f"has an annotation of the image {str(image)[:40]}, which is not in the file"
                )
            category = annotation.get("category_id")
            label = self.categories.get(category) if isinstance(category, int | str) else None
            if label is None and (category is not None or self.own is None):
                raise self.source.wrong(
                    path, f"has an annotation of the category {str(category)[:40]}, which is not in the file"
                )
            grader = str(annotation.get("grader") or "")
            shapes = self._shapes(annotation, path, label, grader)
            if shapes:
                self.regions.setdefault(image, []).extend(shapes)
            elif label is not None:
                self.labels.setdefault(image, {}).setdefault(grader, []).append(label)

    def _shapes(self, annotation: Any, path: tuple[str | int, ...], label: str | None, grader: str) -> list[Shape]:
        outlines = annotation.get("segmentation")
        box = annotation.get("bbox")
        if isinstance(outlines, list) and outlines:
            return [self._outline(outline, (*path, "segmentation"), label, grader) for outline in outlines]
        if isinstance(outlines, dict):
            self.without_outline += 1
        if not box:
            return []
        corner = [
            self.source.number(number, (*path, "bbox"), "a box")
            for number in self.source.list(box, (*path, "bbox"), "a box")
        ]
        if len(corner) != 4 or corner[2] <= 0 or corner[3] <= 0:
            raise self.source.wrong((*path, "bbox"), "has a box that is not [x, y, width, height] with sides above 0")
        x, y, width, height = corner
        return [Shape("box", ((x, y), (x + width, y + height)), label, grader=grader)]

    def _outline(self, outline: Any, path: tuple[str | int, ...], label: str | None, grader: str) -> Shape:
        flat = [
            self.source.number(number, path, "an outline") for number in self.source.list(outline, path, "an outline")
        ]
        if len(flat) < 6 or len(flat) % 2:
            raise self.source.wrong(path, "has an outline that is not [x, y, x, y, x, y, ...] of three corners or more")
        return Shape("freehand", tuple(zip(flat[::2], flat[1::2], strict=True)), label, grader=grader)

    def _records(self, image: Any, path: tuple[str | int, ...], line: int) -> Iterator[Record]:
        own = image.get(OWN)
        own = own if isinstance(own, dict) else {}
        graded = self.labels.get(image["id"], {})
        regions = tuple(self.regions.get(image["id"], ()))
        placed = tuple(dict.fromkeys(region.label for region in regions if region.label is not None))
        if not graded and placed and self.own is None:
            graded = {"": list(placed)}
        # In ours an image that was looked at and has none of the classes, by whom, in the order in which they count.
        order = strings(own.get("graders")) if "graders" in own else tuple(graded) or ("",)
        if own.get("graders") and "" in own["graders"]:
            order = tuple(str(name) for name in own["graders"])
        none = {str(name) for name in own.get("none", [])} if isinstance(own.get("none"), list) else set()
        first = True
        name = self.source.name(image.get("file_name"), path, "file_name of an image")
        for grader in order or ("",):
            labels = tuple(dict.fromkeys(graded[grader])) if grader in graded else () if grader in none else None
            yield Record(
                image=str(image["file_name"]) if self.own is not None else name,  # ours may begin with a blank
                labels=labels,
                split=self.source.split(image.get("split", own.get("split")), path) if first else None,
                group=str(own.get("group") or "") if first else "",
                grader=grader,
                tags=strings(own.get("tags", [])) if first else (),
                note=str(own.get("note") or "") if first else "",
                rejected=bool(own.get("rejected")) if self.own is not None and first else None,
                pinned=bool(own.get("pinned")) if self.own is not None and first else None,
                test_set=str(own.get("test_set") or "") if first else "",
                fields=texts(own.get("fields")) if first else {},
                regions=regions if first else (),
                sides=self.source.sides(image.get("width"), image.get("height")),
                line=line,
            )
            first = False


def write(stream: TextIO, records: Iterable[Record], *, head: Head) -> None:
    """Write records (all graders of an image one after the other) as COCO; categories count from 1 in the class order."""
    categories = {name: number for number, name in enumerate(head.classes, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for name, group in groupby(records, key=lambda record: record.image):
        rows = list(group)
        images.append(_image(len(images) + 1, name, rows))
        for row in rows:
            for label in row.labels or ():
                found = {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": categories[label],
                    "iscrowd": 0,
                }
                annotations.append(found | ({"grader": row.grader} if row.grader else {}))
        for region in (region for row in rows for region in row.regions):
            placed = _annotation(region, len(annotations) + 1, len(images))
            if region.label is not None:
                placed["category_id"] = categories[region.label]
            annotations.append(placed)
    own = {"task": head.task or "single", "colours": dict(head.colours)}
    value = {
        "info": {"description": "Labels of a Workbench project", OWN: own},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in categories.items()],
    }
    json.dump(value, stream, ensure_ascii=False, indent=1)


def _image(number: int, name: str, rows: list[Record]) -> dict[str, Any]:
    first = rows[0]
    width, height = first.sides or (0, 0)
    own: dict[str, Any] = {}
    if len(rows) > 1 or first.grader:
        own["graders"] = [row.grader for row in rows]
    none = [row.grader for row in rows if row.labels == ()]
    if none:
        own["none"] = none
    plain = {"group": first.group, "note": first.note, "test_set": first.test_set, "rejected": first.rejected}
    own |= {key: value for key, value in plain.items() if value} | ({"pinned": True} if first.pinned else {})
    own |= ({"tags": list(first.tags)} if first.tags else {}) | ({"fields": dict(first.fields)} if first.fields else {})
    image = {"id": number, "file_name": name, "width": width, "height": height}
    return image | ({"split": first.split} if first.split else {}) | ({OWN: own} if own else {})


def _annotation(region: Shape, number: int, image: int) -> dict[str, Any]:
    xs, ys = [x for x, _ in region.points], [y for _, y in region.points]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    outline = [[coordinate for point in region.points for coordinate in point]]
    area = width * height
    if region.shape == "freehand":
        turned = region.points[1:] + region.points[:1]
        area = abs(sum(x * v - u * y for (x, y), (u, v) in zip(region.points, turned, strict=True))) / 2
    found: dict[str, Any] = {"id": number, "image_id": image, "bbox": [min(xs), min(ys), width, height]}
    found |= {"area": area, "segmentation": outline if region.shape == "freehand" else [], "iscrowd": 0}
    return found | ({"grader": region.grader} if region.grader else {})
