import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.ui.augment.preview_engine import PreviewEngine, Wish


@pytest.fixture
def engine(child: Any, qtbot: QtBot) -> Iterator[PreviewEngine]:
    made = PreviewEngine(child)
    yield made
    made.close()


def wish(*names: str, steps: bool = False, seed: int = 7, chance: float = 1.0) -> Wish:
    return Wish(
        chain=Chain(steps=tuple(Step(transform=name, p=chance) for name in names)),
        image=lambda: np.zeros((8, 8, 3), np.uint8),
        size=8,
        side=8,
        seed=seed,
        count=16,
        steps=steps,
    )


def test_the_original_and_sixteen_variants_arrive(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    found: dict[int, int] = {}
    engine.pictured.connect(lambda index, picture, same: found.update({index: picture.pixelColor(0, 0).red()}))
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))
    assert found == {0: 0, **dict.fromkeys(range(1, 17), 20)}
    assert threading.get_ident() not in child.threads
    assert [count for _, count, _ in child.jobs] == [16]


def test_steps_are_prefixes_of_the_chain(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    found: dict[int, tuple[int, bool]] = {}
    engine.pictured.connect(lambda index, picture, same: found.update({index: (picture.pixelColor(0, 0).red(), same)}))
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur", "CLAHE", steps=True))
    assert found == {0: (0, False), 1: (20, False), 2: (40, False)}
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur", steps=True, chance=0.0))
    assert found[1] == (0, True)


def test_only_the_newest_wish_is_worked_on(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    for seed in range(20):
        engine.show(wish("Blur", seed=seed))
        qtbot.wait(10)
    child.free.set()
    qtbot.waitUntil(lambda: child.jobs[-1][1:] == (16, 19))
    engine.close()
    assert child.tiles < 3 * 17


def test_pictures_for_the_other_board_are_dropped_at_once(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    engine.show(wish("Blur"))
    qtbot.waitUntil(lambda: bool(child.threads))
    found: list[bool] = []
    engine.pictured.connect(lambda index, picture, same: found.append(index < 2))
    engine.show(wish("Blur", steps=True))
    child.free.set()
    with qtbot.waitSignal(engine.ended):
        pass
    assert found == [True, True]


def test_an_error_is_told_and_the_next_wish_works(engine: PreviewEngine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(engine.failed) as told:
        engine.show(wish("Broken"))
    assert "it is broken" in told.args[0]
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))


def test_a_cancelled_wish_paints_nothing(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    engine.show(wish("Blur"))
    qtbot.waitUntil(lambda: bool(child.threads))
    engine.cancel()
    child.free.set()
    with qtbot.assertNotEmitted(engine.pictured, wait=50):
        pass


def test_closing_ends_the_thread_and_the_child(child: Any, qtbot: QtBot) -> None:
    engine = PreviewEngine(child)
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))
    engine.close()
    assert child.closed
    assert not engine._worker.running
    engine.show(wish("Blur"))
    engine.warm()
    engine.deleteLater()
    qtbot.wait(10)


def test_an_engine_that_is_deleted_ends_its_thread(child: Any, qtbot: QtBot) -> None:
    engine = PreviewEngine(child)
    child.free.clear()
    engine.show(wish("Blur"))
    qtbot.waitUntil(lambda: bool(child.threads))
    worker = engine._worker
    with qtbot.waitSignal(engine.destroyed):
        engine.deleteLater()
    assert not worker.running
