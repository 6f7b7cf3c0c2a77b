"""The button with the presets: chains to start from, the user's own, and files."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu, QPushButton, QSizePolicy, QWidget

from workbench.augment import presets
from workbench.augment.chain import Chain
from workbench.augment.presets import LONGEST_TITLE, Preset, PresetExistsError
from workbench.errors import WorkbenchError
from workbench.ui import icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.session import Session
from workbench.ui.widgets import button, label

FRAME = 52
"""What of the button's width its edges and the arrow take."""
GENERAL = ("none", "light", "medium", "strong")


class NameSheet(QFrame):
    """Asks for the name of a preset, under the button. ``named`` carries it, and whether it may replace another."""

    named = Signal(str, bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._replaces = False
        self._title = label("", "section")
        self.field = QLineEdit()
        self.field.setObjectName("augment.preset.name")
        self.field.setPlaceholderText(self.tr("Name of the preset"))
        self.field.setMaxLength(LONGEST_TITLE)
        self.field.returnPressed.connect(self._done)
        self.save = button("", self._done, role="primary", name="augment.preset.save")
        self.field.textChanged.connect(self._changed)
        self.refusal = label("", "error", wrap=True)
        self.setLayout(column(self._title, row(self.field, self.save), self.refusal, margins=12))
        self.setFixedWidth(340)

    def ask(self, title: str, name: str, anchor: QWidget) -> None:
        """Open below ``anchor``, with ``name`` to begin with."""
        self._title.setText(title)
        self.field.setText(name)
        self.field.selectAll()
        self._changed()
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + theme.HALF)))
        self.show()
        self.field.setFocus()

    def refuse(self, sentence: str, *, replaceable: bool) -> None:
        """Say why the name cannot be taken; ``replaceable``: the same button now takes it all the same."""
        self.refusal.setText(sentence)
        self.refusal.show()
        self._replaces = replaceable
        if replaceable:
            self.save.setText(self.tr("Replace"))
        self.adjustSize()

    @Slot()
    def _changed(self) -> None:
        self._replaces = False
        self.save.setText(self.tr("Save"))
        self.save.setEnabled(bool(self.field.text().strip()))
        self.refusal.hide()
        self.adjustSize()

    @Slot()
    def _done(self) -> None:
        if self.field.text().strip():
            self.named.emit(self.field.text(), self._replaces)


class PresetButton(QPushButton):
    """Says which preset the chain is, and offers the others. ``chosen`` carries a preset's chain."""

    chosen = Signal(object)
    importWanted = Signal()
    exportWanted = Signal()

    def __init__(self, session: Session, folder: Path | None = None, parent: QWidget | None = None) -> None:
        """``folder`` holds the user's own presets; left out, it is that of the user."""
        super().__init__(parent)
        self.setObjectName("augment.preset")
        self._tip = self.tr("Start from a chain that suits your kind of image, or save your own")
        self._title = ""
        self.setAccessibleName(self.tr("Preset"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._session = session
        self._folder = folder
        self._builtin = presets.builtin()
        self._own: list[Preset] = []
        self._told: set[str] = set()
        self._chain = Chain()
        self._renamed: Preset | None = None
        self._sheet = NameSheet(self)
        self._sheet.named.connect(self._named)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.reload()

    @property
    def folder(self) -> Path:
        return self._folder if self._folder is not None else presets.user_folder()

    @property
    def current(self) -> Preset | None:
        """The preset that the chain is, None where it is the user's own making."""
        return next((preset for preset in [*self._builtin, *self._own] if preset.chain == self._chain), None)

    def show_chain(self, chain: Chain) -> None:
        """Say which preset this chain is."""
        self._chain = chain
        found = self.current
        self._title = found.title if found is not None else self.tr("Own chain")
        self._show_title()

    def _show_title(self) -> None:
        cut = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, max(40, self.width() - FRAME))
        self.setText(_shown(cut))
        self.setToolTip(self._title if cut != self._title else self._tip)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_title()

    def reload(self) -> None:
        """Look for the user's own presets again; one that is damaged is told once."""
        found = presets.read(self.folder)
        self._own = found.presets
        for sentence in found.damaged:
            if sentence not in self._told:
                self._told.add(sentence)
                self._session.problem.emit("augment", sentence)
        self.show_chain(self._chain)

    @Slot()
    def _fill(self) -> None:
        self.reload()
        menu = self.menu()
        menu.clear()
        general = [preset for preset in self._builtin if preset.name in GENERAL]
        special = [preset for preset in self._builtin if preset.name not in GENERAL]
        for part in filter(None, (general, special, self._own)):
            for preset in part:
                self._offer(menu, preset)
            menu.addSeparator()
        save = menu.addAction(icons.icon("plus"), self.tr("Save as a preset…"), self.save_own)
        save.setObjectName("augment.preset.saveAs")
        save.setEnabled(bool(self._chain.steps))
        if self._own:
            rename, delete = menu.addMenu(self.tr("Rename a preset")), menu.addMenu(self.tr("Delete a preset"))
            for preset in self._own:
                rename.addAction(_shown(preset.title)).triggered.connect(
                    lambda _=False, known=preset: self.rename(known)
                )
                delete.addAction(_shown(preset.title)).triggered.connect(
                    lambda _=False, known=preset: self.delete(known)
                )
        menu.addSeparator()
        menu.addAction(icons.icon("folder"), self.tr("Open a chain file…"), self.importWanted.emit)
        menu.addAction(icons.icon("download"), self.tr("Save to a file…"), self.exportWanted.emit)

    def _offer(self, menu: QMenu, preset: Preset) -> None:
        action = menu.addAction(_shown(preset.title))
        action.setCheckable(True)
        action.setChecked(preset.chain == self._chain)
        action.setToolTip(preset.help)
        action.setData(preset.name)
        action.triggered.connect(lambda: self.chosen.emit(preset.chain))

    @Slot()
    def save_own(self) -> None:
        """Ask for a name and keep the chain under it."""
        self._renamed = None
        self._sheet.ask(self.tr("Save the chain as a preset"), "", self)

    def rename(self, preset: Preset) -> None:
        """Ask for another name of one of the user's own."""
        self._renamed = preset
        self._sheet.ask(self.tr("Rename the preset"), preset.title, self)

    def delete(self, preset: Preset) -> None:
        """Ask whether one of the user's own presets is to go."""
        sentence = self.tr("Delete the preset “{title}”? Projects that use its chain keep it.").format(
            title=preset.title
        )
        self._session.decision.emit("augment", sentence, self.tr("Delete the preset"), lambda: self._delete(preset))

    def _delete(self, preset: Preset) -> None:
        try:
            presets.delete_own(self.folder, preset.name)
        except WorkbenchError as error:
            self._session.problem.emit("augment", str(error))
        self.reload()

    @Slot(str, bool)
    def _named(self, title: str, replaces: bool) -> None:
        try:
            if self._renamed is not None:
                kept = presets.rename_own(self.folder, self._renamed.name, title)
            else:
                kept = presets.save_own(self.folder, title, self._chain, replace=replaces)
        except WorkbenchError as error:
            replaceable = isinstance(error, PresetExistsError) and self._renamed is None
            self._sheet.refuse(str(error), replaceable=replaceable)
        else:
            self._sheet.hide()
            self._session.toast.emit(self.tr("Preset “{title}” saved").format(title=kept.title))
            self.reload()


def _shown(title: str) -> str:
    """Return a title as a menu shows it: an ampersand would underline the letter after it."""
    return title.replace("&", "&&")
