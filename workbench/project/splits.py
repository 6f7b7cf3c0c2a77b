"""Train, validation and test: stratified by class, repeatable, and open about what was asked and what came out."""

import math
from dataclasses import asdict, fields

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.bulk import bulk
from workbench.project.database import Database
from workbench.project.dividing import Division, by_class, folded, shares_of_folds, whole
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import OK, SPLITS, UNVERIFIED, ClassId, SplitName
from workbench.project.labels import Labels
from workbench.project.members import Members
from workbench.project.members import members as read_members
from workbench.project.pins import NONE, PinChange, Pins
from workbench.project.settings import Settings
from workbench.project.split_outcome import SplitOutcome as SplitOutcome  # callers know it as part of the splits
from workbench.project.split_outcome import counted, require_possible, warnings

MOST_FOLDS = 100

_SETTING = "split"


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

        ``groups`` are (ids, group of each, from 1) of images that stay on one side, made as ``grouped_by`` says; totals and
        class shares are then as near as the groups allow. Pinned images and frozen test sets stay, and a group with a
        pinned image follows it. With several labels each class is divided, the rarest first.

        With ``folds`` the test images are held out first and the rest is divided into so many folds, of which ``fold``
        (from 1) validates; ``validation`` then says nothing. The same seed gives the same folds.

        Raises WorkbenchError where no split is possible: shares out of range, no labelled image, a single class, or a
        class with fewer images than there are splits.
        """
        asked = _asked(validation=validation, test=test, folds=folds, fold=fold)
        with self._database.transaction():
            members = read_members(self._database, self._labels, seed=seed, groups=groups)
            require_possible(members, sum(share > 0 for share in asked.values()))
            division = self._divided(asked, members, folds=folds, fold=fold)
            self._write(members, division.places)
            per_class, got = counted(members, division.places)
            classes = [row.name for row in self._labels.classes()]
            outcome = SplitOutcome(
                asked=asked,
                got=_by_split(got),
                per_class={name: _by_split(row) for name, row in zip(members.names, per_class, strict=False)},
                warnings=warnings(members, division, asked, classes=classes, group_name=self._group_name),
                grouped_by=grouped_by,
                groups=len(np.unique(members.groups[members.groups > 0])),
                pinned=int(np.count_nonzero(members.held >= 0)),
                folds=folds,
                fold=fold,
            )
            self._settings.set(_SETTING, asdict(outcome) | {"seed": seed})
        return outcome

    def assign(self, ids: Ids, split: SplitName | None) -> None:
        """Put the images into a split, or with None into none; pinned ones are pinned there.

        Raises WorkbenchError where one would leave a frozen test set.
        """
        code = None if split is None else SPLITS.index(split)
        with self._database.transaction():
            if split != "test":
                self.pins.require_free(as_ids(ids))
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

    def _divided(self, asked: dict[SplitName, float], members: Members, *, folds: int, fold: int) -> Division:
        shares = np.array([asked[split] for split in SPLITS])
        if folds:
            return folded(members, test=asked["test"], folds=folds, fold=fold)
        if members.several or members.groups.any() or (members.held >= 0).any():
            return whole(members, shares)
        return by_class(members, shares)

    def _write(self, members: Members, places: NDArray[np.int64]) -> None:
        """Store the splits of the members; all other images have none, but for those that are pinned."""
        with bulk(self._database, len(places)):
            self._database.execute("UPDATE image SET split = NULL WHERE split IS NOT NULL AND pinned = 0")
            for code in range(len(SPLITS)):
                self._database.execute_many(
                    "UPDATE image SET split = ? WHERE id BETWEEN ? AND ? AND pinned = 0",
                    ((code, first, last) for first, last in ranges(as_ids(members.ids[places == code]))),
                )

    def _group_name(self, group_id: int) -> str:
        name = self._database.value("SELECT name FROM group_name WHERE group_id = ?", (group_id,))
        return str(group_id) if name is None else str(name)


def _asked(*, validation: float, test: float, folds: int, fold: int) -> dict[SplitName, float]:
    """Return the share of each split. Raises WorkbenchError for shares and folds that leave nothing."""
    validation = 0.0 if folds else validation
    if not all(math.isfinite(share) and share >= 0 for share in (validation, test)) or validation + test >= 1:
        raise WorkbenchError(
            f"A split with {validation:g} for validation and {test:g} for testing leaves nothing to train "
            "on; choose shares of 0 or more that sum to less than 1."
        )
    if not folds:
        return {"train": round(1 - validation - test, 9), "validation": validation, "test": test}
    if folds > MOST_FOLDS:
        raise WorkbenchError(
            f"A division into {folds:,} folds is more than anybody trains; choose {MOST_FOLDS} or fewer."
        )
    if folds < 2:
        raise WorkbenchError(f"A division into {folds} folds leaves nothing to train on; choose 2 or more.")
    if not 1 <= fold <= folds:
        raise WorkbenchError(f"There is no fold {fold} of {folds}; choose one from 1 to {folds}.")
    return dict(zip(SPLITS, np.round(shares_of_folds(test, folds), 9).tolist(), strict=True))


def _by_split(counts: NDArray[np.int64]) -> dict[SplitName, int]:
    return dict(zip(SPLITS, counts.tolist(), strict=True))
