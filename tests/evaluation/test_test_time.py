import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from tests.trained_run import deployable
from workbench.augment.chain import Chain, Step
from workbench.data.dataset import Sample, sample_seed
from workbench.data.reading import Decoding, read_image
from workbench.errors import WorkbenchError
from workbench.evaluation import chain_views, test_time
from workbench.evaluation.evaluate import evaluate_run
from workbench.evaluation.metrics import gain_of, measure
from workbench.evaluation.predict import run_torch
from workbench.evaluation.results import (
    Evaluated,
    ViewsMeasured,
    load_evaluated,
    load_result,
    load_views,
    save_result,
    splits_with_results,
)
from workbench.evaluation.test_time import ViewsRunner, find, halves, names
from workbench.jobs import Stop
from workbench.telling import SENTENCES
from workbench.training.config import TrainConfig
from workbench.training.samples import TrainPixels

COUNTS = {"none": 1, "flip": 2, "turns": 4, "d4": 8, "crops": 5}


def images(shape=(2, 6, 9, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_a_wrong_name_is_refused_with_the_names():
    assert names() == list(COUNTS)
    with pytest.raises(WorkbenchError, match=r"no views named 'flop'; choose none, flip, .* or chain:2 to chain:32\."):
        find("flop")
    with pytest.raises(WorkbenchError, match="no views named"):
        evaluate_run("nowhere", "last", views="flop")


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_views_are_as_many_as_they_say_and_the_first_is_the_image(name, count):
    given = images()
    seen = [np.array(view) for view in find(name).see(given, [1, 2])]
    assert len(seen) == find(name).count == count
    np.testing.assert_array_equal(seen[0], given)
    different = {view.tobytes() + str(view.shape).encode() for view in seen}
    assert len(different) == count
    if name != "crops":
        assert all(np.array_equal(np.sort(view, axis=None), np.sort(given, axis=None)) for view in seen)


def test_only_what_mirrors_says_so():
    assert [name for name in names() if find(name).mirrors] == ["flip", "d4"]
    letter = np.zeros((1, 5, 5, 3), np.uint8)
    letter[0, :, 0] = letter[0, 0, :3] = 255
    mirrored = letter[:, :, ::-1]
    turned = [np.rot90(mirrored, quarter, axes=(1, 2)) for quarter in range(4)]
    for name in names():
        found = any(np.array_equal(view, one) for view in find(name).see(letter, [1]) for one in turned)
        assert found == find(name).mirrors


def test_crops_are_the_corners_and_survive_one_pixel():
    given = images((1, 10, 20, 3))
    _, *corners = find("crops").see(given, [1, 2])
    assert [corner.shape[1:3] for corner in corners] == [(9, 18)] * 4
    np.testing.assert_array_equal(corners[3], given[:, 1:, 2:])
    assert [view.shape for view in find("crops").see(images((1, 1, 1, 3)), [1])] == [(1, 1, 1, 3)] * 5


@pytest.mark.parametrize("name", ["flip", "turns", "d4"])
def test_a_model_that_does_not_see_flips_says_the_same(name):
    model = deployable()
    runner = ViewsRunner(find(name), lambda pixels: run_torch(model, pixels))
    given = images((3, 24, 24, 3))
    plain, mean = halves(runner(given, [1, 2, 3]))
    np.testing.assert_array_equal(plain, run_torch(model, given))
    np.testing.assert_allclose(mean, plain, atol=2e-3)  # the resizing rounds, so not to the last bit


def test_the_mean_is_that_of_all_views():
    def left_half(pixels):
        share = pixels[:, :, : pixels.shape[2] // 2].mean(axis=(1, 2, 3), dtype=np.float64) / 255
        return np.stack([share, 1 - share], axis=1).astype(np.float32)

    given = images((4, 6, 10, 3))
    plain, mean = halves(ViewsRunner(find("flip"), left_half)(given, range(4)))
    np.testing.assert_allclose(mean, (left_half(given) + left_half(given[:, :, ::-1])) / 2, atol=1e-6)
    assert not np.allclose(plain, mean)


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_the_cost_counts_the_views(name, count, monkeypatch):
    class Clock:
        now = 0.0

    monkeypatch.setattr(test_time.time, "perf_counter", lambda: Clock.now)

    def run(pixels):
        Clock.now += 0.5 * len(pixels)
        return np.full((len(pixels), 2), 0.5, np.float32)

    runner = ViewsRunner(find(name), run)
    runner(images((2, 4, 4, 3)), [1, 2])
    runner(images((3, 4, 5, 3)), [3, 4, 5])
    assert runner.images == 5
    assert runner.plain_seconds == pytest.approx(0.5 * 5)
    assert runner.seconds == pytest.approx(0.5 * 5 * count)


def test_gain_is_the_difference_of_balanced_accuracies_and_drawn_in_pairs():
    generator = np.random.default_rng(1)
    true = generator.integers(0, 3, 300)
    before = np.where(generator.random(300) < 0.7, true, (true + 1) % 3)
    after = before.copy()
    repaired = np.flatnonzero(before != true)[:12]
    after[repaired] = true[repaired]

    def balanced(called):
        return measure(true, np.eye(3)[called], ["a", "b", "c"])

    gain, (low, high) = gain_of(true, before, after)
    assert gain == pytest.approx(balanced(after).balanced_accuracy - balanced(before).balanced_accuracy)
    assert 0 < low < gain < high
    alone = balanced(after).intervals["balanced_accuracy"]
    assert high - low < 0.7 * (alone[1] - alone[0])
    assert gain_of(true, after, before)[0] == pytest.approx(-gain)
    # A class without images has no part in it.
    assert gain_of(true * 2, before * 2, after * 2)[0] == pytest.approx(gain)


def test_without_a_different_prediction_the_interval_does_not_claim_certainty():
    true = np.array([0, 0, 1, 1, 1])
    gain, (low, high) = gain_of(true, true, true)
    assert gain == 0
    assert low < -0.1
    assert high > 0.1


def test_evaluating_with_views_tells_both_and_the_plain_figure_stays(trained_run):
    *_, alone = evaluate_run(trained_run.project, "last")(Stop())
    before = load_result(trained_run.run, "test").probabilities
    *_, plain, found = evaluate_run(trained_run.project, "last", views="flip")(Stop())
    assert plain == alone
    np.testing.assert_array_equal(load_result(trained_run.run, "test").probabilities, before)
    assert isinstance(found, ViewsMeasured)
    assert (found.views, found.count, found.images, found.split) == ("flip", 2, 12, "test")
    assert found.balanced_accuracy == pytest.approx(plain.balanced_accuracy)
    assert found.gain == 0
    assert found.cost > 0
    assert found.belongs_to(plain)
    assert load_views(trained_run.run, "flip", "test") == found
    assert load_views(trained_run.run, "turns", "test") is None
    assert splits_with_results(trained_run.run) == ["test"]
    assert (trained_run.run.results / "test+flip_predictions.csv").is_file()
    text = SENTENCES["ViewsMeasured"](found)
    assert "2 views of each image (flip)" in text
    assert "an exported package looks at each image once" in text


def test_views_of_an_earlier_result_are_known_as_such(trained_run):
    *_, plain, found = evaluate_run(trained_run.project, "last", "validation", views="crops")(Stop())
    assert found.belongs_to(plain)
    assert not found.belongs_to(dataclasses.replace(plain, images=11))
    assert not found.belongs_to(dataclasses.replace(plain, balanced_accuracy=0.1))
    assert not found.belongs_to(dataclasses.replace(plain, split="test"))


def test_a_damaged_file_is_told_and_older_results_are_read(trained_run):
    *_, plain, _ = evaluate_run(trained_run.project, "last", views="flip")(Stop())
    (trained_run.run.results / "test+flip.json").write_text("{", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="evaluate the test images again"):
        load_views(trained_run.run, "flip", "test")
    path = trained_run.run.result("test")
    content = json.loads(path.read_text(encoding="utf-8"))
    older = {key: value for key, value in content.items() if key not in ("test_set", "thresholds", "reliability")}
    path.write_text(json.dumps(older), encoding="utf-8")
    found = load_evaluated(trained_run.run, "test")
    assert isinstance(found, Evaluated)
    assert found.balanced_accuracy == plain.balanced_accuracy


def test_results_are_saved_as_before(trained_run):
    *_, plain = evaluate_run(trained_run.project, "last")(Stop())
    result = load_result(trained_run.run, "test")
    save_result(trained_run.run, result)
    assert load_evaluated(trained_run.run, "test") == plain


def test_the_names_need_no_torch():
    code = "import sys, workbench.evaluation.test_time; print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["chain:1", "chain:33", "chain:", "chain:-2", "chain:²", "chain:x", "chain"])
def test_a_chain_has_between_two_and_many_views(name):
    with pytest.raises(WorkbenchError, match="no views named"):
        find(name)
    assert find("chain:04").name == "chain:4"
    assert find("chain:4").count == 4


def with_chain(run, *steps):
    config = TrainConfig.load(run.config).model_copy(update={"augment": Chain(steps=steps)})
    run.config.write_text(config.dumps(), encoding="utf-8")


def test_the_runs_chain_gives_the_same_views_every_time(trained_run):
    with_chain(trained_run.run, Step(transform="HorizontalFlip"), Step(transform="RandomBrightnessContrast", p=1.0))
    *_, plain, first = evaluate_run(trained_run.project, "last", views="chain:3")(Stop())
    path = trained_run.run.predictions("test+chain-3")
    written = path.read_text(encoding="utf-8")
    assert written != trained_run.run.predictions("test").read_text(encoding="utf-8")
    *_, second = evaluate_run(trained_run.project, "last", views="chain:3")(Stop())
    assert path.read_text(encoding="utf-8") == written
    assert (first.count, first.views, first.balanced_accuracy) == (3, "chain:3", second.balanced_accuracy)
    assert load_views(trained_run.run, "chain:3", "test") == second
    assert first.belongs_to(plain)


def test_views_by_the_chain_are_made_as_in_training(trained_run):
    with_chain(trained_run.run, Step(transform="RandomResizedCrop", p=1.0, params={"scale": [0.3, 0.6]}))
    config = TrainConfig.load(trained_run.run.config)
    model = deployable()
    given = read_image(trained_run.images / "test_0_1.png")
    views = chain_views.of_run(trained_run.run.path, find("chain:2"), model.spec)
    assert not views.mirrors
    as_it_is, variant = views.see(given[None], [7])
    np.testing.assert_array_equal(as_it_is[0], given)
    pixels = TrainPixels(config, trained_run.classes, Decoding())
    sample = Sample(7, (trained_run.images / "test_0_1.png").as_posix(), 0)
    np.testing.assert_array_equal(variant[0], pixels.variant(sample, sample_seed(0, 1, 7)))


def test_a_run_without_a_chain_says_so(trained_run):
    with_chain(trained_run.run, Step(transform="HorizontalFlip", enabled=False))
    with pytest.raises(WorkbenchError, match="trained without a chain"):
        list(evaluate_run(trained_run.project, "last", views="chain:3")(Stop()))
    trained_run.run.config.write_text('augment = "broken"', encoding="utf-8")
    with pytest.raises(WorkbenchError, match=r"chain of the run .* cannot be read"):
        chain_views.of_run(trained_run.run.path, find("chain:2"), deployable().spec)
