import numpy as np
import pytest
from sklearn.svm import SVC

from workbench.models.classic.machine import Kernel, Machine, Scaling, by_class, similarity


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_its_scores_are_those_of_scikit_learn(kernel: Kernel) -> None:
    rng = np.random.default_rng(0)
    known, asked = rng.normal(size=(60, 5)), rng.normal(size=(9, 5))
    targets = known[:, 0] + known[:, 1] ** 2 > 0.5
    judge = SVC(kernel=kernel, gamma=0.3, C=2.0).fit(known, targets)
    own = Machine(kernel, 0.3, known[judge.support_], judge.dual_coef_, judge.intercept_)
    assert own.scores(asked)[:, 1] == pytest.approx(judge.decision_function(asked), abs=1e-9)
    assert own.scores(asked)[:, 0] == pytest.approx(-judge.decision_function(asked), abs=1e-9)


def test_three_machines_speak_for_themselves() -> None:
    scores = np.array([[1.0, 2.0, 3.0]])
    assert by_class(scores) is scores


def test_an_image_is_like_itself() -> None:
    images = np.random.default_rng(1).normal(size=(4, 7))
    assert np.diag(similarity(images, images, kernel="rbf", gamma=2.0)) == pytest.approx(np.ones(4))


def test_scaling_makes_kinds_of_features_equally_heavy() -> None:
    """300 small numbers and 4 large ones: each kind has half of the squared length, and that is 1 in all."""
    rng = np.random.default_rng(2)
    table = np.concatenate([rng.normal(size=(200, 300)) * 1e-3, 1e4 + 1e3 * rng.normal(size=(200, 4))], axis=1)
    table = np.concatenate([table, np.full((200, 2), 5.0)], axis=1).astype(np.float32)
    scaled = Scaling.of(table, [300, 6])(table)
    assert (scaled[:, :300] ** 2).sum(axis=1).mean() == pytest.approx(0.5, abs=0.01)
    assert (scaled[:, 300:] ** 2).sum(axis=1).mean() == pytest.approx(0.5, abs=0.01)
    assert not scaled[:, 304:].any()
