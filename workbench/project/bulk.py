"""Changing many images at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.project.database import Database
from workbench.project.schema import IMAGE_BY_CLASS

MANY = 20_000


@contextmanager
def bulk(database: Database, images: int) -> Iterator[None]:
    """Build the index on labels, splits and states anew after the block, where it changes a large part of the images.

    That takes 0.3 s for a million; moving its entries one by one, as SQLite does otherwise, takes 1 s. Belongs inside a
    transaction, and nothing in the block may rely on the index being quick.
    """
    if images < MANY or images * 3 < int(database.value("SELECT coalesce(max(id), 0) FROM image")):
        yield
        return
    database.execute("DROP INDEX image_by_class")
    yield
    database.execute(IMAGE_BY_CLASS)
