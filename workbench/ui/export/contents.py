"""What is in a package, file by file, and what its parity says. No torch, no onnxruntime."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.ui import figures

Index = QModelIndex | QPersistentModelIndex

NAME, SIZE, PURPOSE = range(3)


@dataclass(frozen=True)
class Part:
    """A file of a package, or a folder of it taken as one; ``size`` is None before it is exported."""

    name: str
    size: int | None
    purpose: str


@dataclass(frozen=True)
class Package:
    """A package on the disk as it is shown: where, its parity, who exported it, how large it is."""

    folder: Path
    parity: dict[str, Any]
    exporter: str
    size: int
    parts: list[Part]


def purposes() -> dict[str, str]:
    """Return what every package holds, in the order in which it is worth knowing."""
    tr = QCoreApplication.translate
    return {
        "model.onnx": tr("Package", "The model, with its preprocessing inside: decoded pixels in, probabilities out"),
        "labels.json": tr("Package", "The classes in their order, and their thresholds"),
        "preprocess.json": tr("Package", "How image files are decoded, as rules"),
        "parity.json": tr("Package", "The proof that it answers as the trained model does, image by image"),
        "metrics.json": tr("Package", "How good it is, with intervals"),
        "report.html": tr("Package", "All of that to read and to print"),
        "samples": tr("Package", "A few test images to try it on"),
        "demo.py": tr("Package", "Runs it: needs onnxruntime, numpy and pillow only"),
        "README.md": tr("Package", "How to use it"),
        "config.toml": tr("Package", "The settings of the run"),
        "manifest.json": tr("Package", "The hash of every file: a damaged copy is refused"),
        "LICENSES": tr("Package", "The licences of what is inside"),
    }


def planned() -> list[Part]:
    """Return what a package will hold."""
    return [Part(name, None, purpose) for name, purpose in purposes().items()]


def read(folder: Path) -> Package | None:
    """Return the package in ``folder``, or None where there is none or it is not complete."""
    try:
        parity = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
        if not isinstance(parity, dict) or not (folder / "manifest.json").is_file():
            return None
        sizes = _sizes(folder)
    except (OSError, ValueError):
        return None
    known = purposes()
    names = [name for name in known if name in sizes] + sorted(sizes.keys() - known.keys())
    parts = [Part(name, sizes[name], known.get(name, "")) for name in names]
    return Package(folder, parity, str(parity.get("exporter", "")), sum(sizes.values()), parts)


def find(exports: Path, run_id: str) -> Package | None:
    """Return the newest package of a run under ``exports``."""
    try:
        folders = [path for path in exports.glob(f"{run_id}*") if (path / "parity.json").is_file()]
        folders.sort(key=lambda path: (path / "parity.json").stat().st_mtime, reverse=True)
    except OSError:
        return None
    return next((found for found in map(read, folders) if found is not None), None)


def free_folder(exports: Path, run_id: str) -> Path:
    """Return a folder for a package that does not exist yet: named after the run, numbered from the second on."""
    folder, number = exports / run_id, 2
    while folder.exists():
        folder, number = exports / f"{run_id}-{number}", number + 1
    return folder


def _sizes(folder: Path) -> dict[str, int]:
    """Return bytes by name; a sub-folder counts as one."""
    sizes: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).parts[0]
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    return sizes


class PartsModel(QAbstractTableModel):
    """The files of a package: name, size, what it is for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: list[Part] = []

    def show(self, parts: list[Part]) -> None:
        """Show these files."""
        self.beginResetModel()
        self._parts = list(parts)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._parts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else PURPOSE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= PURPOSE:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("File"), self.tr("Size"), self.tr("What it is for"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        part, column = self._parts[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            size = "" if part.size is None else figures.size(part.size)
            return (part.name, size, part.purpose)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return part.purpose
        if role == Qt.ItemDataRole.TextAlignmentRole and column == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None
