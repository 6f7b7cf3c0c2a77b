"""Train, validation and test: stratified by class, repeatable, and open about what was asked and what came out."""

import math
from collections import defaultdict
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.allocation import stratified
from workbench.project.bulk import bulk
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import OK, SPLITS, UNVERIFIED, ClassId, SplitName
from workbench.project.labels import Labels
from workbench.project.pins import NONE, PinChange, Pins
from workbench.project.settings import Settings

_SETTING = "split"


@dataclass(frozen=True)
class SplitOutcome:
    """What was asked (shares that sum to 1) and what came out (images), in all and by the name of the class."""

    asked: dict[SplitName, float]
    got: dict[SplitName, int]
    per_class: dict[str, dict[SplitName, int]]
    warnings: list[str]
    grouped_by: str = ""
    groups: int = 0
    pinned: int = 0
    folds: int = 0
    fold: int = 1


class Splits:
    """The split of each image. Only labelled images that are neither corrupt nor missing take part."""

    def __init__(self, database: Database, labels: Labels, settings: Settings) -> None:
        self._database = database
        self._labels = labels
        self._settings = settings
        self.pins = Pins(database)

    def make(
        self,
        *,
        validation: float = 0.15,
        test: float = 0.2,
        seed: int = 7,
        groups: tuple[Ids, Ids] | None = None,
        grouped_by: str = "",
        folds: int = 0,
        fold: int = 1,
    ) -> SplitOutcome:
        """Split anew, each class in the asked shares; a share of 0 makes no such split.

        The same labels (by relative path) and seed give the same split, whatever the order in which the images were
        added; images that are added later leave most others where they were. The totals are within one image of the
        shares unless a class would be left without an image in a split, which ``warnings`` then say.

        Raises WorkbenchError where no split is possible: shares out of range, no labelled image, a single class, or a
        class with fewer images than there are splits.
        """
        if not all(math.isfinite(share) and share >= 0 for share in (validation, test)) or validation + test >= 1:
            raise WorkbenchError(
                f"A split with {validation:g} for validation and {test:g} for testing leaves nothing to train "
                "on; choose shares of 0 or more that sum to less than 1."
            )
        asked: dict[SplitName, float] = {"train": 1 - validation - test, "validation": validation, "test": test}
        with self._database.transaction():
            outcome = self._make(asked, seed)
            self._settings.set(_SETTING, asdict(outcome) | {"seed": seed})
        return outcome

    def assign(self, ids: Ids, split: SplitName | None) -> None:
        """Put the images into a split, or with None into none."""
        code = None if split is None else SPLITS.index(split)
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE image SET split = ? WHERE id BETWEEN ? AND ?",
                ((code, first, last) for first, last in ranges(as_ids(ids))),
            )

    def counts(self) -> dict[SplitName | None, int]:
        """Return the labelled, usable images of each split, and under None those without a split."""
        counts: dict[SplitName | None, int] = dict.fromkeys([*SPLITS, None], 0)
        rows = self._database.rows(
            "SELECT split, state, count(*) FROM image WHERE class_id IS NOT NULL AND rejected = 0"
            " GROUP BY class_id, split, state"
        )
        for code, state, count in rows:
            if state in (UNVERIFIED, OK):
                counts[None if code is None else SPLITS[code]] += count
        return counts

    def by_class(self) -> dict[ClassId, dict[SplitName | None, int]]:
        """Return the usable images of each class that has any, by split; an image of several classes counts in each."""
        several = self._labels.task == "multi"
        source = "image_class JOIN image ON image.id = image_class.image_id" if several else "image"
        column = "image_class.class_id" if several else "image.class_id"
        rows = self._database.rows(
            f"SELECT {column}, split, count(*) FROM {source} WHERE {column} > 0 AND state IN (?, ?) AND rejected = 0"
            f" GROUP BY {column}, split",
            (UNVERIFIED, OK),
        )
        counts: dict[ClassId, dict[SplitName | None, int]] = {}
        for class_id, code, count in rows:
            counts.setdefault(ClassId(class_id), {})[None if code is None else SPLITS[code]] = count
        return counts

    def outcome(self) -> SplitOutcome | None:
        """Return what the last `make` gave, or None; images may have changed since."""
        stored = self._settings.get(_SETTING)
        if stored is None:
            return None
        known = {part.name for part in fields(SplitOutcome)}
        return SplitOutcome(**{name: value for name, value in stored.items() if name in known})

    def of(self, ids: Ids) -> NDArray[np.int8]:
        """Return the split of each id as its place in SPLITS, -1 for none; in their order."""
        wanted = np.asarray(ids, dtype=np.int64)
        ordered = as_ids(wanted)
        places = self.pins.places(ordered)
        codes: NDArray[np.int8] = np.where(places < 0, NONE, places >> 1).astype(np.int8)
        return codes[np.searchsorted(ordered, wanted)]

    def move(
        self, ids: Ids, split: SplitName | None, *, pin: bool = True, source: str = "user", grader: str = ""
    ) -> PinChange:
        """Put the images into a split, or with None into none, and pin them there.

        Raises WorkbenchError where one of them belongs to a frozen test set.
        """
        ordered = as_ids(ids)
        place = NONE if split is None else 2 * SPLITS.index(split) + pin
        return self.pins.write(ordered, np.full(len(ordered), place, dtype=np.int8), source=source, grader=grader)

    def pin(self, ids: Ids, pinned: bool, *, source: str = "user", grader: str = "") -> PinChange:
        """Hold the images in the split that they are in, or let them go; those without a split are left as they are.

        Raises WorkbenchError where one that would be let go belongs to a frozen test set.
        """
        ordered = as_ids(ids)
        with self._database.transaction():
            before = self.pins.places(ordered)
            after = np.where(before < 0, before, (before & ~1) | int(pinned)).astype(np.int8)
            return self.pins.write(ordered, after, source=source, grader=grader)

    def freeze_test(self, name: str) -> int:
        """Keep the test images that are in no test set yet as one of this name; return how many they are.

        They stay in the test split whatever is split later. Raises WorkbenchError for a name that is taken, and where
        there is no such image.
        """
        return self.pins.freeze(name)

    def test_sets(self) -> dict[str, int]:
        """Return the number of images of each frozen test set, oldest first."""
        return self.pins.sets()

    def release_test(self, name: str) -> None:
        """Give up a frozen test set; its images stay in the test split until the next split."""
        self.pins.release(name)

    def _make(self, asked: dict[SplitName, float], seed: int) -> SplitOutcome:
        names = {row.id: row.name for row in self._labels.classes()}
        members = self._shuffled(names, seed)
        needed = sum(share > 0 for share in asked.values())
        _require_possible(members, needed)
        sizes = np.array([len(ids) for ids in members.values()], dtype=np.int64)
        table = stratified(sizes, np.array([asked[split] for split in SPLITS]))
        chosen: dict[SplitName, list[int]] = {split: [] for split in SPLITS}
        for ids, counts in zip(members.values(), table.tolist(), strict=True):
            start = 0
            # From the end: the images that are tested on change least when images are added.
            for split, count in zip(reversed(SPLITS), reversed(counts), strict=True):
                chosen[split] += ids[start : start + count]
                start += count
        with bulk(self._database, int(sizes.sum())):
            self._database.execute("UPDATE image SET split = NULL WHERE split IS NOT NULL")
            for split, ids in chosen.items():
                self.assign(ids, split)
        got = {split: len(ids) for split, ids in chosen.items()}
        per_class = {
            name: dict(zip(SPLITS, counts, strict=True)) for name, counts in zip(members, table.tolist(), strict=True)
        }
        empty = [name for name in names.values() if name not in members]
        return SplitOutcome(asked=asked, got=got, per_class=per_class, warnings=_warnings(asked, got, empty))

    def _shuffled(self, names: dict[ClassId, str], seed: int) -> dict[str, list[int]]:
        """Return the ids of the usable images of each class (by name), in an order that seed and path alone decide."""
        rows = self._database.rows(
            "SELECT image.id, class_id, relative FROM image JOIN file ON file.image_id = image.id"
            " WHERE class_id IS NOT NULL AND state IN (?, ?) AND rejected = 0 ORDER BY root_id, relative",
            (UNVERIFIED, OK),
        )
        key = str(seed).encode()
        keyed: dict[ClassId, list[tuple[bytes, int]]] = defaultdict(list)
        for place, (_, class_id, relative) in enumerate(rows):
            keyed[class_id].append((blake2b(relative.encode(), key=key, digest_size=8).digest(), place))
        return {
            names[class_id]: [rows[place][0] for _, place in sorted(keyed[class_id])]
            for class_id in sorted(keyed, key=names.__getitem__)
        }


def _require_possible(members: dict[str, list[int]], needed: int) -> None:
    if not members:
        raise WorkbenchError("There are no labelled images to split; give the images classes first.")
    if len(members) == 1:
        raise WorkbenchError(
            f"All labelled images are of one class, '{next(iter(members))}'; label images of at least one more class."
        )
    for name, ids in members.items():
        if len(ids) < needed:
            raise WorkbenchError(
                f"The class '{name}' has {len(ids)} usable image{'s' if len(ids) > 1 else ''} but each of the {needed} "
                "splits needs at least one; add images of it, give them another class, or set a share to 0."
            )


def _warnings(asked: dict[SplitName, float], got: dict[SplitName, int], empty: list[str]) -> list[str]:
    total = sum(got.values())
    warnings = [f"The class '{name}' has no usable images and takes no part." for name in empty]
    for split, share in asked.items():
        if abs(got[split] - share * total) > 1:
            warnings.append(
                f"The {split} split got {got[split]:,} images instead of {share * total:,.0f}, since each class needs "
                "at least one in each split."
            )
    return warnings
