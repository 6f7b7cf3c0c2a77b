import numpy as np
import pytest

from workbench.evaluation.thresholds import best_f1, by_class


def test_the_threshold_with_the_best_f1_is_found():
    shares = np.array([[0.9, 0.1], [0.7, 0.3], [0.35, 0.65], [0.3, 0.7], [0.1, 0.9]])
    first, second = best_f1([0, 0, 0, 1, 1], shares)
    assert 0.3 < first < 0.35
    assert 0.65 < second < 0.7


def test_among_equals_the_nearest_to_one_half_is_taken():
    first, second = best_f1([0, 0, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]])
    assert (first, second) == pytest.approx((0.5, 0.5))


def test_it_maximises_f1_by_trying_them_all():
    random = np.random.default_rng(2)
    targets = random.integers(0, 2, 200)
    positive = np.clip(0.3 * targets + random.random(200) * 0.7, 0, 1)
    shares = np.stack([1 - positive, positive], axis=1)

    def f1(threshold: float) -> float:
        called = positive >= threshold
        return 2 * (called & (targets == 1)).sum() / (called.sum() + targets.sum())

    assert f1(best_f1(targets, shares)[1]) == pytest.approx(max(f1(t) for t in np.linspace(0, 1, 2001)))


def test_a_class_without_images_keeps_one_half():
    assert best_f1([0, 0], [[0.9, 0.1], [0.8, 0.2]]) == [0.5, 0.5]


def test_by_class_names_and_rounds():
    assert by_class(["a", "b"], [0.12345678, 0.5]) == {"a": 0.123457, "b": 0.5}
    with pytest.raises(ValueError, match="zip"):
        by_class(["a"], [0.1, 0.2])
