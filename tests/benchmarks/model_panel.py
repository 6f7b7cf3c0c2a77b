"""How long the Model panel keeps the window waiting, in a project of many images: python tests/benchmarks/model_panel.py [IMAGES]

Does in the real window, offscreen, what a user does in the panel, and prints of each how long it takes until all is painted
(of each the best of its rounds, so that other programs do not count, and the processor's time of that). What a child process
does (the layers of a backbone that nobody asked for before) is waited for: there the figure that counts is how long a timer of
5 ms had to wait meanwhile. Fails where anything but the first opening takes 50 ms or more, where the layers never come, or
torch was imported. Keys, filters and orders of the list: `catalogue.py`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, QSettings, Qt, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication, QPushButton  # noqa: E402

from workbench.project.images import NewImage  # noqa: E402
from workbench.project.project import Project  # noqa: E402
from workbench.training.config import WAYS  # noqa: E402
from workbench.ui import app as program  # noqa: E402

ROUNDS = 5
MOST_MS = 50
DEEP = "torchvision/resnet152"
"""A backbone of some 300 layers that can learn."""
OTHER = "torchvision/mobilenet_v2"
CHILD_SECONDS = 120


class Waits:
    """The ticks of a 5 ms timer: the longest gap between two is how long the window's thread was held."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        self.longest = max(self.longest, self._clock.nsecsElapsed() / 1e6 - 5)
        self._clock.restart()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what happens meanwhile."""
        self.longest = 0.0
        self._clock.start()
        self._timer.start()
        yield
        QApplication.processEvents()
        self._tick()
        self._timer.stop()


class Figures:
    """Takes times, prints them, and remembers whether they stayed below the limit."""

    def __init__(self) -> None:
        self.met = True
        self._waits = Waits()

    def take(self, what: str, *works: Callable[[], object], limited: bool = True, rounds: int = ROUNDS) -> None:
        """Time each of ``works`` in every round; the slowest of them counts, at its best."""
        best = [(float("inf"), float("inf"))] * len(works)
        for _ in range(rounds):
            for number, work in enumerate(works):
                settle()
                began, busy = time.perf_counter(), time.thread_time()
                work()
                QApplication.processEvents()  # which paints
                spent, busy = (time.perf_counter() - began) * 1000, (time.thread_time() - busy) * 1000
                best[number] = min(best[number], (spent, busy))
        slowest, busy = max(best)
        slow = limited and slowest >= MOST_MS
        self.met &= not slow
        print(
            f"{what:<46} {slowest:>8.1f} ms, {busy:>7.1f} of the processor{'   TOO SLOW' if slow else ''}", flush=True
        )

    def wait_for(self, what: str, work: Callable[[], object], done: Callable[[], bool]) -> None:
        """Do ``work`` and go on until it is ``done``; only how long the window waited counts."""
        settle()
        with self._waits.watched():
            began = time.perf_counter()
            work()
            while not done() and time.perf_counter() - began < CHILD_SECONDS:
                QApplication.processEvents()
                time.sleep(0.001)
            spent = (time.perf_counter() - began) * 1000
        self.met &= done()
        print(f"{what:<46} {spent:>8.1f} ms, the window held for {self._waits.longest:.1f}", flush=True)


def settle(seconds: float = 0.03) -> None:
    """Let what is on its way arrive."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()
        time.sleep(0.001)


def filled(folder: Path, images: int) -> Path:
    """Return a project of so many images in ten classes, split; there are no files."""
    with Project.create(folder / "project") as project:
        root = folder / "images"
        root.mkdir()
        place = project.images.add_root(root)
        scanned = (
            NewImage(f"c{n % 10}/{n:07}.png", 640 + n % 7, 480, 3, 8, 40_000 + n, 10**18 + n, f"c{n % 10}")
            for n in range(images)
        )
        project.images.add(place, list(scanned))
        project.splits.make()
    return folder / "project"


def main(images: int) -> int:
    application = program.application([])
    figures = Figures()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # nobody asked for the layers of a backbone before
        window = program.create(filled(folder, images))
        window.resize(1280, 800)
        window.show()
        settle(3)
        print(f"{images:,} images")
        figures.take("the panel opens, first time", lambda: window.go("model"), rounds=1, limited=False)
        settle(3)
        measure(figures, window)
        window.session.close()
    torch = "torch" in sys.modules
    print(f"torch imported: {'yes' if torch else 'no'}")
    del application
    return int(torch or not figures.met)


def measure(figures: Figures, window: "MainWindow") -> None:  # noqa: F821 - imported late, by the program
    session = window.session
    panel = window.panel("model")
    plan = panel.plan

    def choose(name: str) -> None:
        panel.side.chosen.emit(name)

    def layered() -> bool:
        return panel.anatomy.anatomy is not None and panel.anatomy.anatomy.name == session.config.backbone.name

    figures.wait_for("the layers of the first backbone are there", lambda: None, layered)
    figures.wait_for("another backbone: its layers are read", lambda: choose(DEEP), layered)
    leaves = sum(1 for stage in plan.stages() for _ in stage.leaves())
    figures.take(
        f"the panel opens again, with {leaves} parts", lambda: window.go("training"), lambda: window.go("model")
    )
    figures.take("a backbone that was read before", lambda: choose(OTHER), lambda: choose(DEEP))
    model = plan.tree.stage_model

    def click(place: int) -> Callable[[], object]:
        def work() -> None:
            node = panel.plan.stages()[place]
            inside = node.inside[0] if place == 3 else node
            index = model.index_of(inside.name)
            plan.tree.expand(index)
            model.setData(index, Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)

        return work

    figures.take("a box of the tree", click(1), click(2), click(3))
    figures.take(
        "another way",
        *(panel.findChild(QPushButton, f"model.way.{key}").click for key in (*WAYS, "gradual")),
    )
    total = [phase.epochs for phase in session.config.phases]
    moved = [total[0] + 1, *total[1:-1], total[-1] - 1]
    figures.take(
        "the border of a phase, a step",
        lambda: plan.timeline.moved.emit(moved),
        lambda: plan.timeline.moved.emit(total),
    )
    panel.side.bar.fits.click()
    figures.take(
        "another image size, with the list narrowed to what fits",
        lambda: panel.image_size.changed.emit(size_of(session, 320)),
        lambda: panel.image_size.changed.emit(size_of(session, 0)),
    )


def size_of(session: "Session", size: int) -> object:  # noqa: F821
    return session.config.preprocess.model_copy(update={"size": size})


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
