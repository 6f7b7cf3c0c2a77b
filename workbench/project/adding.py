"""Adding scanned images to a project: what is new, what has changed on the disk, and which label the folder gives."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.database import Database
from workbench.project.id_ranges import as_ids
from workbench.project.ids import CORRUPT, MISSING, SPLITS, UNVERIFIED, ClassId, RootId, SplitName
from workbench.project.labels import FOLDER, Labels
from workbench.project.roots import Roots

CHUNK = 5_000


@dataclass(frozen=True)
class NewImage:
    """An image file as a scan found it.

    ``relative`` is its posix path below the root, ``bits`` per channel, ``class_name`` and ``split`` what its folders
    say (None: nothing), ``error`` why its header cannot be read (None: it can).
    """

    relative: str
    width: int
    height: int
    channels: int
    bits: int
    bytes: int
    modified_ns: int
    class_name: str | None = None
    split: SplitName | None = None
    error: str | None = None


@dataclass(frozen=True)
class Added:
    """How many images were new, known but changed, and known."""

    added: int
    updated: int
    unchanged: int
    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), compare=False, repr=False)
    """All of them, in any order."""


class _Known(NamedTuple):
    id: int
    bytes: int
    modified_ns: int
    error: str | None
    class_id: int | None
    label_source: str | None
    state: int


@dataclass
class Addition:
    """One call of `Images.add`, inside a transaction of its caller."""

    database: Database
    labels: Labels
    roots: Roots
    root: RootId
    _updated: int = 0
    _unchanged: int = 0
    _labelled: dict[ClassId, list[int]] = field(default_factory=lambda: defaultdict(list))
    """New images by class: their label is written with the row, the history at the end."""
    _relabelled: dict[ClassId, list[int]] = field(default_factory=lambda: defaultdict(list))

    def run(self, images: Sequence[NewImage]) -> Added:
        wanted = list({image.relative: image for image in images}.values())
        class_ids = self.labels.ensure_classes({image.class_name for image in wanted if image.class_name is not None})
        overlapping = self.roots.overlapping(self.root)
        fresh = not overlapping and not self.database.rows(
            "SELECT 1 FROM file WHERE root_id = ? LIMIT 1", (int(self.root),)
        )
        first = int(self.database.value("SELECT coalesce(max(id), 0) FROM image")) + 1
        following = first
        seen: list[int] = []
        try:
            for start in range(0, len(wanted), CHUNK):
                chunk = wanted[start : start + CHUNK]
                known = {} if fresh else self._known(chunk, overlapping)
                seen += [found.id for found in known.values()]
                new = [image for image in chunk if image.relative not in known]
                for image in chunk:
                    if image.relative in known:
                        self._update(known[image.relative], image, class_ids)
                self._insert(new, following, class_ids)
                following += len(new)
        except UnicodeEncodeError as error:
            raise WorkbenchError(
                f"The file name {error.object!a} is not valid Unicode; rename that file, then add the folder again."
            ) from error
        self._write_labels()
        ids = np.concatenate([np.array(seen, dtype=np.int64), np.arange(first, following, dtype=np.int64)])
        return Added(added=following - first, updated=self._updated, unchanged=self._unchanged, ids=ids)

    def _known(self, chunk: Sequence[NewImage], overlapping: Sequence[tuple[RootId, str, str]]) -> dict[str, _Known]:
        """Return what the project knows of these files, by their path in this root, also through overlapping roots."""
        known: dict[str, _Known] = {}
        for root, here, there in [(self.root, "", ""), *overlapping]:
            paths = {
                there + image.relative.removeprefix(here): image.relative
                for image in chunk
                if image.relative.startswith(here)
            }
            rows = self.database.rows(
                "SELECT file.relative, image.id, file.bytes, file.modified_ns, file.error,"
                " image.class_id, image.label_source, image.state"
                " FROM json_each(?) AS wanted"
                " CROSS JOIN file ON file.root_id = ? AND file.relative = wanted.value"
                " CROSS JOIN image ON image.id = file.image_id",
                (json.dumps(list(paths)), int(root)),
            )
            for relative, *facts in rows:
                known.setdefault(paths[relative], _Known(*facts))
        return known

    def _insert(self, images: Sequence[NewImage], first: int, class_ids: dict[str, ClassId]) -> None:
        self.database.execute_many(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)", self._files(images, first)
        )
        self.database.execute_many(
            "INSERT INTO image (id, class_id, label_source, split, state) VALUES (?, ?, ?, ?, ?)",
            self._images(images, first, class_ids),
        )

    def _files(self, images: Sequence[NewImage], first: int) -> Iterator[tuple[object, ...]]:
        root = int(self.root)
        for image_id, image in enumerate(images, first):
            yield (
                image_id,
                root,
                image.relative,
                image.width,
                image.height,
                image.channels,
                image.bits,
                image.bytes,
                image.modified_ns,
                image.error,
            )

    def _images(
        self, images: Sequence[NewImage], first: int, class_ids: dict[str, ClassId]
    ) -> Iterator[tuple[object, ...]]:
        for image_id, image in enumerate(images, first):
            class_id = None if image.class_name is None else class_ids[image.class_name]
            if class_id is not None:
                self._labelled[class_id].append(image_id)
            split = None if image.split is None else SPLITS.index(image.split)
            state = UNVERIFIED if image.error is None else CORRUPT
            yield image_id, class_id, None if class_id is None else FOLDER, split, state

    def _update(self, known: _Known, image: NewImage, class_ids: dict[str, ClassId]) -> None:
        changed = (
            (known.bytes, known.modified_ns) != (image.bytes, image.modified_ns)
            or known.state == MISSING
            or (image.error is not None and known.error is None)
        )
        if changed:
            self.database.execute(
                "UPDATE file SET width = ?, height = ?, channels = ?, bits = ?, bytes = ?, modified_ns = ?,"
                " content_hash = NULL, error = ? WHERE image_id = ?",
                (
                    image.width,
                    image.height,
                    image.channels,
                    image.bits,
                    image.bytes,
                    image.modified_ns,
                    image.error,
                    known.id,
                ),
            )
            state = UNVERIFIED if image.error is None else CORRUPT
            self.database.execute("UPDATE image SET state = ? WHERE id = ?", (state, known.id))
        class_id = None if image.class_name is None else class_ids[image.class_name]
        relabelled = class_id is not None and known.label_source in (None, FOLDER) and known.class_id != class_id
        if relabelled and class_id is not None:
            self._relabelled[class_id].append(known.id)
        if changed or relabelled:
            self._updated += 1
        else:
            self._unchanged += 1

    def _write_labels(self) -> None:
        for class_id, ids in self._labelled.items():
            self.labels.record(np.array(ids, dtype=np.int64), class_id, source=FOLDER)
        for class_id, ids in self._relabelled.items():
            self.labels.assign(as_ids(ids), class_id, source=FOLDER)
