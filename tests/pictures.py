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

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
README = {"dataset": "3-sample-dataset", "train": "5-training-running", "evaluate": "3-sample-evaluation"}
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
    Project.open_or_create(projects / "Empty").close()
    for name in ("light-100", "dark-100", "dark-200"):
        shutil.rmtree(out / name, ignore_errors=True)


def one(theme: str, out: Path) -> int:
    """Write the pictures of one theme at the scale that the environment sets."""
    os.environ["XDG_CONFIG_HOME"] = str(out / "settings")
    from PySide6.QtWidgets import QApplication

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

    def shoot(name: str) -> None:
        out.mkdir(parents=True, exist_ok=True)
        window.grab().save(str(out / f"{name}.png"))

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
