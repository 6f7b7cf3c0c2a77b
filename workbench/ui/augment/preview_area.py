"""The preview: an image of the project, its variants under the chain, or what each step does to it."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSpinBox, QStackedWidget, QWidget

from workbench.augment.chain import Chain
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.training.preview import Picture, PreviewChild, Request, TileWish
from workbench.ui import theme
from workbench.ui.augment.boards import VARIANTS, Board, StepBoard, VariantBoard
from workbench.ui.augment.preview_engine import Child, Facts, PreviewEngine, Wish
from workbench.ui.layouts import column, row, rule
from workbench.ui.messages import Banner
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, EmptyState, Segmented, tool_button

USUAL_SIZE = 224
HIGHEST_SEED = 9999
_STRIDE = 7919


class _Choice(NamedTuple):
    """The images that can be stepped through, the one to begin with (the first to train on, if there is one), and the
    longest side of all."""

    ids: NDArray[np.int64]
    first: int | None
    largest: int = 0


def _choice(project: Project) -> _Choice:
    ids = project.images.ids(Query(rejected=False))
    training = project.images.ids(Query(split="train", rejected=False))
    candidates = training if len(training) else ids
    return _Choice(ids, int(candidates[0]) if len(candidates) else None, project.images.largest_side())


class PreviewArea(QWidget):
    """Call `show_chain` with each new chain. Nothing is computed while it is out of sight."""

    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        title_of: Callable[[str], str],
        child: Child | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("augment.preview")
        self._session, self._title_of = session, title_of
        self._chain = Chain()
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._row: ImageRow | None = None
        self._decoding, self._largest, self._cache = Decoding(), 0, ""
        self._digests: dict[int, int] = {}
        self._shown_size = 0
        self.engine = PreviewEngine(child or PreviewChild(), self)
        self.variants, self.steps = VariantBoard(), StepBoard()
        self._build()
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(150)
        self._resized.timeout.connect(self.refresh)
        self.engine.pictured.connect(self._pictured)
        self.engine.measured.connect(self._measured)
        self.engine.failed.connect(self._failed)
        self.engine.ended.connect(self._ended)
        session.projectChanged.connect(self._project_changed)
        session.imagesChanged.connect(self._images_changed)
        session.configChanged.connect(self._config_changed)
        self._project_changed()

    def _build(self) -> None:
        self.mode = Segmented([("variants", self.tr("Variants")), ("steps", self.tr("Steps"))])
        self.mode.setObjectName("augment.mode")
        self.mode.changed.connect(self._mode_changed)
        self.seed = QSpinBox()
        self.seed.setObjectName("augment.seed")
        self.seed.setRange(0, HIGHEST_SEED)
        self.seed.setValue(7)
        self.seed.setFixedWidth(96)
        self.seed.setPrefix(self.tr("Seed "))
        self.seed.setToolTip(self.tr("The same seed draws the same variants"))
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.valueChanged.connect(self.refresh)
        roll = tool_button("dice", self.tr("Draw other variants (R)"), self.roll, name="augment.roll.button")
        tip = self.tr("Rolling: draw other variants with every change, instead of the same dice again")
        self.rolling = tool_button("refresh", tip, name="augment.rolling")
        self.rolling.setCheckable(True)
        back = tool_button("chevron-left", self.tr("Image before (Ctrl+Left)"), self.previous_image)
        forth = tool_button("chevron-right", self.tr("Next image (Ctrl+Right)"), self.next_image)
        self._name = ElidedLabel("", "secondary", mode=Qt.TextElideMode.ElideMiddle)
        bar = row(self.mode, back, forth, self._name, self.seed, roll, self.rolling, spacing=theme.HALF)
        bar.setStretch(3, 1)
        bar.setContentsMargins(16, 8, 12, 8)
        self._banner: Banner | None = None
        self._boards = QStackedWidget()
        self._boards.addWidget(self.variants)
        self._boards.addWidget(self.steps)
        shown = QWidget()
        self._shown = column(bar, rule(), spacing=0)
        boards = column(self._boards)
        boards.setContentsMargins(16, 16, 16, 16)
        self._shown.addLayout(boards)
        self._shown.setStretch(2, 1)
        shown.setLayout(self._shown)
        empty = EmptyState(
            "image", self.tr("The preview needs an image: add a folder in the Dataset panel."), self.tr("Go to Dataset")
        )
        empty.clicked.connect(partial(self._session.navigate.emit, "dataset", None))
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(shown)
        self.setLayout(column(self._pages, spacing=0))

    # what is shown

    def show_chain(self, chain: Chain) -> None:
        """Show what this chain does."""
        self._chain = chain
        captions = [self._title_of(step.transform) for step in chain.steps if step.enabled]
        self.steps.show_steps([self.tr("original"), *captions])
        if self.rolling.isChecked():
            self.roll()
        else:
            self.refresh()

    def show_image(self, image_id: int | None) -> None:
        """Show another image of the project; None where it has none."""
        project = self._session.project
        found = project.images.page([image_id]) if project is not None and image_id is not None else []
        self._row = found[0] if found else None
        self._pages.setCurrentIndex(1 if self._row is not None else 0)
        if self._row is not None:
            self._name.setText(self._row.relative)
        self.refresh()

    @property
    def image(self) -> ImageRow | None:
        """The image that is shown."""
        return self._row

    @Slot()
    def next_image(self) -> None:
        self._step_image(1)

    @Slot()
    def previous_image(self) -> None:
        self._step_image(-1)

    def _step_image(self, by: int) -> None:
        if len(self._ids):
            here = np.flatnonzero(self._ids == (self._row.id if self._row is not None else -1))
            at = (int(here[0]) + by) % len(self._ids) if len(here) else 0
            self.show_image(int(self._ids[at]))

    @Slot()
    def roll(self) -> None:
        """Draw other variants."""
        self.seed.setValue(random.randint(0, HIGHEST_SEED))

    @Slot()
    def refresh(self) -> None:
        """Ask for what is to be seen now."""
        if not self.isVisible() or self._row is None:
            self.engine.cancel()
            return
        size = self._shown_size = self._model_size()
        board = self.board
        side = min(board.tile_side(), max(size, 64))
        seed, steps = self.seed.value(), board is self.steps
        self._digests.clear()
        make = partial(self._request, self._chain, self._row.path, size=size, side=side, seed=seed, steps=steps)
        self.engine.show(Wish(make, (steps, self._row.id), None if steps else self._row.path))

    def _request(self, chain: Chain, path: Path, *, size: int, side: int, seed: int, steps: bool) -> Request:
        """Return what is to be seen: the original, then the variants or the prefixes of the chain."""
        config = self._session.config
        config = config.model_copy(
            update={"augment": chain, "preprocess": config.preprocess.model_copy(update={"size": size})}
        )
        before = TileWish(0, prepared=True)
        chains: tuple[Chain, ...] = (chain,)
        if steps:
            # The same seed gives a step the same dice, whatever follows it: prefixes of the chain show what each adds.
            taking = [step for step in chain.steps if step.enabled]
            chains = tuple(Chain(steps=tuple(taking[:number])) for number in range(1, len(taking) + 1))
            tiles = [TileWish(0, number, seed) for number in range(len(chains))]
        else:
            tiles = [TileWish(0, 0, seed + _STRIDE * number) for number in range(VARIANTS)]
        return Request(
            config,
            (),
            self._decoding.as_dict(),
            self._cache,
            self._largest,
            chains,
            (Picture(str(path)),),
            (before, *tiles),
            side,
        )

    @property
    def board(self) -> Board:
        """The board in view."""
        return self.steps if self.mode.value() == "steps" else self.variants

    def _model_size(self) -> int:
        """Return the side in pixels that the model sees."""
        config = self._session.config
        if config.preprocess.size:
            return config.preprocess.size
        from workbench.models import catalog

        try:
            return catalog.find(config.backbone.name).input_size
        except WorkbenchError:
            return USUAL_SIZE  # The Model panel says what is wrong with the name.

    # news

    @Slot()
    def _project_changed(self) -> None:
        project = self._session.project
        self._decoding = decoding_of(project) if project is not None else Decoding()
        self._cache = str(project.cache_folder) if project is not None else ""
        self._row = None
        for board in (self.variants, self.steps):
            for tile in board.tiles:
                tile.image = None
        self._images_changed()

    @Slot()
    def _images_changed(self) -> None:
        if self._session.project is not None:
            self._session.reader.ask("augment", _choice, self._offer)
        else:
            self._offer(_Choice(np.zeros(0, np.int64), None))

    def _offer(self, choice: "_Choice") -> None:
        self._ids, self._largest = choice.ids, choice.largest
        if self._row is None or not (self._ids == self._row.id).any():
            self.show_image(choice.first)

    @Slot()
    def _config_changed(self) -> None:
        if self._row is not None and self._shown_size != self._model_size():
            self.refresh()

    @Slot(str)
    def _mode_changed(self, mode: str) -> None:
        self._boards.setCurrentWidget(self.board)
        self.refresh()

    @Slot(object)
    def _measured(self, facts: Facts) -> None:
        self._digests[facts.index] = facts.digest

    @Slot(int, QImage)
    def _pictured(self, index: int, picture: QImage) -> None:
        tiles = self.board.tiles
        if index < len(tiles):
            tiles[index].image = picture
            if self.board is self.steps:
                for shown in (index, index + 1):  # tiles come in any order
                    if 0 < shown < len(tiles) and {shown, shown - 1} <= self._digests.keys():
                        self._caption_step(shown, self._digests[shown] == self._digests[shown - 1])
            self.board.update()

    def _caption_step(self, index: int, same: bool) -> None:
        self.steps.tiles[index].quiet = same
        steps = [step for step in self._chain.steps if step.enabled]
        if index <= len(steps):
            title = self._title_of(steps[index - 1].transform)
            self.steps.tiles[index].caption = self.tr("{title}: no change").format(title=title) if same else title

    @Slot()
    def _ended(self) -> None:
        self._say("")

    @Slot(str, object, str)
    def _failed(self, sentence: str, place: object, param: str) -> None:
        self._say(sentence)
        self.failed.emit(sentence)

    def _say(self, sentence: str) -> None:
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if sentence:
            self._banner = Banner("error", sentence, closable=False)
            self._shown.insertWidget(2, self._banner)

    def problem(self) -> str:
        """Return the sentence that is shown over the preview, empty where there is none."""
        return self._banner.text() if self._banner is not None else ""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.engine.warm()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.engine.cancel()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized.start()
