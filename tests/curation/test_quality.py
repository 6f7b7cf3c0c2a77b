from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.curation.made import findings, scanned
from workbench.curation import quality
from workbench.project.project import Project


def _picture(seed: int, *, size: tuple[int, int] = (80, 80)) -> Image.Image:
    random = np.random.default_rng(seed)
    blocks = Image.fromarray(random.integers(30, 220, (20, 20, 3), dtype=np.uint8)).resize(
        size, Image.Resampling.NEAREST
    )
    levels = np.asarray(blocks).astype(int) + random.integers(-8, 9, (size[1], size[0], 3))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def _draw(images: Path) -> None:
    for n in range(24):
        _picture(n).save(images / f"good_{n}.png")
    _picture(50).filter(ImageFilter.GaussianBlur(6)).save(images / "blur.png")
    _picture(51).point(lambda level: level // 14).save(images / "dark.png")
    _picture(52).point(lambda level: 244 + level // 24).save(images / "bright.png")
    Image.new("RGB", (80, 80), (90, 120, 40)).save(images / "flat.png")
    _picture(53, size=(400, 400)).save(images / "large.png")
    _picture(54, size=(240, 30)).save(images / "strip.png")
    _picture(55, size=(10, 10)).save(images / "tiny.png")


def test_each_fault_is_named_in_words_and_good_pictures_are_left_alone(tmp_path: Path):
    with Project.open(scanned(tmp_path, _draw)) as project:
        found = findings(quality.find(project))
    words = {finding.images[0]: finding.message for finding in found}
    assert not [name for name in words if name.startswith("good")]
    for name, word in {
        "blur": "blurred",
        "dark": "very dark",
        "bright": "very bright",
        "flat": "empty",
        "large": "odd size",
        "strip": "odd shape",
        "tiny": "tiny",
    }.items():
        assert word in words.pop(f"{name}.png")
    assert not words
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
    assert all(len(f.ids) == len(f.images) == 1 and f.kind == "quality" for f in found)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_set_too_small_to_compare_is_judged_by_fixed_limits(tmp_path: Path, count: int):
    def draw(images: Path) -> None:
        for n in range(count):
            _picture(n, size=(80 + 300 * n, 80)).save(images / f"{n}.png")
        Image.new("RGB", (60, 60)).save(images / "black.png")

    with Project.open(scanned(tmp_path, draw)) as project:
        found = findings(quality.find(project))
    assert "black.png" in {finding.images[0] for finding in found}


def test_a_set_of_soft_pictures_is_not_called_blurred():
    random = np.random.default_rng(0)
    soft = random.normal(0.08, 0.005, 60)
    limit = quality._sharpness_limit(soft)
    assert limit < soft.min()
    assert quality._sharpness_limit(np.full(60, 0.5)) >= quality.BLURRED
