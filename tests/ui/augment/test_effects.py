import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.data.reading import Decoding
from workbench.training.preview import Picture
from workbench.ui.augment.effects import Effects

PICTURE = Picture("image.png")
RULES = Decoding().as_dict()


@pytest.fixture
def effects(child: Any, qtbot: QtBot) -> Iterator[Effects]:
    made = Effects(child)
    yield made
    made.close()


@pytest.fixture
def found(effects: Effects) -> dict[str, tuple[int, int]]:
    """Name: (width, grey) of each picture."""
    pictures: dict[str, tuple[int, int]] = {}
    effects.pictured.connect(lambda name, image: pictures.update({name: (image.width(), image.pixelColor(0, 0).red())}))
    return pictures


def test_each_transform_is_shown_alone_and_always(
    effects: Effects, child: Any, found: dict[str, tuple[int, int]], qtbot: QtBot
) -> None:
    effects.ask(["HorizontalFlip", "Rotate"], PICTURE, decoding=RULES, side=80)
    qtbot.waitUntil(lambda: len(found) == 2)
    assert found == {"HorizontalFlip": (80, 20), "Rotate": (80, 20)}
    (request,) = child.jobs
    assert request.lane == "effects"
    assert [[step.transform for step in chain.steps] for chain in request.chains] == [["HorizontalFlip"], ["Rotate"]]
    assert {step.p for chain in request.chains for step in chain.steps} == {1.0}
    assert request.tile_side == 80
    assert threading.get_ident() not in child.threads


def test_what_is_known_is_not_computed_again(
    effects: Effects, child: Any, found: dict[str, tuple[int, int]], qtbot: QtBot
) -> None:
    effects.ask(["HorizontalFlip"], PICTURE, decoding=RULES, side=80)
    qtbot.waitUntil(lambda: len(found) == 1)
    found.clear()
    effects.ask(["HorizontalFlip", "Rotate"], PICTURE, decoding=RULES, side=80)
    assert list(found) == ["HorizontalFlip"]
    qtbot.waitUntil(lambda: len(found) == 2)
    assert [len(request.tiles) for request in child.jobs] == [1, 1]
    # Another picture, and another side, are others.
    effects.ask(["Rotate"], Picture("other.png"), decoding=RULES, side=80)
    effects.ask(["Rotate"], PICTURE, decoding=RULES, side=96)
    qtbot.waitUntil(lambda: found["Rotate"][0] == 96)


def test_effects_of_another_picture_are_not_shown(
    effects: Effects, child: Any, found: dict[str, tuple[int, int]], qtbot: QtBot
) -> None:
    child.free.clear()
    effects.ask(["Rotate"], PICTURE, decoding=RULES, side=80)
    qtbot.waitUntil(lambda: bool(child.threads))
    effects.ask(["CLAHE"], Picture("other.png"), decoding=RULES, side=80)
    child.free.set()
    qtbot.waitUntil(lambda: "CLAHE" in found)
    assert "Rotate" not in found


def test_what_is_no_transform_is_shown_unchanged(
    effects: Effects, child: Any, found: dict[str, tuple[int, int]], qtbot: QtBot
) -> None:
    effects.ask(["Nonsense", "OneOf"], PICTURE, decoding=RULES, side=80)
    qtbot.waitUntil(lambda: len(found) == 2)
    assert found == {"Nonsense": (80, 0), "OneOf": (80, 0)}


def test_closing_ends_the_thread_and_leaves_the_child(effects: Effects, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    effects.ask(["Rotate"], PICTURE, decoding=RULES, side=80)
    qtbot.waitUntil(lambda: bool(child.threads))
    child.free.set()
    effects.close()
    assert not effects._worker.running
    assert not child.closed
    effects.ask(["CLAHE"], PICTURE, decoding=RULES, side=80)
    assert not effects._worker.running
