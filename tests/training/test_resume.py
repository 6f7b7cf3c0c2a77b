from pathlib import Path

from workbench.jobs import Stop
from workbench.training import run as training
from workbench.training.config import TrainConfig
from workbench.training.events import Preparing


def test_closing_a_resumed_run_while_it_is_measured_leaves_its_last_checkpoint(
    project_folder: Path, config: TrainConfig
) -> None:
    """At that moment the network holds the best weights, which are not the last ones."""
    run = training.prepare(project_folder, config)
    list(training.train(project_folder, run.id)(Stop()))
    before = run.last.stat().st_mtime_ns
    events = training.train(project_folder, run.id)(Stop())
    for event in events:
        if isinstance(event, Preparing) and "deployment" in event.what:
            break
    events.close()  # type: ignore[attr-defined]
    assert run.last.stat().st_mtime_ns == before
    assert run.state() == "stopped"
