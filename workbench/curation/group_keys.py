"""The groups that a split keeps together, however they were found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GroupKeys:
    """The images that are in a group, the number of each one's group (from 1), the names of the groups, and ``how``.

    Images that are not among ``ids`` stand alone.
    """

    ids: NDArray[np.int64]
    group_ids: NDArray[np.int64]
    names: dict[int, str]
    how: str


def numbered(values: dict[int, str], *, how: str) -> GroupKeys:
    """Return the groups of images that have the same value, numbered by the first image that has it."""
    numbers: dict[str, int] = {}
    ids = sorted(values)
    group_ids = [numbers.setdefault(values[image_id], len(numbers) + 1) for image_id in ids]
    names = {number: value for value, number in numbers.items()}
    return GroupKeys(np.array(ids, dtype=np.int64), np.array(group_ids, dtype=np.int64), names, how)
