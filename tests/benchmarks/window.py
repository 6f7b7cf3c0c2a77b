"""How fast the window appears, and how smooth it stays while a run trains on both cores.

Prints: process start to first paint and to the first paint of the project it opens (the first start of all, which compiles the
program's files, then the median of five), which heavy modules the window's process holds after it has settled, and the gaps
between the ticks of a 10 ms timer, idle and during a run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from workbench import launch  # noqa: E402

HEAVY = ("torch", "timm", "onnx", "onnxruntime", "sklearn", "albumentations", "scipy")

START = (
    f"HEAVY = {HEAVY}"
    + """
import sys, time, psutil
born = psutil.Process().create_time()
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class FirstPaint(QObject):
    # When the window was painted first, and when first with its project in it; seconds since the process began.
    empty = project = None
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            opened = watched.session.project is not None
            if self.empty is None:
                self.empty = -1
                QTimer.singleShot(0, self.painted)
            if opened and self.project is None:
                self.project = -1
                QTimer.singleShot(0, self.shown)
        return False
    def painted(self):
        self.empty = time.time() - born
    def shown(self):
        self.project = time.time() - born
        QTimer.singleShot(int(settle), QApplication.quit)

run = QApplication.exec
def exec_(_=None):
    watch = FirstPaint()
    QApplication.instance().installEventFilter(watch)
    code = run()
    import json
    modules = sorted(set(HEAVY) & set(sys.modules))
    print(json.dumps({"empty": watch.empty, "project": watch.project, "modules": modules}), flush=True)
    return code
QApplication.exec = exec_
settle = sys.argv[1]
sys.argv = ["workbench", *sys.argv[2:]]
from workbench.__main__ import main
main()
"""
)

GAPS = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication
from workbench.ui import app as program

application = program.application([])
window = program.create(Path(sys.argv[1]))
window.resize(1280, 800)
window.show()
session = window.session
gaps, last, result = [], [0.0], {}

def tick():
    now = time.perf_counter()
    gaps.append(now - last[0])
    last[0] = now

timer = QTimer()
timer.setTimerType(Qt.TimerType.PreciseTimer)
timer.setInterval(10)
timer.timeout.connect(tick)

def measure(seconds, until=lambda: False):
    gaps.clear()
    last[0] = time.perf_counter()
    end = last[0] + seconds
    timer.start()
    while time.perf_counter() < end and not until():
        QApplication.processEvents()
        time.sleep(0.0005)
    timer.stop()
    ordered = sorted(gaps)
    return {"ticks": len(ordered), "median_ms": 1000 * ordered[len(ordered) // 2],
            "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)], "max_ms": 1000 * ordered[-1]}

measure(4)
window.go("training")
measure(2)
result["idle"] = measure(8)
session.start_training()
def trains():
    return any(type(event).__name__ == "StepEnded" for event in session.run_events)
result["starting"] = measure(120, trains)
result["training"] = measure(float(sys.argv[2]))
result["steps_seen"] = sum(type(event).__name__ == "StepEnded" for event in session.run_events)
session.stop_training()
measure(60, lambda: not session.is_training)
session.close()
print(json.dumps(result), flush=True)
"""


def environment() -> dict[str, str]:
    return {**launch.environment(), "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}


def run(code: str, *words: str, **more: str) -> dict:
    command = [sys.executable, "-c", code, *words]
    settings = {**environment(), **more}
    if "PYTHONPYCACHEPREFIX" in more:
        settings.pop("PYTHONDONTWRITEBYTECODE", None)  # where it is set, every start would compile the program again
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def starts(project: Path, compiled: Path, repeats: int = 5) -> tuple[dict, list[dict]]:
    """Return the first start, in which the program's files are compiled into ``compiled``, and the warm ones."""
    first = run(START, "3000", str(project), PYTHONPYCACHEPREFIX=str(compiled))
    return first, [run(START, "0", str(project), PYTHONPYCACHEPREFIX=str(compiled)) for _ in range(repeats)]


def project_to_train(folder: Path) -> Path:
    """The demo's project, set to train long enough to be watched."""
    subprocess.run(
        launch.command("demo", "--prepare-only", "--out", str(folder)),
        env=environment(),
        check=True,
        capture_output=True,
    )
    draft = folder / "surfaces" / "draft.toml"
    draft.write_text(draft.read_text(encoding="utf-8").replace("epochs = 16", "epochs = 400"), encoding="utf-8")
    return folder / "surfaces"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="workbench-window-") as name:
        project = project_to_train(Path(name))
        first, warm = starts(project, Path(name) / "compiled")
        for shown, text in (("empty", "first paint"), ("project", "the project painted")):
            took = [start[shown] for start in warm]
            spread = f"{min(took):.2f} to {max(took):.2f}"
            print(f"start to {text}: {first[shown]:.2f} s at first, {statistics.median(took):.2f} s warm ({spread})")
        print(f"heavy modules in the window's process after it settled: {first['modules'] or 'none'}")
        gaps = run(GAPS, str(project), "20")
        print("gaps of a 10 ms timer     median      p99      max")
        for stage in ("idle", "starting", "training"):
            row = gaps[stage]
            print(f"{stage:22} {row['median_ms']:>6.1f} ms {row['p99_ms']:>5.1f} ms {row['max_ms']:>5.1f} ms")
        ratio = gaps["training"]["p99_ms"] / gaps["idle"]["p99_ms"]
        print(f"p99 while training / idle: {ratio:.2f}; points drawn meanwhile: {gaps['steps_seen']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
