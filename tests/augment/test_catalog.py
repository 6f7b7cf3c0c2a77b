"""A walk through every transform on offer: it is albumentations' own, and it runs at both ends of each of its ranges."""

from typing import Any

import numpy as np
import pytest

from workbench.augment import catalog
from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose
from workbench.errors import WorkbenchError
from workbench.training.config import LIGHT

TRANSFORMS = catalog.transforms()
random = np.random.default_rng(0)
IMAGES = {
    "colour": random.integers(0, 256, (48, 64, 3), dtype=np.uint8),
    "grey": np.repeat(random.integers(0, 256, (40, 50, 1), dtype=np.uint8), 3, axis=2),
    "black": np.zeros((32, 32, 3), np.uint8),
    "8 x 8": random.integers(0, 256, (8, 8, 3), dtype=np.uint8),
    "2 x 3": random.integers(0, 256, (2, 3, 3), dtype=np.uint8),
    "1 x 1": random.integers(0, 256, (1, 1, 3), dtype=np.uint8),
}


def named(transform: TransformInfo) -> str:
    return transform.name


def ends(param: ParamInfo) -> list[Any]:
    if param.kind in ("range", "int_range"):
        return [[param.low, param.low], [param.high, param.high], [param.low, param.high]]
    if param.kind in ("number", "integer"):
        return [param.low, param.high]
    return list(param.choices) if param.kind == "choice" else [False, True]


def test_there_are_many_each_once_and_in_groups() -> None:
    names = [transform.name for transform in TRANSFORMS]
    assert len(names) == len(set(names)) >= 24
    groups = [transform.group for transform in TRANSFORMS]
    assert len({*groups}) == sum(1 for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group) == 6


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_its_parameters_are_those_of_albumentations(transform: TransformInfo) -> None:
    import albumentations

    fields = getattr(albumentations, transform.name).InitSchema.model_fields
    assert {param.name for param in transform.params} <= set(fields) - {"p", "strict"}


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_is_explained_and_its_defaults_lie_within_bounds(transform: TransformInfo) -> None:
    assert transform.title
    assert transform.help.endswith(".")
    assert 0 < transform.p <= 1
    for param in transform.params:
        assert param.title
        assert param.help.endswith(".")
        if param.kind == "choice":
            assert param.default in param.choices
            assert len(param.choices) > 1
        elif param.kind == "switch":
            assert isinstance(param.default, bool)
        else:
            assert param.low is not None
            assert param.high is not None
            assert param.step is not None
            assert 0 < param.step <= param.high - param.low
            values = param.default if "range" in param.kind else [param.default]
            assert all(param.low <= value <= param.high for value in values)
            assert values == sorted(values)
            if param.kind in ("int_range", "integer"):
                assert all(isinstance(value, int) for value in values)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_runs_at_both_ends_of_every_range(transform: TransformInfo) -> None:
    params = transform.step().params
    changes = [{}, *({param.name: value} for param in transform.params for value in ends(param))]
    for change in changes:
        chain = compose(Chain(steps=(Step(transform=transform.name, p=1, params={**params, **change}),)))
        for name, image in IMAGES.items():
            before = image.copy()
            result = chain(image, 3)
            assert (result.dtype, result.shape) == (np.uint8, image.shape), (change, name)
            assert result.flags.c_contiguous
            assert np.array_equal(image, before), "the image it was given has changed"


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_its_result_depends_on_the_seed_alone(transform: TransformInfo) -> None:
    image = IMAGES["colour"]
    step = transform.step().model_copy(update={"p": 0.9})
    chain, other = compose(Chain(steps=(step,))), compose(Chain(steps=(step,)))
    first = [chain(image, seed) for seed in range(8)]
    np.random.seed(1)
    again = [other(image, seed) for seed in reversed(range(8))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_does_something(transform: TransformInfo) -> None:
    image = np.tile(np.linspace(30, 220, 64).astype(np.uint8)[None, :, None], (64, 1, 3))
    image[20:40, 20:40, 0] = 250
    chain = compose(Chain(steps=(transform.step().model_copy(update={"p": 1.0}),)))
    assert any(not np.array_equal(chain(image, seed), image) for seed in range(8))


def test_find_names_the_nearest() -> None:
    assert catalog.find("Affine").title == "Move, zoom, turn, slant"
    with pytest.raises(WorkbenchError, match="did you mean HorizontalFlip"):
        catalog.find("HorizontlFlip")


def test_presets_run_from_none_to_strong() -> None:
    presets = catalog.presets()
    assert list(presets) == ["none", "light", "medium", "strong"]
    assert presets["none"] == Chain()
    assert presets["light"] == LIGHT
    assert len(presets["light"].steps) < len(presets["medium"].steps) < len(presets["strong"].steps)
    offered = {transform.name for transform in TRANSFORMS}
    for chain in presets.values():
        assert {step.transform for step in chain.steps} <= offered
        assert compose(chain)(IMAGES["colour"], 1).shape == IMAGES["colour"].shape
