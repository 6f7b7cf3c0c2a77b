"""How the Dataset panel feels with a million images: python tests/benchmarks/dataset_million.py [IMAGES] [FOLDER]

Makes the rows by SQL (tags, findings, predictions and all), opens the real panel offscreen with stubbed thumbnails, and prints
each figure against what it should stay under; exits with 1 where one does not. With FOLDER the project is kept there and used
again.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSettings, Qt  # noqa: E402
from PySide6.QtGui import QWheelEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from workbench.project.images import Query  # noqa: E402
from workbench.project.project import Project  # noqa: E402
from workbench.project.schema import IMAGE_BY_CLASS  # noqa: E402

CLASSES = 10
SIZE = (1280, 800)


def make(folder: Path, images: int) -> None:
    """Write the project: a tenth unlabelled, split, with tags, findings, predictions and notes."""
    (folder / "images").mkdir(parents=True)
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder / "images")
        ids = list(project.labels.ensure_classes([f"class {number}" for number in range(CLASSES)]).values())
        database = project._database
        with database.transaction():
            database.execute("DROP INDEX image_by_class")
            many = database.execute_many
            many(
                "INSERT INTO image (id, class_id, label_source, split, state) VALUES (?, ?, 'folder', ?, 1)",
                ((n + 1, ids[n % CLASSES] if n % 11 else None, n % 3 if n % 11 else None) for n in range(images)),
            )
            many(
                "INSERT INTO file VALUES (?, ?, ?, 640, 480, 3, 8, ?, ?, NULL, NULL)",
                (
                    (n + 1, root, f"lot_{n % 50:02}/part_{n:07}.png", 40_000 + n % 997, 10**18 + n * 10**9)
                    for n in range(images)
                ),
            )
            many("INSERT INTO tag VALUES (?, ?)", ((number + 1, f"tag {number}") for number in range(5)))
            many("INSERT INTO image_tag VALUES (?, ?)", ((n % 5 + 1, n + 1) for n in range(0, images, 7)))
            many(
                "INSERT INTO finding VALUES (?, ?, ?, 'found by the script', 0, 0)",
                ((n + 1, ("exact-copy", "quality", "outlier")[n % 3], 1 - n / images) for n in range(images // 50)),
            )
            many(
                "INSERT INTO finding_image VALUES (?, ?, ?)",
                ((n + 1, place, n * 50 + place + 1) for n in range(images // 50) for place in range(2)),
            )
            many(
                "INSERT INTO prediction (image_id, class_id, confidence, priority) VALUES (?, ?, ?, ?)",
                ((n + 1, ids[(n + (n % 13 == 0)) % CLASSES], 0.5 + n % 50 / 100, n % 97) for n in range(images)),
            )
            many("INSERT INTO note VALUES (?, 'a note')", ((n + 1,) for n in range(0, images, 1000)))
            database.execute(IMAGE_BY_CLASS)
        project.settings.set("predictions", "the script")


class Paints(QObject):
    """Times every paint of the grid's viewport."""

    def __init__(self, watched: QObject) -> None:
        super().__init__()
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


class Figures:
    """Prints each figure beside its limit and remembers whether all were met."""

    def __init__(self) -> None:
        self.met = True

    def tell_frames(self, what: str, took: tuple[list[float], list[float]], limit: float) -> None:
        wall, own = took
        self.tell(f"{what}, 99th percentile", float(np.percentile(wall, 99)), limit)
        print(
            f"    median {np.median(wall):.1f} ms, worst {max(wall):.1f} ms of {len(wall)}; "
            f"this thread's own time: 99th percentile {np.percentile(own, 99):.1f} ms, worst {max(own):.1f} ms"
        )

    def tell(self, what: str, value: float, limit: float, unit: str = "ms") -> None:
        self.met &= value <= limit
        print(
            f"{what:<58} {value:>9.1f} {unit}   limit {limit:>6.0f} {unit}   {'' if value <= limit else 'MISSED'}",
            flush=True,
        )


def stub(path: Path, modified_ns: int, side: int) -> np.ndarray:
    """A picture as a decoder would give it, at no cost."""
    return np.full((side * 3 // 4, side, 3), hash(path.name) % 200 + 30, np.uint8)


def spin(until: Callable[[], bool], seconds: float = 60.0) -> float:
    """Run the event loop until ``until``; return how many seconds that took."""
    started = time.perf_counter()
    while not until():
        QApplication.processEvents()
        if time.perf_counter() - started > seconds:
            raise TimeoutError("the window did not come to what was waited for")
        time.sleep(0.0002)
    return time.perf_counter() - started


def timed(work: Callable[[], Any], until: Callable[[], bool] = lambda: True) -> float:
    """Return the milliseconds until ``work`` is done and ``until`` holds."""
    started = time.perf_counter()
    work()
    spin(until)
    return (time.perf_counter() - started) * 1000


def frames(panel: Any, steps: list[Callable[[], None]]) -> tuple[list[float], list[float]]:
    """Do each step and paint; return how long each kept the window's thread, thumbnails' arrival included, in ms.

    By the clock, and by the processor's time of this thread: on a busy machine the clock measures the others.
    """
    wall, own = [], []

    def frame(step: Callable[[], None]) -> None:
        started, spent = time.perf_counter(), time.thread_time()
        step()
        QApplication.processEvents()
        wall.append((time.perf_counter() - started) * 1000)
        own.append((time.thread_time() - spent) * 1000)

    def drawn(step: Callable[[], None]) -> None:
        step()
        panel.grid.viewport().repaint()

    for step in steps:
        frame(lambda step=step: drawn(step))
        for _ in range(3):  # What arrives meanwhile is drawn in frames of its own.
            frame(lambda: None)
            time.sleep(0.002)
    return wall, own


def wheel(panel: Any, delta: int) -> None:
    port, point = panel.grid.viewport(), QPointF(200, 200)
    turn = QWheelEvent(
        point,
        QPointF(port.mapToGlobal(QPoint(200, 200))),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port, turn)


def measure(folder: Path, images: int) -> bool:
    from workbench.ui import app as program
    from workbench.ui.pictures import Pictures

    Pictures.thumbnail = lambda self, path, modified_ns, side: stub(path, modified_ns, side)  # type: ignore[method-assign]
    figures = Figures()
    program.application([])
    window = program.create()
    window.resize(*SIZE)
    window.show()
    session = window.session
    spin(lambda: True)
    started = time.perf_counter()
    session.open_project(folder / "project")
    window.go("dataset")
    panel = window.panel("dataset")
    painted = Paints(panel.grid.viewport())

    def tiles_painted() -> bool:
        shown = panel.model.row_at(0) if len(panel.model.ids) else None
        return shown is not None and panel.thumbnails.pixmap(shown.id) is not None and painted.count > 0

    spin(tiles_painted)
    panel.grid.viewport().repaint()
    figures.tell("open to first painted tiles", (time.perf_counter() - started) * 1000, 1000)
    assert len(panel.model.ids) == images
    idle = lambda: not panel.reader.is_busy and not panel.overviews.is_due  # noqa: E731
    spin(idle)
    started = time.perf_counter()
    while time.perf_counter() - started < 3:  # The other panels are built meanwhile.
        QApplication.processEvents()

    bar = panel.grid.verticalScrollBar()
    jumps = np.random.default_rng(7).integers(0, bar.maximum(), 300).tolist()
    took = frames(panel, [lambda place=place: bar.setValue(place) for place in jumps])
    figures.tell_frames("frame while jumping", took, 16)
    took = frames(panel, [lambda: wheel(panel, -120)] * 300)
    figures.tell_frames("frame while wheeling", took, 16)

    def filtered(query: Query) -> float:
        before = panel.model.ids

        def shown() -> bool:
            return panel.model.ids is not before and not panel.shown.is_asking

        value = timed(lambda: panel.filter.set_query(query), shown)
        started = time.perf_counter()
        panel.grid.viewport().repaint()
        return value + (time.perf_counter() - started) * 1000

    first = panel.class_model.classes[3].id
    usual = Query(rejected=False)
    figures.tell("filter by class", filtered(Query(class_id=first, rejected=False)), 200)
    figures.tell("back to all", filtered(usual), 500)
    figures.tell("filter by text", filtered(Query(text="12345", rejected=False)), 500)
    figures.tell("filter by pattern", filtered(Query(pattern="part_0*7.png", rejected=False)), 5000)
    figures.tell("filter by finding", filtered(Query(finding="outlier", rejected=False)), 500)
    figures.tell("filter by tag", filtered(Query(tag="tag 3", rejected=False)), 500)
    figures.tell("filter by disagreement, least sure first", filtered(Query(disagrees=True, order="confidence")), 1500)
    figures.tell("back to all", filtered(usual), 500)

    def labelled(count: int, number: int, limit: float) -> None:
        places = np.random.default_rng(count).choice(images, count, replace=False)
        panel.selection.select(np.sort(places))
        figures.tell(f"label {count:,} selected", timed(lambda: panel.labelling.with_key(number)), limit)
        spin(idle)
        figures.tell(f"undo {count:,}", timed(session.undo_label), limit)
        spin(idle)
        figures.tell(f"redo {count:,}", timed(session.redo_label), limit)
        spin(idle)

    labelled(1000, 2, 200)
    labelled(min(100_000, images), 4, 2000)
    panel.selection.select_only(5)
    took = frames(panel, [lambda: panel.grid.move_to(panel.selection.current + 1)] * 100)
    figures.tell_frames("frame while an arrow key is held", took, 16)
    spin(idle)
    took = frames(panel, [lambda: panel.labelling.with_key(3)] * 60)
    figures.tell_frames("label one image by key", took, 50)
    spin(idle)
    filtered(Query(unlabelled=True, rejected=False))
    figures.tell("label 1,000 in the filter of the unlabelled", _in_filter(panel), 200)
    spin(idle)
    figures.tell("select all", timed(panel.selection.select_all), 50)
    memory = psutil.Process().memory_info().rss / 1e6
    figures.tell("memory of the whole process", memory, 600, "MB")
    if sys.platform == "linux":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        figures.tell("most memory it ever had", peak, 600, "MB")
    window.close()
    QApplication.processEvents()
    session.close()
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    print(f"threads left: {left or 'none'}")
    return figures.met


def _in_filter(panel: Any) -> float:
    before = panel.model.ids
    panel.selection.select(range(1000))
    gone = before[:1000]
    return timed(lambda: panel.labelling.with_key(2), lambda: not np.isin(gone, panel.model.ids[:1000]).any())


def main(images: int, kept: Path | None) -> int:
    scratch = Path(tempfile.mkdtemp(prefix="workbench-dataset-"))
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch / "settings"))
    folder = kept or scratch / "million"
    try:
        if not (folder / "project").is_dir():
            started = time.perf_counter()
            words = [sys.executable, __file__, str(images), str(folder), "--make"]
            subprocess.run(words, check=True)  # In a process of its own, whose memory is not the window's.
            print(f"made {images:,} images in {time.perf_counter() - started:.0f} s")
        Project.open(folder / "project").close()  # The first opening of a day checks it and makes the backup.
        return 0 if measure(folder, images) else 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if "--make" in sys.argv:
        make(Path(sys.argv[2]), count)
        sys.exit()
    sys.exit(main(count, Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else None))
