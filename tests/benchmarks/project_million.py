"""How fast a project of a million images is: python tests/benchmarks/project_million.py [IMAGES] [FOLDER]

Prints one figure per line, with what it should stay under, and exits with 1 where one does not.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench.project.changes import Change
from workbench.project.history import UndoStack
from workbench.project.ids import ImageId
from workbench.project.images import NewImage, Query
from workbench.project.project import Project

CLASSES = 10
BATCH = 50_000


class Figures:
    """Times what is asked of it and remembers whether everything stayed under its limit."""

    def __init__(self) -> None:
        self.met = True

    def time(self, what: str, limit_ms: float, work: Callable[[], Any], *, repeat: int = 1) -> None:
        best = float("inf")
        for _ in range(repeat):
            start = time.perf_counter()
            work()
            best = min(best, (time.perf_counter() - start) * 1000)
        self.met &= best <= limit_ms
        print(f"{what:<46} {best:>10.1f} ms   limit {limit_ms:>8.0f} ms   {'' if best <= limit_ms else 'TOO SLOW'}")


def main(images: int, folder: Path) -> int:
    figures = Figures()
    root = folder / "images"
    root.mkdir()
    scanned = [
        NewImage(f"class_{n % CLASSES}/part_{n:07}.png", 640, 480, 3, 8, 40_000 + n, 10**18 + n, f"class_{n % CLASSES}")
        for n in range(images)
    ]
    with Project.create(folder / "project") as project:
        root_id = project.images.add_root(root)

        def add() -> None:
            for start in range(0, images, BATCH):
                project.images.add(root_id, scanned[start : start + BATCH])

        figures.time(f"add {images:,} images in batches of {BATCH:,}", 15_000, add)
        figures.time("scan them again, nothing changed", 15_000, add)
        first = project.labels.classes()[3].id
        figures.time("ids of everything, first time", 2_000, project.images.ids)
        figures.time("ids of everything", 10, project.images.ids, repeat=5)
        figures.time("ids of a class", 20, lambda: project.images.ids(Query(class_id=first)), repeat=5)
        figures.time("ids that match a text", 1_000, lambda: project.images.ids(Query(text="12345")), repeat=3)
        figures.time("ids by class", 2_000, lambda: project.images.ids(Query(order="class")))
        figures.time("number in a class", 20, lambda: project.images.count(Query(class_id=first)), repeat=5)
        figures.time("labels counted by class", 100, project.labels.counts, repeat=5)
        everything = project.images.ids()
        page = np.random.default_rng(7).choice(everything, 200, replace=False)
        figures.time("page of 200 rows, scattered", 5, lambda: project.images.page(page), repeat=5)
        figures.time("page of 200 rows, in a row", 3, lambda: project.images.page(everything[5000:5200]), repeat=5)
        undo = UndoStack()
        figures.time("label one image", 50, lambda: undo.push(project.labels.assign([5], first)), repeat=5)
        figures.time("label 200 scattered images", 100, lambda: undo.push(project.labels.assign(page, first)), repeat=3)
        figures.time("undo that", 100, lambda: undo.undo(project))
        figures.time("history of one image", 20, lambda: project.labels.history(ImageId(5)), repeat=3)
        figures.time(f"relabel {images:,} images", 1_500, lambda: undo.push(project.labels.assign(everything, first)))
        figures.time("undo that", 3_000, lambda: undo.undo(project))
        figures.time("relabel every second image", 2_000, lambda: project.labels.assign(everything[::2], first))
        _label_edits(figures, project, everything, undo)
        figures.time("split", 10_000, project.splits.make)
        figures.time("splits counted", 200, project.splits.counts, repeat=3)
        figures.time("samples of the test split", 5_000, lambda: project.images.samples("test"))
    figures.time(
        "open, first time of the day (check, backup)", 15_000, lambda: Project.open(folder / "project").close()
    )
    figures.time("open", 300, lambda: Project.open(folder / "project").close(), repeat=3)
    size = (folder / "project" / "project.sqlite").stat().st_size
    print(f"database {size / 1e6:.0f} MB")
    return 0 if figures.met else 1


def _label_edits(figures: Figures, project: Project, everything: np.ndarray, undo: UndoStack) -> None:
    """Time labels by a grader, marks, and several labels per image; ends with one class per image again."""
    rows = project.labels.classes()
    first, second = rows[3].id, rows[4].id
    some = np.sort(np.random.default_rng(8).choice(everything, min(100_000, len(everything) // 2), replace=False))
    thousand = some[:: max(1, len(some) // 1000)]

    def edit(what: str, limit_ms: float, change: Callable[[], Change]) -> None:
        figures.time(what, limit_ms, lambda: undo.push(change()))
        figures.time(f"undo: {what}", limit_ms, lambda: undo.undo(project))
        figures.time(f"redo: {what}", limit_ms, lambda: undo.redo(project))

    labels = project.labels

    def one() -> None:
        undo.push(labels.assign([7], first, grader="ann"))

    figures.time("a grader labels one image", 10, one, repeat=5)
    figures.time("undo: a grader labels one image", 10, lambda: undo.undo(project))
    edit("a grader labels 1,000", 60, lambda: labels.assign(thousand, first, grader="ann"))
    edit(f"a grader labels {len(some):,}", 1_000, lambda: labels.assign(some, second, grader="ann"))
    edit("another grader labels them", 1_000, lambda: labels.assign(some, first, grader="bob"))
    figures.time("pairs of two graders", 1_000, lambda: project.graders.pairs("ann", "bob"))
    figures.time("re-grading queue", 500, lambda: project.graders.queue("bob", kind="disagree"))
    edit(f"reject {len(some):,}", 1_000, lambda: project.rejection.set(some, True))
    edit(f"tag {len(some):,}", 1_000, lambda: project.tags.add(some, "blurred"))
    edit("merge two classes", 5_000, lambda: labels.merge([second], first))
    figures.time("undo the merge", 5_000, lambda: undo.undo(project))
    figures.time("labels counted by class, with rejected", 100, labels.counts, repeat=5)
    figures.time("to several labels", 15_000, lambda: labels.set_task("multi"))
    edit("toggle a class of one image", 10, lambda: labels.toggle([7], second, True))
    edit("toggle a class of 1,000", 100, lambda: labels.toggle(thousand, second, True))
    edit(f"toggle a class of {len(some):,}", 2_000, lambda: labels.toggle(some, rows[5].id, True, grader="ann"))
    figures.time("several labels counted by class", 300, labels.counts, repeat=3)
    edit("order the classes anew", 5_000, lambda: labels.reorder([row.id for row in reversed(rows)]))
    edit("merge classes of several labels", 10_000, lambda: labels.merge([second], first))
    while undo.can_undo and labels.task == "multi":
        undo.undo(project)
        if not project._database.value("SELECT 1 FROM image_class GROUP BY image_id HAVING count(*) > 1 LIMIT 1"):
            break
    labels.set_task("single")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        sys.exit(main(count, Path(sys.argv[2])))
    scratch = Path(tempfile.mkdtemp(prefix="workbench-million-"))
    try:
        sys.exit(main(count, scratch))
    finally:
        shutil.rmtree(scratch)
