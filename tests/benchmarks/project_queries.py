"""How fast a filled project of a million images answers: python tests/benchmarks/project_queries.py [IMAGES] [FOLDER]

Every side table is filled: tags, notes, regions, grades, fields, groups, findings, predictions, a test set, pins. Prints
one figure per line, with what it should stay under, and exits with 1 where one does not.
"""

import hashlib
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench.project.findings import NewFinding
from workbench.project.images import NewImage, Query
from workbench.project.project import Project

CLASSES = 10
BATCH = 50_000


class Figures:
    """Times what is asked of it, the best of several, and remembers whether everything stayed under its limit."""

    def __init__(self) -> None:
        self.met = True

    def time(self, what: str, limit_ms: float, work: Callable[[], Any], *, repeat: int = 3) -> Any:
        best, result = float("inf"), None
        for _ in range(repeat):
            start = time.perf_counter()
            result = work()
            best = min(best, (time.perf_counter() - start) * 1000)
        self.met &= best <= limit_ms
        found = f"{len(result):>9,}" if isinstance(result, np.ndarray) else " " * 9
        late = "" if best <= limit_ms else "TOO SLOW"
        print(f"{what:<52} {found} {best:>9.1f} ms   limit {limit_ms:>7.0f} ms   {late}", flush=True)
        return result


def fill(project: Project, root: Path, images: int) -> None:
    """Make the images and fill every table beside them."""
    random = np.random.default_rng(7)
    root_id = project.images.add_root(root)
    for start in range(0, images, BATCH):
        project.images.add(
            root_id,
            [
                NewImage(
                    f"line_{n % 7}/class_{n % CLASSES}/part_{n:07}.png",
                    640 + n % 5,
                    480,
                    3,
                    8,
                    40_000 + n,
                    10**18 + n * 10**9,
                    f"class_{n % CLASSES}" if n % 20 else None,
                )
                for n in range(start, min(start + BATCH, images))
            ],
        )
    database = project._database
    with database.transaction():
        rows = ((hashlib.sha256(str(n).encode()).hexdigest(), n) for n in range(1, images + 1))
        database.execute_many("UPDATE file SET content_hash = ? WHERE image_id = ?", rows)
        database.execute("UPDATE image SET state = 1")
    everything = np.arange(1, images + 1)
    for number, share in enumerate((0.1, 0.02, 0.3)):
        project.tags.add(random.choice(everything, int(images * share), replace=False), f"tag {number}")
    project.rejection.set(random.choice(everything, images // 50, replace=False), True)
    for image_id in random.choice(everything, 500, replace=False).tolist():
        project.notes.set(image_id, "look again")
        project.regions.add(image_id, "box", [(1, 1), (9, 9)])
    first = project.labels.classes()[0].id
    project.labels.assign(random.choice(everything, images // 5, replace=False), first, grader="Ada")
    project.groups.set("path:line", everything, everything // 4 + 1, {})
    project.fields.set("camera", {n: f"c{n % 9}" for n in range(1, images + 1)})
    project.findings.replace(
        ["near-duplicate", "quality"],
        [
            NewFinding("near-duplicate", 1 - n / images, "alike", (n, n + 1))
            for n in random.choice(everything[:-1], images // 20, replace=False).tolist()
        ]
        + [
            NewFinding("quality", n / images, "blurred", (n,))
            for n in random.choice(everything, images // 10, replace=False).tolist()
        ],
    )
    classes = np.array([row.id for row in project.labels.classes()])
    project.predictions.replace(
        "a run", everything, random.choice(classes, images), random.random(images), random.random(images)
    )
    project.predictions.refuse(everything[::100])


def main(images: int, folder: Path) -> int:
    """Print the table. Returns 1 where a figure is over its limit."""
    figures = Figures()
    root = folder / "images"
    root.mkdir()
    with Project.create(folder / "project") as project:
        start = time.perf_counter()
        fill(project, root, images)
        print(f"{images:,} images and all that is beside them made in {time.perf_counter() - start:.0f} s")
        one = project.labels.classes()[3].id
        ask = project.images.ids
        figures.time("everything by path, the first time", 2_000, ask, repeat=1)
        figures.time("everything by path", 20, ask)
        figures.time("not rejected (the usual view)", 100, lambda: ask(Query(rejected=False)))
        figures.time("a class", 100, lambda: ask(Query(class_id=one)))
        figures.time("a class, not rejected", 100, lambda: ask(Query(class_id=one, rejected=False)))
        figures.time("unlabelled, not rejected", 100, lambda: ask(Query(unlabelled=True, rejected=False)))
        figures.time("text, rare, first time", 2_000, lambda: ask(Query(text="12345")), repeat=1)
        figures.time("text, rare", 400, lambda: ask(Query(text="12345")))
        figures.time("text, in all paths, not rejected", 400, lambda: ask(Query(text="PART", rejected=False)))
        figures.time("text, umlaut (in no path)", 400, lambda: ask(Query(text="Ä")))
        figures.time("pattern on the name", 1_500, lambda: ask(Query(pattern="part_*77.png")))
        figures.time("pattern, regular expression", 1_500, lambda: ask(Query(pattern=r"re:line_[3-5]/.*99\.png$")))
        figures.time("tag on 2 %", 300, lambda: ask(Query(tag="tag 1", rejected=False)))
        figures.time("tag on 30 %", 300, lambda: ask(Query(tag="tag 2", rejected=False)))
        figures.time("grader of 20 %", 300, lambda: ask(Query(grader="Ada")))
        figures.time("any finding", 300, lambda: ask(Query(finding="any")))
        figures.time("findings of a kind, worst first", 300, lambda: ask(Query(finding="quality", order="finding")))
        figures.time("images of a finding", 50, lambda: ask(Query(finding_id=77)))
        figures.time("predicted as", 300, lambda: ask(Query(predicted=one)))
        figures.time("predicted with 0.2 to 0.5", 300, lambda: ask(Query(confidence=(0.2, 0.5))))
        figures.time("prediction disagrees", 900, lambda: ask(Query(disagrees=True)))
        figures.time("suggested", 300, lambda: ask(Query(suggested=True)))
        figures.time("suggested, most helpful first", 900, lambda: ask(Query(suggested=True, order="priority")))
        figures.time("noted", 100, lambda: ask(Query(noted=True)))
        figures.time("with regions", 100, lambda: ask(Query(has_regions=True)))
        figures.time("column camera = c3", 300, lambda: ask(Query(field=("camera", "c3"))))
        figures.time(
            "modified in a range", 300, lambda: ask(Query(modified_after=1e9 + 5e5, modified_before=1e9 + 6e5))
        )
        figures.time("sides of 481 pixels and more", 300, lambda: ask(Query(min_side=481)))
        figures.time("by class", 1_500, lambda: ask(Query(order="class")))
        figures.time("newest first", 1_000, lambda: ask(Query(order="newest")))
        figures.time("least sure first", 1_500, lambda: ask(Query(order="confidence")))
        figures.time(
            "number in a class, not rejected", 20, lambda: project.images.count(Query(class_id=one, rejected=False))
        )
        figures.time("number not rejected", 100, lambda: project.images.count(Query(rejected=False)))
        figures.time("suggestions counted", 500, project.predictions.counts)
        everything = ask()
        page = np.random.default_rng(7).choice(everything, 200, replace=False)
        figures.time("page of 200 rows, scattered", 10, lambda: project.images.page(page), repeat=5)
        figures.time("page of 200 rows, in a row", 10, lambda: project.images.page(everything[5000:5200]), repeat=5)
        figures.time("findings, first page", 50, lambda: project.findings.list("quality"))
        figures.time("groups that cross", 2_000, project.groups.crossing, repeat=1)
        figures.time("split by class", 6_000, project.splits.make, repeat=1)
        figures.time("pin a tenth", 1_000, lambda: project.splits.move(everything[: images // 10], "train"), repeat=1)
        groups = (everything, project.groups.of(everything))
        figures.time("split in groups, with pins", 6_000, lambda: project.splits.make(groups=groups), repeat=1)
        figures.time("five folds in groups", 8_000, lambda: project.splits.make(groups=groups, folds=5), repeat=1)
        figures.time("freeze the test images", 2_000, lambda: project.splits.freeze_test("spring"), repeat=1)
        figures.time("images of the test set", 300, lambda: ask(Query(test_set="spring")))
        figures.time("samples of the test split", 5_000, lambda: project.images.samples("test"), repeat=1)
    size = (folder / "project" / "project.sqlite").stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"database {size / 1e6:.0f} MB, most memory {memory / 1e3:.0f} MB (with making it)")
    return 0 if figures.met else 1


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        sys.exit(main(count, Path(sys.argv[2])))
    scratch = Path(tempfile.mkdtemp(prefix="workbench-queries-"))
    try:
        sys.exit(main(count, scratch))
    finally:
        shutil.rmtree(scratch)
