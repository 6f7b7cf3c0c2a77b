"""What a model suggests for the images without a label: accepted or refused by key and in bulk, and asked for anew."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from workbench.project.ids import ClassId, LabelValue
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.ui import figures
from workbench.ui.dataset.curation_jobs import embedding_backbone
from workbench.ui.dataset.grid_model import Ids
from workbench.ui.dataset.labelling import is_writing
from workbench.ui.dataset.suggestions_bar import SuggestionsBar
from workbench.ui.worker import JobHandle

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

SOURCE = "suggestion"
"""The source of a label that was accepted from a suggestion."""

MOST_LOOKED_AT = 500
"""More selected images than this are looked through beside the window's thread."""


class Found(NamedTuple):
    """Images without a label whose suggestion stands, and the class that is suggested for each."""

    ids: Ids
    classes: NDArray[np.int64]


NOTHING = Found(np.zeros(0, np.int64), np.zeros(0, np.int64))


def standing(ids: Ids, project: Project) -> Found:
    """Return those of ``ids`` that have no label and a suggestion that was not refused."""
    if not len(ids) or project.predictions.source is None:
        return NOTHING
    classes, _, refused = project.predictions.of(ids)
    good = (classes > 0) & ~refused
    ids, classes = np.asarray(ids)[good], classes[good]
    unlabelled = np.array([value is None for value in project.labels.of(ids)], bool) if len(ids) else good[:0]
    return Found(ids[unlabelled], classes[unlabelled])


def surest(query: Query, least: float, project: Project) -> Found:
    """Return the images of ``query`` without a label where the model is that sure of its suggestion."""
    low, high = query.confidence or (0.0, 1.0)
    ids = project.images.ids(replace(query, suggested=True, confidence=(max(low, least), high)))
    return Found(ids, project.predictions.of(ids)[0]) if len(ids) else NOTHING


class Suggestions(QObject):
    """Acts on the panel's selection. The image decided on makes room for the next one as after labelling."""

    def __init__(self, panel: "DatasetPanel", bar: SuggestionsBar) -> None:
        super().__init__(panel)
        self._panel, self._session, self._bar = panel, panel.session, bar
        self._hidden_for = ""
        self._handle: JobHandle | None = None
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
        if project is None or not source or self._session.blind:
            self._panel.reader.drop("suggestions")
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

    @property
    def _project(self) -> Project | None:
        """The open project; None also while somebody grades blind, who is not to see what a model says."""
        return None if self._session.blind else self._session.project

    def show_selection(self) -> int:
        """Look which of the selected images (the first of very many) have a suggestion; return how many."""
        project = self._project
        chosen = self._panel.selected_ids()
        self.selected = len(standing(chosen[:MOST_LOOKED_AT], project).ids) if project is not None else 0
        self._bar.show_selected(self.selected, all_counted=len(chosen) <= MOST_LOOKED_AT)
        return self.selected

    def of(self, image_id: int) -> tuple[int, float] | None:
        """Return the class and confidence that is suggested for an image without a label, None where none stands."""
        project = self._project
        found = standing(np.array([image_id], np.int64), project) if project is not None else NOTHING
        if not len(found.ids) or project is None:
            return None
        return int(found.classes[0]), float(project.predictions.of(found.ids)[1][0])

    def _with_selected(self, act: Callable[[Found], object]) -> None:
        """Call ``act`` with what is suggested for the selected images: at once, or with very many of them a little later."""
        project, ids = self._project, self._panel.selected_ids().copy()
        if project is None or is_writing():
            return
        if len(ids) <= MOST_LOOKED_AT:
            act(standing(ids, project))
        else:
            self._panel.reader.ask("suggested", partial(standing, ids), act)

    # what is done about it

    @Slot()
    def accept(self) -> None:
        """Label the selected images as suggested."""
        self._with_selected(partial(self._accept, self._panel.selection.current))

    def _accept(self, position: int, found: Found) -> None:
        if self._give(found):
            self._tell(len(found.ids), self.tr("{count} suggestions accepted"))
            self._panel.labelling.go_on(found.ids, position)

    @Slot(float)
    def accept_above(self, least: float) -> None:
        """Label every image that the filter shows as suggested, where the model is that sure. One undo takes it back."""
        if self._project is None:
            return
        question = partial(surest, self._panel.filter.query, least)
        self._panel.reader.ask("suggested", question, partial(self._accept_all, least))

    def _accept_all(self, least: float, found: Found) -> None:
        if not len(found.ids):
            said = self.tr("No suggestion among the images shown is that sure ({0}).")
            self._session.toast.emit(said.format(figures.score(least)))
        elif self._give(found):
            said = self.tr("{0} accepted; Ctrl+Z takes it back.")
            what = figures.counted(len(found.ids), self.tr("suggestion"), self.tr("suggestions"))
            self._session.toast.emit(said.format(what))

    @Slot()
    def refuse(self) -> None:
        """Let the suggestions of the selected images no longer stand."""
        self._with_selected(partial(self._refuse, self._panel.selection.current))

    def _refuse(self, position: int, found: Found) -> None:
        ids, grader = found.ids, self._session.grader
        if len(ids) and self._session.make(lambda project: project.predictions.refuse(ids, True, grader=grader)):
            self._tell(len(ids), self.tr("{count} suggestions refused"))
            self._panel.labelling.go_on(ids, position)

    @Slot()
    def show_most_helpful(self) -> None:
        """Show the images with a suggestion, those whose label helps most first."""
        self._panel.show_images(Query(suggested=True, order="priority", rejected=False))

    def _give(self, found: Found) -> bool:
        if not len(found.ids):
            return False
        several, grader = self._panel.labelling.several, self._session.grader
        codes = found.classes.tolist()
        values: list[LabelValue] = [(ClassId(code),) if several else ClassId(code) for code in codes]
        return self._session.make(
            lambda project: project.labels.assign_each(found.ids, values, source=SOURCE, grader=grader)
        )

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
        else:
            name, weights = embedding_backbone(self._session)
            argv += ["--backbone", name, "--weights", weights]
        job = storing(project.folder, self._session.warm.job(argv), ["suggestions"])
        self._handle = self._session.start_job(
            self.tr("Suggesting labels"), job, on_done=self._suggested, on_failed=self._failed
        )

    def _suggested(self, _last: Any) -> None:
        self._hidden_for = ""
        self._session.predictionsChanged.emit()
        for notice in self._handle.notices[:1] if self._handle is not None else []:
            self._session.toast.emit(notice)

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)


def _counts(project: Project) -> dict[str, int]:
    return project.predictions.counts()
