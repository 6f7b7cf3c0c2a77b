"""Wires what decides on images (labels, suggestions, marks, regions) to the dataset panel: no logic of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from workbench.project.ids import TASKS, Task
from workbench.project.images import ImageRow, Query
from workbench.ui import figures
from workbench.ui.dataset.aside import Aside
from workbench.ui.dataset.file_tags import file_tags
from workbench.ui.dataset.label_actions import LabelActions
from workbench.ui.dataset.loupe_parts import LoupeParts
from workbench.ui.dataset.similar import Similar
from workbench.ui.dataset.suggestions import MOST_LOOKED_AT, Suggestions
from workbench.ui.dataset.suggestions_bar import SuggestionsBar
from workbench.ui.dataset.task_meaning import what_changes

if TYPE_CHECKING:
    from workbench.project.changes import Change
    from workbench.project.project import Project
    from workbench.ui.dataset.panel import DatasetPanel

DETAILS_MS = 40
"""What is known of an image is read once the arrows rest."""

MOST_MARKED = 200
"""So many of the selected images are asked for their tags."""


class Deciding(QObject):
    """Made by ``panel`` after its own parts; ``bar`` goes above the grid."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel, self._session = panel, panel.session
        self._inspector = panel.inspector()
        self.bar = SuggestionsBar()
        self.suggestions = Suggestions(panel, self.bar)
        self.similar = Similar(panel)
        self.loupe = LoupeParts(panel)
        self._make_actions()
        self.actions = LabelActions(panel, self.suggestions, self.loupe.regions)
        self._tags_of_file = Aside(self)
        self._tags_of_file.answered.connect(self._show_file_tags)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(DETAILS_MS)
        self._late.timeout.connect(self.show_details)
        self._connect()
        self._project_changed()

    def _make_actions(self) -> None:
        add, tr = self._panel.add_action, self.tr
        add("dataset.similar.action", tr("Show similar images"), self.similar.show, icon="eye", key="Ctrl+L")
        add("dataset.tag.action", tr("Tag the selected images"), self._focus_tag, icon="tag", key="Ctrl+T")
        add("dataset.note.action", tr("Write a note on this image"), self._focus_note, key="Ctrl+M")

    def _connect(self) -> None:
        panel, session, inspector = self._panel, self._session, self._inspector
        for changed in (session.decisionsChanged, session.findingsChanged, session.predictionsChanged):
            changed.connect(self._late.start)
        session.decisionsChanged.connect(self._decided)
        session.projectChanged.connect(self._project_changed)
        session.graderChanged.connect(self._show_grader)
        session.blindChanged.connect(self._blind_changed)
        panel.selection.changed.connect(self._late.start)
        panel.class_model.classesSet.connect(self._show_task)
        panel.class_model.classesSet.connect(self._late.start)
        panel.class_model.mergeAsked.connect(panel.edits.merge)
        classes = inspector.classes
        classes.mergeClass.connect(panel.edits.merge)
        classes.keyChosen.connect(self.actions.choose_key)
        inspector.class_section.grader.chosen.connect(session.set_grader)
        inspector.class_section.task.chosen.connect(self._choose_task)
        inspector.tags.added.connect(self._tag)
        inspector.tags.removed.connect(self._untag)
        inspector.note.written.connect(session.note)
        inspector.findings.showAsked.connect(self._show_finding)
        inspector.findings.dismissAsked.connect(self._dismiss)
        inspector.similarAsked.connect(self.similar.show)
        inspector.class_section.suggest.clicked.connect(self.suggestions.suggest)

    # what the panel asks

    def pressed(self, event: QKeyEvent) -> bool:
        """Do what a key means that no shortcut took; True where it means something."""
        return self.actions.pressed(event)

    def gestures(self) -> list[tuple[str, str]]:
        """Return what the mouse and the arrows do, as (what, how)."""
        tr = self.tr
        return [
            (tr("Open the loupe, accept what is suggested"), tr("Enter")),
            (tr("From a field back to the images; leave the loupe"), tr("Esc")),
            (tr("Move; extend the selection"), tr("Arrows; Shift")),
            (tr("Size of the tiles"), tr("Ctrl+wheel")),
            (tr("Label by dragging"), tr("Drag onto a class")),
            (tr("Loupe: zoom, and pan"), tr("Wheel, drag")),
            (tr("Loupe: levels of a deep image"), tr("Right drag")),
            (tr("Loupe: page of the file"), tr("PgUp, PgDn")),
        ]

    def fill(self, menu: QMenu) -> None:
        """Add to the menu of the selected images what decides on them."""
        self.actions.fill(menu)
        similar = menu.addAction(self.tr("Show similar images"), self.similar.show)
        similar.setShortcut(QKeySequence("Ctrl+L"))

    # what is shown

    @Slot()
    def _project_changed(self) -> None:
        self._show_grader()
        self._show_task()
        self._ask_for_tags()
        self.suggestions.refresh()
        self._late.start()

    @Slot()
    def _show_grader(self) -> None:
        show = partial(self._inspector.class_section.grader.show_grader, self._session.grader)
        if self._session.project is None:
            show([])
        else:
            self._panel.reader.ask("grader names", _names_of_graders, show)

    @Slot()
    def _show_task(self) -> None:
        project = self._session.project
        self._inspector.class_section.task.show_task(project.labels.task if project is not None else TASKS[0])

    @Slot(object)
    def _decided(self, change: "Change") -> None:
        if change.what == "tag":
            self._ask_for_tags()

    def _ask_for_tags(self) -> None:
        self._panel.reader.ask("tags", _names_of_tags, self._inspector.tags.set_known)

    @Slot()
    def _blind_changed(self) -> None:
        self.suggestions.refresh()
        self._late.start()

    @Slot()
    def show_details(self) -> None:
        """Show in the inspector what is known of the selected images."""
        self._late.stop()
        project = self._session.project
        self.actions.show_selection()
        ids = self._panel.selected_ids()
        inspector = self._inspector
        if project is None or not len(ids):
            self._mark_classes([])
            inspector.show_details(None)
            inspector.show_suggestion("")
            inspector.tags.show_tags({}, 0)
            inspector.note.show_note(None, "", 0)
            return
        rows = project.images.page(ids[:MOST_MARKED])
        self._mark_classes(rows)
        inspector.tags.show_tags(Counter(tag for shown in rows for tag in shown.tags), len(rows))
        if len(ids) > 1:
            inspector.show_details(None)
            inspector.show_suggestion(self._suggested_in_words(self.suggestions.selected, len(ids)))
            inspector.note.show_note(None, "", len(ids))
            return
        shown = rows[0]
        inspector.note.show_note(shown.id, project.notes.get(shown.id) if shown.noted else "", 1)
        inspector.show_suggestion(self._suggestion_of(shown))
        blind = self._session.blind  # what others said, or a model, stays hidden
        inspector.show_details(
            shown,
            decisions=() if blind else project.decisions(shown.id),
            findings=project.findings.of(shown.id) if shown.findings and not blind else (),
            fields=project.fields.of(shown.id),
        )
        self._tags_of_file.ask(shown, partial(file_tags, shown.path))

    @Slot(object, object)
    def _show_file_tags(self, shown: object, tags: object) -> None:
        current = self._panel.model.row_at(self._panel.selection.current)
        if isinstance(shown, ImageRow) and current is not None and current.id == shown.id and isinstance(tags, dict):
            self._inspector.show_file(shown, tags)

    def _mark_classes(self, rows: Sequence[ImageRow]) -> None:
        several, session = self._panel.labelling.several, self._session
        held: Counter[int] = Counter()
        if session.blind and session.project is not None:
            for grade in session.project.graders.of([shown.id for shown in rows], session.grader):
                held.update(grade if isinstance(grade, tuple) else [grade] if grade is not None else [])
        else:
            for shown in rows:
                held.update(shown.classes if several else [shown.class_id] if shown.class_id is not None else [])
        self._panel.class_model.set_marked({class_id: count / len(rows) for class_id, count in held.items()})

    def _suggestion_of(self, shown: ImageRow) -> str:
        found = self.suggestions.of(shown.id)
        name = self._name(found[0]) if found is not None else ""
        if found is not None and name:
            return self.tr("suggested: {0} {1}").format(name, figures.score(found[1]))
        return ""

    def _suggested_in_words(self, count: int, selected: int) -> str:
        if not count:
            return ""
        if selected > MOST_LOOKED_AT:
            return self.tr("suggestions")
        return figures.counted(count, self.tr("suggestion"), self.tr("suggestions"))

    def _name(self, class_id: int) -> str:
        return next((known.name for known in self._panel.class_model.classes if known.id == class_id), "")

    # what the user wants

    @Slot(str)
    def _choose_task(self, task: str) -> None:
        if self._panel.edits.set_task(cast(Task, task)):
            self._session.toast.emit(what_changes(cast(Task, task), self.tr))
        self._show_task()

    @Slot(str)
    def _tag(self, name: str) -> None:
        ids = self._panel.selected_ids()
        if len(ids) and self._session.tag(ids, name) and len(ids) > 1:
            images = figures.counted(len(ids), self.tr("image"), self.tr("images"))
            self._session.toast.emit(self.tr("{0} tagged {1}").format(images, name))

    @Slot(str)
    def _untag(self, name: str) -> None:
        ids = self._panel.selected_ids()
        if len(ids):
            self._session.tag(ids, name, False)

    @Slot()
    def _focus_tag(self) -> None:
        self._inspector.tags.field.setFocus()

    @Slot()
    def _focus_note(self) -> None:
        self._inspector.note.setFocus()

    @Slot(int)
    def _show_finding(self, finding_id: int) -> None:
        self._panel.show_images(replace(Query(), finding_id=finding_id, order="finding"))

    @Slot(int)
    def _dismiss(self, finding_id: int) -> None:
        self._session.make(lambda project: project.findings.dismiss([finding_id]))


def _names_of_graders(project: "Project") -> list[str]:
    return project.graders.names()


def _names_of_tags(project: "Project") -> list[str]:
    return sorted(project.tags.counts())
