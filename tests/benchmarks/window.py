"""How fast the window appears, and how smooth it stays while a run trains on both cores.

Prints: process start to first paint (one cold start, then the median of five), which heavy modules the window's process holds
after it has settled, and the gaps between the ticks of a 10 ms timer, idle and during a run.
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
    seconds = None
    def eventFilter(self, watched, event):
        if self.seconds is None and event.type() == QEvent.Type.Paint and isinstance(watched.window(), QMainWindow):
            QTimer.singleShot(0, self.painted)
            self.seconds = -1
        return False
    def painted(self):
        self.seconds = time.time() - born
        QTimer.singleShot(int(settle), QApplication.quit)

run = QApplication.exec
def exec_(_=None):
    watch = FirstPaint()
    QApplication.instance().installEventFilter(watch)
    code = run()
    import json
    print(json.dumps({"seconds": watch.seconds, "modules": sorted(set(HEAVY) & set(sys.modules))}), flush=True)
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


def run(code: str, *words: str) -> dict:
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def start_seconds(project: Path, repeats: int = 5) -> tuple[float, list[float], list[str]]:
    """Return the first start, the warm starts, and the heavy modules that the window held three seconds later."""
    first = run(START, "3000", str(project))
    warm = [run(START, "0", str(project))["seconds"] for _ in range(repeats)]
    return first["seconds"], warm, first["modules"]


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
        first, warm, modules = start_seconds(project)
        spread = f"{min(warm):.2f} to {max(warm):.2f}"
        print(f"start to first paint: {first:.2f} s at first, {statistics.median(warm):.2f} s warm ({spread})")
        print(f"heavy modules in the window's process after it settled: {modules or 'none'}")
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
