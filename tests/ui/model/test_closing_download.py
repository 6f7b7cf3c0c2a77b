"""The window closes while weights come: the child and its threads go; what has come is a part, and the next time goes on."""

import itertools
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from tests import stand_in_hub
from tests.stand_in_hub import Hub
from workbench.jobs import Stop, drain
from workbench.models import downloads
from workbench.models.catalog import find, weights_here
from workbench.ui.model.panel import ModelPanel
from workbench.ui.model.weights_jobs import Wish
from workbench.ui.session import Session

NAME, TAG = "timm/test_resnet", "r160_in1k"
ADDRESS = f"/{NAME}.{TAG}/resolve/main/model.safetensors"
CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 100 * (1 << 16)))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that takes half a minute for the weights, here and for every child."""
    with stand_in_hub.serve() as served:
        stand_in_hub.lead_hub_to(served.address, monkeypatch)
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        served.files[ADDRESS] = CONTENT
        served.pace = 0.3
        yield served


def test_a_download_ends_with_the_window_and_leaves_a_part_that_the_next_one_takes_up(
    session: Session, project_folder: Path, qtbot: QtBot, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    session.open_project(project_folder)
    panel = ModelPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.set_config(session.config.with_settings([f"backbone={NAME}"]))
    me, threads = psutil.Process(), {thread.ident for thread in threading.enumerate()}
    children = {child.pid for child in me.children()}
    panel.weights.fetch.click()
    qtbot.waitUntil(lambda: panel.weights.jobs.progress(Wish(NAME, TAG))[0] > 0, timeout=60_000)
    assert panel.weights.download.isVisible()
    assert {child.pid for child in me.children()} - children

    session.close()

    assert {child.pid for child in me.children()} <= children
    assert session.jobs == []
    assert not panel.weights.jobs.is_fetching(Wish(NAME, TAG))
    assert list(temporary.iterdir()) == []
    assert not weights_here(find(NAME))
    home = Path(os.environ["HF_HOME"])
    left = [path for path in home.rglob("*") if path.is_file() and path.stat().st_size]
    assert [path.suffix for path in left] == [".incomplete"]
    there = left[0].stat().st_size
    assert CONTENT.startswith(left[0].read_bytes())

    hub.pace = 0.0
    *_, fetched = drain(downloads.fetch([NAME]), Stop())
    assert hub.ranges == ["", f"bytes={there}-"]
    assert Path(fetched.path).read_bytes() == CONTENT
    assert not left[0].exists()
    qtbot.waitUntil(lambda: {thread.ident for thread in threading.enumerate()} <= threads, timeout=20_000)
