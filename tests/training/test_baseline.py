from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.test_run import of, train
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import evaluate_run, open_any, open_model
from workbench.evaluation.results import Evaluated, load_evaluated, load_result
from workbench.export.export import export_run
from workbench.jobs import Stop
from workbench.models.classic import features
from workbench.models.classic.model import Looks
from workbench.training import baseline, run
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded, FitStarted, Warned


@pytest.fixture
def classic(config: TrainConfig) -> TrainConfig:
    return config.with_settings(["preset=baseline", "weights=/not/there.safetensors"])


def test_a_baseline_is_made_measured_and_evaluated_without_a_network(
    project_folder: Path, classic: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "WORDS", 10)
    monkeypatch.setattr(features, "MOST_KEY_POINTS", 40)
    folder = run.prepare(project_folder, classic)
    events = train(project_folder, folder)
    (started,) = of(events, FitStarted)
    assert (started.epochs, started.parameters, started.stages) == (0, 0, [])
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert (ended.reason, ended.live) == ("finished", -1.0)
    assert "There is no network" in ended.message
    assert "colour, HOG, SIFT features of 36 images" in ended.message
    assert ended.deployed > 0.9  # the classes differ by colour
    validation = load_evaluated(folder.path, "validation")
    assert validation.balanced_accuracy == pytest.approx(ended.deployed)
    assert set(validation.thresholds) == set(started.classes)
    (project,) = [row for row in _runs(project_folder) if row.id == folder.id]
    assert (project.state, project.epochs, project.backbone, project.best) == (
        "finished",
        0,
        "baseline",
        ended.deployed,
    )

    tested = list(evaluate_run(project_folder, folder.id, device="cpu", views="flip")(Stop()))
    evaluated = next(event for event in tested if isinstance(event, Evaluated))
    assert (evaluated.images, evaluated.path) == (12, "deployment")
    assert evaluated.balanced_accuracy > 0.9
    shares = load_result(folder.path, "test").probabilities
    assert shares.sum(axis=1) == pytest.approx(np.ones(12), abs=1e-5)

    with pytest.raises(WorkbenchError, match=r"is a baseline .* without a network: .* not exported"):
        list(export_run(project_folder, folder.id, project_folder / "package")(Stop()))
    assert not (project_folder / "package").exists()
    start = classic.with_settings(["method=train", f"weights=run:{folder.id}"])
    with pytest.raises(WorkbenchError, match="is a baseline without a network; choose a run that trained one"):
        run.prepare(project_folder, start)


def _runs(project_folder: Path) -> list:
    from workbench.project.project import Project

    with Project.open(project_folder) as project:
        return project.runs.list()


def test_the_features_that_were_not_asked_for_are_not_taken(project_folder: Path, classic: TrainConfig) -> None:
    folder = run.prepare(project_folder, classic.with_settings(["method.gradients=false", "method.key_points=false"]))
    ended = train(project_folder, folder)[-1]
    assert "Finished: colour features" in ended.message
    model = open_any(folder.path)
    assert model.deployable.looks == Looks(True, False, None)
    assert len(model.deployable.scaling.mean) == 5 * 80
    with pytest.raises(WorkbenchError, match="without a network"):
        open_model(folder.path)


def test_the_same_seed_finds_the_same_words() -> None:
    rng = np.random.default_rng(0)
    points = [rng.integers(0, 120, (200, 128), dtype=np.uint8) for _ in range(3)]
    one, same, other = (baseline.words(points, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_images_without_key_points_leave_the_other_features(
    tmp_path: Path, classic: TrainConfig, config: TrainConfig
) -> None:
    from PIL import Image

    from workbench.intake import add_folders
    from workbench.project.project import Project

    for label, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        (tmp_path / "even" / label).mkdir(parents=True)
        for number in range(8):
            shade = tuple(max(0, part - 5 * number) for part in colour)
            Image.new("RGB", (40, 30), shade).save(tmp_path / "even" / label / f"{number}.png")
    list(add_folders(tmp_path / "p", [tmp_path / "even"])(Stop()))
    with Project.open(tmp_path / "p") as project:
        project.splits.make(validation=0.3, test=0.0, seed=1)
    folder = run.prepare(tmp_path / "p", classic)
    events = train(tmp_path / "p", folder)
    assert any("No key points were found" in event.message for event in of(events, Warned))
    assert events[-1].deployed == 1.0
    only = classic.with_settings(["method.colour=false", "method.gradients=false"])
    ended = train(tmp_path / "p", run.prepare(tmp_path / "p", only))[-1]
    assert ended.reason == "failed"
    assert "No key points were found in the training images; let the baseline look at colours too." in ended.message


def test_many_images_are_thinned_with_the_same_share_of_each_class() -> None:
    targets = [1 if index % 10 == 0 else 0 for index in range(200)]
    kept = baseline._some(targets, 50, seed=1)
    assert [targets[index] for index in kept].count(1) == 5
    assert kept == sorted(set(kept))
    assert len(kept) == 50
    assert baseline._some(targets, 50, seed=1) == kept
    assert baseline._some(targets, 200, seed=1) == list(range(200))
    rare = baseline._some([0] * 1000 + [1] * 3 + [2], 100, seed=1)
    assert [sum(1000 <= index < 1003 for index in rare), rare[-1]] == [2, 1003]  # two of a class can be cross-validated


def test_a_run_of_many_images_says_how_many_it_takes(
    project_folder: Path, classic: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "MOST_IMAGES", 20)
    only = classic.with_settings(["method.gradients=false", "method.key_points=false"])
    events = train(project_folder, run.prepare(project_folder, only))
    assert any("it takes 18 of the 36 training images" in event.message for event in of(events, Warned))
    assert "colour features of 18 images" in events[-1].message


def test_kernel_and_c_are_chosen_on_some_of_many_images_and_all_of_them_are_learnt_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, seen = baseline._machines, []

    def noted(similar: Any, *rest: Any) -> Any:
        seen.append(len(similar))
        return made(similar, *rest)

    monkeypatch.setattr(baseline, "_MOST_TRIED", 40)
    monkeypatch.setattr(baseline, "_machines", noted)
    rng = np.random.default_rng(0)
    plain = [[row] for row in rng.normal(size=(120, 3)).astype(np.float32)]
    baseline.fit(Looks(True, False, None), plain, [], np.arange(120) % 2)
    assert set(seen[:-1]) == {32}
    assert seen[-1] == 120


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3), (2, 2, 3), (900, 5, 3)])
def test_images_of_any_shape_have_features(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    looks = Looks(True, True, rng.random((5, 128)).astype(np.float32))
    found = looks(rng.integers(0, 255, shape, dtype=np.uint8))
    assert found.shape == (5 * 80 + 1764 + 5,)
    assert np.isfinite(found).all()


def test_a_form_that_no_plane_parts_gets_a_round_kernel() -> None:
    """Rings: only the RBF kernel tells them apart, and cross-validation finds that out."""
    rng = np.random.default_rng(0)
    angle, radius = rng.random(120) * 2 * np.pi, np.where(np.arange(120) % 2, 1.0, 3.0)
    table = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    plain = [[row] for row in (table + 0.1 * rng.normal(size=table.shape)).astype(np.float32)]
    fitted = baseline.fit(Looks(True, False, None), plain, [], np.arange(120) % 2)
    assert fitted.model.machine.kernel == "rbf"
    assert fitted.cross_validated > 0.95


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    rng = np.random.default_rng(0)
    targets = np.array([0] * 190 + [1] * 10)
    table = (rng.normal(size=(200, 2)) + targets[:, None]).astype(np.float32)
    fitted = baseline.fit(Looks(True, False, None), [[row] for row in table], [], targets)
    scores = fitted.model.machine.scores(fitted.model.scaling(table))
    found = scores.argmax(axis=1)
    assert (found[targets == 1] == 1).mean() > 0.5
    assert (found == 1).sum() > 20


def test_words_are_the_centres_of_key_points() -> None:
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 255, (3, 128))
    points = np.clip(centres[np.arange(300) % 3] + rng.integers(-3, 3, (300, 128)), 0, 255).astype(np.uint8)
    found = baseline.words([points[:200], points[200:]])
    assert found is not None
    assert found.shape == (15, 128)
    distance = np.linalg.norm(found[:, None] - features.rooted(points)[None, :3], axis=2).min(axis=1)
    assert distance.max() < 0.1
    assert baseline.words([np.zeros((0, 128), np.uint8)]) is None
