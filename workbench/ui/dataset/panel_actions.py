"""The actions of the dataset panel: what the palette lists, the keys, and the menu of the selected images."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtWidgets import QApplication, QMenu

from workbench.ui import icons
from workbench.ui.dataset.pin_actions import PinActions
from workbench.ui.dataset.way_back import WayBack

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

MOST_COPIED = 1000


class PanelActions(QObject):
    """Adds the actions to ``panel``; they act on its selection."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel = panel
        tr, add = self.tr, panel.add_action
        text = tr("Add a folder of images")
        add("dataset.addFolder.action", text, panel.choose_folder, icon="folder-plus", key="Ctrl+Shift+O")
        add("dataset.nextUnlabelled", tr("Next image without a class"), self._next_unlabelled, key="Alt+Right")
        add("dataset.selectAll", tr("Select all images shown"), panel.selection.select_all, key="Ctrl+A")
        add("dataset.onlyUnlabelled", tr("Show images without a class"), panel.filter.unlabelled.click, key="U")
        add("dataset.find", tr("Filter by path"), self._focus_text, icon="search", key="Ctrl+F")
        add("dataset.preview", tr("Preview the augmentation of this image"), self._preview, icon="augment", key="P")
        for key in panel.tabs.keys:
            title = panel.tabs.tabText(panel.tabs.keys.index(key)).replace("&&", "&")
            add(f"dataset.tab.{key}", tr("Show: {0}").format(title), partial(panel.tabs.choose, key))
        self.pins = PinActions(panel)
        self._make_advance()
        inspector = panel.inspector()
        self._way_back = WayBack(
            (inspector.tags.field, inspector.note, inspector.class_section.new_class),
            images=lambda: panel.loupe if panel.loupe.isVisible() else panel.grid,
            entered=(panel.filter.text,),
            parent=self,
        )

    def _make_advance(self) -> None:
        panel = self._panel
        text = self.tr("Go on to the next image after labelling")
        advance = panel.add_action("dataset.autoAdvance", text, self._advance_told, key="G")
        advance.setCheckable(True)
        advance.setChecked(panel.labelling.advance)
        advance.toggled.connect(panel.labelling.set_advance)
        box = panel.inspector().advance
        box.setChecked(panel.labelling.advance)
        box.toggled.connect(advance.setChecked)
        advance.toggled.connect(box.setChecked)

    def menu(self) -> QMenu:
        """Return the menu of the selected images."""
        panel = self._panel
        menu = QMenu(panel)
        look = menu.addAction(icons.icon("eye"), self.tr("Open in the loupe\tEnter"))
        look.triggered.connect(lambda: panel.open_loupe(panel.selection.current))
        menu.addAction(icons.icon("augment"), self.tr("Preview the augmentation\tP")).triggered.connect(self._preview)
        menu.addSeparator()
        panel.deciding.fill(menu)
        self.pins.fill(menu)
        menu.addSeparator()
        menu.addAction(icons.icon("copy"), self.tr("Copy the paths")).triggered.connect(self._copy_paths)
        return menu

    @Slot(QPoint)
    def show_menu(self, point: QPoint) -> None:
        if len(self._panel.selection):
            menu = self._panel.selection_menu()
            menu.exec(self._panel.grid.viewport().mapToGlobal(point))
            menu.deleteLater()

    @Slot()
    def _next_unlabelled(self) -> None:
        self._panel.labelling.go_to_unlabelled(self._panel.filter.query)

    @Slot()
    def _focus_text(self) -> None:
        self._panel.filter.text.setFocus()
        self._panel.filter.text.selectAll()

    @Slot()
    def _preview(self) -> None:
        ids = self._panel.selected_ids()
        if len(ids):
            self._panel.session.navigate.emit("augment", int(ids[0]))

    @Slot()
    def _advance_told(self) -> None:
        on, off = self.tr("After labelling, the next image is selected."), self.tr("After labelling, the image stays.")
        self._panel.session.toast.emit(on if self._panel.labelling.advance else off)

    @Slot()
    def _copy_paths(self) -> None:
        model = self._panel.model
        rows = [model.row_at(int(position)) for position in self._panel.selection.positions()[:MOST_COPIED]]
        QApplication.clipboard().setText("\n".join(str(found.path) for found in rows if found is not None))
