"""How fast the preview follows a slider: the real engine and child, an offscreen board that paints 16 tiles.

Prints, for tiles of 512 pixels shown whole and at 200: from a change to the paint of all 16, the window's longest block, and
for drags faster than the child how many tiles were made in vain; then the first tile of a slow chain.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QSettings, Qt  # noqa: E402
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from workbench.augment.chain import Chain, Step  # noqa: E402
from workbench.data.reading import Decoding  # noqa: E402
from workbench.intake import add_folders  # noqa: E402
from workbench.jobs import Stop, drain  # noqa: E402
from workbench.project.project import Project  # noqa: E402
from workbench.training.config import PreprocessConfig, TrainConfig  # noqa: E402
from workbench.training.preview import Picture, PreviewChild, Request, TileWish, variant_seed  # noqa: E402
from workbench.ui import app as program  # noqa: E402
from workbench.ui.augment.panel import AugmentPanel  # noqa: E402
from workbench.ui.augment.preview_engine import PreviewEngine, Wish  # noqa: E402

SIZE = 512
COUNT = 16
CHANGES = 40
PANEL_ROUNDS = 3


def step(name: str, p: float = 1.0, **params: object) -> Step:
    return Step(transform=name, p=p, params=params)


def usual(at: float) -> Chain:
    """The chain of the target; ``at`` 0 to 1 is where the slider of Rotate stands."""
    return Chain(
        steps=(
            step("RandomResizedCrop"),
            step("HorizontalFlip", 0.5),
            step("Rotate", limit=[-10 - 60 * at, 10 + 60 * at]),
            step("RandomBrightnessContrast"),
            step("CLAHE"),
        )
    )


def cropped(at: float) -> Chain:
    """As `usual`, but the slider is the crop's: the side at which images are prepared follows it."""
    crop = step("RandomResizedCrop", scale=[0.3 + 0.6 * at, 1.0])
    return Chain(steps=(crop, *usual(0.5).steps[1:]))


def elastic(at: float) -> Chain:
    return Chain(steps=(step("ElasticTransform", alpha=50 + 100 * at, sigma=20),))


class Board(QWidget):
    """Paints each tile where it belongs, and knows when."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.tiles: dict[int, QImage] = {}
        self.waiting: set[int] = set()
        self.first, self.last = 0.0, 0.0
        self.resize(4 * side, 4 * side)

    def begin(self) -> None:
        self.waiting, self.first, self.last = set(range(COUNT)), 0.0, 0.0

    def take(self, index: int, picture: QImage) -> None:
        self.tiles[index] = picture
        self.update(self.place(index))

    def place(self, index: int) -> QRect:
        return QRect(QPoint(index % 4 * self.side, index // 4 * self.side), self.tiles[index].size())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index, picture in self.tiles.items():
            if event.region().intersects(self.place(index)):
                painter.drawImage(self.place(index).topLeft(), picture)
        painter.end()
        now = time.perf_counter()
        painted = {
            index for index in self.waiting if index in self.tiles and event.region().contains(self.place(index))
        }
        if painted and not self.first:
            self.first = now
        self.waiting -= painted
        if painted and not self.waiting:
            self.last = now


class Window:
    """The window's thread: asks, and handles events while it waits."""

    def __init__(self, child: PreviewChild, image: Path, shown: int) -> None:
        self.board = Board(shown)
        self.board.show()
        self.engine = PreviewEngine(child)
        self.engine.pictured.connect(self.board.take)
        self.image, self.shown, self.block = image, shown, 0.0

    def ask(self, chain: Chain) -> None:
        request = Request(
            TrainConfig(augment=chain, preprocess=PreprocessConfig(size=SIZE)),
            (),
            Decoding().as_dict(),
            "",
            2048,
            (chain,),
            (Picture(str(self.image)),),
            tuple(TileWish(0, 0, variant_seed(7, index)) for index in range(COUNT)),
            side=self.shown if self.shown < SIZE else 0,
        )
        self.engine.show(Wish(lambda: request))

    def handle(self, until: float, done: object = lambda: False) -> None:
        while time.perf_counter() < until and not done():  # type: ignore[operator]
            start = time.perf_counter()
            QApplication.processEvents()
            self.block = max(self.block, time.perf_counter() - start)
            time.sleep(0.0005)

    def change(self, chain: Chain) -> tuple[float, float]:
        """Return the seconds from the change to the paint of the first and of the last tile."""
        self.board.begin()
        start = time.perf_counter()
        self.ask(chain)
        self.handle(start + 30, lambda: self.board.last > 0)
        return self.board.first - start, self.board.last - start


def milliseconds(values: list[float]) -> str:
    ordered = sorted(1000 * value for value in values)
    return f"median {statistics.median(ordered):5.0f} ms, slowest {ordered[-1]:5.0f} ms"


def drag(window: Window, child: PreviewChild, every: float, changes: int) -> str:
    """Move the slider faster than tiles can be made; say what was made in vain and how soon the last change is there."""
    made, kept = child.made, COUNT
    for number in range(changes):
        window.ask(usual(number / changes))
        window.handle(time.perf_counter() + every)
    whole = window.change(usual(1.0))[1]
    time.sleep(0.2)
    seen = window.change(usual(1.0))[1]
    del seen
    vain = child.made - made - 2 * kept
    return (
        f"{vain} tiles on the way ({vain / changes:.1f} a change), the last change painted after {1000 * whole:.0f} ms"
    )


class RealPanel(QObject):
    """The program's window of 1280 x 800 with the Augment panel, a project of one image, and the slider of Rotate."""

    def __init__(self, image: Path, folder: Path) -> None:
        super().__init__()
        Project.create(folder).close()
        list(drain(add_folders(folder, [image.parent]), Stop()))
        self.window = program.create(folder)
        program.spare_collector(self.window)
        self.window.resize(1280, 800)
        self.window.show()
        self.block = 0.0
        self.handle(60, self.window.panels.complete)
        self.window.go("augment")
        panel = self.window.panel("augment")
        assert isinstance(panel, AugmentPanel)
        self.panel = panel
        session = self.window.session
        config = session.config.model_copy(update={"augment": usual(0), "preprocess": PreprocessConfig(size=SIZE)})
        self.told, self.waits = False, 0
        panel.preview.engine.pictured.connect(self.pictured)
        panel.preview.engine.ended.connect(self.all_told)
        panel.preview.variants.installEventFilter(self)
        session.set_config(config)
        panel.editor.pick((2,))
        self.handle(60, self.painted)
        self.handle(2)
        slider = panel.form.row("limit").editor.slider
        assert slider is not None
        self.slider = slider

    def pictured(self) -> None:
        self.waits += 1

    def all_told(self) -> None:
        self.told = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.waits = 0
        return False

    def painted(self) -> bool:
        """Say whether all that was asked for has come and is painted."""
        return self.told and not self.waits

    def handle(self, seconds: float, done: object = lambda: False) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and not done():  # type: ignore[operator]
            start = time.perf_counter()
            QApplication.processEvents()
            self.block = max(self.block, time.perf_counter() - start)
            time.sleep(0.0005)

    def move(self, at: float, kind: QEvent.Type = QEvent.Type.MouseMove) -> None:
        """Hold the right handle of the slider at ``at``, 0 (middle) to 1 (end)."""
        place = QPointF(self.slider.width() * (0.55 + 0.4 * at), self.slider.height() / 2)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self.told, self.waits = False, 0
        start = time.perf_counter()
        QApplication.sendEvent(self.slider, QMouseEvent(kind, place, self.slider.mapToGlobal(place), left, left, none))
        self.block = max(self.block, time.perf_counter() - start)

    def change(self, at: float) -> float:
        """Return the seconds from the move of the mouse to the paint of the last tile."""
        start = time.perf_counter()
        self.move(at)
        self.handle(30, self.painted)
        took = time.perf_counter() - start
        self.handle(0.1)
        return took

    def measure(self) -> None:
        self.move(0.0, QEvent.Type.MouseButtonPress)
        self.handle(1)
        found = [self.change((number + 1) / CHANGES) for number in range(CHANGES)]
        side = self.panel.preview.variants.tile_side()
        print(f"The panel in the window, 1280 x 800, tiles shown at {side}: all painted: {milliseconds(found)}")
        self.block, blocks = 0.0, []
        for number in range(100):
            self.move(1 - number / 100)
            self.handle(0.01)
            blocks.append(self.block)
            self.block = 0.0
        self.handle(1)
        print(f"  fast drag, a change every 10 ms: the window's blocks: {milliseconds(blocks)}", flush=True)

    def close(self) -> None:
        self.window.close()
        self.handle(0.2)


def main() -> None:
    application = program.application([])
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image.jpg")
        small = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        Image.fromarray(small).resize((2048, 1536), Image.Resampling.BICUBIC).save(image, quality=90)
        child = PreviewChild()
        for shown in (SIZE, 200):
            window = Window(child, image, shown)
            window.change(usual(0))
            window.block = 0.0
            print(f"16 tiles of {SIZE} pixels, shown at {shown}")
            for title, chain in (("Rotate's slider", usual), ("the crop's slider", cropped)):
                found = [window.change(chain(number / CHANGES)) for number in range(CHANGES)]
                print(f"  {title:18} all painted: {milliseconds([last for _, last in found])}", end="")
                print(f"; first: {milliseconds([first for first, _ in found])}")
            found = [window.change(elastic(number / 8)) for number in range(8)]
            print(f"  {'ElasticTransform':18} all painted: {milliseconds([last for _, last in found])}", end="")
            print(f"; first: {milliseconds([first for first, _ in found])}")
            print(f"  fast drag, a change every 10 ms: {drag(window, child, 0.01, 100)}")
            print(f"  the window's longest block: {1000 * window.block:.1f} ms", flush=True)
        child.close()
        window.engine.close()
        settings = Path(folder, "settings")
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(settings))
        for _ in range(PANEL_ROUNDS):
            with tempfile.TemporaryDirectory() as project:
                panel = RealPanel(image, Path(project, "project"))
                panel.measure()
                panel.close()
    del application


if __name__ == "__main__":
    main()
