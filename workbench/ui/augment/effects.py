"""Small pictures of what each transform does to the image that is looked at, for the list of transforms."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any, cast

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from workbench.augment import catalog
from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError
from workbench.jobs import Stop
from workbench.training.config import PreprocessConfig, TrainConfig
from workbench.training.preview import Picture, Request, TileWish
from workbench.ui.augment.newest import Newest
from workbench.ui.augment.preview_engine import Child, ready, tiles_of

SMALLEST = 64
_SEED = 7
_KEPT = 4
"""Pictures whose effects are kept."""


class Effects(QObject):
    """Call `ask` with what is in sight. ``pictured`` carries a transform's name and its picture.

    Each transform works on the picture at the size at which it is shown, always and with what a new step starts with. The
    child works on effects only while it has no preview to make. A transform that cannot be shown gets no picture.
    """

    pictured = Signal(str, QImage)

    def __init__(self, child: Child, parent: QObject | None = None) -> None:
        """``child`` is shared with the preview's engine, which closes it."""
        super().__init__(parent)
        self._child = child
        self._number = 0
        self._kept: OrderedDict[tuple[Picture, int], dict[str, QImage]] = OrderedDict()
        self._worker = Newest("augmentation effects")
        self._worker.told.connect(self._told, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_finish, self._worker))

    def ask(self, names: Sequence[str], picture: Picture, *, decoding: dict[str, Any], side: int) -> None:
        """Show these transforms on ``picture`` next, ``side`` device pixels wide and high; drop what was asked before.

        What is known is told before this returns. ``decoding`` is `Decoding.as_dict`'s data.
        """
        side = max(SMALLEST, side)
        known = self._kept.setdefault((picture, side), {})
        self._kept.move_to_end((picture, side))
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self._number += 1
        missing = [name for name in names if name not in known]
        if missing:
            work = partial(_work, self._child, tuple(missing), picture, decoding, side)
            self._worker.ask(self._number, work)
        else:
            self._worker.cancel()
        for name in names:
            if name in known:
                self.pictured.emit(name, known[name])

    @Slot()
    def cancel(self) -> None:
        """Show nothing more: the list is out of sight."""
        self._number += 1
        self._worker.cancel()

    @Slot()
    def close(self) -> None:
        """End the thread. Nothing can be shown after that."""
        self.cancel()
        _finish(self._worker)

    @Slot(int, object)
    def _told(self, number: int, found: tuple[str, Picture, int, QImage]) -> None:
        name, picture, side, image = found
        known = self._kept.get((picture, side))
        if known is not None:
            known[name] = image  # of use later even where something else is asked for now
        if number == self._number:
            self.pictured.emit(name, image)


def _work(
    child: Child, names: tuple[str, ...], picture: Picture, decoding: dict[str, Any], side: int, stop: Stop
) -> Iterator[tuple[str, Picture, int, QImage]]:
    request = Request(
        config=TrainConfig(preprocess=PreprocessConfig(size=side, resize="crop", detail=1)),
        classes=(),
        decoding=decoding,
        cache="",
        largest=0,
        chains=tuple(_chain(name) for name in names),
        pictures=(picture,),
        tiles=tuple(TileWish(0, index, _SEED) for index in range(len(names))),
        lane="effects",
    )
    try:
        tiles = tiles_of(child.job(request), stop)
        with closing(cast("Any", tiles)):
            for tile in tiles:
                yield names[tile.index], picture, side, ready(tile.pixels)
    except WorkbenchError:
        return  # the preview, which asks the same child, says what is wrong


def _chain(name: str) -> Chain:
    """Return the transform alone, always applied; nothing for what is no transform on offer."""
    try:
        step = catalog.find(name).step()
    except WorkbenchError:
        return Chain()
    return Chain() if step.is_group else Chain(steps=(step.model_copy(update={"p": 1.0}),))


def _finish(worker: Newest) -> None:
    worker.close()
    worker.wait()
