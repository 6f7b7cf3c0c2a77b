"""A hub that runs here, and a machine without any."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stand_in_hub import Hub


@pytest.fixture
def hub(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Hub]":
    """A hub on this machine, to which both libraries go."""
    from tests import stand_in_hub

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with stand_in_hub.serve() as served:
        stand_in_hub.lead_hub_to(served.address, monkeypatch)
        yield served


@pytest.fixture
def nowhere(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without network: nothing answers at the address of the hub."""
    from tests import stand_in_hub

    address = "http://127.0.0.1:9"
    stand_in_hub.lead_hub_to(address, monkeypatch)
    stand_in_hub.lead_squeezenet_to(f"{address}/squeezenet-00000000.pth", monkeypatch)
