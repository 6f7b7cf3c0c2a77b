"""Pictures of every panel: empty, sample project, forty classes of long names, while training; light, dark, small, at 200 %.

``python tests/pictures.py [OUT]`` writes them into OUT (``pictures/``), one folder per theme and scale. Look at them after each
visible change. Every picture is of the real window on a real project; nothing is drawn for the picture. ``--readme`` also
renews the ones that README shows.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
README = {
    "dataset": "3-sample-dataset",
    "augment": "7-augment-variants",
    "model": "8-model-tree",
    "train": "5-training-running",
    "evaluate": "3-sample-evaluation",
}
PANELS = ("dataset", "augment", "model", "training", "evaluation", "export")
SIZE = (1280, 800)
LONG = (
    "shrinkage porosity near the riser",
    "cold shut along the parting line",
    "inclusion of oxide film, elongated",
    "hairline crack after heat treatment",
    "surface roughness beyond tolerance",
)


def main() -> int:
    if "--one" in sys.argv:
        _, _, theme, out = sys.argv
        return one(theme, Path(out))
    named = [word for word in sys.argv[1:] if not word.startswith("-")]
    out = (Path(named[0]) if named else REPOSITORY / "pictures").absolute()
    prepare(out)
    for theme, scale in (("light", 1), ("dark", 1), ("dark", 2)):
        folder = out / f"{theme}-{scale * 100}"
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        words = [sys.executable, str(Path(__file__)), "--one", theme, str(folder)]
        code = subprocess.run(words, env=environment, check=False).returncode
        if code:
            return code
        print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    if "--readme" in sys.argv:
        from PIL import Image

        for name, source in README.items():
            with Image.open(out / "dark-100" / f"{source}.png") as picture:
                picture.convert("RGB").save(REPOSITORY / "resources" / "pictures" / f"{name}.jpg", quality=88)
    return 0


def prepare(out: Path) -> None:
    """Make the projects that are shown: the demo with a finished run, forty classes, no images."""
    from workbench import launch
    from workbench.project.project import Project

    projects = out / "projects"
    sample = projects / "Surfaces"
    if not (sample / "package").is_dir():
        words = launch.command("demo", "--headless", "--out", str(sample))
        subprocess.run(words, env=launch.environment(), check=True)
    forty = projects / "Castings, forty classes"
    if not forty.is_dir():
        images = projects / "forty"
        drawn = sorted((sample / "images" / "pit").glob("*.png"))
        for number in range(40):
            folder = images / f"{number:02} {LONG[number % len(LONG)]}"
            folder.mkdir(parents=True)
            for copy in range(1 + number % 4):
                shutil.copy(drawn[(number * 3 + copy) % 100], folder)
        subprocess.run(
            launch.command("scan", str(forty), str(images)), env=launch.environment(), check=True, capture_output=True
        )
    for make, name in (
        (curated, "Castings, curated"),
        (several, "Eyes, several labels"),
        (graded, "Grades of two"),
        (deep, "Scans, 16 bit and pages"),
    ):
        if not (projects / name).is_dir():
            make(projects / name, sample / "images")
    Project.open_or_create(projects / "Empty").close()
    for name in ("light-100", "dark-100", "dark-200"):
        shutil.rmtree(out / name, ignore_errors=True)


def curated(folder: Path, images: Path) -> None:
    """Make a project in the middle of the work: findings, predictions, tags, notes, regions, a test set, rejected images."""
    import numpy as np

    from workbench.project.findings import NewFinding
    from workbench.project.images import Query
    from workbench.project.project import Project

    scan(folder, images)
    with Project.open(folder) as project:
        ids = project.images.ids(Query(order="newest"))
        known = [row.id for row in project.labels.classes()]
        project.labels.rename(known[0], LONG[0])
        project.splits.make()
        rng = np.random.default_rng(7)
        project.labels.assign(ids[rng.permutation(len(ids))[:60]], None)
        labels = project.labels.of(ids)
        said = [
            label if label is not None and rng.random() < 0.85 else known[int(rng.integers(len(known)))]
            for label in labels
        ]
        sure = rng.uniform(0.4, 1.0, len(ids))
        project.predictions.replace("run 3", ids, said, sure, 1 - sure)
        by_path = project.images.ids()
        found = [
            NewFinding("exact-copy", 1.0, "The same picture twice.", tuple(by_path[[2, 7]].tolist())),
            NewFinding("label-error", 0.9, "Looks like another class.", (int(by_path[3]),)),
            NewFinding("quality", 0.8, "Blurred.", (int(by_path[2]),)),
            NewFinding("outlier", 0.7, "Unlike any other.", (int(by_path[10]),)),
        ]
        project.findings.replace({finding.kind for finding in found}, found)
        project.tags.add(by_path[[1, 4, 5]], "riser")
        project.tags.add(by_path[[5]], "check again")
        project.notes.set(int(by_path[4]), "Ask the foundry")
        project.regions.add(int(by_path[5]), "box", [(10.0, 10.0), (40.0, 40.0)])
        project.regions.add(
            int(by_path[5]), "freehand", [(60.0, 60.0), (90.0, 66.0), (94.0, 90.0), (66.0, 94.0)], class_id=known[1]
        )
        project.rejection.set(by_path[[6, 9]], True)
        sides = [int(project.images.ids(Query(split=split))[0]) for split in ("train", "test")]
        project.groups.set("the part", sides, [1, 1], {1: "part 12"})  # on both sides: a leak
        project.splits.freeze_test("Line 2, spring")
        project.images.filters.save(
            "Least sure, unlabelled", Query(unlabelled=True, rejected=False, order="confidence")
        )


def several(folder: Path, images: Path) -> None:
    """Make a project whose images have several labels each."""
    from workbench.project.project import Project

    scan(folder, images)
    with Project.open(folder) as project:
        project.labels.set_task("multi")
        known = [row.id for row in project.labels.classes()]
        for number, image_id in enumerate(project.images.ids()[:40].tolist()):
            chosen = tuple(sorted(known[place] for place in range(len(known)) if number >> place & 1))
            project.labels.assign([image_id], chosen)


def graded(folder: Path, images: Path) -> None:
    """Make a project of grades that two people gave, not always alike."""
    import numpy as np

    from workbench.project.project import Project

    scan(folder, images)
    with Project.open(folder) as project:
        project.labels.set_task("ordinal")
        known = [row.id for row in project.labels.classes()]
        ids = project.images.ids()
        rng = np.random.default_rng(3)
        first = rng.integers(len(known), size=len(ids))
        other = np.minimum(first + (rng.random(len(ids)) < 0.25), len(known) - 1)
        for grader, grades, count in (("Dr Weber", first, 80), ("Dr Okafor", other, 60)):
            said = [known[int(grade)] for grade in grades[:count]]
            project.labels.assign_each(ids[:count], said, grader=grader)


def deep(folder: Path, images: Path) -> None:
    """Make a project of images with 16 bits, one of them with several pages."""
    import numpy as np
    from PIL import Image

    kept = folder.parent / "scans"
    y, x = np.mgrid[:300, :400]
    for number in range(6):
        grey = 20_000 + 9_000 * np.sin(x / (20 + 5 * number)) + 8_000 * np.cos(y / 30)
        pages = [Image.fromarray((grey / page).astype(np.uint16)) for page in range(1, 8 if number == 5 else 2)]
        place = kept / ("low", "high")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        pages[0].save(place / f"scan {number}.tif", save_all=True, append_images=pages[1:])
    scan(folder, kept)


def scan(folder: Path, images: Path) -> None:
    from workbench import launch

    words = launch.command("scan", str(folder), str(images))
    subprocess.run(words, env=launch.environment(), check=True, capture_output=True)


def dataset_states(
    window: Any, projects: Path, wait: Callable[..., None], shoot: Callable[..., None], prefix: str = "6-dataset"
) -> None:
    """Write what the Dataset panel looks like in the middle of the work."""
    from dataclasses import replace

    from workbench.project.images import Query

    window.session.open_project(projects / "Castings, curated")
    window.go("dataset")
    panel = window.panel("dataset")
    panel.filter.set_query(Query())
    panel.selection.select_only(2)
    wait(1.5)
    shoot(f"{prefix}-badges")
    panel.filtering.controls.size_slider.setValue(96)
    wait(0.8)
    shoot(f"{prefix}-small-tiles")
    panel.filtering.controls.size_slider.setValue(264)
    wait(0.8)
    shoot(f"{prefix}-large-tiles")
    panel.filtering.controls.size_slider.setValue(144)
    tag, known = "riser", panel.class_model.classes[0].id
    panel.filter.set_query(
        Query(tag=tag, class_id=known, confidence=(0.2, 0.9), min_side=32, text="png", order="confidence")
    )
    wait(0.6)
    shoot(f"{prefix}-filtered")
    panel.filter.set_query(replace(panel.filter.query, text="no such file", split="validation", finding="any"))
    panel.filter.more.click()
    wait(0.6)
    shoot(f"{prefix}-more")
    panel.filtering.more.dismiss()
    panel.filter.all.click()
    for chip in (panel.filter.of_finding, panel.filtering.controls.saved, panel.filtering.controls.order):
        chip.menu().popup(chip.mapToGlobal(chip.rect().bottomLeft()))
        wait(0.3)
        shoot(f"{prefix}-menu-{chip.objectName().rpartition('.')[2]}", chip.menu())
        chip.menu().close()
    menu = panel.selection_menu()
    menu.popup(panel.grid.viewport().mapToGlobal(panel.grid.viewport().rect().center()))
    wait(0.3)
    shoot(f"{prefix}-menu-images", menu)
    menu.close()
    panel.filter.set_query(Query(has_regions=True))
    wait(0.6)
    panel.open_loupe(0)
    wait(1.0)
    shoot(f"{prefix}-loupe-regions")
    panel.close_loupe()
    panel.filter.set_query(Query(suggested=True, order="priority", rejected=False))
    wait(0.6)
    panel.selection.select_only(0)
    wait(0.6)
    shoot(f"{prefix}-suggestions")
    panel.filter.all.click()
    for key in panel.tabs.keys[1:]:
        panel.tabs.choose(key)
        wait(1.2)
        shoot(f"{prefix}-tab-{key}")
    panel.tabs.choose("findings")
    kinds = panel._tabs["findings"].kinds
    for number in range(1, kinds.count()):
        kinds.setCurrentRow(number)
        wait(0.5)
        shoot(f"{prefix}-findings-{number}")
    window.resize(1024, 700)
    for key in panel.tabs.keys:
        panel.tabs.choose(key)
        wait(0.8)
        shoot(f"{prefix}-narrow-{key}")
    window.resize(*SIZE)
    window.session.open_project(projects / "Eyes, several labels")
    wait(1.5)
    shoot(f"{prefix}-several-labels")
    graded_states(window, projects, wait, shoot, prefix)
    window.session.open_project(projects / "Scans, 16 bit and pages")
    wait(1.5)
    panel.open_loupe(0)
    wait(1.0)
    shoot(f"{prefix}-loupe-levels")
    panel.close_loupe()
    panel.filter.set_query(Query(text="scan 5"))
    wait(0.6)
    panel.open_loupe(0)
    wait(1.0)
    shoot(f"{prefix}-loupe-pages")
    panel.close_loupe()


def graded_states(
    window: Any, projects: Path, wait: Callable[..., None], shoot: Callable[..., None], prefix: str
) -> None:
    """Write what two graders see: their agreement, a queue that is graded blind, and labels that come from a table."""
    window.session.open_project(projects / "Grades of two")
    wait(1.0)
    panel = window.panel("dataset")
    panel.tabs.choose("graders")
    graders = panel._tabs["graders"]
    wait(30, graders._result.isVisible)
    wait(0.3)
    shoot(f"{prefix}-agreement")
    before = window.session.grader
    window.session.set_grader("Dr Lind")
    wait(0.3)
    graders.unseen.click()
    wait(1.0)
    shoot(f"{prefix}-blind")
    panel.blind.end()
    window.session.set_grader(before)
    from workbench.ui.dataset.labels_dialog import LabelsDialog

    table = projects / "grades.csv"
    names = [row.path.name for row in window.session.project.images.page(window.session.project.images.ids()[:40])]
    for name, lines in (
        ("import", [f"{name},{number % 3},case {number // 4}" for number, name in enumerate(names)]),
        ("import-refused", [names[0]]),
    ):
        table.write_text("\n".join(["image,grade,patient", *lines]), encoding="utf-8")
        dialog = LabelsDialog(window.session, table, panel)
        dialog.show()
        wait(2.0)
        shoot(f"{prefix}-{name}", dialog)
        dialog.reject()
        wait(0.2)


def augment_states(window: Any, folder: Path, wait: Callable[..., None], shoot: Callable[..., None]) -> None:
    """Write what the Augment panel looks like in the middle of the work, on the sample set."""
    from workbench.augment.chain import Chain, Step
    from workbench.training.config import MixConfig, RareConfig

    def step(name: str, p: float = 0.5, *steps: Step, **params: Any) -> Step:
        return Step(transform=name, p=p, params=params, steps=steps)

    prefix = "7-augment"
    window.session.open_project(folder)
    window.go("augment")
    panel = window.panel("augment")
    before = window.session.config
    grain = step("GaussNoise", 0.8, std_range=[0.03, 0.1])
    noise = step("Sequential", 1.0, grain, step("ImageCompression", 0.5, quality_range=[40, 80]))
    nested = Chain(
        steps=(
            step("RandomResizedCrop", 0.8, scale=[0.5, 1.0]),
            step("HorizontalFlip"),
            step("Rotate", 0.7, limit=[-15, 15]),
            step("OneOf", 0.4, step("GaussianBlur"), step("MotionBlur"), noise),
            step("RandomBrightnessContrast", 0.6),
            step("CLAHE", 0.3).model_copy(update={"enabled": False}),
        )
    )
    panel.editor.set_chain(nested)
    panel.editor.pick((2,))
    wait(8.0)
    shoot(f"{prefix}-variants")
    for mode in panel.preview.modes:
        panel.preview.mode.set_value(mode)
        wait(2.0)
        shoot(f"{prefix}-mode-{mode}")
    panel.preview.mode.set_value("variants")
    panel.editor.pick((3,))
    wait(0.6)
    shoot(f"{prefix}-group")
    panel.checks.check()
    wait(120, lambda: not panel.checks.running)
    wait(1.0)
    shoot(f"{prefix}-checked")
    panel.side.open_list()
    wait(2.5)
    shoot(f"{prefix}-list", panel.side.popup)
    panel.side.popup.hide()
    menu = panel.side.preset.menu()
    menu.popup(panel.side.preset.mapToGlobal(panel.side.preset.rect().bottomLeft()))
    wait(0.3)
    shoot(f"{prefix}-presets", menu)
    menu.close()
    classes = tuple(known.name for known in window.session.project.labels.classes())[:1]
    rare = RareConfig(classes=classes, chain=nested)
    window.session.set_config(
        window.session.config.model_copy(update={"rare": rare, "mix": MixConfig(kind="mixup", p=0.5)})
    )
    panel.editor.set_target("rare")
    wait(2.0)
    shoot(f"{prefix}-rare")
    panel.editor.set_target("all")
    panel.editor.set_chain(Chain(steps=(step("RandomCrop", 1.0, height=4000, width=4000), *nested.steps[1:3])))
    panel.editor.pick((0,))
    wait(2.0)
    shoot(f"{prefix}-wrong")
    panel.editor.set_chain(nested)
    window.resize(1024, 700)
    wait(2.0)
    shoot(f"{prefix}-narrow")
    window.resize(*SIZE)
    window.session.set_config(before)


def model_states(window: Any, folder: Path, wait: Callable[..., None], shoot: Callable[..., None]) -> None:
    """Write what the Model panel looks like on each way, with an open tree, with rates and head unfolded, and narrow."""
    from PySide6.QtCore import QPoint, Qt

    from workbench.training.config import WAYS, TrainConfig
    from workbench.ui.model.summary_dialog import SummaryDialog

    prefix = "8-model"
    window.session.open_project(folder)
    window.go("model")
    panel = window.panel("model")
    side, session = panel.plan_side, window.session
    before = session.config
    session.set_config(TrainConfig())
    wait(60, lambda: panel.anatomy.anatomy is not None and not panel.anatomy.waiting)
    for way in WAYS:
        side.take_way(way)
        wait(0.3)
        shoot(f"{prefix}-{way}")
    side.take_way("gradual")
    side.plan.show_phase(1)
    tree = side.plan.tree
    last = tree.stage_model.index(tree.stage_model.rowCount() - 2, 0)
    tree.expand(last)
    tree.stage_model.setData(tree.stage_model.index(1, 0, last), None, Qt.ItemDataRole.CheckStateRole)
    wait(0.2)
    panel.side.table.setFocus()
    side.verticalScrollBar().setValue(side.plan.parentWidget().mapTo(side.widget(), QPoint()).y() - 16)
    wait(0.2)
    shoot(f"{prefix}-tree")
    side.open_all()
    side.ensureWidgetVisible(side.rates)
    wait(0.3)
    shoot(f"{prefix}-rates")
    side.verticalScrollBar().setValue(side.verticalScrollBar().maximum())
    wait(0.2)
    shoot(f"{prefix}-head")
    panel.aside.probe.start()
    wait(240, lambda: not panel.aside.probe.running)
    wait(0.2)
    shoot(f"{prefix}-measured")
    panel.show_layers()
    wait(0.5)
    for dialog in window.findChildren(SummaryDialog):
        shoot(f"{prefix}-layers", dialog)
        dialog.close()
    for name, size in (("narrow", (1024, 700)), ("wide", (1920, 1080))):
        window.resize(*size)
        side.verticalScrollBar().setValue(0)
        wait(0.5)
        shoot(f"{prefix}-{name}")
    window.resize(*SIZE)
    session.set_config(before)


def catalogue_states(window: Any, folder: Path, wait: Callable[..., None], shoot: Callable[..., None]) -> None:
    """Write what the catalogue looks like: with advice, narrowed, empty; and each of the sources of weights."""
    from workbench.training.config import TrainConfig

    prefix = "9-catalogue"
    window.session.open_project(folder)
    window.go("model")
    panel, before = window.panel("model"), window.session.config
    window.session.set_config(TrainConfig())
    bar, weights = panel.side.bar, panel.plan_side.weights
    panel.side.advice.set_open(True)
    bar.recommended.click()
    wait(0.5)
    shoot(f"{prefix}-advice")
    panel.side.advice.set_open(False)
    bar.clear.click()
    bar.search.setText("resnet 50")
    wait(0.3)
    shoot(f"{prefix}-search")
    bar.clear.click()
    bar.favourites.click()
    wait(0.3)
    shoot(f"{prefix}-favourites")
    bar.clear.click()
    for source in ("hub", "file", "run", "none"):
        weights.source.set_value(source)
        weights.open_sources(source == "hub")
        wait(0.3)
        shoot(f"{prefix}-from-{source}", weights)
    window.session.set_config(before)


def one(theme: str, out: Path) -> int:
    """Write the pictures of one theme at the scale that the environment sets."""
    os.environ["XDG_CONFIG_HOME"] = str(out / "settings")
    from PySide6.QtWidgets import QApplication, QWidget

    from workbench.ui import app as program

    application = program.application([])
    window = program.create()
    window._put_theme(theme)
    window.resize(*SIZE)
    window.show()
    projects = out.parent / "projects"

    def wait(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            QApplication.processEvents()
            time.sleep(0.01)

    def shoot(name: str, widget: QWidget | None = None) -> None:
        out.mkdir(parents=True, exist_ok=True)
        (widget or window).grab().save(str(out / f"{name}.png"))

    def shoot_panels(scenario: str) -> Iterator[str]:
        for key in PANELS:
            window.go(key)
            wait(2.5 if key in ("augment", "dataset", "evaluation") else 0.8)
            yield key
            shoot(f"{scenario}-{key}")

    wait(0.6)
    shoot("0-start")
    for scenario, folder in (
        ("1-empty", projects / "Empty"),
        ("2-forty", projects / "Castings, forty classes"),
        ("3-sample", projects / "Surfaces" / "surfaces"),
    ):
        window.session.open_project(folder)
        wait(1.0)
        for _ in shoot_panels(scenario):
            pass
    dataset_states(window, projects, wait, shoot)
    augment_states(window, projects / "Surfaces" / "surfaces", wait, shoot)
    model_states(window, projects / "Surfaces" / "surfaces", wait, shoot)
    catalogue_states(window, projects / "Surfaces" / "surfaces", wait, shoot)
    window.open_palette()
    wait(0.3)
    shoot("4-palette")
    window.palette_.hide()
    window.open_keys()
    wait(0.3)
    shoot("4-keys")
    window.key_list.hide()
    training = out / "training"
    shutil.copytree(projects / "Surfaces" / "surfaces", training)
    window.session.open_project(training)
    window.go("training")
    window.session.start_training()
    events = window.session.run_events
    wait(240, lambda: sum(type(event).__name__ == "EpochEnded" for event in window.session.run_events or events) >= 4)
    shoot("5-training-running")
    window.session.stop_training()
    wait(60, lambda: not window.session.is_training)
    window.session.close()
    window.deleteLater()
    wait(0.1)
    shutil.rmtree(training, ignore_errors=True)
    application.quit()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
