"""The catalogue of backbones as a table, and the filter in front of it.

Some 1 450 rows are searched at each key, so the work is done on strings prepared once: the filter asks each row for a
flag, the order is made in Python and passed to the view as one change of layout.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from workbench.models.catalog import BackboneInfo
from workbench.models.searching import Search, searchable, squeezed
from workbench.ui import figures, icons, tables, theme

Index = QModelIndex | QPersistentModelIndex

NAME, STAR, FAMILY, YEAR, PARAMETERS, GMACS, SIZE, TOP1, HERE, EXPORTS, LICENCE = range(11)
InfoRole = Qt.ItemDataRole.UserRole + 1

ANSWERED = frozenset(
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.AccessibleTextRole,
        InfoRole,
    )
)
"""Of the dozen roles that a view asks each cell for at each paint, those with an answer: the others must cost nothing."""
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

NUMBERS = (YEAR, PARAMETERS, GMACS, SIZE, TOP1)
WIDTHS = {
    STAR: 28,
    FAMILY: 104,
    YEAR: 58,
    PARAMETERS: 78,
    GMACS: 76,
    SIZE: 68,
    TOP1: 72,
    HERE: 66,
    EXPORTS: 82,
    LICENCE: 108,
}
SPARE = (LICENCE, FAMILY, EXPORTS, YEAR, SIZE, GMACS, TOP1, HERE, PARAMETERS)
"""What goes first where the room is short; the inspector on the right says all of it."""
LEAST_NAME = 216


def plain(info: BackboneInfo) -> str:
    """Return the name without the library before it."""
    return info.name.partition("/")[2] or info.name


def millions(parameters: float | None) -> str:
    """Return a count of parameters, given in millions, in words: 3.5 -> "3.5 M", 0.83 -> "830 k"; None -> "–"."""
    if parameters is None:
        return "–"
    if parameters < 1:
        return f"{parameters * 1000:.0f} k"
    return f"{parameters:.1f} M" if parameters < 100 else f"{figures.count(round(parameters))} M"


def giga(gmacs: float | None) -> str:
    """Return multiply-adds of one image, given in 10**9, as text: 0.3123 -> "0.31", 15.47 -> "15.5"; None -> "–"."""
    if gmacs is None:
        return "–"
    if gmacs < 1:
        return f"{gmacs:.2f}" if gmacs >= 0.005 else f"{gmacs:.1g}"
    return f"{gmacs:.1f}" if gmacs < 100 else figures.count(round(gmacs))


def top1(share: float | None) -> str:
    """Return an accuracy in percent: 72.154 -> "72.2 %"; None -> "–"."""
    return "–" if share is None else f"{share:.1f}{figures.THIN_SPACE}%"


def exports_word(info: BackboneInfo) -> tuple[str, str]:
    """Return ``yes``, ``no`` or ``not tried``, and why."""
    word, _, why = info.exports.partition(":")
    return word.strip(), why.strip()


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; the default asks for everything."""

    words: tuple[str, ...] = ()
    family: str = ""
    library: str = ""
    recommended: bool = False
    here: bool = False
    fits: bool = False
    favourites: bool = False

    def with_text(self, text: str) -> "Wanted":
        """Return the same with other words to search for."""
        return replace(self, words=tuple(text.lower().split()))


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
        self._squeezed = {each.name: squeezed(plain(each)) for each in backbones}
        self._favourites = set(favourites)
        self._advised = {each.name: each.note for each in backbones if each.recommended}
        self._places = {name: place for place, name in enumerate(self._advised)}
        self._texts = self._cells()
        self._column, self._descending = -1, False
        self._needle = ""
        self._numbers: dict[str, int] = {}
        self._rows: list[BackboneInfo] = []
        self._order = self._ordered(backbones)
        self._put(self._order)

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
            (self.tr("Size"), self.tr("Parameters, with the classifier it was published with")),
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
            return theme.colour("disabled" if row.unsupported else "secondary")
        if role == Qt.ItemDataRole.AccessibleTextRole and column == STAR:
            return self.tr("favourite") if row.name in self._favourites else self.tr("no favourite")
        if role == InfoRole:
            return row
        return None

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
        self._places = {name: place for place, name in enumerate(reasons)}
        self._order = self._ordered(self._rows)
        self._rearrange()

    def advised(self) -> dict[str, str]:
        return dict(self._advised)

    def _tell(self, column: int) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, column), self.index(len(self._rows) - 1, column))

    # -- order

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._order = self._ordered(self._rows)
        self._rearrange()

    def rank_by(self, needle: str) -> None:
        """Put what is called ``needle`` (squeezed) first, then what begins so, by name or family; "" gives the plain order."""
        if needle != self._needle:
            self._needle = needle
            self._rearrange()

    def _rearrange(self) -> None:
        before, after = self._rows, self._ranked()
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

    def _ranked(self) -> list[BackboneInfo]:
        """Return the order with the names first that are what is searched, then those that begin with it."""
        if not self._needle:
            return self._order
        exact, begins, others = list[BackboneInfo](), list[BackboneInfo](), list[BackboneInfo]()
        for row in self._order:
            name, family = self._squeezed[row.name], squeezed(row.family)
            first = name.startswith(self._needle) or family.startswith(self._needle)
            (exact if name == self._needle else begins if first else others).append(row)
        return exact + begins + others

    def _ordered(self, rows: Sequence[BackboneInfo]) -> list[BackboneInfo]:
        last = len(self._places)
        order = sorted(rows, key=lambda row: (self._places.get(row.name, last), plain(row).lower(), row.library))
        if self._column >= 0:
            key = self._sort_key(self._column)
            known = [row for row in order if key(row) is not None]
            known.sort(key=key, reverse=self._descending)
            # What nobody knows stays at the end whichever way the rest is sorted.
            order = known + [row for row in order if key(row) is None]
        return order

    def _sort_key(self, column: int) -> Callable[[BackboneInfo], Any]:
        keys: dict[int, Callable[[BackboneInfo], Any]] = {
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
        return keys[column]


class CatalogueFilter(QSortFilterProxyModel):
    """The rows that are wanted. Its order is the source's own."""

    def __init__(self, source: CatalogueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fits: Callable[[BackboneInfo], bool] = _fits_all
        self._wanted = Wanted()
        self._accepted: list[bool] = []
        self.setDynamicSortFilter(False)
        source.layoutChanged.connect(self._count)  # before this proxy's own slot, which asks for the flags
        self._source = source
        self._count()
        self.setSourceModel(source)

    def catalogue(self) -> CatalogueModel:
        return self._source

    @property
    def wanted(self) -> Wanted:
        return self._wanted

    def set_fits(self, fits: Callable[[BackboneInfo], bool]) -> None:
        """Say what ``Wanted.fits`` means: whether a backbone can be used with the images and on this machine."""
        self._fits = fits
        if self._wanted.fits:
            self.narrow(self._wanted)

    def narrow(self, wanted: Wanted) -> None:
        """Show what is wanted."""
        self._wanted = wanted
        self._source.rank_by(squeezed("".join(wanted.words)))
        self._count()
        self.invalidate()

    def _count(self) -> None:
        self._accepted = self._source.accepted(self._wanted, self._fits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return super().data(index, role) if role in ANSWERED else None

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._accepted[source_row]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._source.sort(column, order)


def _fits_all(_info: BackboneInfo) -> bool:
    return True


class NameDelegate(QStyledItemDelegate):
    """The name, and quieter behind it the library: two libraries have a resnet50."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(InfoRole)
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        cell.text = ""
        view = cell.widget
        view.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, view)
        room = cell.rect.adjusted(theme.GRID, 0, -theme.GRID, 0)
        metrics = QFontMetrics(cell.font)
        small = theme.font(theme.BADGE)
        tail = QFontMetrics(small).horizontalAdvance(row.library)
        name = metrics.elidedText(plain(row), Qt.TextElideMode.ElideMiddle, room.width() - tail - theme.GRID)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.save()
        painter.setPen(theme.colour("disabled" if row.unsupported else "text"))
        painter.setFont(cell.font)
        painter.drawText(room, middle, name)
        painter.setPen(theme.colour("disabled" if row.unsupported else "secondary"))
        painter.setFont(small)
        painter.drawText(room, middle | int(Qt.AlignmentFlag.AlignRight), row.library)
        painter.restore()


class StarDelegate(QStyledItemDelegate):
    """A star, filled for a favourite; an outline only where the mouse is, so that the column stays quiet."""

    SIDE = 14

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(InfoRole)
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        cell.text = ""
        view = cell.widget
        view.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, view)
        assert isinstance(view, CatalogueTable)
        favourite = view.model_.is_favourite(row.name)
        if not favourite and not cell.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            return
        corner = cell.rect.center()
        box = QRect(corner.x() - self.SIDE // 2, corner.y() - self.SIDE // 2 + 1, self.SIDE, self.SIDE)
        role = "amber" if favourite else "disabled"
        icons.icon("star-filled" if favourite else "star", role).paint(painter, box)


class CatalogueTable(QTableView):
    """The table: a click chooses a backbone, a click on the star makes it a favourite and chooses nothing."""

    def __init__(self, rows: CatalogueFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.table")
        self.model_ = rows.catalogue()
        self._rows = rows
        self.setModel(rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setItemDelegateForColumn(NAME, NameDelegate(self))
        self.setItemDelegateForColumn(STAR, StarDelegate(self))
        tables.dress(self, widths=WIDTHS, stretched=NAME)
        tables.make_sortable(self)
        tables.KeptReadable(self, stretched=NAME, least=LEAST_NAME, spare=SPARE)
        self.horizontalHeader().moveSection(STAR, 0)

    def info_at(self, row: int) -> BackboneInfo:
        """Return the backbone in a row that is shown."""
        info = self._rows.index(row, NAME).data(InfoRole)
        assert isinstance(info, BackboneInfo)
        return info

    def star(self, row: int) -> None:
        """Make the backbone of a row a favourite, or no longer."""
        name = self.info_at(row).name
        self.model_.set_favourite(name, not self.model_.is_favourite(name))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == STAR and event.button() == Qt.MouseButton.LeftButton:
            self.star(index.row())
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.viewport().update()
