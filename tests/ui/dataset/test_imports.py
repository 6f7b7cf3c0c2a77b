"""The window's process stays light, whatever the Dataset panel is asked for: what is heavy runs in a child."""

import json
import subprocess
import sys
from pathlib import Path

CLICK_THROUGH = """
import json, os, sys, time
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from PySide6.QtCore import QSettings
folder, scratch = Path(sys.argv[1]), Path(sys.argv[2])
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch))
from workbench.ui import app as program
app = program.application([])
window = program.create(folder)
window.show()

def wait(until, seconds=40):
    end = time.monotonic() + seconds
    while not until():
        app.processEvents()
        time.sleep(0.002)
        assert time.monotonic() < end

session = window.session
wait(lambda: session.project is not None and window.panels.complete())
panel = window.panel("dataset")
for key in (*panel.tabs.keys, "grid"):
    panel.tabs.choose(key)
    wait(lambda: not session.jobs)
for group_by in ("", "path:(good|scratch)", "exif:Model", "dicom:PatientID"):
    panel.splitting.make(validation=0.2, test=0.2, seed=1, group_by=group_by)
    wait(lambda: not session.jobs)
panel.splitting.look()
wait(lambda: not session.jobs)
panel.splitting.repair()
wait(lambda: not session.jobs)
panel.tabs.choose("findings")
panel._tabs["findings"]._check(["quality", "leakage", "imbalance"])
wait(lambda: not session.jobs)
panel.tabs.choose("grid")
panel.selection.select_only(0)
panel.deciding.similar.show()
wait(lambda: not session.jobs)
panel.files.export_labels(scratch / "labels.csv")
wait(lambda: not session.jobs)
panel.files.import_labels(scratch / "labels.csv")
from PySide6.QtWidgets import QDialog
dialog = window.findChild(QDialog, "labels_dialog")
wait(dialog.go.isEnabled)
dialog.go.click()
wait(lambda: not session.jobs)
panel.files.disk.rescan()
wait(lambda: not session.jobs)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), flush=True)
window.close()
"""

NEVER = {"torch", "sklearn", "scipy", "faiss", "imagehash", "openTSNE", "timm", "onnx", "onnxruntime", "albumentations"}


def test_the_window_imports_nothing_heavy_for_what_the_panel_does(project_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    words = [sys.executable, "-c", CLICK_THROUGH, str(project_folder), str(tmp_path / "scratch")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = set(json.loads(done.stdout.strip().splitlines()[-1]))
    assert "workbench" in found
    assert not NEVER & found
