"""What the loader makes against what the model eats: the advice, for figures that are given."""

from pathlib import Path

import pytest

from workbench.jobs import to_json
from workbench.project.project import Project
from workbench.training.chain_checks.appetite import Appetite, recorded
from workbench.training.chain_checks.costs import EFFICIENCY, Pace, feeding
from workbench.training.chain_checks.events import Feeding, StepCost
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded, FitStarted, StepEnded


def cost(name: str, ms: float, place: int = 0) -> StepCost:
    return StepCost([place], "info", "", name, ms, 0.5, ms, 1.0, 24)


def compared(rate: float, eats: float, *, device: str = "cuda:0", processors: int = 16, **settings: object) -> Feeding:
    config = TrainConfig().with_settings([f"{name.replace('__', '.')}={value}" for name, value in settings.items()])
    pace = Pace(rate, 0.1, 1000 / rate - 0.1, 24)
    appetite = Appetite(eats, device, "steps", "The model: measured.")
    steps = [cost("HorizontalFlip", 0.02), cost("ElasticTransform", 0.7 * 1000 / rate, 1)]
    return feeding(pace, appetite, steps, config, processors=processors)


def test_the_issue_s_own_sentence() -> None:
    found = compared(310, 900, workers=1)
    assert found.message == "This chain feeds 310 images/s, the model eats 900: 4 loader processes or drop Elastic."
    assert (found.severity, found.place, found.workers_needed) == ("warning", [1], 4)
    assert "one process, 310 images/s on 24 images" in found.note
    assert "Estimated" not in found.note


def test_the_number_of_processes_that_is_advised_is_the_smallest_that_feeds() -> None:
    found = compared(100, 800, workers=2)
    assert found.loader_rate == pytest.approx(200 * EFFICIENCY)
    needed = found.workers_needed
    assert 100 * needed * EFFICIENCY >= 800 > 100 * (needed - 1) * EFFICIENCY
    assert f"{needed} loader processes" in found.message
    assert "Estimated: 2 processes" in found.note


def test_no_more_processes_than_processors_are_advised() -> None:
    found = compared(100, 5000, workers=2, processors=4)
    assert found.workers_needed == -1
    assert "loader process" not in found.message
    assert "drop Elastic, which gives 570" in found.message


def test_a_loader_that_keeps_up_is_no_warning() -> None:
    found = compared(1000, 300, workers=1)
    assert (found.severity, found.place, found.waiting) == ("info", [], 0)
    assert found.message == "This chain feeds 1,000 images/s, the model eats 300: it never waits."


def test_on_the_processor_loading_and_learning_take_turns() -> None:
    found = compared(100, 100, device="cpu", processors=2, workers=0)
    assert found.waiting == pytest.approx(0.5)
    assert found.severity == "warning"
    assert "they take turns, and loading is 50 % of the time: 1 loader process" in found.message
    assert compared(2000, 100, device="cpu", processors=2, workers=0).severity == "info"


def test_reading_that_costs_more_than_the_chain_wants_the_cache() -> None:
    config = TrainConfig().with_settings(["compute.prepared_cache=false", "workers=1"])
    pace = Pace(100, 9.0, 1.0, 24)
    found = feeding(pace, Appetite(900, "cuda:0", "steps", ""), [cost("Blur", 0.8)], config, processors=4)
    assert "switch the prepared cache on" in found.message
    assert "Blur" not in found.message


def test_an_appetite_that_is_not_known_is_said() -> None:
    found = compared(310, 0, workers=1)
    assert found.message == "This chain feeds 310 images/s; what the model eats is not known."
    assert found.severity == "info"


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ([], True),
        (["batch_size=9"], False),
        (["size=64"], False),
        (["freeze=backbone"], False),
        (["then=[{epochs = 2}]"], False),
        (["epochs=99"], True),
    ],
)
def test_a_run_that_is_alike_tells_the_appetite(
    project_folder: Path, config: TrainConfig, changed: list[str], known: bool
) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
        events = [
            FitStarted(run.id, "cpu", 1, 5, 36, 12, ["a", "b"], 1, 1, [], []),
            *(StepEnded(n, 1, 0.5, 0.1, 50.0, 0.5, float(n)) for n in range(1, 5)),
            FitEnded("finished", "", 1, 0.5, 0.5, 9.0),
        ]
        run.events.write_text("".join(to_json(event) + "\n" for event in events), encoding="utf-8")
        found = recorded(project, config.with_settings(changed), "cpu")
        assert (found is not None) == known
        if found is not None:
            # Fifty a second, half of the time waiting: it would have eaten a hundred.
            assert found.rate == pytest.approx(100)
            assert found.source == f"run {run.id}"
        assert recorded(project, config.with_settings(changed), "cuda:0") is None
