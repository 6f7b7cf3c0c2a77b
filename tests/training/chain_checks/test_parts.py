"""The transforms of a chain and how often each is applied, against what albumentations does."""

import numpy as np
import pytest

from workbench.augment.chain import Chain, Step
from workbench.augment.timing import Timed
from workbench.training.chain_checks.parts import alone, chances, leaves


def step(name: str, p: float = 1.0, *, enabled: bool = True, steps: tuple[Step, ...] = (), **params: object) -> Step:
    return Step(transform=name, p=p, params=params, enabled=enabled, steps=steps)


NESTED = Chain(
    steps=(
        step("HorizontalFlip", 0.3),
        step("OneOf", 0.6, steps=(step("ToGray", 0.2), step("Blur", 0.6), step("Solarize", enabled=False))),
        step("SomeOf", 0.8, n=2, steps=(step("Posterize", 0.5), step("Equalize", 0.25), step("InvertImg", 0.25))),
        step("Sequential", 0.5, steps=(step("VerticalFlip", 0.5), step("OneOf", steps=(step("Transpose", 0.1),)))),
        step("Rotate", enabled=False),
    )
)


def test_leaves_are_the_transforms_that_take_part() -> None:
    assert [place for place, _ in leaves(NESTED)] == [
        (0,),
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
        (2, 2),
        (3, 0),
        (3, 1, 0),
    ]


def test_chances_are_how_often_albumentations_applies_each_step() -> None:
    timed, image = Timed(NESTED, side=32), np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    counts = dict.fromkeys((place for place, _ in leaves(NESTED)), 0)
    draws = 1500
    for seed in range(draws):
        for place, spent in timed(image, seed).items():
            counts[place] += 1
            assert spent > 0
    told = chances(NESTED)
    for place, count in counts.items():
        assert told[place] == pytest.approx(count / draws, abs=0.05), place
    assert told[(1,)] == 0.6
    assert (4,) not in told


def test_a_step_alone_is_always_applied() -> None:
    found = alone(NESTED.at((1, 0)))
    assert [(each.transform, each.p) for each in found.steps] == [("ToGray", 1.0)]
