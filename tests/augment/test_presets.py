import os
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.augment import catalog, presets
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose
from workbench.augment.presets import PresetExistsError
from workbench.errors import WorkbenchError
from workbench.training.config import LIGHT

BUILTIN = {preset.name: preset for preset in presets.builtin()}
CHAIN = Chain(steps=(Step(transform="InvertImg", p=0.25),))
OTHER = Chain(steps=(Step(transform="HorizontalFlip"),))
random = np.random.default_rng(0)


def kinds(name: str) -> set[str]:
    return {step.transform for _, step in BUILTIN[name].chain.walk()}


def test_there_is_one_for_each_kind_of_image() -> None:
    assert tuple(BUILTIN) == catalog.PRESETS
    assert [*BUILTIN][:4] == ["none", "light", "medium", "strong"]
    assert not any(preset.own for preset in BUILTIN.values())
    assert BUILTIN["none"].chain == Chain()
    assert BUILTIN["light"].chain == LIGHT
    sizes = [len(BUILTIN[name].chain.steps) for name in ("none", "light", "medium", "strong")]
    assert sizes == sorted(sizes)
    assert all(preset.help.endswith(".") for preset in BUILTIN.values())


@pytest.mark.parametrize("name", BUILTIN)
def test_its_steps_are_on_offer_with_values_of_their_sliders(name: str) -> None:
    for _, step in BUILTIN[name].chain.walk():
        known = {param.name: param for param in catalog.find(step.transform).params}
        assert step.params.keys() <= known.keys()
        for key, value in step.params.items():
            low, high = known[key].low, known[key].high
            if low is not None and high is not None:
                assert all(low <= number <= high for number in (value if isinstance(value, list) else [value])), key
    composed = compose(BUILTIN[name].chain, side=32)
    for image in (random.integers(0, 256, (40, 60, 3), dtype=np.uint8), np.zeros((1, 1, 3), np.uint8)):
        assert all(composed(image, seed).shape == (32, 32, 3) for seed in range(10))


@pytest.mark.parametrize("name", ["xray", "fundus", "documents"])
def test_where_sides_matter_nothing_is_mirrored_or_turned_far(name: str) -> None:
    assert not kinds(name) & {"HorizontalFlip", "VerticalFlip", "Transpose", "D4", "SquareSymmetry", "RandomRotate90"}
    for _, step in BUILTIN[name].chain.walk():
        assert all(abs(angle) <= 15 for angle in step.params.get("rotate", []))
        assert all(factor > 0 for factor in step.params.get("scale", []) if step.transform == "Affine")


@pytest.mark.parametrize("name", ["xray", "metal"])
def test_grey_images_stay_grey(name: str) -> None:
    picture = np.repeat(random.integers(0, 256, (48, 48, 1), dtype=np.uint8), 3, axis=2)
    composed = compose(BUILTIN[name].chain)
    for seed in range(60):
        found = composed(picture, seed)
        assert np.array_equal(found[..., 0], found[..., 1])
        assert np.array_equal(found[..., 0], found[..., 2])


def test_cloth_is_not_turned_and_lesions_are_not_cropped() -> None:
    assert not kinds("textile") & {"RandomRotate90", "D4", "Transpose"}
    assert not any("Crop" in name or "Dropout" in name for name in kinds("fundus") | kinds("xray"))


def test_own_ones_are_kept_listed_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "chains"
    assert presets.own(folder) == []
    kept = presets.save_own(folder, "  Castings,  line 3 ", CHAIN)
    assert (kept.title, kept.chain, kept.own) == ("Castings, line 3", CHAIN, True)
    first = presets.save_own(folder, "Ähren", OTHER)
    assert presets.own(folder) == [kept, first]
    assert Chain.load(folder / f"{kept.name}.json") == CHAIN
    presets.delete_own(folder, kept.name)
    assert presets.own(folder) == [first]
    with pytest.raises(WorkbenchError, match="There is no preset 'Castings, line 3' any more"):
        presets.delete_own(folder, kept.name)
    assert len([*folder.iterdir()]) == 1


@pytest.mark.parametrize(
    "title",
    [
        "a/b\\c: d?",
        "..",
        ".hidden",
        "con",
        "NUL.night",
        "com1",
        "50 % of 100%",
        "dot.",
        'say "x" <y>|*',
        "質検 ライン",
        "a\u0301",
    ],
)
def test_any_title_is_a_safe_name_and_comes_back(tmp_path: Path, title: str) -> None:
    kept = presets.save_own(tmp_path, title, CHAIN)
    assert presets.own(tmp_path) == [kept]
    assert kept.title == ("á" if title == "a\u0301" else title)
    assert [path.parent for path in tmp_path.rglob("*")] == [tmp_path]
    assert not set(kept.name) & set('\\/:*?"<>|')
    assert kept.name.split(".")[0].casefold() not in ("con", "nul", "com1", "")
    assert not kept.name.endswith((".", " "))


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("  ", "needs a name"),
        ("x" * 61, "too long"),
        ("😀" * 40, "too long"),
        ("a\x07b", "cannot be shown"),
        ("fundus photographs", "name of a preset of Workbench"),
    ],
)
def test_a_title_that_cannot_be_is_refused(tmp_path: Path, title: str, told: str) -> None:
    with pytest.raises(WorkbenchError, match=told):
        presets.save_own(tmp_path, title, CHAIN)
    assert [*tmp_path.iterdir()] == []


def test_another_is_replaced_only_on_demand_whatever_its_capitals(tmp_path: Path) -> None:
    presets.save_own(tmp_path, "Castings", CHAIN)
    for title in ("Castings", "castings"):
        with pytest.raises(PresetExistsError, match="There is a preset named 'Castings' already"):
            presets.save_own(tmp_path, title, OTHER)
    assert [preset.chain for preset in presets.own(tmp_path)] == [CHAIN]
    presets.save_own(tmp_path, "castings", OTHER, replace=True)
    assert [(preset.title, preset.chain) for preset in presets.own(tmp_path)] == [("castings", OTHER)]
    assert len([*tmp_path.iterdir()]) == 1


def test_renaming_keeps_the_chain_and_the_others(tmp_path: Path) -> None:
    first = presets.save_own(tmp_path, "first", CHAIN)
    presets.save_own(tmp_path, "second", OTHER)
    with pytest.raises(PresetExistsError):
        presets.rename_own(tmp_path, first.name, "Second")
    found = presets.rename_own(tmp_path, first.name, "First")
    assert (found.title, found.chain) == ("First", CHAIN)
    presets.rename_own(tmp_path, found.name, "third/4")
    assert [preset.title for preset in presets.own(tmp_path)] == ["second", "third/4"]
    with pytest.raises(WorkbenchError, match="There is no preset 'first' any more"):
        presets.rename_own(tmp_path, first.name, "fifth")


def test_a_damaged_one_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    kept = presets.save_own(tmp_path, "good", CHAIN)
    (tmp_path / "cut.json").write_text('{"format": 2, "steps": [')
    (tmp_path / "other.json").write_text('{"names": ["a"]}')
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.json").write_text(" " * ((1 << 20) + 1))
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".cut.json.partial").write_text("{")
    found = presets.read(tmp_path)
    assert found.presets == presets.own(tmp_path) == [kept]
    assert len(found.damaged) == 5
    for name in ("cut", "other", "binary", "huge", "folder"):
        assert any(str(tmp_path / f"{name}.json") in sentence for sentence in found.damaged), name


@pytest.mark.parametrize("name", ["../outside", "a/b", "..", ".hidden", ""])
def test_a_name_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "chains"
    presets.save_own(folder, "mine", CHAIN)
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    with pytest.raises(WorkbenchError, match="There is no preset"):
        presets.delete_own(folder, name)
    assert outside.exists()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WorkbenchError, match="cannot be read or written"):
        presets.save_own(tmp_path, "mine", CHAIN)


def test_a_write_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    presets.save_own(tmp_path, "mine", CHAIN)

    def full(_from: Path, _to: Path) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WorkbenchError, match="no space left"):
        presets.save_own(tmp_path, "mine", OTHER, replace=True)
    assert [preset.chain for preset in presets.own(tmp_path)] == [CHAIN]
    assert len([*tmp_path.iterdir()]) == 1


def test_the_users_folder_is_not_made_by_asking() -> None:
    assert presets.user_folder().name == "chains"
