"""Pages of a file: the second page of ``stack.tif`` is an image of its own, at the path ``stack.tif#page=2``.

The first page is the file's own path. A file that really has such a name is what that path means.
"""

import os
import re
from pathlib import Path

PAGED = (".tif", ".tiff", ".dcm")
"""File name endings, in lower case, of files that may hold several images."""

_SUFFIX = re.compile(r"(?s)(?P<file>.*\.(?:tiff?|dcm))#page=(?P<page>[1-9][0-9]{0,8})", re.IGNORECASE)


def may_have_pages(name: str) -> bool:
    """Tell from the ending of a file's name whether it may hold several images."""
    return name.lower().endswith(PAGED)


def split_page(path: Path | str) -> tuple[str, int]:
    """Return the file of an image path and the page meant, counted from 1. Looks at the disk for such names only."""
    text = os.fspath(path)
    found = _SUFFIX.fullmatch(text)
    if found is None or os.path.lexists(text):
        return text, 1
    return found["file"], int(found["page"])


def with_page(path: str, page: int) -> str:
    """Return the path of a page of a file."""
    return path if page == 1 else f"{path}#page={page}"


def file_of(path: Path | str) -> Path:
    """Return the file that an image path lies in."""
    return Path(split_page(path)[0])
