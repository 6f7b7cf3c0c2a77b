import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.training.test_run import of, train, written
from workbench.evaluation.evaluate import evaluate_run
from workbench.evaluation.results import Evaluated, load_evaluated
from workbench.jobs import Stop
from workbench.models import bundle
from workbench.models.backbones import create
from workbench.training import features_once, inputs, run
from workbench.training.config import TrainConfig
from workbench.training.control import write_command
from workbench.training.events import FitEnded, FitStarted, Paused, Preparing, Resumed, Warned
from workbench.training.untrained import Interrupted, Setting, working


def made(count: int = 90, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = np.arange(count) % classes
    features = rng.normal(size=(count, 12)) * np.geomspace(1e-3, 1e3, 12) + 5
    features[:, 3] = 1.0
    features[np.arange(count), targets] += 2 * np.geomspace(1e-3, 1e3, 12)[targets]
    return features.astype(np.float32), targets


@pytest.mark.parametrize("classes", [2, 3])
def test_the_folded_classifier_is_that_of_scikit_learn_on_standardised_features(classes: int) -> None:
    features, targets = made(classes=classes)
    found = features_once.fit(features, targets, classes, classifier="logistic", strength=0.5)
    standard = StandardScaler().fit_transform(features.astype(np.float64))
    judge = LogisticRegression(C=0.5, max_iter=1000).fit(standard, targets)
    logits = features.astype(np.float64) @ found.weight.T + found.bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert shares == pytest.approx(judge.predict_proba(standard), abs=2e-3)
    assert not found.weight[:, 3].any()


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_cross_validation_chooses_a_strength_that_separates(classifier: Literal["logistic", "svm"]) -> None:
    features, targets = made()
    found = features_once.fit(features, targets, 3, classifier=classifier)
    assert found.strength in features_once.STRENGTHS
    right = (features @ found.weight.T + found.bias).argmax(axis=1) == targets
    assert right.mean() > 0.8


def test_noise_is_trusted_less_than_a_signal() -> None:
    rng = np.random.default_rng(1)
    targets = np.arange(80) % 2
    noise = rng.normal(size=(80, 50)).astype(np.float32)
    signal = noise.copy()
    signal[:, :5] += 3 * targets[:, None]
    weak, strong = (features_once.fit(each, targets, 2, classifier="logistic").strength for each in (noise, signal))
    assert weak < strong


def test_a_strength_that_some_images_chose_is_as_strong_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """C weighs the sum over images: with three times as many a third of it regularises the same."""
    features, targets = made(90)
    monkeypatch.setattr(features_once, "_MOST_TRIED", 30)
    found = features_once.fit(features, targets, 3, classifier="logistic").strength
    assert 3 * found == pytest.approx(min(features_once.STRENGTHS, key=lambda each: abs(each - 3 * found)))


def test_one_image_of_a_class_is_enough() -> None:
    features, targets = made(10, 3)
    targets[targets == 2] = 0
    targets[0] = 2
    assert features_once.fit(features, targets, 3, classifier="svm").strength == features_once._DEFAULT


def test_balanced_classes_count_the_same() -> None:
    rng = np.random.default_rng(3)
    targets = np.array([0] * 190 + [1] * 10)
    features = (rng.normal(size=(200, 2)) + targets[:, None]).astype(np.float32)
    plain, balanced = (
        features_once.fit(features, targets, 2, classifier="logistic", strength=1.0, balanced=each)
        for each in (False, True)
    )
    rare = [((features @ one.weight.T + one.bias).argmax(axis=1) == 1).sum() for one in (plain, balanced)]
    assert rare[0] < 10 < rare[1]


@pytest.fixture
def once(config: TrainConfig) -> TrainConfig:
    return config.with_settings(["preset=features-once", "weights=none", "seed=3"])


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_a_run_ends_with_a_network_whose_head_alone_was_learnt(
    project_folder: Path, once: TrainConfig, classifier: str
) -> None:
    folder = run.prepare(project_folder, once.with_settings([f"method.classifier={classifier}"]))
    events = train(project_folder, folder)
    (started,) = of(events, FitStarted)
    assert (started.epochs, started.steps_per_epoch, started.trainable_parameters) == (0, 0, 51)
    assert started.frozen_stages == started.stages[:-1]
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert (ended.reason, ended.live, ended.best_epoch) == ("finished", -1.0, 0)
    evaluated = load_evaluated(folder.path, "validation")
    assert evaluated.balanced_accuracy == pytest.approx(ended.deployed)
    assert ended.deployed > 0.9
    assert f"{ended.deployed:.3f} on the validation images" in ended.message
    assert folder.state() == "finished"
    assert not folder.last.exists()
    assert any("random numbers" in event.message for event in of(events, Warned))
    looks = [event for event in of(events, Preparing) if event.what == features_once.WHAT]
    assert (looks[-1].done, looks[-1].total) == (36, 36)
    torch.manual_seed(3)
    untouched, _ = create("tests/tiny", weights="none", classes=3)
    loaded = bundle.load(folder.model).deployable.network
    for name, tensor in untouched.backbone.state_dict().items():
        assert torch.equal(tensor, loaded.backbone.state_dict()[name]), name


def test_it_is_evaluated_like_any_other(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once)
    train(project_folder, folder)
    evaluated = list(evaluate_run(project_folder, folder.id, device="cpu")(Stop()))[-1]
    assert isinstance(evaluated, Evaluated)
    assert evaluated.images == 12
    assert evaluated.balanced_accuracy > 0.9


def test_a_stop_ends_it_and_it_can_be_made_again(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once)
    stopped = []
    for event in run.train(project_folder, folder.id)(Stop()):
        stopped.append(event)
        if isinstance(event, Preparing) and event.what == features_once.WHAT:
            write_command(folder.control, "stop")
    assert isinstance(stopped[-1], FitEnded)
    assert stopped[-1].reason == "stopped"
    assert folder.state() == "stopped"
    assert not folder.model.exists()
    again = train(project_folder, folder)
    assert again[-1].reason == "finished"
    assert [event for event in written(folder) if isinstance(event, FitEnded)] == [stopped[-1], again[-1]]


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_a_stop_ends_the_fitting(project_folder: Path, once: TrainConfig, classifier: str) -> None:
    """Cross-validation over many images and classes takes long: nobody waits for what they do not want any more."""
    asked = 0

    def going_on() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        features_once.fit(*made(), 3, classifier=classifier, going_on=going_on)  # type: ignore[arg-type]
    assert asked == 3


def test_work_is_told_that_a_stop_was_asked_for(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once)
    commands = iter([[], ["stop"]])
    setting = Setting(folder, once, inputs.load(folder), "cpu", lambda: next(commands, []))
    ended = Event()

    def work(going_on: Callable[[], None]) -> None:
        try:
            while True:
                going_on()
                time.sleep(0.01)
        finally:
            ended.set()

    with pytest.raises(Interrupted):
        list(working(setting, "Working", work))
    assert ended.is_set()


def test_a_pause_holds_it_until_it_is_resumed(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once)
    events = []
    for event in run.train(project_folder, folder.id)(Stop()):
        events.append(event)
        if isinstance(event, FitStarted):
            write_command(folder.control, "pause")
        if isinstance(event, Paused):
            assert folder.state() == "paused"
            write_command(folder.control, "resume")
    kinds = [type(event) for event in events]
    assert kinds.index(Paused) + 1 == kinds.index(Resumed)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "finished"


def test_an_image_that_cannot_be_read_is_named_and_left_out(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once)
    broken = Path(inputs.load(folder).train[0].path)
    broken.write_bytes(b"no image")
    events = train(project_folder, folder)
    assert events[-1].reason == "finished"
    assert any(str(broken) in event.message for event in of(events, Warned))
    assert "features of 35 images" in events[-1].message


def test_another_head_than_a_linear_one_is_not_used_and_that_is_said(project_folder: Path, once: TrainConfig) -> None:
    folder = run.prepare(project_folder, once.with_settings(["head=cosine"]))
    events = train(project_folder, folder)
    assert any("'cosine' is not used" in event.message for event in of(events, Warned))
    assert isinstance(bundle.load(folder.model).deployable.network.head, torch.nn.Linear)
