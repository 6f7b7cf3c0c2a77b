"""The catalogue of backbones as rows and columns, with what is here, what is recommended and what has a star.

Some 1 450 rows are searched at each key, so the work is done on strings prepared once, and a new order is passed to the
view as one change of layout.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workbench.models.catalog import BackboneInfo
from workbench.models.searching import Search, searchable
from workbench.ui import theme
from workbench.ui.model.backbone_words import exports_word, giga, millions, plain, top1
from workbench.ui.model.catalogue_order import CatalogueOrder, Key
from workbench.ui.model.wanted import Wanted

Index = QModelIndex | QPersistentModelIndex

NAME, STAR, FAMILY, YEAR, PARAMETERS, GMACS, SIZE, TOP1, HERE, EXPORTS, LICENCE = range(11)
NUMBERS = (YEAR, PARAMETERS, GMACS, SIZE, TOP1)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
InfoRole = Qt.ItemDataRole.UserRole + 1
FavouriteRole = Qt.ItemDataRole.UserRole + 2
BadgeRole = Qt.ItemDataRole.UserRole + 3
"""A word that goes before the facts, and the colour it has: recommended, or not supported."""
ANSWERED = frozenset(
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.AccessibleTextRole,
        InfoRole,
        FavouriteRole,
        BadgeRole,
    )
)
"""Of the dozen roles that a view asks each cell for at each paint, those with an answer: the others must cost nothing."""


class CatalogueModel(QAbstractTableModel):
    """One row per backbone. ``here`` answers whether hub weights of one are on this machine."""

    favouritesChanged = Signal()

    def __init__(
        self,
        backbones: Sequence[BackboneInfo],
        here: Callable[[BackboneInfo], bool],
        favourites: Iterable[str] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._here = {each.name: here(each) for each in backbones}
        self._searchable = {each.name: searchable(each) for each in backbones}
        self._favourites = set(favourites)
        self._advised = {each.name: each.note for each in backbones if each.recommended}
        self._texts = self._cells()
        self._numbers: dict[str, int] = {}
        self._rows: list[BackboneInfo] = []
        self._order = CatalogueOrder(backbones, self._keys())
        self._order.put_first(self._advised)
        self._put(self._order.rows())

    # -- what the view asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else LICENCE + 1

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        # Qt's own asks for both counts first, a thousand times a key.
        if not parent.isValid() and 0 <= row < len(self._rows) and 0 <= column <= LICENCE:
            return self.createIndex(row, column)
        return QModelIndex()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= LICENCE:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles()[section][0]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._titles()[section][1]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in NUMBERS:
            return RIGHT
        return None

    def _titles(self) -> tuple[tuple[str, str], ...]:
        return (
            (self.tr("Name"), self.tr("Name in its library")),
            ("", self.tr("Your favourites: a click on the star, or F")),
            (self.tr("Family"), self.tr("The design it belongs to")),
            (self.tr("Year"), self.tr("When the design was published")),
            (self.tr("Parameters"), self.tr("Numbers it has learnt, with the classifier it was published with")),
            (self.tr("GMACs"), self.tr("Billions of multiply-adds for one image at the input size: what it costs")),
            (self.tr("Input"), self.tr("Side in pixels of the images it was trained on")),
            (self.tr("Top-1"), self.tr("Accuracy on ImageNet of its default weights, where the library records it")),
            (self.tr("Here"), self.tr("Whether published weights are on this machine")),
            (self.tr("Exports"), self.tr("Whether the smallest of its family went through the export and agreed")),
            (self.tr("Licence"), self.tr("Licence of the default weights")),
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in ANSWERED or not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[column](row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column in NUMBERS else None
        if role == Qt.ItemDataRole.ForegroundRole and (row.unsupported or self._is_quiet(row, column)):
            return theme.colour("secondary")
        if role == Qt.ItemDataRole.AccessibleTextRole and column == STAR:
            return self.tr("favourite") if row.name in self._favourites else self.tr("no favourite")
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME:
            return ", ".join(word for word in (plain(row), row.library, self._badge(row)[0]) if word)
        if role == InfoRole:
            return row
        if role == FavouriteRole:
            return row.name in self._favourites
        if role == BadgeRole:
            return self._badge(row)
        return None

    def _badge(self, row: BackboneInfo) -> tuple[str, str]:
        if row.unsupported:
            return self.tr("not supported"), "amber"
        return (self.tr("recommended"), "accent") if row.name in self._advised else ("", "")

    def _is_quiet(self, row: BackboneInfo, column: int) -> bool:
        """Whether a cell says that there is nothing to say: what is known stands out."""
        if column == HERE:
            return not self._here[row.name]
        if column == EXPORTS:
            return exports_word(row)[0] != "yes"
        return column == LICENCE and not row.licence

    def _cells(self) -> tuple[Callable[[BackboneInfo], str], ...]:
        side, none = self.tr("{0} px"), self.tr("not recorded")
        return (
            plain,
            lambda _row: "",
            lambda row: row.family,
            lambda row: str(row.year) if row.year else "–",
            lambda row: millions(row.parameters),
            lambda row: giga(row.gmacs),
            lambda row: side.format(row.input_size),
            lambda row: top1(row.top1),
            self._here_text,
            self._exports_text,
            lambda row: row.licence or none,
        )

    def _here_text(self, row: BackboneInfo) -> str:
        if not row.weights:
            return self.tr("none")
        return self.tr("yes") if self._here[row.name] else self.tr("no")

    def _exports_text(self, row: BackboneInfo) -> str:
        return {"yes": self.tr("yes"), "no": self.tr("no")}.get(exports_word(row)[0], self.tr("not tried"))

    def _tip(self, row: BackboneInfo, column: int) -> str:
        if row.unsupported and column in (NAME, EXPORTS):
            return self.tr("{0} · not supported: {1}").format(row.name, row.unsupported)
        if column == STAR:
            return self.tr("A favourite") if row.name in self._favourites else self.tr("Make it a favourite (F)")
        if column == HERE:
            if not row.weights:
                return self.tr(
                    "Nobody publishes weights for this one: it starts from random numbers or from your file."
                )
            if self._here[row.name]:
                return self.tr("Published weights are on this machine.")
            return self.tr("The weights can be downloaded on the right; without a network choose a file or a pack.")
        if column == EXPORTS:
            word, why = exports_word(row)
            if word == "yes":
                return self.tr("The smallest of its family was exported, and answered the same.")
            return why or self.tr("Nobody has tried to export this family yet; the export itself checks it.")
        if column == LICENCE:
            return row.licence or self.tr("The library records no licence: ask its authors before you sell anything.")
        parts = [row.name, row.family]
        if reason := self._advised.get(row.name):
            parts.append(self.tr("recommended: {0}").format(reason))
        elif row.note:
            parts.append(row.note)
        return " · ".join(part for part in parts if part)

    # -- what the panel asks

    def backbone(self, row: int) -> BackboneInfo:
        return self._rows[row]

    def row_of(self, name: str) -> int:
        """Return the row of a backbone, or -1."""
        return self._numbers.get(name, -1)

    def here(self, name: str) -> bool:
        """Whether hub weights of this backbone are on this machine."""
        return self._here.get(name, False)

    def libraries(self) -> list[str]:
        return sorted({row.library for row in self._rows})

    def families(self) -> list[tuple[str, int]]:
        """Return the families by name, each with how many backbones it has."""
        counts: dict[str, int] = {}
        for row in self._rows:
            counts[row.family] = counts.get(row.family, 0) + 1
        return sorted(counts.items(), key=lambda pair: pair[0].lower())

    def accepted(self, wanted: Wanted, fits: Callable[[BackboneInfo], bool]) -> list[bool]:
        """Return for each row whether it is what is wanted."""
        search = Search(wanted.words)
        return [
            (not wanted.family or row.family == wanted.family)
            and (not wanted.library or row.library == wanted.library)
            and (not wanted.recommended or row.name in self._advised)
            and (not wanted.here or self._here[row.name])
            and (not wanted.favourites or row.name in self._favourites)
            and (not wanted.words or search.finds(self._searchable[row.name]))
            and (not wanted.fits or fits(row))
            for row in self._rows
        ]

    # -- what changes

    def look_again(self, here: Callable[[BackboneInfo], bool], name: str = "") -> None:
        """Ask again whether weights are here: of one backbone, or of all."""
        rows = [self._rows[self.row_of(name)]] if self.row_of(name) >= 0 else self._rows
        self._here.update({row.name: here(row) for row in rows})
        self._tell(HERE)

    def favourites(self) -> list[str]:
        return sorted(self._favourites)

    def is_favourite(self, name: str) -> bool:
        return name in self._favourites

    def set_favourite(self, name: str, on: bool) -> None:
        """Star a backbone, or take its star away."""
        if on == (name in self._favourites):
            return
        (self._favourites.add if on else self._favourites.discard)(name)
        self._tell(STAR)
        self.favouritesChanged.emit()

    def set_advised(self, reasons: Mapping[str, str]) -> None:
        """Say which are recommended for the data, best first, and why. They come first while nothing else sorts."""
        if list(reasons.items()) == list(self._advised.items()):
            return
        self._advised = dict(reasons)
        self._order.put_first(reasons)
        self._rearrange()

    def advised(self) -> dict[str, str]:
        return dict(self._advised)

    def _tell(self, column: int) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, column), self.index(len(self._rows) - 1, column))

    # -- order

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order.sort(column, descending=order == Qt.SortOrder.DescendingOrder)
        self._rearrange()

    def rank_by(self, needle: str) -> None:
        """Put what is called ``needle`` (squeezed) first, then what begins so, by name or family; "" gives the plain order."""
        if self._order.rank_by(needle):
            self._rearrange()

    def _rearrange(self) -> None:
        before, after = self._rows, self._order.rows()
        if after == before:
            return
        self.layoutAboutToBeChanged.emit()
        self._put(after)
        old = self.persistentIndexList()
        kept = [self.index(self._numbers[before[each.row()].name], each.column()) for each in old]
        self.changePersistentIndexList(old, kept)
        self.layoutChanged.emit()

    def _put(self, rows: list[BackboneInfo]) -> None:
        self._rows = rows
        self._numbers = {row.name: number for number, row in enumerate(rows)}

    def _keys(self) -> dict[int, Key]:
        return {
            NAME: lambda row: plain(row).lower(),
            STAR: lambda row: row.name not in self._favourites,
            FAMILY: lambda row: row.family.lower(),
            YEAR: lambda row: row.year or None,
            PARAMETERS: lambda row: row.parameters,
            GMACS: lambda row: row.gmacs,
            SIZE: lambda row: row.input_size,
            TOP1: lambda row: row.top1,
            HERE: lambda row: (not self._here[row.name], not row.weights),
            EXPORTS: lambda row: {"yes": 0, "not tried": 1}.get(exports_word(row)[0], 2),
            LICENCE: lambda row: row.licence or None,
        }
