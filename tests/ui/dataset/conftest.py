"""Rows and pictures that need no project, for the tests of the grid."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.project.images import ImageRow


def _row(image_id: int, **fields: Any) -> ImageRow:
    usual: dict[str, Any] = {
        "id": image_id,
        "root": 1,
        "relative": f"images/{image_id:07}.png",
        "path": Path(f"/nowhere/images/{image_id:07}.png"),
        "width": 64,
        "height": 48,
        "channels": 3,
        "bits": 8,
        "bytes": 1000,
        "modified_ns": 1,
        "content_hash": None,
        "state": "ok",
        "error": None,
        "class_id": None,
        "split": None,
    }
    return ImageRow(**{**usual, **fields})


class Rows:
    """A fetch function that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, ids: NDArray[np.int64]) -> list[ImageRow]:
        self.asked += ids.tolist()
        return [_row(int(image_id)) for image_id in ids]


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def make_row() -> Callable[..., ImageRow]:
    return _row
