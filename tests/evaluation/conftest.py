from pathlib import Path

import pytest

from tests.trained_run import TrainedRun, make_trained_run


@pytest.fixture
def trained_run(tmp_path: Path) -> TrainedRun:
    return make_trained_run(tmp_path)
