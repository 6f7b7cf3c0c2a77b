"""The transforms on offer: albumentations' own, explained, and every one survives the ends of its controls."""

import importlib.util
import json
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.augment.ends import changes
from workbench import resources
from workbench.augment import catalog, exchange
from workbench.augment.catalog import NONE, ParamInfo, TransformInfo
from workbench.augment.chain import GROUPS, Chain, Step
from workbench.augment.pipeline import ChainError, Composed, check, compose
from workbench.errors import WorkbenchError

TRANSFORMS = catalog.transforms()
SLOW = ("PiecewiseAffine", "Superpixels", "RandomFog")
"""All but the first of their ends are left to the long tests."""
REFUSED = {
    "exceeds image dimensions": {"RandomCrop", "CenterCrop"},
    "smaller than image sizes": {"Crop"},
}
"""The one reason that a transform may give instead of an image: it cannot cut more out than there is."""
random = np.random.default_rng(0)


def noise(height: int, width: int, channels: int = 3) -> Any:
    picture = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    return picture if channels == 3 else np.repeat(picture, 3, axis=2)


COLOUR = noise(24, 32)  # not square: a result that is turned must come back to its size
TINY = {"1 x 1": noise(1, 1), "3 x 2": noise(2, 3), "17 x 9": noise(9, 17), "grey": noise(20, 16, 1)}
IMAGES = {
    **TINY,
    "colour": noise(48, 64),
    "grey": noise(40, 50, 1),
    "black": np.zeros((32, 32, 3), np.uint8),
    "white": np.full((32, 32, 3), 255, np.uint8),
    "large": noise(256, 256),
}


def named(transform: TransformInfo) -> str:
    return transform.name


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "packaging" / "build_transforms.py"
    spec = importlib.util.spec_from_file_location("build_transforms", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_the_script_makes_of_schema_and_overlay(script: ModuleType) -> None:
    text = resources.path("transforms.json").read_text(encoding="utf-8")
    times = {entry["name"]: entry["milliseconds"] for entry in json.loads(text)["transforms"]}
    assert script.written(script.build(times)) == text, "run python packaging/build_transforms.py"
    assert all(took > 0 for took in times.values())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[transform.Rotat]\ngroup = "a"', "not in albumentations: Rotat"),
        ('[transform.Rotate.params.angle]\ntitle = "a"', "Rotate has no parameter angle"),
        ("[transform.Rotate.params.limit]\nlowest = 3", "Rotate.limit: the overlay cannot say lowest"),
        ('[refused]\nRotate = "No."', "both on offer and refused: Rotate"),
        ('[hidden]\nangel = "No."', "no transform has a parameter of this name: angel"),
        ("[transform.GaussNoise]\nparams = {}", "GaussNoise: not in the overlay: mean_range"),
        ('[transform.Rotate.params.border_mode]\ntitle = "a"\nlabels = ["b"]', "1 labels for the choices"),
    ],
)
def test_an_overlay_that_does_not_fit_is_refused(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, wrong: str, told: str
) -> None:
    overlay = tomllib.loads(resources.path("transforms_overlay.toml").read_text(encoding="utf-8"))
    change = tomllib.loads(wrong)
    for section, entries in change.items():
        for name, entry in entries.items():
            if isinstance(entry, dict) and "params" in entry and entry["params"]:
                overlay[section][name].setdefault("params", {}).update(entry["params"])
            elif isinstance(entry, dict):
                overlay[section].setdefault(name, {}).update(entry)
            else:
                overlay[section][name] = entry
    monkeypatch.setattr(script.tomllib, "load", lambda _file: overlay)
    with pytest.raises(script.OverlayError, match=told):
        script.build({})


def test_every_transform_is_on_offer_or_refused_with_a_reason() -> None:
    import albumentations

    bases = {"BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform3D"}
    there = {
        name
        for name, kind in vars(albumentations).items()
        if isinstance(kind, type) and issubclass(kind, albumentations.BasicTransform) and name not in bases
    }
    offered = {transform.name for transform in TRANSFORMS}
    refused = catalog.refused()
    assert offered | refused.keys() == {name for name in there if hasattr(getattr(albumentations, name), "InitSchema")}
    assert not offered & refused.keys()
    assert len(TRANSFORMS) == len(offered) == 89
    assert all(reason.endswith(".") and len(reason) > 20 for reason in refused.values())


def test_groups_stand_together_and_titles_are_told_apart() -> None:
    groups = [transform.group for transform in TRANSFORMS]
    assert len({*groups}) == sum(1 for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group) == 10
    titles = [transform.title for transform in TRANSFORMS]
    assert len({*titles}) == len(titles)


def test_steps_that_hold_steps_are_on_offer() -> None:
    assert tuple(group.name for group in catalog.groups()) == GROUPS
    inner = (Step(transform="HorizontalFlip"), Step(transform="InvertImg"))
    for group in catalog.groups():
        step = group.step().model_copy(update={"steps": inner})
        assert compose(Chain(steps=(step,)))(COLOUR, 1).shape == COLOUR.shape
        assert group.help.endswith(".")
        for param in group.params:
            for value in (param.low, param.high) if param.kind == "integer" else (False, True):
                changed = step.model_copy(update={"params": {**step.params, param.name: value}})
                assert compose(Chain(steps=(changed,)))(COLOUR, 1).shape == COLOUR.shape


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_is_explained_and_its_values_are_of_their_kind(transform: TransformInfo) -> None:
    assert transform.title
    assert transform.help.endswith(".")
    assert 0 < transform.p <= 1
    names = [param.name for param in transform.params]
    assert len({*names}) == len(names)
    advanced = [param.advanced for param in transform.params]
    assert advanced == sorted(advanced), "what is seldom changed stands below"
    for param in transform.params:
        assert param.title, param.name
        assert not param.help or param.help.endswith("."), param.name
        assert param.advanced or param.help or param.title in ("Height", "Width", "Longer side", "Shorter side")
        for value in (param.default, param.omitted):
            if value is None:
                assert value is param.omitted
            elif value == NONE and NONE not in param.choices:
                assert param.optional, param.name
            else:
                check_value(param, value)
        if param.low is not None and param.high is not None and param.step is not None:
            assert 0 < param.step <= param.high - param.low
            assert param.least is None or param.least <= param.low, param.name
            assert param.most is None or param.high <= param.most, param.name
            if param.default != NONE and param.kind not in ("colour", "values"):
                values = param.default if isinstance(param.default, list) else [param.default]
                assert all(param.low <= value <= param.high for value in values), param.name
                assert values == sorted(values)
        if param.labels:
            assert len(param.labels) == len(param.choices)


def check_value(param: ParamInfo, value: Any) -> None:
    whole: Sequence[Any] = value if isinstance(value, list) else [value]
    match param.kind:
        case "choice":
            assert value in param.choices
            assert len(param.choices) > 1
        case "switch":
            assert isinstance(value, bool)
        case "range" | "int_range":
            assert len(whole) == 2, param.name
        case "values":
            assert len(whole) == param.length, param.name
        case "colour":
            assert not param.length or len(whole) == param.length, param.name
    if param.kind in ("integer", "int_range"):
        assert all(type(number) is int for number in whole), param.name
    if param.kind in ("number", "range"):
        assert all(type(number) is float for number in whole), param.name


def test_a_form_shows_what_a_left_out_parameter_is() -> None:
    limit = catalog.find("Rotate").params[0]
    assert (limit.default, limit.omitted) == ([-15.0, 15.0], [-90.0, 90.0])
    found = {param.name: param for param in catalog.find("CLAHE").params}
    assert found["clip_limit"].omitted == [1.0, 4.0]
    assert (found["tile_grid_size"].kind, found["tile_grid_size"].length) == ("values", 2)
    crop = {param.name: param for param in catalog.find("RandomCrop").params}
    assert (crop["height"].omitted, crop["height"].least) == (None, 1)
    assert "size" not in {param.name for param in catalog.find("RandomResizedCrop").params}


def test_limits_come_from_the_schema_and_may_be_tighter() -> None:
    found = {param.name: param for param in catalog.find("ISONoise").params}
    assert (found["color_shift"].least, found["color_shift"].most) == (0, 1)
    assert {param.name: param.most for param in catalog.find("Affine").params}["shear"] == 44


def test_a_new_step_holds_what_matters() -> None:
    assert catalog.find("HorizontalFlip").step() == Step(transform="HorizontalFlip", p=0.5)
    step = catalog.find("Rotate").step()
    assert step.params == {"limit": [-15.0, 15.0], "border_mode": "mirror", "fill": 0}
    assert "temperature_limit" not in catalog.find("PlanckianJitter").step().params
    assert NONE not in [value for transform in TRANSFORMS for value in transform.step().params.values()]


def outcome(composed: Composed, image: Any, seed: int) -> Any:
    try:
        return composed(image, seed)
    except WorkbenchError as error:
        return error


def walked(transform: TransformInfo, images: dict[str, Any], seeds: Sequence[int], *, most: int | None = None) -> None:
    for number, (what, step) in enumerate(islice(changes(transform), most)):
        chain = Chain(steps=(step,))
        composed = compose(chain) if number < 2 else Composed(chain)
        for name, image in images.items():
            before = image.copy()
            for seed in seeds:
                result = outcome(composed, image, seed)
                if isinstance(result, WorkbenchError):
                    reason = next((reason for reason in REFUSED if reason in str(result)), None)
                    assert reason is not None, (what, name, str(result))
                    assert transform.name in REFUSED[reason], (what, name, str(result))
                    continue
                assert (result.dtype, result.shape) == (np.uint8, image.shape), (what, name)
                assert result.flags.c_contiguous
            assert np.array_equal(image, before), "the image it was given has changed"


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_goes_round_through_json(transform: TransformInfo) -> None:
    for what, step in changes(transform):
        chain = Chain(steps=(step,))
        assert Chain.loads(chain.dumps()) == chain, what
        fields = json.dumps(exchange.to_albumentations(chain, 32))
        assert exchange.from_albumentations(json.loads(fields), "a file") == chain, what


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_albumentations_reads_it_and_gives_the_same_pixels(transform: TransformInfo) -> None:
    import albumentations

    chain = Chain(steps=(transform.step().model_copy(update={"p": 0.8}),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PiecewiseAffine says that it is slow, ShiftScaleRotate that it is old
        read = albumentations.from_dict(json.loads(json.dumps(exchange.to_albumentations(chain, 32))))
    composed = Composed(chain, side=32)
    for seed in range(3):
        read.set_random_state(np.random.default_rng(seed), Random(seed))
        assert np.array_equal(read(image=COLOUR)["image"], composed(COLOUR, seed))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_survives_the_ends_of_its_controls(transform: TransformInfo) -> None:
    slow = transform.name in SLOW
    walked(transform, {"colour": COLOUR} if slow else {"colour": COLOUR, **TINY}, [3], most=4 if slow else None)


@pytest.mark.long
@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_it_survives_the_ends_of_its_controls_on_every_image(transform: TransformInfo) -> None:
    images = {name: image for name, image in IMAGES.items() if name != "large" or transform.name not in SLOW}
    walked(transform, images, [3, 4, 5])


@pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
def test_its_result_depends_on_the_seed_alone(transform: TransformInfo) -> None:
    step = transform.step().model_copy(update={"p": 0.9})
    chain, other = Composed(Chain(steps=(step,))), Composed(Chain(steps=(step,)))
    first = [chain(COLOUR, seed) for seed in range(4)]
    np.random.seed(1)
    again = [other(COLOUR, seed) for seed in reversed(range(4))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("transform", [found for found in TRANSFORMS if found.name != "NoOp"], ids=named)
def test_it_does_something(transform: TransformInfo) -> None:
    size = 280 if transform.name in ("Crop", "RandomSizedCrop") else 64
    image = np.tile(np.linspace(30, 220, size).astype(np.uint8)[None, :, None], (size, 1, 3))
    image[20:40, 20:40, 0] = 250
    chain = Composed(Chain(steps=(transform.step().model_copy(update={"p": 1.0}),)))
    assert any(not np.array_equal(chain(image, seed), image) for seed in range(8))


def test_find_names_the_nearest_and_why_one_is_refused() -> None:
    assert catalog.find("Affine").title == "Move, zoom, turn, slant"
    assert catalog.find("OneOf").title == "One of these"
    with pytest.raises(WorkbenchError, match="did you mean HorizontalFlip"):
        catalog.find("HorizontlFlip")
    with pytest.raises(WorkbenchError, match="Lambda is not on offer: It runs program code"):
        catalog.find("Lambda")


def test_the_catalogue_is_read_without_the_libraries() -> None:
    code = (
        "import sys; from workbench.augment import catalog; assert len(catalog.transforms()) > 80; "
        "assert not {'albumentations', 'cv2', 'torch', 'numpy'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("transform", "param", "value"),
    [("GridDistortion", "distort_limit", [-1.0, -1.0]), ("OpticalDistortion", "distort_limit", [1e6, 1e6])],
)
def test_what_would_hang_is_refused(transform: str, param: str, value: list[float]) -> None:
    known = next(found for found in catalog.find(transform).params if found.name == param)
    assert known.least is not None
    assert not known.least <= value[0] <= -known.least
    with pytest.raises(ChainError, match=f"{param} is .* is the most") as caught:
        check(Chain(steps=(Step(transform=transform, params={param: value}),)))
    assert caught.value.param == param


def test_slow_ones_are_marked() -> None:
    slow = {transform.name for transform in TRANSFORMS if transform.slow}
    assert {"PiecewiseAffine", "Superpixels", "RandomFog"} <= slow
    assert not slow & {"HorizontalFlip", "CLAHE", "Rotate", "RandomResizedCrop"}


def test_no_transform_warns_of_what_it_is_given() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for transform in TRANSFORMS:
            Composed(Chain(steps=(transform.step(),)))
