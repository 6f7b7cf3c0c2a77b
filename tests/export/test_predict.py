import csv
import shutil
import subprocess
import sys

import pytest

from tests.trained_run import draw
from workbench.errors import WorkbenchError
from workbench.export.predict import Predicted, predict_package
from workbench.jobs import Noticed, Progress, Stop


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "line"
    for number in range(3):
        draw(root / f"{number}.png", number, side=(20 + number, 20), seed=number)
    draw(root / "b" / "ü 1.png", 1, seed=7)
    draw(root / ".cache" / "x.png", 1)
    draw(root / "__MACOSX" / "x.png", 1)
    (root / "notes.txt").write_text("x", encoding="utf-8")
    return root


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_one_row_per_image_in_order_with_relative_paths(exported, folder, tmp_path):
    classes = exported.trained.classes
    events = list(predict_package(exported.package, folder, tmp_path / "new" / "out.csv")(Stop()))
    assert events[-1] == Predicted(images=4, errors=0, out=str(tmp_path / "new" / "out.csv"))
    assert all(isinstance(event, Progress) for event in events[:-1])
    header, *rows = rows_of(tmp_path / "new" / "out.csv")
    assert header == ["image", "prediction", "confidence", *(f"p_{name}" for name in classes), "error"]
    assert [row[0] for row in rows] == ["0.png", "1.png", "2.png", "b/ü 1.png"]
    assert [row[1] for row in rows] == [*classes, classes[1]]
    for row in rows:
        shares = [float(value) for value in row[3:-1]]
        assert float(row[2]) == max(shares)
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert row[-1] == ""
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.csv"]


def test_a_corrupt_image_has_a_row_with_its_error(exported, folder, tmp_path):
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    events = list(predict_package(exported.package, folder, tmp_path / "out.csv")(Stop()))
    assert (events[-1].images, events[-1].errors) == (4, 1)
    assert [event.path for event in events if isinstance(event, Noticed)] == [str(folder / "1.png")]
    _, *rows = rows_of(tmp_path / "out.csv")
    assert rows[1][:6] == ["1.png", "", "", "", "", ""]
    assert "1.png" in rows[1][6]


def test_the_pixel_limit_of_the_package_holds(exported, folder, tmp_path):
    draw(folder / "1.png", 1, side=(400, 300))
    *_, end = predict_package(exported.package, folder, tmp_path / "out.csv")(Stop())
    assert end.errors == 1
    assert "120,000 pixels" in rows_of(tmp_path / "out.csv")[2][-1]


@pytest.mark.parametrize(
    "name", ["model.onnx", "labels.json", "demo.py", "preprocess.json", "samples/01_rot_kraftig.png"]
)
def test_a_tampered_file_is_refused_by_name_before_anything_is_written(exported, folder, tmp_path, name):
    package = tmp_path / "package"
    shutil.copytree(exported.package, package)
    content = bytearray((package / name).read_bytes())
    content[-2] ^= 1
    (package / name).write_bytes(content)
    with pytest.raises(WorkbenchError, match=f"{name} in the package"):
        list(predict_package(package, folder, tmp_path / "out.csv")(Stop()))
    assert not (tmp_path / "out.csv").exists()


def test_what_cannot_be_done_is_told(exported, folder, tmp_path):
    def predict(package, images, out):
        list(predict_package(package, images, out)(Stop()))

    with pytest.raises(WorkbenchError, match="no package at"):
        predict(tmp_path / "none", folder, tmp_path / "out.csv")
    with pytest.raises(WorkbenchError, match="There is no folder"):
        predict(exported.package, tmp_path / "none", tmp_path / "out.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkbenchError, match="holds no image"):
        predict(exported.package, tmp_path / "empty", tmp_path / "out.csv")
    with pytest.raises(WorkbenchError, match="cannot be written into the package"):
        predict(exported.package, folder, exported.package / "out.csv")
    with pytest.raises(WorkbenchError, match="The predictions cannot be written to"):
        predict(exported.package, folder, folder / "notes.txt" / "out.csv")
    with pytest.raises(WorkbenchError, match="The predictions cannot be written to"):
        predict(exported.package, folder, folder / "b")


def test_it_needs_no_torch_and_runs_none_of_the_package_s_code(exported, folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from workbench.export.predict import predict_package;"
        "from workbench.jobs import Stop; package, folder, out = map(Path, sys.argv[1:]);"
        "print(*[event for event in predict_package(package, folder, out)(Stop())][-1:]);"
        "print([name for name in ('torch', 'sklearn', 'onnx', 'demo') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(exported.package), str(folder), str(tmp_path / "out.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
