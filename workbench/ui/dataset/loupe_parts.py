"""What stands in the loupe beside the image: the tools, the levels, the pages of the file. Wires them to the panel."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from workbench.errors import WorkbenchError
from workbench.intake import decoding_of, set_window
from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.dataset.loupe import CAPTION
from workbench.ui.dataset.loupe_levels import LevelsTool
from workbench.ui.dataset.loupe_regions import RegionTool
from workbench.ui.dataset.page_strip import PageStrip, file_part, may_have_pages, pages_of
from workbench.ui.layouts import row
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import tool_button

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel


LEVELS = "dataset/levels"
"""The preference whether the levels of a deep image are shown beside it."""


class ToolBar(QFrame):
    """Look and choose, draw boxes, draw freehand: floats over the upper left corner of the loupe."""

    def __init__(self, tool: RegionTool, parent: Any) -> None:
        super().__init__(parent)
        self.setProperty("surface", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tool = tool
        self.buttons = {
            "": tool_button("pan", self.tr("Look around, choose a region (Esc)"), name="dataset.loupe.look"),
            "box": tool_button("box", self.tr("Draw a box (B)"), name="dataset.loupe.box"),
            "freehand": tool_button("freehand", self.tr("Draw freehand (F)"), name="dataset.loupe.freehand"),
        }
        for mode, made in self.buttons.items():
            made.setCheckable(True)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.clicked.connect(partial(tool.set_mode, mode))
        self.levels = tool_button(
            "contrast", self.tr("Levels of a deep image (Ctrl+Shift+L)"), name="dataset.loupe.levels"
        )
        self.levels.setCheckable(True)
        self.levels.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.levels.hide()
        self.setLayout(row(*self.buttons.values(), self.levels, spacing=2, margins=theme.HALF))
        tool.modeChanged.connect(self._show)
        self._show("")

    @Slot(str)
    def _show(self, mode: str) -> None:
        for key, made in self.buttons.items():
            made.setChecked(key == mode)


class LoupeParts(QObject):
    """Made by `Deciding`. ``regions`` takes class keys and Del first."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel, self._session, self._loupe = panel, panel.session, panel.loupe
        loupe = panel.loupe
        self.levels = LevelsTool(loupe)
        self.regions = RegionTool(
            panel.session, loupe, lambda: {known.id: known for known in panel.class_model.classes}
        )
        loupe.tools = [self.levels, self.regions]
        self.bar = ToolBar(self.regions, loupe)
        self.levels.wanted = panel.session.preferences.switch(LEVELS, True)
        self.bar.levels.setChecked(self.levels.wanted)
        self.bar.levels.clicked.connect(self._want_levels)
        self.levels.activeChanged.connect(self._show_levels)
        self._small = ThumbnailLoader(panel.pictures.thumbnail, self)
        self.pages = PageStrip(self._small, loupe)
        loupe.installEventFilter(self)
        loupe.imageShown.connect(self._image_shown)
        self.levels.keepAsked.connect(self._keep_window)
        self.pages.chosen.connect(self._go_to_page)
        panel.session.projectChanged.connect(self._project_changed)
        add, tr = panel.add_action, self.tr
        add("dataset.box", tr("Draw a box on the image"), partial(self._draw, "box"), icon="box", key="B")
        add(
            "dataset.freehand",
            tr("Draw an outline freehand"),
            partial(self._draw, "freehand"),
            icon="freehand",
            key="F",
        )
        text = tr("Show or hide the levels of a deep image")
        add("dataset.levels", text, self.bar.levels.click, icon="contrast", key="Ctrl+Shift+L")
        add(
            "dataset.keepWindow.action", tr("Use these levels for the whole project"), self._keep_shown, icon="contrast"
        )
        self._project_changed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        elif event.type() == QEvent.Type.Hide:
            self.regions.set_mode("")
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()))
            if step is not None and self.pages.step(step):
                return True
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        loupe = self._loupe
        self.bar.adjustSize()
        self.bar.move(12, 12)
        self.levels.place()
        height = self.pages.height()
        self.pages.setGeometry(0, loupe.height() - CAPTION - height, loupe.width(), height)

    @Slot()
    def _project_changed(self) -> None:
        self._small.forget()
        self.pages.show_pages((), 0)
        project = self._session.project
        if project is not None:
            try:
                self.levels.set_project(decoding_of(project).window)
            except WorkbenchError as error:
                self._session.problem.emit("dataset", str(error))

    # pages

    @Slot()
    def _image_shown(self) -> None:
        shown = self._loupe.row
        if shown is None or not may_have_pages(shown.relative):
            self._panel.reader.drop("pages")
            self._show_pages(())
            return
        known = self.pages.pages
        if known and known[0].root == shown.root and file_part(known[0].relative) == file_part(shown.relative):
            self._show_pages(known)
        else:
            self._panel.reader.ask("pages", partial(_pages, shown), self._show_pages)

    def _show_pages(self, pages: Any) -> None:
        shown = self._loupe.row
        self.pages.show_pages(pages, shown.id if shown is not None else 0)
        # The image gives way to the strip.
        self._loupe.set_foot(self.pages.height() if pages else 0)

    @Slot(object)
    def _go_to_page(self, page: ImageRow) -> None:
        panel = self._panel
        place = panel.model.position_of(page.id)
        if place >= 0:
            panel.grid.move_to(place)
        else:
            # The filter hides this page: the loupe shows it all the same, and keys act on it.
            self._loupe.show_image(page, page.relative)

    # regions

    def _draw(self, mode: str) -> None:
        panel = self._panel
        if not panel.loupe.isVisible():
            if panel.selection.current < 0 or not len(panel.selection):
                self._session.toast.emit(self.tr("Select an image first, then draw on it."))
                return
            panel.open_loupe(panel.selection.current)
        self.regions.set_mode("" if self.regions.mode == mode else mode)
        panel.loupe.setFocus()

    # levels

    @Slot(bool)
    def _want_levels(self, on: bool) -> None:
        self._session.preferences.set(LEVELS, on)
        self.levels.want(on)

    @Slot(bool)
    def _show_levels(self, active: bool) -> None:
        self.bar.levels.setVisible(active)
        self.bar.adjustSize()

    @Slot()
    def _keep_shown(self) -> None:
        if self.levels.window is None or not self.levels.active:
            self._session.toast.emit(
                self.tr("Open an image of more than 8 bits in the loupe and set its levels first.")
            )
        else:
            self._keep_window(*self.levels.window)

    @Slot(int, int)
    def _keep_window(self, low: int, high: int) -> None:
        """Keep the levels for the project: what is shown, trained and exported from now on."""
        project, panel = self._session.project, self._panel
        if project is None:
            return
        try:
            before = set_window(project, low, high)
        except WorkbenchError as error:
            self._session.problem.emit("dataset", str(error))
            return
        self._use_window((low, high))
        said = self.tr("Levels {0} to {1} are the project's now: thumbnails, training and export use them.")
        self._session.decision.emit(
            panel.key,
            said.format(figures.count(low), figures.count(high)),
            self.tr("Take back"),
            partial(self._take_back, before),
        )

    def _take_back(self, before: tuple[int, int]) -> None:
        project = self._session.project
        if project is not None:
            set_window(project, *before)
            self._use_window(before)

    def _use_window(self, window: tuple[int, int]) -> None:
        panel = self._panel
        panel.show_pictures_anew()
        self._small.forget()
        self.levels.set_project(window)
        if self._loupe.row is not None:
            self._loupe.ask_for(self._loupe.row)
        panel.model.refresh()
        panel.selection.changed.emit()


def _pages(shown: ImageRow, project: Any) -> list[ImageRow]:
    return pages_of(project, shown)
