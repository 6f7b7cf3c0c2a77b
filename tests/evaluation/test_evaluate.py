import csv
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.trained_run import draw, make_trained_run
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import evaluate_folder, evaluate_run
from workbench.evaluation.results import Evaluated, load_result
from workbench.jobs import Noticed, Progress, Stop, to_json
from workbench.telling import SENTENCES


def evaluate(trained, split="test", run="last"):
    return list(evaluate_run(trained.project, run, split)(Stop()))


def test_the_result_is_measured_and_written(trained_run):
    events = evaluate(trained_run)
    found = events[-1]
    assert isinstance(found, Evaluated)
    assert all(isinstance(event, Progress) for event in events[:-1])
    assert (found.run, found.split, found.images, found.skipped) == (trained_run.run.id, "test", 12, 0)
    assert found.accuracy == pytest.approx(11 / 12)
    assert found.confusion == [[3, 0, 0], [1, 4, 0], [0, 0, 4]]
    assert found.classes == trained_run.classes
    assert found.path == "deployment"
    assert found.chosen_on == "validation"
    assert found.thresholds[trained_run.classes[0]] == 0.25
    assert json.loads(to_json(found))["intervals"]["accuracy"][0] < 11 / 12
    written = json.loads(trained_run.run.result("test").read_text(encoding="utf-8"))
    assert written == {"format": 1, **asdict(found)}


def test_the_predictions_are_written_image_by_image(trained_run):
    evaluate(trained_run)
    with trained_run.run.predictions("test").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 12
    assert list(rows[0]) == [
        "id",
        "path",
        "target",
        "prediction",
        "confidence",
        *(f"p_{name}" for name in trained_run.classes),
    ]
    first = rows[0]
    assert (first["target"], first["prediction"]) == (trained_run.classes[1], trained_run.classes[0])
    assert float(first["confidence"]) == float(first[f"p_{trained_run.classes[0]}"])
    assert sum(float(first[f"p_{name}"]) for name in trained_run.classes) == pytest.approx(1, abs=1e-5)


def test_a_split_without_images_names_one_that_has_some(tmp_path):
    trained = make_trained_run(tmp_path, splits=("train", "validation"))
    with pytest.raises(WorkbenchError, match="has no test images; use --split validation"):
        evaluate(trained)
    assert evaluate(trained, "validation")[-1].images == 12


def test_a_run_without_a_model_says_so(trained_run):
    shutil.rmtree(trained_run.run.model)
    with pytest.raises(WorkbenchError, match="has no finished model; train it to its end first"):
        evaluate(trained_run)
    (trained_run.run.path.parent / "another" / "model").mkdir(parents=True)
    with pytest.raises(WorkbenchError, match="or choose another with --run, as another"):
        evaluate(trained_run)


def test_missing_corrupt_and_changed_images_are_named_and_do_not_stop_it(trained_run):
    images = trained_run.images
    (images / "test_0_1.png").unlink()
    (images / "test_1_1.png").write_bytes((images / "test_1_1.png").read_bytes()[:60])
    draw(images / "test_2_1.png", 2, seed=99)
    events = evaluate(trained_run)
    notices = {Path(event.path).name: event.message for event in events if isinstance(event, Noticed) and event.path}
    assert "test_0_1.png" in notices
    assert "test_1_1.png" in notices
    assert "has changed since the run" in notices["test_2_1.png"]
    assert "has changed" not in notices["test_0_1.png"]
    assert (events[-1].images, events[-1].skipped) == (10, 2)


def test_nothing_readable_is_an_error(trained_run):
    shutil.rmtree(trained_run.images)
    with pytest.raises(WorkbenchError, match="None of the test images"):
        evaluate(trained_run)
    assert not trained_run.run.result("test").exists()


def test_relinked_images_are_found_again(trained_run, tmp_path):
    from workbench.intake import add_folders
    from workbench.project.project import Project

    list(add_folders(trained_run.project, [trained_run.images])(Stop()))
    with Project.open(trained_run.project) as project:
        by_name = {row.path.name: row.id for row in project.images.page(project.images.ids())}
        listed = trained_run.run.samples.read_text(encoding="utf-8").splitlines()
        rows = list(csv.reader(listed))
        for row in rows[1:]:
            row[0] = str(by_name[Path(row[1]).name])
        with trained_run.run.samples.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        moved = tmp_path / "moved"
        trained_run.images.rename(moved)
        (root, _), *_ = project.images.roots()
        project.images.relink(root, moved)
    events = evaluate(trained_run)
    assert events[-1].images == 12
    assert not [event for event in events if isinstance(event, Noticed)]
    assert Path(load_result(trained_run.run, "test").paths[0]).parent == moved


def test_the_decoding_rules_of_the_model_are_used(tmp_path):
    trained = make_trained_run(tmp_path, decoding=Decoding(max_pixels=100))
    with pytest.raises(WorkbenchError, match="more than the limit of 100"):
        evaluate(trained)


def test_a_run_folder_can_be_evaluated_without_its_project(trained_run):
    *_, found = evaluate_folder(trained_run.run.path, "validation", device="cpu")
    assert found.split == "validation"
    assert found.device == "cpu"


def test_an_unknown_run_is_told(trained_run):
    with pytest.raises(WorkbenchError, match="no run"):
        evaluate(trained_run, run="2020-01-01-001")


def frozen(trained, name, of):
    """Say in the run's list that its test images that ``of`` takes belong to a frozen test set."""
    rows = list(csv.reader(trained.run.samples.read_text(encoding="utf-8").splitlines()))
    for row in rows[1:]:
        row.append(name if row[3] == "test" and of(int(row[0])) else "")
    with trained.run.samples.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def test_only_the_images_of_a_frozen_test_set_are_measured(trained_run):
    whole = evaluate(trained_run)[-1]
    frozen(trained_run, "späte Schicht", lambda image_id: image_id % 2)
    events = list(evaluate_run(trained_run.project, "last", test_set="späte Schicht")(Stop()))
    found = events[-1]
    assert (found.images, found.split, found.test_set) == (6, "test", "späte Schicht")
    assert load_result(trained_run.run, found.stored_as).evaluated == found
    assert {image_id % 2 for image_id in load_result(trained_run.run, found.stored_as).ids.tolist()} == {1}
    assert load_result(trained_run.run, "test").evaluated == whole
    assert "6 test images (test set 'späte Schicht') of run" in SENTENCES["Evaluated"](found)
    with pytest.raises(WorkbenchError, match="no test images of the test set 'spring'; it has späte Schicht"):
        list(evaluate_run(trained_run.project, "last", test_set="spring")(Stop()))
    with pytest.raises(WorkbenchError, match="has no validation images"):
        evaluate_run(trained_run.project, "last", "validation", test_set="spring")


def test_images_of_a_test_set_that_the_run_did_not_test_are_told(trained_run):
    listed = list(csv.DictReader(trained_run.run.samples.read_text(encoding="utf-8").splitlines()))
    tested = [int(row["id"]) for row in listed if row["split"] == "test"]
    trained = [int(row["id"]) for row in listed if row["split"] == "train"]
    events = evaluate_folder(
        trained_run.run.path, "test", device="cpu", test_set="later", frozen=[*tested[:4], *trained[:2], 999]
    )
    *others, found = events
    assert (found.images, found.test_set) == (4, "later")
    (notice,) = [event for event in others if isinstance(event, Noticed) and "later" in event.message]
    assert "3 images are not among the test images" in notice.message
