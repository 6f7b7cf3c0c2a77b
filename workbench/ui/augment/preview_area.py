"""The preview: an image of the project and what the chain does to it, in the mode that is chosen.

Wires the modes to the session, to the engine that computes pictures, and to the bar.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.augment import catalog, exchange, presets
from workbench.augment.chain import Chain, Place
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.project.images import ImageRow
from workbench.training.preview import Picture, PreviewChild, Request
from workbench.ui.augment.boards import Board
from workbench.ui.augment.class_mode import PerClass
from workbench.ui.augment.compare_mode import Compare
from workbench.ui.augment.facts_line import FactsLine
from workbench.ui.augment.looked_at import Choice, View, choice, picture_of, positions_of, to_mix_with
from workbench.ui.augment.modes import Mode, Steps, TitleOf, Variants, Wipe
from workbench.ui.augment.preview_bar import PreviewBar
from workbench.ui.augment.preview_engine import Child, Facts, PreviewEngine, Wish
from workbench.ui.augment.sweep_mode import Sweep
from workbench.ui.augment.wishes import Plan
from workbench.ui.layouts import column, rule
from workbench.ui.messages import Banner
from workbench.ui.session import Session
from workbench.ui.widgets import EmptyState

RESIZED_MS = 150
_NO_IMAGES = Choice(np.zeros(0, np.int64), None, (), 0)


class PreviewArea(QWidget):
    """Call `show_chain` with each new chain. Nothing is computed while it is out of sight.

    ``failed`` carries a sentence, and the place and parameter that are to blame where one step of the chain is;
    ``valuePicked`` the place, parameter and value that the user picked from a sweep; ``stepPicked`` a place.
    """

    failed = Signal(str, object, str)
    valuePicked = Signal(object, str, object)
    stepPicked = Signal(object)

    def __init__(
        self, session: Session, title_of: TitleOf, child: Child | None = None, parent: QWidget | None = None
    ) -> None:
        """``child`` computes the pictures; left out, it is a child process."""
        super().__init__(parent)
        self.setObjectName("augment.preview")
        self._session = session
        self._choice, self._at = _NO_IMAGES, 0
        self._unmixable = False
        self._row: ImageRow | None = None
        self._view = View()
        self._opened = False
        self._decoding: dict[str, Any] = Decoding().as_dict()
        self._cache = ""
        self._facts: dict[int, Facts] = {}
        self.child: Child = child or PreviewChild()
        self.engine = PreviewEngine(self.child, self)
        self._known = {info.name: info for info in catalog.transforms()}
        self._variants, self._classes, self._sweep = Variants(self), PerClass(session, self), Sweep(self._known, self)
        self._compare = Compare(_presets, exchange.read, self)
        steps, wipe = Steps(title_of, self), Wipe(self)
        modes: list[Mode] = [self._variants, self._classes, steps, wipe, self._sweep, self._compare]
        self.modes = {mode.key: mode for mode in modes}
        self.variants = self._variants.tiles
        self._build()
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(RESIZED_MS)
        self._resized.timeout.connect(self.refresh)
        self._connect()
        self._project_changed()

    def _build(self) -> None:
        titles = [(mode.key, mode.title()) for mode in self.modes.values()]
        self.bar = PreviewBar(titles, self.previous_image, self.next_image, self.random_image)
        self.mode, self.seed, self.rolling = self.bar.mode, self.bar.seed, self.bar.rolling
        self._boards = QStackedWidget()
        to_dataset = partial(self._session.navigate.emit, "dataset", None)
        self._hints = {
            True: EmptyState("image", "", self.tr("Go to Dataset")),
            False: EmptyState("augment", ""),
        }
        self._hints[True].clicked.connect(to_dataset)
        for hint in self._hints.values():
            self._boards.addWidget(hint)
        for mode in self.modes.values():
            self._boards.addWidget(mode.board)
            controls = mode.controls()
            if controls is not None:
                self.bar.add_controls(mode.key, controls)
        self._boards.setCurrentWidget(self.variants)
        self.bar.fit_controls()
        self.facts = FactsLine()
        shown = QWidget()
        boards = column(self._boards, self.facts, spacing=8)
        boards.setContentsMargins(16, 16, 16, 8)
        boards.setStretch(0, 1)
        self._shown = column(self.bar, rule(), spacing=0)
        self._shown.addLayout(boards, 1)
        shown.setLayout(self._shown)
        self._banner: Banner | None = None
        empty = EmptyState(
            "image", self.tr("The preview needs an image: add a folder in the Dataset panel."), self.tr("Go to Dataset")
        )
        empty.clicked.connect(to_dataset)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(shown)
        self.setLayout(column(self._pages, spacing=0))

    def _connect(self) -> None:
        self.engine.measured.connect(self._measured)
        self.engine.pictured.connect(self._pictured)
        self.engine.failed.connect(self._failed)
        self.engine.ended.connect(self._ended)
        self.bar.modeChanged.connect(self._mode_changed)
        self.bar.seedChanged.connect(self.refresh)
        self._compare.problem.connect(self._say)
        for mode in self.modes.values():
            mode.wanted.connect(partial(self._wanted, mode))
            mode.valuePicked.connect(self.valuePicked)
            mode.stepPicked.connect(self.stepPicked)
        session = self._session
        session.projectChanged.connect(self._project_changed)
        session.imagesChanged.connect(self._images_changed)
        session.classesChanged.connect(self._images_changed)
        session.labelsChanged.connect(self._labels_changed)
        session.splitChanged.connect(self._labels_changed)
        session.configChanged.connect(self._config_changed)

    def make_actions(self, add: Callable[..., object]) -> None:
        """Add the actions of the preview with the panel's ``add_action``."""
        for number, mode in enumerate(self.modes.values(), 1):
            text = self.tr("Preview: {mode}").format(mode=mode.title())
            add(f"augment.mode.{mode.key}", text, partial(self.mode.set_value, mode.key), key=str(number))
        add("augment.roll", self.tr("Draw other variants"), self.roll, icon="dice", key="R")
        add("augment.next", self.tr("Preview the next image"), self.next_image, key="Ctrl+Right")
        add("augment.previous", self.tr("Preview the image before"), self.previous_image, key="Ctrl+Left")
        add("augment.random", self.tr("Preview an image at random"), self.random_image, icon="image", key="Shift+R")
        add("augment.classes.back", self.tr("Preview the classes before"), self._classes.page_back)
        add("augment.classes.forth", self.tr("Preview more classes"), self._classes.page_forth)

    def gestures(self) -> list[tuple[str, str]]:
        """Return what the mouse and the arrows do here, for the list of keys."""
        return [
            (
                self.tr("Move the divider of before and after"),
                self.tr("drag, or \N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW}"),
            ),
            (self.tr("Zoom to the model's pixels"), self.tr("wheel, or + \N{MINUS SIGN} 0")),
            (self.tr("Turn the pages of the classes"), self.tr("wheel, or Page Up and Page Down")),
            (self.tr("Set the value of a swept tile"), self.tr("click, or Enter")),
        ]

    # what is shown

    def show_chain(self, chain: Chain) -> None:
        """Show what this chain, the one that is edited, does."""
        if not self._opened:
            self._opened = True
            self._look(opened=chain)
        self._look(chain=chain)
        if self.rolling.isChecked():
            self.roll()
        else:
            self.refresh()

    def show_rare(self, chain: Chain, names: Sequence[str]) -> None:
        """Images of the classes ``names`` get this chain in training."""
        if (chain, frozenset(names)) != (self._view.rare_chain, self._view.rare):
            self._look(rare_chain=chain, rare=frozenset(names))
            self.refresh()

    def select(self, place: Place | None, param: str = "") -> None:
        """Say which step is selected; with ``param`` sweep this parameter of it."""
        place = place or ()
        if param:
            self._look(place=place, param=param)
            self.mode.set_value(self._sweep.key)
            self.refresh()
        elif place != self._view.place:
            self._look(place=place, param="")
            if self.current.key in ("sweep", "steps"):
                self.refresh()

    def show_image(self, image_id: int | None) -> None:
        """Show another image of the project; None where it has none."""
        project = self._session.project
        found = project.images.page([image_id]) if project is not None and image_id is not None else []
        self._row = found[0] if found else None
        self._pages.setCurrentIndex(1 if self._row is not None else 0)
        if self._row is None:
            self._look(picture=None, class_name="")
        else:
            here = np.flatnonzero(self._choice.ids == self._row.id)
            self._at = int(here[0]) if len(here) else 0
            names = dict(self._choice.classes)
            name = names.get(int(self._row.class_id), "") if self._row.class_id is not None else ""
            self._look(picture=picture_of(self._row, positions_of(self._choice.classes)), class_name=name)
        self.refresh()

    @property
    def image(self) -> ImageRow | None:
        """The image that is shown."""
        return self._row

    @property
    def decoding(self) -> dict[str, Any]:
        """How the project's files become pixels, as plain data."""
        return self._decoding

    def picture(self) -> Picture | None:
        """Return the image as the preview's child takes it."""
        return self._view.picture

    @property
    def current(self) -> Mode:
        """The mode in view."""
        return self.modes[self.mode.value()]

    @Slot()
    def next_image(self) -> None:
        self._step_image(1)

    @Slot()
    def previous_image(self) -> None:
        self._step_image(-1)

    def _step_image(self, by: int) -> None:
        ids = self._choice.ids
        if len(ids):
            self.show_image(int(ids[(self._at + by) % len(ids)]))

    @Slot()
    def random_image(self) -> None:
        """Show another image; one of each class where classes are shown."""
        if self.current is self._classes:
            self._classes.draw()
        elif len(self._choice.ids) > 1:
            # Never the same one.
            self._step_image(random.randrange(1, len(self._choice.ids)))

    @Slot()
    def roll(self) -> None:
        """Draw other variants."""
        self.bar.roll()

    def _look(self, **changes: object) -> None:
        """Note what is looked at now."""
        self._view = View(**{**vars(self._view), **changes})

    @Slot()
    def refresh(self) -> None:
        """Ask for what is to be seen now."""
        board = self.current.board
        # A page out of sight keeps the size that it had when it was last seen.
        board.resize(self._boards.size())
        planned = board.size()
        self._ask_for_all()
        QTimer.singleShot(0, self, partial(self._fit, board, planned))

    def _fit(self, board: QWidget, planned: QSize) -> None:
        """Ask once more where the board got another size than its tiles were laid out for."""
        if board is self._boards.currentWidget() and board is self.current.board and board.size() != planned:
            self._ask_for_all()

    def _ask_for_all(self) -> None:
        if not self.isVisible() or self._row is None:
            self.engine.cancel()
            return
        config = self._session.config
        self._look(seed=self.seed.value(), common=config.augment, mix=config.mix)
        if self._variants.mixing and not self._view.partners and not self._unmixable:
            self._session.reader.ask("augment partners", partial(to_mix_with, draw=7, count=24), self._take_partners)
        mode = self.current
        plan = mode.plan(self._view)
        self._show_name(mode)
        if plan is None:
            self.engine.cancel()
            self._show_hint(mode)
        else:
            self._boards.setCurrentWidget(mode.board)
            self._ask(mode, plan)

    def _show_name(self, mode: Mode) -> None:
        assert self._row is not None
        name = self._row.relative if mode.of_one_image else self.tr("A random image of each class")
        self.bar.show_name(name, steps=mode.of_one_image)
        self.bar.fit_controls()

    def _ask(self, mode: Mode, plan: Plan) -> None:
        request = self._request(plan, mode)
        subject = (mode.key, plan.pictures, len(plan.tiles), plan.subject)
        alone = len(plan.pictures) == 1 and bool(plan.tiles) and plan.tiles[0].prepared
        original = Path(plan.pictures[0].path) if alone else None
        self._facts.clear()
        self.engine.show(Wish(lambda: request, subject, original))
        shown = self._view.picture if mode is not self._classes else None
        self.facts.show_facts(request, self._view.chain, shown, self._also())

    def _request(self, plan: Plan, mode: Mode) -> Request:
        config = self._session.config
        return Request(
            config=config,
            classes=tuple(name for _, name in self._choice.classes),
            decoding=self._decoding,
            cache=self._cache,
            largest=self._choice.largest,
            chains=plan.chains,
            pictures=plan.pictures,
            tiles=plan.tiles,
            side=0 if plan.exact else mode.side(),
        )

    def _also(self) -> str:
        """Return what else is to be known about the image."""
        view = self._view
        if self._variants.mixing and self._unmixable and self.current is self._variants:
            return self.tr("not mixed: no image has a label yet")
        if view.class_name in view.rare and view.chain == view.common != view.rare_chain:
            return self.tr("training gives {name} the chain of the rare classes").format(name=view.class_name)
        return ""

    def _show_hint(self, mode: Mode) -> None:
        sentence = mode.hint()
        if not sentence:
            self._boards.setCurrentWidget(mode.board)
            return
        hint = self._hints[mode.hint_leads_to_dataset]
        hint.say(sentence)
        self._boards.setCurrentWidget(hint)

    # news

    @Slot()
    def _project_changed(self) -> None:
        project = self._session.project
        self._row, self._choice, self._opened = None, _NO_IMAGES, False
        self._decoding, self._cache = Decoding().as_dict(), ""
        if project is not None:
            try:
                self._decoding = decoding_of(project).as_dict()
                self._cache = str(project.cache_folder)
            except WorkbenchError as error:
                self._session.problem.emit("augment", str(error))
        self._look(picture=None, class_name="", partners=(), place=(), param="")
        self._unmixable = False
        self.facts.forget()
        self._say("")
        for mode in self.modes.values():
            mode.open_project()
        self._images_changed()

    @Slot()
    def _images_changed(self) -> None:
        if self._session.project is not None:
            self._session.reader.ask("augment", choice, self._offer)
        else:
            self._offer(_NO_IMAGES)

    @Slot()
    def _labels_changed(self) -> None:
        """A label or a split decides which images stand for a class, and are mixed in."""
        self._classes.forget()
        self._look(partners=())
        self._unmixable = False
        if self.current is self._classes or self._variants.mixing:
            self.refresh()

    def _offer(self, offered: Choice) -> None:
        self._choice = offered
        self._classes.forget()
        here = np.flatnonzero(offered.ids == self._row.id) if self._row is not None else ()
        if len(here) and self._row is not None:
            self.show_image(int(self._row.id))
        else:
            self.show_image(offered.first)

    def _take_partners(self, rows: list[ImageRow]) -> None:
        names, positions = dict(self._choice.classes), positions_of(self._choice.classes)
        found = [(picture_of(row, positions), names.get(int(row.class_id or 0), "")) for row in rows]
        self._look(partners=tuple(found))
        self._unmixable = not found
        self.refresh()

    @Slot()
    def _config_changed(self) -> None:
        """The chain comes from the panel; what else decides about pixels comes from here."""
        config = self._session.config
        decides = (config.preprocess, config.backbone.name, config.mix, config.compute.prepared_cache)
        if decides != self._decides:
            self._decides = decides
            self.refresh()

    _decides: object = None

    @Slot(str)
    def _mode_changed(self, _mode: str) -> None:
        self._say("")
        self.refresh()

    def _wanted(self, mode: Mode) -> None:
        if mode is self.current:
            self.refresh()

    @Slot(object)
    def _measured(self, facts: Facts) -> None:
        self._facts[facts.index] = facts

    @Slot(int, QImage)
    def _pictured(self, index: int, picture: QImage) -> None:
        self.current.pictured(index, picture, self._facts.get(index))

    @Slot()
    def _ended(self) -> None:
        self._say("")

    @Slot(str, object, str)
    def _failed(self, sentence: str, place: object, param: str) -> None:
        if self._is_unreadable(sentence):
            self.current.clear()
            self._say(sentence, (self.tr("Next image"), self.next_image))
            return
        if self.current is self._classes and place is None:
            self._say(sentence, (self.tr("Other images"), self.random_image))
            return
        if isinstance(self.current.board, Board):
            self.current.board.set_stale()
        self._say(self._in_titles(sentence, param))
        blamed = self.current.blame(place if isinstance(place, tuple) else None)
        self.failed.emit(sentence, blamed, param if blamed is not None else "")

    def _in_titles(self, sentence: str, param: str) -> str:
        """Return the sentence with the parameter named as its field is."""
        step = next((step for step in self._known if f" {step} " in sentence), "")
        title = next((known.title for known in self._known[step].params if known.name == param), "") if step else ""
        return sentence.replace(f" {param}: ", f" {title}: ") if title else sentence

    def _is_unreadable(self, sentence: str) -> bool:
        """Tell whether the sentence is about the image in view: then the chain is not to blame."""
        return self._row is not None and self.current is not self._classes and str(self._row.path) in sentence

    @Slot(str)
    def _say(self, sentence: str, action: tuple[str, Callable[[], object]] | None = None) -> None:
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if sentence:
            self._banner = Banner("error", sentence, action, closable=False)
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


def _presets() -> list[tuple[str, str, Chain]]:
    known = [*presets.builtin(), *presets.own(presets.user_folder())]
    return [(f"own.{preset.name}" if preset.own else preset.name, preset.title, preset.chain) for preset in known]
