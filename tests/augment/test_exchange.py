"""Chains as files: what albumentations reads from them gives our pixels, and what comes from elsewhere does no harm."""

import json
import random
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.augment.ends import changes
from workbench.augment import catalog
from workbench.augment.catalog import TransformInfo
from workbench.augment.chain import Chain, ChainError, Step
from workbench.augment.exchange import from_albumentations, read, to_albumentations, to_python, write
from workbench.augment.pipeline import Pixels, albumentations_chain, compose
from workbench.errors import WorkbenchError

TRANSFORMS = catalog.transforms()
SIDE = 40
IMAGE = np.random.default_rng(8).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(6, 0).repeat(6, 1)
NEEDED: dict[str, dict[str, Any]] = {
    "RandomResizedCrop": {"size": (30, 20)},
    "RandomSizedCrop": {"size": (30, 20), "min_max_height": (20, 30)},
    "GridElasticDeform": {"num_grid_xy": (3, 3), "magnitude": 5},
    "RandomCrop": {"height": 30, "width": 20},
    "CenterCrop": {"height": 30, "width": 20},
    "Resize": {"height": 30, "width": 20},
    "Crop": {"x_max": 30, "y_max": 20},
    "LongestMaxSize": {"max_size": 30},
    "SmallestMaxSize": {"max_size": 30},
    "CropAndPad": {"percent": -0.1},
    "Downscale": {"scale_range": (0.5, 0.7)},
}


def step(name: str, p: float = 1.0, *steps: Step, **params: Any) -> Step:
    return Step(transform=name, p=p, params=params, steps=steps)


def chain(*steps: Step) -> Chain:
    return Chain(steps=steps)


NESTED = chain(
    step("RandomResizedCrop", 0.9, scale=[0.3, 1.0]),
    step("OneOf", 0.8, step("Blur", 0.3, blur_limit=[3, 7]), step("Sequential", 0.7, step("GaussNoise"), step("D4"))),
    step("SomeOf", 0.9, step("HorizontalFlip", 0.5), step("CLAHE", 0.5), step("Rotate", border_mode="mirror"), n=2),
    step("RandomOrder", 1.0, step("VerticalFlip", 0.5), step("RandomGamma"), n=5),
    step("ElasticTransform", 0.5).model_copy(update={"enabled": False}),
    step(
        "CropAndPad",
        0.5,
        percent=[[0.0, 0.1], [-0.1, -0.1], [-0.1, 0.1], [0.0, 0.0]],
        keep_size=False,
        interpolation="cubic",
    ),
    step("Spatter", 0.5, color="none", mode="mud"),
    step("Affine", 0.7, scale={"x": [0.8, 1.2], "y": 1.1}, translate_px="none", shear=[-10, 10], fill=[1, 2, 3]),
)


def plain(transform: Any, image: Pixels, seed: int) -> Pixels:
    """What anybody with albumentations does with the exported file."""
    transform.set_random_state(np.random.default_rng(seed), random.Random(seed))
    found: Pixels = transform(image=image)["image"]
    return found


def assert_read_alike(made: Chain, folder: Path, seeds: int = 4, side: int = SIDE) -> None:
    import albumentations

    composed = compose(made, side=side)
    for name, kind in (("chain.json", "json"), ("chain.yaml", "yaml")):
        write(made, folder / name, side=side, kind="albumentations")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a transform is slow, or has a successor
            transform = albumentations.load(folder / name, data_format=kind)
        for seed in range(seeds):
            assert np.array_equal(plain(transform, IMAGE, seed), composed(IMAGE, seed))
    transform = albumentations_chain(made, side)
    assert np.array_equal(plain(transform, IMAGE, 1), composed(IMAGE, 1))


@pytest.mark.parametrize("info", TRANSFORMS, ids=lambda info: info.name)
def test_every_transform_goes_to_albumentations_and_comes_back(info: TransformInfo, tmp_path: Path) -> None:
    made = chain(info.step().model_copy(update={"p": 0.75}))
    assert_read_alike(made, tmp_path, 2)
    assert read(tmp_path / "chain.json") == made
    assert read(tmp_path / "chain.yaml") == made


@pytest.mark.parametrize("info", TRANSFORMS, ids=lambda info: info.name)
def test_what_albumentations_saves_is_read(info: TransformInfo, tmp_path: Path) -> None:
    import albumentations

    kind = getattr(albumentations, info.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        saved = albumentations.Compose([kind(**NEEDED.get(info.name, {}), p=0.9), albumentations.HorizontalFlip()])
        for ending in ("json", "yaml"):
            albumentations.save(saved, tmp_path / f"chain.{ending}", data_format=ending)
        transform = albumentations.load(tmp_path / "chain.json")
    found = read(tmp_path / "chain.json")
    assert read(tmp_path / "chain.yaml") == found
    assert [other.transform for other in found.steps] == [info.name, "HorizontalFlip"]
    composed = compose(found)
    for seed in range(2):
        expected = plain(transform, IMAGE, seed)
        if expected.shape == IMAGE.shape:
            assert np.array_equal(composed(IMAGE, seed), expected)
        else:
            assert composed(IMAGE, seed).shape == IMAGE.shape


def test_every_end_of_every_parameter_passes_the_plain_check(tmp_path: Path) -> None:
    """The check without albumentations refuses nothing that the forms can set."""
    for info in TRANSFORMS:
        for _, changed in changes(info):
            write(chain(changed), tmp_path / "chain.json", side=SIDE)
            assert read(tmp_path / "chain.json") == chain(changed)
            assert from_albumentations(to_albumentations(chain(changed), SIDE), "it") == chain(changed)


LEAVES = st.sampled_from([info for info in TRANSFORMS if not info.slow]).flatmap(
    lambda info: st.builds(
        lambda changed, p: changed[1].model_copy(update={"p": p}),
        st.sampled_from(list(changes(info))),
        st.sampled_from([0.3, 0.7, 1.0]),
    )
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda name, p, steps, n, again: Step(
            transform=name,
            p=p,
            steps=tuple(steps),
            params={"n": n, "replace": again} if name in ("SomeOf", "RandomOrder") else {},
        ),
        st.sampled_from(["OneOf", "SomeOf", "Sequential", "RandomOrder"]),
        st.sampled_from([0.5, 1.0]),
        st.lists(inner, min_size=1, max_size=3),
        st.integers(1, 4),
        st.booleans(),
    ),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TREES, min_size=1, max_size=3), st.integers(0, 2**40))
def test_any_chain_read_by_albumentations_gives_our_pixels(steps: list[Step], seed: int) -> None:
    import albumentations

    try:
        made = chain(*steps)
        composed = compose(made, side=SIDE)
    except (WorkbenchError, ValueError):
        return  # too deep, or growing beyond bounds
    fields = to_albumentations(made, SIDE)
    assert from_albumentations(fields, "it") == made or "SomeOf" in str(fields) or "RandomOrder" in str(fields)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transform = albumentations.from_dict(json.loads(json.dumps(fields)))
        try:
            expected = composed(IMAGE, seed)
        except ChainError:
            with pytest.raises(ChainError) as caught:
                composed.trace(IMAGE, seed)
            assert made.at(caught.value.place or ()).transform in str(caught.value)
            return  # a crop larger than the image, or a result that another step cannot use
        assert np.array_equal(plain(transform, IMAGE, seed), expected)
        assert np.array_equal(composed.trace(IMAGE, seed)[-1][1], expected)
        mask = np.ones(IMAGE.shape[:2], np.uint16)
        moved, masks = composed.follow(IMAGE, [mask], seed)
        assert np.array_equal(moved, expected)
        assert set(np.unique(masks[0])) <= {0, 1}


def test_nested_chains_and_presets_are_read_alike(tmp_path: Path) -> None:
    assert_read_alike(NESTED, tmp_path, 12)
    assert_read_alike(Chain(), tmp_path)
    for preset in catalog.presets().values():
        assert_read_alike(preset, tmp_path)
        write(preset, tmp_path / "ours.json", side=SIDE)
        assert read(tmp_path / "ours.json") == preset
        assert read(tmp_path / "chain.json") == read(tmp_path / "chain.yaml") == preset.active()


def test_what_is_switched_off_goes_nowhere_but_into_our_own_file(tmp_path: Path) -> None:
    write(NESTED, tmp_path / "ours.json", side=SIDE)
    write(NESTED, tmp_path / "theirs.json", side=SIDE, kind="albumentations")
    assert read(tmp_path / "ours.json") == NESTED
    back = read(tmp_path / "theirs.json")
    assert [other.transform for other in back.steps] == [other.transform for other in NESTED.active().steps]
    assert "ElasticTransform" not in (tmp_path / "theirs.json").read_text()


def test_the_size_that_was_left_out_stays_so(tmp_path: Path) -> None:
    made = chain(step("RandomResizedCrop", scale=[0.5, 1.0]), step("RandomResizedCrop", size=[20, 20]))
    write(made, tmp_path / "chain.yaml", side=SIDE)
    assert f"size: [{SIDE}, {SIDE}]" in (tmp_path / "chain.yaml").read_text()
    assert read(tmp_path / "chain.yaml") == made
    with pytest.raises(ChainError, match="RandomResizedCrop needs a size"):
        to_albumentations(made, 0)


def test_python_code_gives_our_pixels(tmp_path: Path) -> None:
    chains = [NESTED, catalog.presets()["strong"], Chain(), chain(*(info.step() for info in TRANSFORMS[:30]))]
    for number, made in enumerate(chains):
        write(made, tmp_path / f"chain{number}.py", side=SIDE)
        assert to_python(made, SIDE) == (tmp_path / f"chain{number}.py").read_text()
    np.save(tmp_path / "image.npy", IMAGE)
    runner = (
        "import numpy as np, importlib\n"
        "image = np.load('image.npy')\n"
        f"for number in range({len(chains)}):\n"
        "    augment = importlib.import_module(f'chain{number}').augment\n"
        "    np.save(f'result{number}.npy', np.stack([augment(image, seed) for seed in range(6)]))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", runner], cwd=tmp_path, check=True, timeout=120)
    for number, made in enumerate(chains):
        composed = compose(made, side=SIDE)
        expected = np.stack([composed(IMAGE, seed) for seed in range(6)])
        assert np.array_equal(np.load(tmp_path / f"result{number}.npy"), expected)


def test_python_code_reads_well() -> None:
    text = to_python(chain(step("Rotate", 0.5, limit=[-9, 9], border_mode="mirror", interpolation="cubic")), 224)
    assert "A.Rotate(limit=(-9, 9), border_mode=cv2.BORDER_REFLECT_101, interpolation=cv2.INTER_CUBIC, p=0.5)," in text
    assert "import cv2" not in to_python(chain(step("HorizontalFlip")), 0)


@pytest.mark.parametrize("name", ["HorizontalFlip(), __import__('os').system('true'), A.Blur", "os.system", "", "A\nB"])
def test_no_name_becomes_code(name: str) -> None:
    with pytest.raises(WorkbenchError, match="no transform named"):
        to_python(chain(step(name)), SIDE)
    with pytest.raises(WorkbenchError, match="has no parameter"):
        to_python(chain(step("Blur", **{f"blur_limit=3) or {name}": 3})), SIDE)


def test_what_others_write_at_the_end_is_left_out() -> None:
    import albumentations

    last = [albumentations.Resize(64, 64), albumentations.Normalize(), albumentations.pytorch.ToTensorV2()]
    found = from_albumentations(albumentations.Compose([albumentations.D4(p=0.3), *last], p=0.5).to_dict(), "it")
    assert found.steps[0].transform == "Sequential"
    assert found.steps[0].p == 0.5
    assert [inner.transform for inner in found.steps[0].steps] == ["D4", "Resize"], "another resizing is the user's"


def test_other_containers_become_ours() -> None:
    import albumentations as A

    made = A.Compose([A.OneOrOther(A.D4(), A.Transpose(), p=0.3), A.Compose([A.InvertImg(p=1)], p=0.4)])
    found = from_albumentations(made.to_dict(), "it")
    either, inner = found.steps
    assert (either.transform, either.p, [other.p for other in either.steps]) == ("OneOf", 1.0, [0.3, 0.7])
    assert (inner.transform, inner.p) == ("Sequential", 0.4)
    alone = from_albumentations(A.Blur(p=0.25).to_dict(), "it")
    assert [(other.transform, other.p) for other in alone.steps] == [("Blur", 0.25)]
    old = {"__class_fullname__": "albumentations.augmentations.transforms.InvertImg", "always_apply": True, "p": 0.5}
    assert from_albumentations({"transform": old}, "it") == chain(step("InvertImg"))


def wrapped(*transforms: Any) -> str:
    return json.dumps({"transform": {"__class_fullname__": "Compose", "p": 1.0, "transforms": list(transforms)}})


def named(name: str, **params: Any) -> dict[str, Any]:
    return {"__class_fullname__": name, "p": 0.5, **params}


def deep(levels: int) -> dict[str, Any]:
    node = named("Blur")
    for _ in range(levels):
        node = named("OneOf", transforms=[node])
    return node


def ours(*steps: Any) -> str:
    return json.dumps({"format": 2, "steps": list(steps)})


EVIL = "!!python/object/apply:os.system ['touch {flag}']"
LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.json", "{", "is not JSON"),
        ("x.json", "", "is not JSON"),
        ("x.json", "[]", "holds no chain"),
        ("x.json", "{}", "holds no chain"),
        ("x.json", '"Blur"', "holds no chain"),
        ("x.json", "[" * 100_000, "nested too deeply"),
        ("x.yaml", "[" * 20_000, "nested too deeply"),
        ("x.json", json.dumps({"steps": [], "more": [[[[[[[[[[1]]]]]]]]]] * 3}), "more"),
        ("x.json", '{"steps": ' + "[" * 40 + "]" * 40 + "}", "nested too deeply"),
        ("x.json", '{"steps": [' + "1," * 30_000 + "1]}", "more values than any chain"),
        ("x.yaml", "a: [", "is not YAML"),
        ("x.yaml", "a: b: c", "is not YAML"),
        ("x.yaml", LAUGHS, "more values than any chain"),
        ("x.yaml", "steps: &a [*a]", "more values than any chain|nested too deeply"),
        ("x.yaml", "steps: [{transform: Blur, p: 2020-01-01}]", "values that no chain holds"),
        ("x.yaml", "steps: !!binary aGVsbG8=", "values that no chain holds"),
        ("x.yaml", "transform: !!python/name:os.system", "in line 1 what is not plain YAML"),
        ("x.yaml", "transform:\n  p: !custom 1", "in line 2 what is not plain YAML"),
        ("x.txt", "hello", "holds no chain"),
        ("x.py", "print(1)", "program code, which Workbench does not run"),
        ("x.json", " " * 300_000, "larger than 256 KB"),
        ("x.json", ours({"transform": "Blurr"}), r"at step 1: There is no transform named 'Blurr'.*did you mean Blur"),
        (
            "x.json",
            ours({"transform": "Blur"}, {"transform": "Lambda"}),
            "at step 2: The transform Lambda is not on offer",
        ),
        ("x.json", ours({"transform": "Blur", "p": 7}), "step 1: p: it should be 1 or less, not 7"),
        ("x.json", ours({"transform": "Blur", "evil": 7}), "step 1: evil: there is no field of that name"),
        ("x.json", ours({"transform": "Blur"}, {"p": 1}), "step 2: transform: it is missing"),
        ("x.json", json.dumps({"steps": "Blur"}), "steps: it should be a list"),
        ("x.json", ours({"transform": "__import__"}), "named '__import__' on offer; choose one from the list"),
        ("x.json", '{"steps": ' + "9" * 9999 + "}", r"not JSON \(it holds a number of thousands of digits\)"),
        (
            "x.json",
            ours({"transform": "Rotate", "params": {"border_mode": 77}}),
            "border_mode of Rotate should be one of",
        ),
        ("x.json", ours({"transform": "Rotate", "params": {"limit": {"a": 1}}}), "limit of Rotate should hold numbers"),
        ("x.json", ours({"transform": "Blur", "params": {"blur": 3}}), "at step 1: Blur has no parameter 'blur'"),
        ("x.json", ours({"transform": "Blur", "params": {"blur_limit": "wide"}}), "should hold numbers, not 'wide'"),
        ("x.json", ours({"transform": "Blur", "params": {"blur_limit": [3, 5, 7]}}), "two numbers, from and to"),
        ("x.json", ours({"transform": "Blur", "params": {"blur_limit": True}}), "should hold numbers"),
        ("x.json", ours({"transform": "Blur", "params": {"blur_limit": [3, 99999]}}), "99999"),
        ("x.json", ours({"transform": "Blur", "params": {"blur_limit": [3, 5.5]}}), "whole numbers"),
        ("x.json", ours({"transform": "CLAHE", "params": {"tile_grid_size": [8]}}), "a list of 2 numbers"),
        ("x.json", ours({"transform": "Rotate", "params": {"crop_border": 1}}), "true or false"),
        ("x.json", ours({"transform": "Rotate", "params": {"border_mode": "odd"}}), "one of"),
        ("x.json", ours({"transform": "Rotate", "params": {"fill": "red"}}), "should be a colour"),
        ("x.json", ours({"transform": "OneOf", "params": {"n": 2}}), "OneOf has no parameter 'n'"),
        ("x.json", ours({"transform": "SomeOf", "params": {"n": 2000}}), "2000"),
        ("x.json", ours({"transform": "SomeOf", "params": {"n": "all"}}), "should hold numbers"),
        ("x.json", ours({"transform": "Resize", "params": {"height": 10**6, "width": 8}}), "1e\\+06"),
        ("x.json", ours({"transform": "GaussianBlur", "params": {"sigma_limit": [0, 1e6]}}), "at step 1"),
        (
            "x.json",
            ours(*[{"transform": "RandomScale", "params": {"scale_limit": [3, 3]}}] * 9),
            r"at step 3: .*as large",
        ),
        ("x.json", wrapped(named("Blur"), named("Blurr")), r"at step 2: There is no transform named 'Blurr'"),
        ("x.json", wrapped(named("OneOf", transforms=[named("Lambda")])), "at step 1.1: The transform Lambda"),
        ("x.json", wrapped({"__type__": "Lambda", "__name__": "f"}), r"at step 1 \(Lambda\): It runs program code"),
        ("x.json", wrapped(named("os.system")), "at step 1: os.system is no transform of albumentations"),
        ("x.json", wrapped(named("albumentations.os")), "There is no transform named 'os'"),
        ("x.json", wrapped(named("FDA", reference_images=["/etc/passwd"])), "FDA is not on offer"),
        ("x.json", wrapped(named("TextImage", font_path="/etc/passwd")), "TextImage is not on offer"),
        ("x.json", wrapped(named("ToFloat"), named("Blur")), "ToFloat is not on offer"),
        ("x.json", wrapped(named("Equalize", mask=[[1]])), "carries a mask"),
        (
            "x.json",
            wrapped(named("Blur", p="often")),
            r"at step 1 \(Blur\): p should be a number from 0 to 1, not 'often'",
        ),
        ("x.json", wrapped(named("Blur", p=float("nan"))), "p should be a number from 0 to 1"),
        ("x.json", wrapped(named("Blur", blur_limit=float("inf"))), "out of all bounds"),
        ("x.json", wrapped(named("Blur", blur_limit="7")), "should hold numbers, not '7'"),
        ("x.json", wrapped("Blur"), "at step 1: a transform should be a table"),
        ("x.json", wrapped({"p": 1}), "at step 1: a transform has no name"),
        ("x.json", wrapped({"__class_fullname__": ["Blur"]}), "at step 1: a transform has no name"),
        ("x.json", wrapped(named("OneOf")), r"at step 1 \(OneOf\): its transforms should be a list"),
        ("x.json", wrapped(named("OneOf", transforms=[named("Blur", p=0)])), "none of its steps is ever drawn"),
        ("x.json", wrapped(named("ReplayCompose", transforms=[])), "Workbench has no ReplayCompose"),
        ("x.json", wrapped(deep(4)), "nested 3 deep"),
        ("x.json", wrapped(deep(20)), "nested"),
        ("x.json", wrapped(*[named("Blur")] * 65), "at most 64 steps"),
        ("x.json", wrapped(*[named("Blur")] * 650), "at most 64 steps"),
        ("x.json", wrapped(named("Blur", transforms=[named("Blur")])), "Workbench has no Blur"),
        ("x.json", json.dumps({"transform": 3}), "a transform should be a table"),
        ("x.json", json.dumps({"transform": None, "__version__": "9"}), "a transform should be a table"),
    ],
)
def test_what_is_no_chain_is_refused_in_a_sentence(name: str, text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkbenchError, match=words) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith((".", "?"))
    assert not message.endswith("?.")
    assert "\n" not in message
    assert len(message) < 500 + len(str(path))


def test_what_replays_is_read_as_the_chain_that_it_is(tmp_path: Path) -> None:
    import albumentations

    replaying = albumentations.ReplayCompose([albumentations.HorizontalFlip(p=0.5), albumentations.Rotate(p=0.5)])
    path = tmp_path / "replay.json"
    albumentations.save(replaying, str(path), data_format="json")
    composed = compose(read(path), side=48)
    for seed in range(4):
        replaying.set_random_state(np.random.default_rng(seed), random.Random(seed))
        assert (replaying(image=IMAGE)["image"] == composed(IMAGE, seed)).all()


def test_nothing_in_a_file_runs(tmp_path: Path) -> None:
    flag, path = tmp_path / "flag", tmp_path / "x.yaml"
    evil = EVIL.format(flag=flag)
    for text in (evil, f"transform: {evil}", f"steps:\n- transform: Blur\n  params: {evil}"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(WorkbenchError, match="nothing of it was run"):
            read(path)
    assert not flag.exists()


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"nowhere\.json cannot be read: No such file"):
        read(tmp_path / "nowhere.json")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "latin.json").write_bytes('{"steps": "é"}'.encode("latin-1"))
    with pytest.raises(WorkbenchError, match="no text in UTF-8"):
        read(tmp_path / "latin.json")
    with pytest.raises(WorkbenchError, match="change the ending"):
        write(NESTED, tmp_path / "chain.xml", side=SIDE)
    with pytest.raises(WorkbenchError, match=r"cannot be saved to .*choose another place"):
        write(NESTED, tmp_path / "missing" / "chain.json", side=SIDE)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(WorkbenchError, match="cannot be saved to"):
        write(NESTED, tmp_path / "folder.json", side=SIDE)
    assert not list(tmp_path.glob(".*")), "nothing unfinished is left"
    (tmp_path / "marked.json").write_bytes(b"\xef\xbb\xbf" + NESTED.dumps().encode())
    assert read(tmp_path / "marked.json") == NESTED


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_files_that_were_damaged_are_read_or_refused_in_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["json", "yaml", "ours"]))
    path = tmp_path / ("chain.yaml" if kind == "yaml" else "chain.json")
    write(NESTED, path, side=SIDE, kind="workbench" if kind == "ours" else "albumentations")
    text = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text) - 1))
        text[start : start + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=6))
    path.write_bytes(text)
    told = ""
    try:
        read(path)
    except WorkbenchError as error:
        told = str(error)
    assert not told or str(path) in told


def test_the_window_can_read_and_write_without_albumentations(tmp_path: Path) -> None:
    write(NESTED, tmp_path / "in.yaml", side=SIDE)
    code = (
        "import sys\nfrom pathlib import Path\nfrom workbench.augment import exchange, geometry\n"
        "chain = exchange.read(Path('in.yaml'))\n"
        "for name in ('out.py', 'out.json', 'out.yaml'): exchange.write(chain, Path(name), side=40, kind='albumentations')\n"
        "geometry.prepared_side([chain], 224, detail=4)\n"
        "print([name for name in ('albumentations', 'cv2', 'torch', 'scipy') if name in sys.modules])\n"
    )
    from workbench import launch

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=launch.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
