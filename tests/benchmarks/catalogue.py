"""How long a key takes in the search over the whole catalogue: from the key to the painted table, in the real Model panel.

Opens a new project in the window's own panel, offscreen, types some searches letter by letter, deletes them again, presses
the filters, and orders by each column. Prints ms a key (of each the best of its rounds, so that other programs do not count;
the median and the slowest of these), the processor's time for one, what the panel takes to open, and whether torch was
imported. Fails where the slowest takes 50 ms or more, or torch is there.
"""

import functools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, Qt  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QPushButton  # noqa: E402

from workbench.project.project import Project  # noqa: E402
from workbench.ui import app as program  # noqa: E402
from workbench.ui.session import Session  # noqa: E402

WORDS = ("resnet 50", "mobilenet", "vit base patch16", "2021", "nothing is called this")
ROUNDS = 5
MOST_MS = 50


def main() -> int:
    application = program.application([])
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        Project.create(Path(folder, "project")).close()
        session = Session()
        session.open_project(Path(folder, "project"))
        began = time.perf_counter()
        from workbench.ui.model.panel import ModelPanel

        imported = time.perf_counter()
        panel = ModelPanel(session)
        panel.resize(1200, 720)
        panel.show()
        application.processEvents()
        opened = time.perf_counter()
        times = measure(panel)
        total = panel.side.catalogue.rowCount()
        session.close()
    best = {what: min(wall for wall, _ in each) for what, each in times.items()}
    slowest = max(best, key=lambda what: best[what])
    busy = [min(processor for _, processor in each) for each in times.values()]
    print(f"backbones          {total}")
    print(
        f"panel opens        {(opened - imported) * 1000:6.0f} ms, after its imports in {(imported - began) * 1000:.0f} ms"
    )
    middle, processor = statistics.median(best.values()), statistics.median(busy)
    print(f"a key, median      {middle:6.1f} ms of {len(best)}, {processor:.1f} ms of the processor")
    print(f"slowest key        {best[slowest]:6.1f} ms ({slowest!r})")
    torch = "torch" in sys.modules
    print(f"torch imported     {'yes' if torch else 'no':>6}")
    return int(torch or best[slowest] >= MOST_MS)


def measure(panel: "ModelPanel") -> dict[str, list[tuple[float, float]]]:  # noqa: F821 - imported late, to time it
    """Return, for each key in its place, each filter and each order, ms on the clock and ms of the processor of every round."""
    times: dict[str, list[tuple[float, float]]] = {}
    search = panel.side.bar.search

    def timed(what: str, press: object) -> None:
        began, busy = time.perf_counter(), time.process_time()
        press()
        QApplication.processEvents()  # which paints
        spent = (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000
        times.setdefault(what, []).append(spent)

    for _ in range(ROUNDS):
        for word in WORDS:
            for end in range(1, len(word) + 1):
                timed(word[:end], lambda key=word[end - 1]: QTest.keyClicks(search, key))
            for end in range(len(word) - 1, -1, -1):
                timed(f"{word[:end]}←", lambda: QTest.keyClick(search, Qt.Key.Key_Backspace))
        for switch in panel.findChildren(QPushButton):
            if switch.objectName() in ("model.recommended", "model.here", "model.fits", "model.favourites"):
                timed(f"{switch.text()} on", switch.click)
                timed(f"{switch.text()} off", switch.click)
        table = panel.side.table
        for column in range(table.model().columnCount()):
            for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
                timed(f"order by column {column}", functools.partial(table.sortByColumn, column, order))
    return times


if __name__ == "__main__":
    raise SystemExit(main())
