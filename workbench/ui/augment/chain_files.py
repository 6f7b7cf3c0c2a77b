"""Chains from files and to files: ours, albumentations' JSON and YAML, Python code."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.augment import exchange
from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError
from workbench.ui.session import Session

ENDINGS = (".json", ".yaml", ".yml", ".py")


class ChainFiles(QObject):
    """Asks for files and reads and writes them. What cannot be is told in the panel, and changes nothing."""

    opened = Signal(object, str)
    """A chain, and the name of its file."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    @Slot()
    def open(self) -> None:
        """Let the user choose a chain file and read it."""
        kinds = self.tr("Chains (*.json *.yaml *.yml);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a chain"), "", kinds)
        if chosen:
            self.read(Path(chosen))

    def read(self, path: Path) -> None:
        """Read a chain file; ``opened`` follows where it can be used."""
        try:
            chain = exchange.read(path)
        except WorkbenchError as error:
            self._session.problem.emit("augment", str(error))
        else:
            self.opened.emit(chain, path.name)

    def save(self, chain: Chain, side: int) -> None:
        """Let the user choose a place and a kind and write the chain, for a model that takes ``side`` pixels."""
        ours = self.tr("Workbench chain (*.json)")
        kinds: dict[str, tuple[exchange.Kind, str]] = {
            ours: ("workbench", ".json"),
            self.tr("albumentations JSON (*.json)"): ("albumentations", ".json"),
            self.tr("albumentations YAML (*.yaml)"): ("albumentations", ".yaml"),
            self.tr("Python code (*.py)"): ("albumentations", ".py"),
        }
        chosen, kind = QFileDialog.getSaveFileName(
            self._window, self.tr("Save the chain"), "chain.json", ";;".join(kinds), ours
        )
        if not chosen:
            return
        path = Path(chosen)
        wanted, ending = kinds.get(kind, kinds[ours])
        if kind not in ("", ours) and path.suffix.lower() != ending:
            path = path.with_suffix(ending)
        elif path.suffix.lower() not in ENDINGS:
            path = path.with_name(path.name + ending)
        if path != Path(chosen) and path.exists():
            # The dialog asked about another name.
            sentence = self.tr("{name} is there already.").format(name=path)
            replace = partial(self.write, chain, path, kind=wanted, side=side)
            self._session.decision.emit("augment", sentence, self.tr("Replace it"), replace)
        else:
            self.write(chain, path, kind=wanted, side=side)

    def write(self, chain: Chain, path: Path, *, kind: exchange.Kind, side: int) -> None:
        """Write a chain; ``kind`` tells our JSON from albumentations'."""
        try:
            exchange.write(chain, path, side=side, kind=kind)
        except WorkbenchError as error:
            self._session.problem.emit("augment", str(error))
        else:
            self._session.toast.emit(self.tr("Chain saved to {path}").format(path=path))
