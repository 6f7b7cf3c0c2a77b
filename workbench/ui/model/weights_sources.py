"""Where weights come from: a folder of packs, a proxy, mirrors. Kept as preferences, handed to the children as environment."""

import os
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from workbench.models.packs import VARIABLE as PACKS
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.places import Preferences
from workbench.ui.widgets import label, tool_button

VARIABLES: dict[str, tuple[str, ...]] = {
    "packs": (PACKS,),
    "proxy": ("HTTPS_PROXY", "HTTP_PROXY"),
    "hub_mirror": ("HF_ENDPOINT",),
    "torch_mirror": ("WORKBENCH_TORCH_MIRROR",),
}
"""The preferences, and the variables of the environment that the libraries and `workbench.models.packs` read."""


class SourceSettings:
    """What is set here goes before what the environment says; what is left empty leaves the environment as it was."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences
        names = [name for each in VARIABLES.values() for name in each]
        self._before = {name: os.environ.get(name, "") for name in names}
        for key in VARIABLES:
            self._put(key)

    def get(self, key: str) -> str:
        """Return what is set here, "" where nothing is."""
        return str(self._preferences.get(f"weights/{key}", "") or "")

    def from_environment(self, key: str) -> str:
        """Return what the environment said when the window was opened."""
        return next((self._before[name] for name in VARIABLES[key] if self._before[name]), "")

    def set(self, key: str, value: str) -> bool:
        """Keep a setting, for this window and its children at once. Returns whether it is another one."""
        value = value.strip()
        if value == self.get(key):
            return False
        self._preferences.set(f"weights/{key}", value)
        self._put(key)
        return True

    def _put(self, key: str) -> None:
        value = self.get(key)
        for name in VARIABLES[key]:
            wanted, before = value, self._before[name]
            if key == "packs" and value and before and before != value:
                wanted = os.pathsep.join((value, before))
            wanted = wanted or before
            if wanted:
                os.environ[name] = wanted
            elif name in os.environ:
                del os.environ[name]


class SourcesEditor(QWidget):
    """Four lines: the folder of packs, the proxy, the mirrors. A change counts when its field is left."""

    changed = Signal()

    def __init__(self, settings: SourceSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._fields: dict[str, QLineEdit] = {}
        packs = self._field(
            "packs",
            self.tr("Folder of weight packs"),
            self.tr("made by workbench weights pack"),
        )
        browse = tool_button("folder", self.tr("Choose the folder of packs"), self._browse, name="model.browsePacks")
        proxy = self._field("proxy", self.tr("Proxy"), self.tr("http://proxy.firm:8080"))
        hub = self._field("hub_mirror", self.tr("Mirror of huggingface.co"), "https://huggingface.co")
        torch = self._field("torch_mirror", self.tr("Mirror of download.pytorch.org"), "https://download.pytorch.org")
        lines = [
            column(label(packs.accessibleName(), "secondary"), row(packs, browse, spacing=theme.HALF), spacing=2),
            *(column(label(each.accessibleName(), "secondary"), each, spacing=2) for each in (proxy, hub, torch)),
        ]
        self.says = label("", "warning", wrap=True, name="model.sourcesSay")
        self.says.hide()
        self.setLayout(column(*lines, self.says, spacing=theme.GRID))

    def _field(self, key: str, title: str, example: str) -> QLineEdit:
        made = QLineEdit(self._settings.get(key))
        made.setObjectName(f"model.source.{key}")
        made.setAccessibleName(title)
        given = self._settings.from_environment(key)
        made.setPlaceholderText(given or example)
        made.setToolTip(
            self.tr("From the environment: {0}").format(given)
            if given
            else self.tr("Empty: as the environment says ({0})").format(", ".join(VARIABLES[key]))
        )
        made.setClearButtonEnabled(True)
        made.editingFinished.connect(self._edited)
        self._fields[key] = made
        return made

    @Slot()
    def _edited(self) -> None:
        changed = [self._settings.set(key, field.text()) for key, field in self._fields.items()]
        folder = self._settings.get("packs")
        missing = bool(folder) and not Path(folder).expanduser().is_dir()
        self.says.setText(self.tr("The folder {0} is not there.").format(folder) if missing else "")
        self.says.setVisible(missing)
        if any(changed):
            self.changed.emit()

    @Slot()
    def _browse(self) -> None:
        field = self._fields["packs"]
        chosen = QFileDialog.getExistingDirectory(self, self.tr("The folder that holds weight packs"), field.text())
        if chosen:
            field.setText(chosen)
            self._edited()
