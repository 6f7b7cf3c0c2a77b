"""The actions that decide on images, with their keys: labels, suggestions, rejecting, tags, notes, similar images."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from workbench.ui import icons
from workbench.ui.dataset.class_keys import assigned, choose_key, chosen_keys, free_letters, single_keys
from workbench.ui.dataset.class_list import swatch
from workbench.ui.dataset.labelling import is_writing
from workbench.ui.dataset.loupe_regions import RegionTool
from workbench.ui.dataset.suggestions import Suggestions
from workbench.ui.widgets import with_key

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

MOST_CLASSES = 300
"""More classes than this have no action of their own in the palette; the list and the menu still have them."""


class LabelActions(QObject):
    """Adds the actions to ``panel`` after all of its others, so that a letter that one of them has is left alone."""

    def __init__(self, panel: "DatasetPanel", suggestions: Suggestions, regions: RegionTool) -> None:
        super().__init__(panel)
        self._panel, self._suggestions, self._regions = panel, suggestions, regions
        self._classes: list[QAction] = []
        tr, add, labelling = self.tr, panel.add_action, panel.labelling
        take = tr("Take away the label or suggestion")
        self.unlabel = add("dataset.unlabel", take, self._unlabel, key="Backspace")
        self.unlabel.setShortcuts([QKeySequence("Backspace"), QKeySequence("Shift+Del")])
        self.reject = add(
            "dataset.reject",
            tr("Reject, or take back"),
            self._reject,
            icon="trash",
            key="Del",
            tip=tr("Rejected images keep everything, but take no part in splits and training. The files stay"),
        )
        self.none = add("dataset.noneApplies", tr("None of the classes applies"), labelling.none_applies, key="N")
        self.accept = add("dataset.accept", tr("Accept the suggestion"), suggestions.accept, icon="check", key="Space")
        # Only where images have the keyboard: a focused button keeps its space bar.
        self.accept.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        add("dataset.suggest", tr("Suggest labels by the current model"), suggestions.suggest, icon="model")
        self.helpful = add(
            "dataset.helpful",
            tr("Show the suggestions, most helpful first"),
            suggestions.show_most_helpful,
            icon="sort",
        )
        for view in (panel.grid, panel.loupe):
            view.addAction(self.accept)
            view.installEventFilter(self)
        panel.class_model.classesSet.connect(self.show_classes)
        self.show_classes()

    @property
    def labels(self) -> list[QAction]:
        """The actions of the classes, in their order."""
        return self._classes

    @Slot()
    def show_classes(self) -> None:
        """Name the actions after the classes, and give each the key that is free for it."""
        panel = self._panel
        classes = panel.class_model.classes
        for number in range(len(self._classes), min(len(classes), MOST_CLASSES)):
            action = panel.add_action(
                f"dataset.class{(number + 1) % 10 if number < 10 else number + 1}",
                "",
                partial(self._label, number),
                icon="tag",
            )
            self._classes.append(action)
        keys = self._keys()
        panel.class_model.set_keys(keys)
        several = panel.labelling.several
        text = self.tr("Label on or off: {name}") if several else self.tr("Label as {name}")
        for number, action in enumerate(self._classes):
            there = number < len(classes)
            action.setVisible(there)
            action.setText(text.format(name=classes[number].name) if there else "")
            key = keys[number] if there else ""
            if action.shortcut().toString() != key:
                action.setShortcut(QKeySequence(key))
            action.setToolTip(with_key(action.text(), key))
        self.none.setVisible(several)

    def _keys(self) -> list[str]:
        panel, project = self._panel, self._panel.session.project
        chosen = chosen_keys(project.settings) if project is not None else {}
        taken = self._taken()
        panel.inspector().classes.free_keys = free_letters(taken)
        return assigned([known.id for known in panel.class_model.classes], taken=taken, chosen=chosen)

    def _taken(self) -> set[str]:
        others = [action for action in self._panel.actions() if action not in self._classes]
        window = self._panel.window()
        if window is not self._panel:
            others += window.actions()
        return single_keys(others)

    @Slot(int, str)
    def choose_key(self, class_id: int, key: str) -> None:
        """Give a class a key by hand; "" leaves it to the order."""
        project = self._panel.session.project
        if project is not None:
            choose_key(project.settings, class_id, key)
            self.show_classes()

    @Slot()
    def show_selection(self) -> None:
        """Say in the bar what can be done with the selection now."""
        project = self._panel.session.project
        self.accept.setEnabled(project is not None and project.predictions.source is not None)
        self._suggestions.show_selection()

    def _label(self, number: int) -> None:
        """A region that is drawn or chosen in the loupe takes a class key before the image does."""
        classes = self._panel.class_model.classes
        in_loupe = self._panel.loupe.isVisible() and not is_writing()
        if not (in_loupe and number < len(classes) and self._regions.take_class(classes[number].id)):
            self._panel.labelling.with_key(number)

    @Slot()
    def _reject(self) -> None:
        if is_writing() or not (self._panel.loupe.isVisible() and self._regions.remove()):
            self._panel.labelling.reject()

    @Slot()
    def _unlabel(self) -> None:
        if self._suggestions.show_selection():
            self._suggestions.refuse()
        else:
            self._panel.labelling.unlabel()

    def pressed(self, event: QKeyEvent) -> bool:
        """Do what a key means that no shortcut took (the window is not the active one); True where it means something."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_writing() or not plain:
            return False
        text = event.text().upper()
        for action in (*self._classes, self.none):
            if text and action.isVisible() and action.shortcut().toString() == text:
                action.trigger()
                return True
        for key, action in ((Qt.Key.Key_Delete, self.reject), (Qt.Key.Key_Backspace, self.unlabel)):
            if event.key() == key:
                action.trigger()
                return True
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter accepts where a suggestion is shown; it opens and closes the loupe otherwise."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if enter and plain and self._suggestions.show_selection():
                self._suggestions.accept()
                return True
        return super().eventFilter(watched, event)

    def fill(self, menu: QMenu) -> None:
        """Add to the menu of the selected images what decides on them."""
        panel = self._panel
        several = panel.labelling.several
        if self._suggestions.show_selection():
            menu.addAction(icons.icon("check"), self.tr("Accept the suggestion\tSpace")).triggered.connect(
                self._suggestions.accept
            )
            menu.addAction(self.tr("Refuse the suggestion\tBackspace")).triggered.connect(self._suggestions.refuse)
        labels = menu.addMenu(icons.icon("tag"), self.tr("Label on or off") if several else self.tr("Label as"))
        labels.setEnabled(bool(panel.class_model.classes))
        for known in panel.class_model.classes:
            key = panel.class_model.key_of(known.id)
            entry = labels.addAction(swatch(known.colour), known.name.replace("&", "&&") + (f"\t{key}" if key else ""))
            act = panel.labelling.toggle if several else panel.labelling.label
            entry.triggered.connect(lambda _on=False, act=act, class_id=known.id: act(class_id))
        if several:
            menu.addAction(self.tr("None of the classes applies\tN")).triggered.connect(panel.labelling.none_applies)
        menu.addAction(self.tr("Take the label away\tShift+Del")).triggered.connect(panel.labelling.unlabel)
        menu.addAction(icons.icon("trash"), self.tr("Reject, or take back\tDel")).triggered.connect(
            panel.labelling.reject
        )
