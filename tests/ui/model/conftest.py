"""No child process: every backbone is the small network of ``anatomies``, and the classes of published weights are known."""

import pytest

from tests.ui.model import anatomies
from workbench.models import anatomy_cache, class_name_cache
from workbench.models.anatomy_parts import Anatomy


@pytest.fixture(autouse=True)
def known_anatomies(monkeypatch: pytest.MonkeyPatch) -> dict[str, Anatomy | None]:
    """What is in the cache, by name; a name that is not in it has the small network."""
    found: dict[str, Anatomy | None] = {}

    def cached(name: str, _size: int = 0, _channels: int = 3) -> Anatomy | None:
        if name not in found:
            found[name] = anatomies.small(name)
        return found[name]

    monkeypatch.setattr(anatomy_cache, "cached", cached)
    return found


@pytest.fixture(autouse=True)
def known_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every published classifier knows the classes of the tests' projects."""
    monkeypatch.setattr(class_name_cache, "cached", lambda info: ("good", "scratch"))
