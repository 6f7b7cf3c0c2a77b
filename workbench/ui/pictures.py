"""How the panels' threads get pixels: thumbnails from the cache, whole images from the one decoder. No widgets."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.data.reading import Decoding, file_of, read_image
from workbench.data.thumbnails import Thumbnails
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.ui.session import Session


class Pictures:
    """`thumbnail` and `whole` are called in pool threads; `open_project` on the window's thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._thumbnails: Thumbnails | None = None
        self._decoding = Decoding()

    def open_project(self) -> None:
        """Use the open project's cache and decoding rules."""
        project = self._session.project
        self._thumbnails = None
        self._decoding = Decoding()
        if project is not None:
            self._decoding = decoding_of(project)
            self._thumbnails = Thumbnails(project.cache_folder, self._decoding, memory_items=64)

    def thumbnail(self, path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
        """Return RGB pixels that fit side x side. Raises WorkbenchError naming the file."""
        thumbnails = self._thumbnails
        if thumbnails is None:
            raise WorkbenchError(f"The image {path} belongs to a project that is closed; open it again.")
        return thumbnails.get(path, modified_ns or file_of(path).stat().st_mtime_ns, side)

    def whole(self, path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
        """Return all of the image's pixels."""
        return read_image(path, self._decoding)
