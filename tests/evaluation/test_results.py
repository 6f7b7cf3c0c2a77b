import errno
import json
import subprocess
import sys

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.evaluation import results
from workbench.evaluation.results import (
    Evaluated,
    Result,
    cell_images,
    load_evaluated,
    load_result,
    mistakes,
    result_name,
    save_result,
    splits_with_results,
)

CLASSES = ["good, really", "pit\nnew line", "ä"]


@pytest.fixture
def saved(tmp_path):
    shares = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [0.1, 0.2, 0.7]], dtype=np.float32)
    evaluated = Evaluated(
        run="r",
        split="test",
        images=4,
        accuracy=0.5,
        balanced_accuracy=0.5,
        macro_f1=0.5,
        per_class=[],
        confusion=[[1, 0, 0], [2, 0, 0], [0, 0, 1]],
        classes=CLASSES,
        intervals={"accuracy": [0.1, 0.9]},
    )
    result = Result(
        evaluated=evaluated,
        ids=np.array([5, 6, 7, 8]),
        paths=["/x/a.png", "/x/b, c.png", "/x/ü.png", "/x/d.png"],
        targets=np.array([0, 1, 1, 2]),
        predictions=shares.argmax(axis=1),
        probabilities=shares,
    )
    save_result(tmp_path, result)
    return tmp_path, result


def test_a_result_comes_back_as_it_was(saved):
    folder, result = saved
    found = load_result(folder, "test")
    assert found.evaluated == result.evaluated
    assert found.paths == result.paths
    assert found.ids.tolist() == result.ids.tolist()
    assert found.targets.tolist() == result.targets.tolist()
    assert found.predictions.tolist() == result.predictions.tolist()
    np.testing.assert_allclose(found.probabilities, result.probabilities, rtol=1e-6)
    assert splits_with_results(folder) == ["test"]
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["test.json", "test_predictions.csv"]


def test_a_cell_has_its_images_most_confident_first(saved):
    folder, _ = saved
    result = load_result(folder, "test")
    assert [image.id for image in cell_images(result, 1, 0)] == [7, 6]
    assert [image.id for image in cell_images(result, None, 0)] == [7, 5, 6]
    assert cell_images(result, 0, 2) == []
    first = cell_images(result, 1, 0)[0]
    assert (first.path.name, first.target, first.prediction) == ("ü.png", 1, 0)
    assert first.confidence == pytest.approx(0.9)
    assert [image.id for image in mistakes(result)] == [7, 6]
    assert [image.id for image in mistakes(result, 1)] == [7]


def test_what_is_not_there_is_said(saved):
    folder, _ = saved
    with pytest.raises(WorkbenchError, match="no result for its validation images; evaluate it first, or look at test"):
        load_evaluated(folder, "validation")


def test_damaged_or_newer_files_are_told(saved):
    folder, _ = saved
    path = folder / "results" / "test.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "format": 99}), encoding="utf-8")
    with pytest.raises(WorkbenchError, match="newer Workbench"):
        load_evaluated(folder, "test")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        load_evaluated(folder, "test")
    path.write_text(json.dumps(content), encoding="utf-8")
    (folder / "results" / "test_predictions.csv").write_text("id,path\n1\n", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="evaluate the test images again"):
        load_result(folder, "test")


def test_no_space_left_is_told_and_leaves_no_half_file(saved, monkeypatch):
    folder, result = saved

    def full(path, _):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "_write_predictions", full)
    with pytest.raises(WorkbenchError, match="No space left on device"):
        save_result(folder, result)
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["test.json", "test_predictions.csv"]
    assert load_result(folder, "test").paths == result.paths


def test_the_reader_imports_no_torch_and_no_scikit_learn():
    code = "import sys, workbench.evaluation.results; print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_results_are_safe_and_apart():
    assert result_name("test") == "test"
    names = [result_name("test", name) for name in ("a b", "a-b", "a/b", "../x", "ü" * 300)]
    assert len(set(names)) == 5
    assert all(name.startswith("test@") and "/" not in name and "." not in name and len(name) < 70 for name in names)
