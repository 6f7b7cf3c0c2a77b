"""The ways to look at a chain: each says what to ask the preview child for, and shows on its board what comes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from workbench.augment.chain import Place, Step
from workbench.ui import figures
from workbench.ui.augment import wishes
from workbench.ui.augment.boards import Board, StripBoard, VariantBoard
from workbench.ui.augment.looked_at import View
from workbench.ui.augment.preview_engine import Facts
from workbench.ui.augment.wipe import WipeBoard
from workbench.ui.augment.wishes import Plan
from workbench.ui.widgets import Segmented, button

TitleOf = Callable[[str], str]
"""Gives the title of a transform by its name."""


class Mode(QObject):
    """One way to look. `plan` lays out the board; the pictures come later, by their index in the plan."""

    wanted = Signal()
    """Something that decides about the tiles has changed: ask again."""
    stepPicked = Signal(object)
    valuePicked = Signal(object, str, object)
    key = ""
    of_one_image = True
    """Whether it shows the image that is stepped through."""

    def __init__(self, board: Board | WipeBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.board = board

    def title(self) -> str:
        raise NotImplementedError

    def controls(self) -> QWidget | None:
        """Return what stands in the bar while this mode is on."""
        return None

    def plan(self, view: View) -> Plan | None:
        """Return what to ask for; None where there is nothing to ask, `hint` says why."""
        raise NotImplementedError

    def hint(self) -> str:
        """Return what to do, in one sentence, where `plan` gave None."""
        return ""

    hint_leads_to_dataset = False
    """Whether that is done in the Dataset panel."""

    def side(self) -> int:
        """Return the longest side of a tile as it is shown, in pixels of the screen."""
        return self.board.tile_side() if isinstance(self.board, Board) else 0

    def pictured(self, index: int, image: QImage, facts: Facts | None) -> None:
        """Show a picture that has come; one that was read beside the child has no facts."""
        self.board.show_picture(index, image)

    def blame(self, place: Place | None) -> Place | None:
        """Return which step of the edited chain is to blame for a failure at ``place`` of a chain of the plan."""
        return place

    def clear(self) -> None:
        """Forget the pictures: they are of another image."""
        self.board.clear()

    def open_project(self) -> None:
        """Another project is open: forget what belongs to the one before."""
        self.clear()


class Variants(Mode):
    """The image beside many variants of it, mixed with others where that is asked."""

    key = "variants"

    def __init__(self, parent: QObject | None = None) -> None:
        self.tiles = VariantBoard()
        super().__init__(self.tiles, parent)
        self.mixed = button(self.tr("Mixed"), name="augment.mixed")
        self.mixed.setCheckable(True)
        self.mixed.setToolTip(self.tr("Show the variants as training mixes them with other images"))
        self.mixed.toggled.connect(self._toggled)
        self._names: list[str] = []
        self._own = ""

    def title(self) -> str:
        return self.tr("Variants")

    def controls(self) -> QWidget:
        return self.mixed

    @property
    def mixing(self) -> bool:
        """True where other images are needed to mix with."""
        return self.mixed.isChecked() and not self.mixed.isHidden()

    def plan(self, view: View) -> Plan | None:
        self.mixed.setVisible(view.mix.kind != "none")
        partners = view.partners if self.mixing else ()
        count = self.tiles.fit(captions=bool(partners))
        if view.picture is None:
            return None
        # Other dice, other partners.
        turn = view.seed % max(1, len(partners))
        partners = (*partners[turn:], *partners[:turn])
        self._own, self._names = view.class_name, [name for _, name in partners]
        return wishes.variants(view.picture, view.chain, view.seed, count, [picture for picture, _ in partners])

    def pictured(self, index: int, image: QImage, facts: Facts | None) -> None:
        super().pictured(index, image, facts)
        if facts is not None and self._names and 0 < index < len(self.tiles.tiles):
            tile = self.tiles.tiles[index]
            tile.caption, tile.note = self._shares(index, facts.share)
            self.tiles.update_tile(index)

    def _shares(self, index: int, share: float) -> tuple[str, str]:
        """Return what the image keeps of its label, and what the other brings."""
        if share >= 1:
            return self.tr("not mixed"), ""
        other = self._names[(index - 1) % len(self._names)]
        own = self._own or self.tr("this image")
        return f"{figures.percent(share)} {own}", f"{figures.percent(1 - share)} {other}"

    @Slot(bool)
    def _toggled(self, _on: bool) -> None:
        self.wanted.emit()


class Steps(Mode):
    """The image after each step. A click on a tile selects its step."""

    key = "steps"

    def __init__(self, title_of: TitleOf, parent: QObject | None = None) -> None:
        self.tiles = StripBoard(self.tr("The image after each step"), lines=2, pickable=True)
        super().__init__(self.tiles, parent)
        self._title_of = title_of
        self._shown: list[tuple[Place, Step]] = []
        self._digests: dict[int, int] = {}
        self.tiles.picked.connect(self._picked)

    def title(self) -> str:
        return self.tr("Steps")

    def plan(self, view: View) -> Plan | None:
        self._shown = [(place, step) for place, step, _ in wishes.prefixes(view.chain)]
        self._digests = {}
        captions = [f"{n}  {self._title_of(step.transform)}" for n, (_, step) in enumerate(self._shown, 1)]
        self.tiles.show_captions([self.tr("original"), *captions])
        if not self._shown:
            self.tiles.tiles[0].caption = self.tr("original: no step is on")
        self.tiles.tiles[0].note = ""
        for tile, (place, step) in zip(self.tiles.tiles[1:], self._shown, strict=True):
            tile.note, tile.strong = self._what(step), True
            tile.marked = bool(view.place) and place == view.place[:1]
        return wishes.steps(view.picture, view.chain, view.seed) if view.picture is not None else None

    def pictured(self, index: int, image: QImage, facts: Facts | None) -> None:
        super().pictured(index, image, facts)
        if facts is not None:
            self._digests[index] = facts.digest
        for at in (index, index + 1):
            if at >= 1 and at in self._digests and at - 1 in self._digests and at <= len(self._shown):
                self._compare(at)

    def _compare(self, at: int) -> None:
        """Tiles come in any order: both neighbours of a pair must be there."""
        tile, step = self.tiles.tiles[at], self._shown[at - 1][1]
        tile.quiet = self._digests[at] == self._digests[at - 1]
        if not tile.quiet:
            tile.note = self._what(step)
        elif step.p < 1:
            tile.note = self.tr("not drawn")
        else:
            tile.note = self.tr("changes nothing here")
        self.tiles.update_tile(at)

    def _what(self, step: Step) -> str:
        """Return the step's chance, and what a group holds."""
        chance = self.tr("chance {0}").format(figures.percent(step.p)) if step.p < 1 else ""
        inner = [self._title_of(one.transform) for one in step.steps if one.enabled]
        held = (self.tr(" or ") if step.transform == "OneOf" else self.tr(", ")).join(inner)
        return self.tr("; ").join(text for text in (held, chance) if text)

    @Slot(int)
    def _picked(self, index: int) -> None:
        if 0 < index <= len(self._shown):
            self.stepPicked.emit(self._shown[index - 1][0])


class Wipe(Mode):
    """Before and after in one place, down to the model's pixels."""

    key = "wipe"

    def __init__(self, parent: QObject | None = None) -> None:
        self.wipe = WipeBoard()
        super().__init__(self.wipe, parent)
        self.zoom = Segmented([("0", self.tr("Fit")), ("1", "1:1"), ("2", "2:1"), ("4", "4:1"), ("8", "8:1")])
        self.zoom.setObjectName("augment.zoom")
        self.zoom.setToolTip(
            self.tr("How many pixels of the screen show one pixel of the model's input (+, \N{MINUS SIGN}, 0)")
        )
        self.zoom.changed.connect(self._chosen)
        self.wipe.zoomed.connect(self._zoomed)

    def title(self) -> str:
        return self.tr("Before/after")

    def controls(self) -> QWidget:
        return self.zoom

    def plan(self, view: View) -> Plan | None:
        return wishes.wipe(view.picture, view.chain, view.seed) if view.picture is not None else None

    @Slot(str)
    def _chosen(self, zoom: str) -> None:
        self.wipe.set_zoom(int(zoom))

    @Slot(int)
    def _zoomed(self, zoom: int) -> None:
        self.zoom.set_value(str(zoom))
