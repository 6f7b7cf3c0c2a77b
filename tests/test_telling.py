from workbench.demo import DemoDone
from workbench.telling import is_failure
from workbench.training.events import FitEnded


def done(*, agrees: int, flips: int = 0) -> DemoDone:
    return DemoDone("project", "run", "package", 0.95, 120, 1e-6, flips, agrees)


def test_a_demo_whose_package_decides_otherwise_has_failed() -> None:
    assert not is_failure(done(agrees=120))
    assert is_failure(done(agrees=119))
    assert is_failure(done(agrees=120, flips=1))


def test_a_failed_run_is_a_failure_and_a_stopped_one_is_not() -> None:
    assert is_failure(FitEnded("failed", "", 0, -1.0, -1.0, 1.0))
    assert not is_failure(FitEnded("stopped", "", 0, -1.0, -1.0, 1.0))
