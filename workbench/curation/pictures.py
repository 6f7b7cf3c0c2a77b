"""The images that curation looks at, page by page: never more of them in memory than a page."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.project.images import ImageRow
from workbench.project.project import Project

PAGE = 256


def pages(project: Project, ids: NDArray[np.int64] | None = None, *, size: int = PAGE) -> Iterator[list[ImageRow]]:
    """Yield the rows of ``ids`` (default: every image that is neither rejected, missing nor corrupt) in their order."""
    wanted = project.links.usable() if ids is None else ids
    for start in range(0, len(wanted), size):
        yield project.images.page(wanted[start : start + size])


def relatives(project: Project, ids: Sequence[int] | NDArray[np.int64]) -> dict[int, str]:
    """Return the path of each image relative to its root, by id."""
    wanted = np.unique(np.asarray(ids, dtype=np.int64))
    return {int(row.id): row.relative for page in pages(project, wanted, size=1000) for row in page}
