import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from workbench.evaluation.metrics import measure, wilson


def one_hot(predictions: list[int], classes: int) -> np.ndarray:
    return np.eye(classes)[predictions]


def test_figures_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    targets = random.integers(0, 4, 300)
    predictions = np.where(random.random(300) < 0.7, targets, random.integers(0, 4, 300))
    found = measure(targets, one_hot(predictions, 4), list("abcd"))
    assert found.images == 300
    assert found.accuracy == pytest.approx((targets == predictions).mean())
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(targets, predictions))
    assert found.macro_f1 == pytest.approx(f1_score(targets, predictions, average="macro"))
    assert [row["class"] for row in found.per_class] == list("abcd")
    assert found.confusion[1][2] == int(((targets == 1) & (predictions == 2)).sum())
    assert sum(map(sum, found.confusion)) == 300
    for name, (low, high) in found.intervals.items():
        assert 0 <= low < getattr(found, name) < high <= 1
    for row in found.per_class:
        for name, (low, high) in row["intervals"].items():
            assert 0 <= low < row[name] < high <= 1


def test_wilson_is_the_published_interval():
    # Newcombe 1998, table I: 81 of 263
    assert wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert wilson(0, 20) == pytest.approx([0.0, 0.1611], abs=1e-4)
    assert wilson(0, 0) == [0.0, 1.0]


def test_the_bootstrap_agrees_with_resampling_the_images():
    random = np.random.default_rng(1)
    targets = np.repeat([0, 1, 2], [120, 40, 15])
    predictions = np.where(random.random(len(targets)) < 0.8, targets, random.integers(0, 3, len(targets)))
    plain = []
    for _ in range(1000):
        rows = random.integers(0, len(targets), len(targets))
        plain.append(balanced_accuracy_score(targets[rows], predictions[rows]))
    low, high = measure(targets, one_hot(predictions, 3), list("abc")).intervals["balanced_accuracy"]
    assert [low, high] == pytest.approx(np.quantile(plain, [0.025, 0.975]).tolist(), abs=0.015)


def test_intervals_repeat_with_the_seed():
    targets = np.tile([0, 1], 20)
    shares = one_hot([0] * 25 + [1] * 15, 2)
    assert measure(targets, shares, ["a", "b"], seed=3) == measure(targets, shares, ["a", "b"], seed=3)
    again = measure(targets, shares, ["a", "b"], seed=4)
    assert measure(targets, shares, ["a", "b"], seed=3).intervals["macro_f1"] != again.intervals["macro_f1"]


def test_no_mistake_does_not_claim_certainty():
    targets = [0] * 10 + [1] * 10
    found = measure(targets, one_hot(targets, 2), ["a", "b"])
    assert found.balanced_accuracy == 1
    low, high = found.intervals["balanced_accuracy"]
    assert low == pytest.approx(wilson(20, 20)[0])
    assert high == 1
    assert found.per_class[0]["intervals"]["f1"][0] == pytest.approx(wilson(10, 10)[0])


def test_an_imbalanced_set_without_mistakes_counts_its_rare_class():
    targets = [0] * 1000 + [1] * 4
    low, _ = measure(targets, one_hot(targets, 2), ["a", "b"]).intervals["balanced_accuracy"]
    assert low < 0.85


def test_a_class_without_images_is_unknown_not_wrong():
    found = measure([0, 0, 1, 1], one_hot([0, 0, 1, 2], 4), list("abcd"))
    assert found.balanced_accuracy == pytest.approx(0.75)
    assert found.per_class[3]["support"] == 0
    assert found.per_class[3]["intervals"]["recall"] == [0, 1]


def test_many_classes_and_many_images_are_quick():
    random = np.random.default_rng(0)
    targets = random.integers(0, 120, 100_000)
    predictions = np.where(random.random(100_000) < 0.6, targets, random.integers(0, 120, 100_000))
    found = measure(targets, one_hot(predictions.tolist(), 120).astype(np.float32), [str(i) for i in range(120)])
    low, high = found.intervals["macro_f1"]
    assert high - low < 0.02


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="no images"):
        measure([], np.zeros((0, 2)), ["a", "b"])
