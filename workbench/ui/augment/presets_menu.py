"""The button with the presets: chains to start from, the user's own, and files."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu, QPushButton, QSizePolicy, QWidget

from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError
from workbench.ui import icons, theme
from workbench.ui.augment import _presets as presets
from workbench.ui.augment._presets import Preset
from workbench.ui.layouts import column, row
from workbench.ui.session import Session
from workbench.ui.widgets import button, label

GENERAL = ("none", "light", "medium", "strong")


class NameSheet(QFrame):
    """Asks for the name of a preset, under the button. ``named`` carries it."""

    named = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = label("", "section")
        self.field = QLineEdit()
        self.field.setObjectName("augment.preset.name")
        self.field.setPlaceholderText(self.tr("Name, for example Castings, line 3"))
        self.field.setMaxLength(60)
        self.field.returnPressed.connect(self._done)
        self._save = button(self.tr("Save"), self._done, role="primary", name="augment.preset.save")
        self.field.textChanged.connect(self._changed)
        self.setLayout(column(self._title, row(self.field, self._save), margins=12))
        self.setFixedWidth(340)

    def ask(self, title: str, name: str, anchor: QWidget) -> None:
        self._title.setText(title)
        self.field.setText(name)
        self.field.selectAll()
        self._changed()
        self.adjustSize()
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + theme.HALF)))
        self.show()
        self.field.setFocus()

    @Slot()
    def _changed(self) -> None:
        self._save.setEnabled(bool(self.field.text().strip()))

    @Slot()
    def _done(self) -> None:
        name = self.field.text().strip()
        if name:
            self.hide()
            self.named.emit(name)


class PresetButton(QPushButton):
    """Says which preset the chain is, and offers the others. ``chosen`` carries a preset's chain."""

    chosen = Signal(object)
    importWanted = Signal()
    exportWanted = Signal()

    def __init__(self, session: Session, folder: Path | None = None, parent: QWidget | None = None) -> None:
        """``folder`` holds the user's own presets; left out, it is that of the user."""
        super().__init__(parent)
        self.setObjectName("augment.preset")
        self.setToolTip(self.tr("Start from a chain that suits your kind of image, or save your own"))
        self.setAccessibleName(self.tr("Preset"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._session = session
        self._folder = folder
        self._builtin = presets.builtin()
        self._own: list[Preset] = []
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
        self.setText(found.title if found is not None else self.tr("Own chain"))

    def reload(self) -> None:
        """Look for the user's own presets again."""
        try:
            self._own = presets.own(self.folder)
        except WorkbenchError as error:
            self._own = []
            self._session.problem.emit("augment", str(error))
        self.show_chain(self._chain)

    @Slot()
    def _fill(self) -> None:
        self.reload()
        menu = self.menu()
        menu.clear()
        for preset in self._builtin:
            if (
                preset.name not in GENERAL
                and not menu.actions()[-1].isSeparator()
                and len(menu.actions()) == len(GENERAL)
            ):
                menu.addSeparator()
            self._offer(menu, preset)
        if self._own:
            menu.addSeparator()
            for preset in self._own:
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

    @Slot(str)
    def _named(self, title: str) -> None:
        before, self._renamed = self._renamed, None
        chain = before.chain if before is not None else self._chain
        if any(preset.title == title for preset in self._own) and (before is None or before.title != title):
            sentence = self.tr("There is a preset named “{title}”. Put this chain in its place?").format(title=title)
            self._session.decision.emit(
                "augment", sentence, self.tr("Replace it"), lambda: self._keep(title, chain, before)
            )
        elif before is None or before.title != title:
            self._keep(title, chain, before)

    def _keep(self, title: str, chain: Chain, before: Preset | None) -> None:
        try:
            presets.save_own(self.folder, title, chain)
            if before is not None:
                presets.delete_own(self.folder, before.name)
        except WorkbenchError as error:
            self._session.problem.emit("augment", str(error))
        else:
            self._session.toast.emit(self.tr("Preset “{title}” saved").format(title=title))
        self.reload()


def _shown(title: str) -> str:
    """Return a title as a menu shows it: an ampersand would underline the letter after it."""
    return title.replace("&", "&&")
