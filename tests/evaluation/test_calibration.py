import numpy as np
import pytest
from scipy.special import softmax

from workbench.evaluation.calibration import calibration, fit_temperature


def overconfident(factor: float, images: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits ``factor`` times those the targets were drawn from."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 1.5, (images, 4))
    shares = softmax(logits, axis=1)
    targets = np.array([random.choice(4, p=row) for row in shares])
    return logits * factor, targets


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_the_scale(factor):
    logits, targets = overconfident(factor)
    assert fit_temperature(logits, targets) == pytest.approx(factor, rel=0.1)


def test_probabilities_stand_for_their_logits():
    logits, targets = overconfident(2.0)
    from_logits = fit_temperature(logits, targets)
    assert fit_temperature(softmax(logits, axis=1), targets) == pytest.approx(from_logits, rel=1e-3)


def test_a_small_set_without_mistakes_does_not_become_certain():
    logits = np.array([[2.0, 0.0], [0.0, 2.0]] * 10)
    temperature = fit_temperature(logits, [0, 1] * 10)
    assert 0.5 < temperature < 2
    assert softmax(logits[0] / temperature)[0] < 0.97


def test_without_images_nothing_changes():
    assert fit_temperature(np.zeros((0, 3)), []) == 1.0


def test_the_temperature_lowers_the_calibration_error():
    logits, targets = overconfident(3.0)
    before = calibration(softmax(logits, axis=1), targets).error
    after = calibration(softmax(logits / fit_temperature(logits, targets), axis=1), targets).error
    assert before > 0.15
    assert after < 0.03


def test_bins_hold_every_image_once():
    found = calibration([[1.0, 0.0], [0.5, 0.5], [0.2, 0.8]], [0, 1, 1], bins=10)
    assert sum(row["images"] for row in found.bins) == 3
    assert found.bins[9]["images"] == 1
    assert found.bins[9]["accuracy"] == 1
    # confidences 1.0 right, 0.5 (class 0) wrong, 0.8 right: gaps 0, 0.5, 0.2
    assert found.error == pytest.approx((0 + 0.5 + 0.2) / 3)
