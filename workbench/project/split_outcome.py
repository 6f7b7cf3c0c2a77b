"""What a split was asked for and what came out of it, and what the user should know about the difference."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.dividing import Division
from workbench.project.ids import SPLITS, SplitName
from workbench.project.members import Members

TOLERANCE = 0.02
"""With groups a split may be so far from its share, of all images, before that is worth a sentence."""


@dataclass(frozen=True)
class SplitOutcome:
    """What was asked (shares that sum to 1) and what came out (images), in all and by the name of the class.

    An image with several classes counts in each of them. ``groups`` were kept together, as ``grouped_by`` says;
    ``pinned`` images stayed where they were. With ``folds`` the validation split is fold number ``fold``, from 1.
    """

    asked: dict[SplitName, float]
    got: dict[SplitName, int]
    per_class: dict[str, dict[SplitName, int]]
    warnings: list[str]
    grouped_by: str = ""
    groups: int = 0
    pinned: int = 0
    folds: int = 0
    fold: int = 1


def require_possible(members: Members, needed: int) -> None:
    """Raise WorkbenchError where nothing sensible comes out: no label, one class, a class too small for ``needed`` splits."""
    if not len(members.ids):
        raise WorkbenchError("There are no labelled images to split; give the images classes first.")
    if members.several:
        return  # one class is a question with an answer then, and a small one is named by a warning
    if len(members.names) == 1:
        raise WorkbenchError(
            f"All labelled images are of one class, '{members.names[0]}'; label images of at least one more class."
        )
    for name, size in zip(members.names, members.sizes.tolist(), strict=False):
        if size < needed:
            raise WorkbenchError(
                f"The class '{name}' has {size} usable image{'s' if size > 1 else ''} but each of the {needed} "
                "splits needs at least one; add images of it, give them another class, or set a share to 0."
            )


def counted(members: Members, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many images came out, [classes, splits] and [splits]."""
    width, parts = members.width, len(SPLITS)
    pairs = members.columns * parts + places[members.rows]
    return np.bincount(pairs, minlength=width * parts).reshape(width, parts), np.bincount(places, minlength=parts)


def warnings(
    members: Members,
    division: Division,
    asked: dict[SplitName, float],
    *,
    classes: list[str],
    group_name: Callable[[int], str],
) -> list[str]:
    """Return the sentences for the user; ``classes`` are all of the project, ``group_name`` names a caller's group."""
    per_class, got = counted(members, division.places)
    told = [
        f"The class '{name}' has no usable images and takes no part." for name in classes if name not in members.names
    ]
    held = int(np.count_nonzero(members.held >= 0))
    grouped = bool(members.groups.any())
    for number in division.torn.tolist():
        told.append(
            f"The group '{group_name(int(members.group_ids[number - 1]))}' has pinned images in several splits and stays on "
            "both sides; unpin some of them and split again."
        )
    total = len(members.ids)
    tolerance = max(1.0, TOLERANCE * total, _usual_unit(members)) if grouped else 1.0
    reason = _reason(members, held=held, grouped=grouped, group_name=group_name)
    for place, split in enumerate(SPLITS):
        wanted = asked[split] * total
        if abs(int(got[place]) - wanted) > tolerance:
            told.append(f"The {split} split got {got[place]:,} images instead of {wanted:,.0f}, since {reason}.")
    if held or grouped or members.several:
        told += _missing(members, per_class, asked)
    return told


def _usual_unit(members: Members) -> float:
    """Return the median size of what stays whole: groups, and images that stand alone."""
    sizes = np.bincount(members.groups)[1:]
    return float(np.median(np.concatenate([sizes[sizes > 0], np.ones(np.count_nonzero(members.groups == 0))])))


def _reason(members: Members, *, held: int, grouped: bool, group_name: Callable[[int], str]) -> str:
    if not held and not grouped:
        return "each class needs at least one in each split"
    reasons = [f"{held:,} {'images are' if held > 1 else 'image is'} pinned"] if held else []
    if grouped:
        sizes = np.bincount(members.groups)[1:]
        largest = int(sizes.argmax())
        name = group_name(int(members.group_ids[largest]))
        reasons.append(f"groups stay together and the largest, '{name}', has {sizes[largest]:,}")
    return " and ".join(reasons)


def _missing(members: Members, per_class: NDArray[np.int64], asked: dict[SplitName, float]) -> list[str]:
    """Name the classes that some asked split has no image of."""
    told = []
    for column, name in enumerate(members.names):
        absent = [split for place, split in enumerate(SPLITS) if asked[split] > 0 and not per_class[column, place]]
        if absent:
            mine = members.rows[members.columns == column]
            groups = members.groups[mine]
            units = len(np.unique(groups[groups > 0])) + int(np.count_nonzero(groups == 0))
            in_groups = f" in {units:,} group{'s' if units > 1 else ''}" if units < len(mine) else ""
            told.append(
                f"No image of the class '{name}' is in the {' or the '.join(absent)} split: it has {len(mine):,} "
                f"image{'s' if len(mine) > 1 else ''}{in_groups}; add images of it."
            )
    return told
