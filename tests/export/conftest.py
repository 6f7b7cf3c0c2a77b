from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.trained_run import TrainedRun, make_trained_run
from workbench.data.reading import Decoding
from workbench.export.export import ExportEvent, export_run
from workbench.jobs import Stop

WINDOW = (1000, 9000)


@dataclass(frozen=True)
class ExportedRun:
    """A package that tests read and never change."""

    trained: TrainedRun
    package: Path
    events: list[ExportEvent]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> ExportedRun:
    folder = tmp_path_factory.mktemp("exported")
    trained = make_trained_run(folder, decoding=Decoding(window=WINDOW, max_pixels=100_000))
    package = folder / "new" / "package"
    return ExportedRun(trained, package, list(export_run(trained.project, "last", package)(Stop())))
