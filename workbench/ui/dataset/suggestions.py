"""What a model suggests for the images without a label: accepted or refused by key and in bulk, and asked for anew."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from workbench.project.ids import ClassId, LabelValue
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.ui import figures
from workbench.ui.dataset.grid_model import Ids
from workbench.ui.dataset.labelling import is_writing
from workbench.ui.dataset.suggestions_bar import SuggestionsBar

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

SOURCE = "suggestion"
"""The source of a label that was accepted from a suggestion."""

MOST_LOOKED_AT = 20_000
"""So many selected images are looked at to say how many of them have a suggestion."""

Found = tuple[Ids, NDArray[np.int64]]


class Suggestions(QObject):
    """Acts on the panel's selection. The image decided on makes room for the next one as after labelling."""

    def __init__(self, panel: "DatasetPanel", bar: SuggestionsBar) -> None:
        super().__init__(panel)
        self._panel, self._session, self._bar = panel, panel.session, bar
        self._hidden_for = ""
        self.selected = 0
        """How many of the selected images have a suggestion."""
        session = self._session
        for signal in (
            session.predictionsChanged,
            session.labelsChanged,
            session.imagesChanged,
            session.projectChanged,
        ):
            signal.connect(self.refresh)
        bar.acceptAsked.connect(self.accept)
        bar.refuseAsked.connect(self.refuse)
        bar.acceptAboveAsked.connect(self.accept_above)
        bar.showAsked.connect(self.show_most_helpful)
        bar.dismissed.connect(self._hide)

    # what there is

    @Slot()
    def refresh(self) -> None:
        """Ask how many suggestions stand, and say so in the bar."""
        project = self._session.project
        source = project.predictions.source if project is not None else None
        if project is None or not source:
            self._bar.hide()
            return
        self._panel.reader.ask("suggestions", _counts, partial(self._show, source))

    def _show(self, source: str, counts: dict[str, int]) -> None:
        suggested = counts.get("suggested", 0)
        self._bar.show_counts(suggested, source)
        self._bar.setVisible(suggested > 0 and self._hidden_for != source)

    @Slot()
    def _hide(self) -> None:
        project = self._session.project
        self._hidden_for = (project.predictions.source or "") if project is not None else ""
        self._bar.hide()

    def show_selection(self) -> int:
        """Look which of the selected images have a suggestion; return how many."""
        self.selected = len(self._found(self._panel.selected_ids()[:MOST_LOOKED_AT])[0])
        self._bar.show_selected(self.selected)
        return self.selected

    def of(self, image_id: int) -> tuple[int, float] | None:
        """Return the class and confidence that is suggested for an image without a label, None where none stands."""
        ids, classes = self._found(np.array([image_id], np.int64))
        project = self._session.project
        if not len(ids) or project is None:
            return None
        return int(classes[0]), float(project.predictions.of(ids)[1][0])

    def _found(self, ids: Ids, *, least: float = 0.0) -> Found:
        """Return those of ``ids`` that have no label and a suggestion that stands, and its class."""
        project = self._session.project
        if project is None or not len(ids) or project.predictions.source is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        classes, confidences, refused = project.predictions.of(ids)
        good = (classes > 0) & ~refused & (np.nan_to_num(confidences) >= least)
        ids, classes = np.asarray(ids)[good], classes[good]
        unlabelled = np.array([value is None for value in project.labels.of(ids)], bool) if len(ids) else good[:0]
        return ids[unlabelled], classes[unlabelled]

    # what is done about it

    @Slot()
    def accept(self) -> None:
        """Label the selected images as suggested."""
        if is_writing():
            return
        position = self._panel.selection.current
        ids, classes = self._found(self._panel.selected_ids())
        if self._give(ids, classes):
            self._tell(len(ids), self.tr("{count} suggestions accepted"))
            self._panel.labelling.go_on(ids, position)

    @Slot(float)
    def accept_above(self, least: float) -> None:
        """Label every image that the filter shows as suggested, where the model is that sure. One undo takes it back."""
        ids, classes = self._found(self._panel.grid.ids, least=least)
        if not len(ids):
            said = self.tr("No suggestion among the images shown is that sure ({0}).")
            self._session.toast.emit(said.format(figures.score(least)))
        elif self._give(ids, classes):
            said = self.tr("{0} accepted; Ctrl+Z takes it back.")
            what = figures.counted(len(ids), self.tr("suggestion"), self.tr("suggestions"))
            self._session.toast.emit(said.format(what))

    @Slot()
    def refuse(self) -> bool:
        """Let the suggestions of the selected images no longer stand. False where there is none."""
        if is_writing():
            return False
        position = self._panel.selection.current
        ids, _ = self._found(self._panel.selected_ids())
        grader = self._session.grader
        if not len(ids) or not self._session.make(lambda project: project.predictions.refuse(ids, True, grader=grader)):
            return False
        self._tell(len(ids), self.tr("{count} suggestions refused"))
        self._panel.labelling.go_on(ids, position)
        return True

    @Slot()
    def show_most_helpful(self) -> None:
        """Show the images with a suggestion, those whose label helps most first."""
        self._panel.show_images(Query(suggested=True, order="priority", rejected=False))

    def _give(self, ids: Ids, classes: NDArray[np.int64]) -> bool:
        if not len(ids):
            return False
        several, grader = self._panel.labelling.several, self._session.grader
        wrapped: Callable[[int], LabelValue] = (lambda code: (ClassId(code),)) if several else ClassId
        values = [wrapped(code) for code in classes.tolist()]
        return self._session.make(lambda project: project.labels.assign_each(ids, values, source=SOURCE, grader=grader))

    def _tell(self, count: int, text: str) -> None:
        if count > 1:
            self._session.toast.emit(text.format(count=figures.count(count)))

    # asking for more

    @Slot()
    def suggest(self) -> None:
        """Let the newest model (or the stored embeddings) suggest labels for the images that have none, in the background."""
        project = self._session.project
        if project is None:
            return
        from workbench.curation.store import storing

        argv = ["curate", str(project.folder), "--only", "suggestions", "--json", "--no-store"]
        newest = next((known for known in project.runs.list() if known.state == "finished"), None)
        if newest is not None:
            argv += ["--run", newest.id]
        job = storing(project.folder, self._session.warm.job(argv), ["suggestions"])
        self._session.start_job(
            self.tr("Suggesting labels"), job, on_event=self._heard, on_done=self._suggested, on_failed=self._failed
        )

    def _heard(self, event: Any) -> None:
        if isinstance(event, dict) and event.get("event") == "Noticed":
            self._session.toast.emit(str(event.get("message", "")))

    def _suggested(self, _last: Any) -> None:
        self._hidden_for = ""
        self._session.predictionsChanged.emit()
        project = self._session.project
        if project is not None and not project.predictions.counts().get("suggested"):
            self._session.toast.emit(self.tr("There is nothing to suggest: every image that can be used has a label."))

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)


def _counts(project: Project) -> dict[str, int]:
    return project.predictions.counts()
