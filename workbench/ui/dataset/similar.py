"""Images that look like the selected ones, found by their embeddings (or hashes) in the background."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from workbench.project.images import Query
from workbench.ui import figures

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

COUNT = 200
MOST_ASKED = 100


class Similar(QObject):
    """Shows the most similar images as a query of their own, the selected ones first."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel, self._session = panel, panel.session

    @Slot()
    def show(self) -> None:
        """Look for images like the selected ones, and show them when they are found."""
        ids = [int(image_id) for image_id in self._panel.selected_ids()[:MOST_ASKED]]
        project = self._session.project
        if project is None or not ids:
            return
        from workbench.curation.similar import similar

        job = similar(project.folder, ids, count=COUNT)
        self._session.start_job(
            self.tr("Looking for similar images"), job, on_done=partial(self._found, ids), on_failed=self._failed
        )

    def _found(self, asked: list[int], last: Any) -> None:
        found = [int(image_id) for image_id in getattr(last, "ids", ())]
        if not found:
            self._session.toast.emit(self.tr("No similar images were found."))
            return
        self._panel.show_images(Query(ids=(*asked, *found), order="given"))
        images = figures.counted(len(found), self.tr("similar image"), self.tr("similar images"))
        self._session.toast.emit(self.tr("{0}: the selected ones first, then the most similar").format(images))

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)
