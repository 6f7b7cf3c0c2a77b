"""How many images of each class go into each split: largest remainders within bounds.

A hand-made allocation, since the window's process never imports scikit-learn, whose stratified split also neither keeps
the totals to one image nor promises each class an image in each part.
"""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def largest_remainder(total: int, quotas: NDArray[np.float64], low: Counts, high: Counts) -> Counts:
    """Return whole numbers close to ``quotas``, each within its bounds, that add up to ``total``.

    Hamilton's method: round down, then give what is left to the largest remainders, the first of equal ones. Where the
    bounds leave no room for ``total`` the sum is as close to it as they allow.
    """
    counts = np.clip(np.floor(quotas + 1e-9), low, high).astype(np.int64)
    while (missing := total - int(counts.sum())) != 0:
        step = 1 if missing > 0 else -1
        room = np.flatnonzero(counts < high) if step > 0 else np.flatnonzero(counts > low)
        if not len(room):
            break
        order = np.argsort(-step * (quotas - counts)[room], kind="stable")
        counts[room[order[: abs(missing)]]] += step
    return counts


def stratified(sizes: Counts, shares: NDArray[np.float64]) -> Counts:
    """Return images [class, split] for classes of ``sizes`` images and the ``shares`` of the splits, which sum to 1.

    The totals differ from what was asked by less than one image, and each class differs by less than one image in each
    split but the first, which takes the rest; except where the promise of one image per class and asked split (share
    over 0) demands more. Each class must have at least as many images as there are asked splits.
    """
    asked = shares > 0
    total = int(sizes.sum())
    none, all_of_them = np.zeros(len(shares), dtype=np.int64), np.full(len(shares), total)
    totals = largest_remainder(total, total * shares, none, all_of_them)
    counts = np.zeros((len(sizes), len(shares)), dtype=np.int64)
    rest = sizes.copy()
    for split in range(len(shares) - 1, 0, -1):
        if not asked[split]:
            continue
        one = np.ones_like(sizes)
        still_to_come = int(asked[:split].sum())  # each of these splits needs one image of each class as well
        counts[:, split] = largest_remainder(int(totals[split]), sizes * shares[split], one, rest - still_to_come)
        rest -= counts[:, split]
    counts[:, 0] = rest
    return counts
