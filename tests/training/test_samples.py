import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tests.tiny_backbone
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose
from workbench.data.dataset import Sample, VariedDataset, sample_seed
from workbench.data.loaders import make_loader, set_epoch
from workbench.data.reading import Decoding, ImageError
from workbench.training.config import MixConfig, RareConfig, TrainConfig
from workbench.training.pixels import Resized
from workbench.training.samples import TrainPixels, prepared_side

CROP = Chain(
    steps=(
        Step(transform="RandomResizedCrop", p=1, params={"scale": [0.25, 1.0]}),
        Step(transform="HorizontalFlip", p=0.5),
        Step(transform="RandomBrightnessContrast", p=0.8),
    )
)
NOISE = Chain(steps=(Step(transform="GaussNoise", p=1),))
NONE = Chain()
CLASSES = ("common", "rare")


def config(**changes: object) -> TrainConfig:
    assert tests.tiny_backbone.TINY.input_size == 32
    plain = TrainConfig().with_settings(["backbone=tests/tiny", "weights=none"])
    return plain.model_copy(update={"augment": CROP, **changes})


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    random = np.random.default_rng(0)
    found = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.fromarray(random.integers(0, 256, (90 + number, 110, 3), dtype=np.uint8)).save(path)
        found.append(Sample(number, str(path), number % 2, content_hash=str(number)))
    return found


def test_a_variant_is_the_prepared_image_through_the_chain_at_the_models_size(samples: list[Sample]) -> None:
    pixels = TrainPixels(config(), CLASSES, Decoding())
    assert (pixels.size, pixels.prepared_side) == (32, 64)
    prepared = pixels.prepared(samples[0])
    np.testing.assert_array_equal(prepared, Resized(64, "squash", Decoding())(samples[0]))
    variant = pixels.variant(samples[0], 5)
    assert (variant.shape, variant.dtype, variant.flags.c_contiguous) == ((32, 32, 3), np.uint8, True)
    np.testing.assert_array_equal(variant, pixels.variant(samples[0], 5))
    assert not np.array_equal(variant, pixels.variant(samples[0], 6))
    noisy = pixels.variant(samples[0], 5, chain=NOISE)
    np.testing.assert_array_equal(noisy, compose(NOISE, side=32)(prepared, 5))


def test_the_side_prepared_follows_the_smallest_crop_of_the_chains_in_use_and_what_images_hold() -> None:
    assert prepared_side(config()) == 64
    assert prepared_side(config(), largest=50) == 50
    assert prepared_side(config(augment=NONE)) == 32
    assert prepared_side(config(augment=NONE, rare=RareConfig(chain=CROP))) == 32
    assert prepared_side(config(augment=NONE, rare=RareConfig(classes=("rare",), chain=CROP))) == 64
    assert prepared_side(config().with_settings(["preprocess.detail=1.5"])) == 48
    assert prepared_side(config().with_settings(["preprocess.detail=1.0"])) == 32


def test_rare_classes_get_their_own_chain_instead(samples: list[Sample]) -> None:
    pixels = TrainPixels(config(augment=NONE, rare=RareConfig(classes=("rare",), chain=NOISE)), CLASSES, Decoding())
    common, rare = samples[0], samples[1]
    np.testing.assert_array_equal(pixels.variant(common, 3), pixels.plain(common))
    np.testing.assert_array_equal(pixels.variant(rare, 3), compose(NOISE)(pixels.prepared(rare), 3))
    unlabelled = Sample(1, rare.path, -1, rare.content_hash)
    np.testing.assert_array_equal(pixels.variant(unlabelled, 3), pixels.plain(rare))


def test_validation_sees_no_chain_and_no_crop(samples: list[Sample]) -> None:
    pixels = TrainPixels(config(rare=RareConfig(classes=("rare",), chain=NOISE)), CLASSES, Decoding())
    for sample in samples[:2]:
        np.testing.assert_array_equal(pixels.plain(sample), Resized(32, "squash", Decoding())(sample))


@pytest.mark.parametrize("chain", [NONE, CROP], ids=["one size", "two sizes"])
def test_the_bytes_are_the_same_with_and_without_the_cache(samples: list[Sample], tmp_path: Path, chain: Chain) -> None:
    cached = TrainPixels(config(augment=chain), CLASSES, Decoding(), cache=tmp_path / "cache")
    direct = TrainPixels(config(augment=chain), CLASSES, Decoding())
    assert not list(direct.prepare(samples[:4], samples[4:]))
    list(cached.prepare(samples[:4], samples[4:]))
    assert len(list((tmp_path / "cache" / "prepared").iterdir())) == (1 if chain == NONE else 2)
    expected = [direct.variant(sample, 9) for sample in samples], [direct.plain(sample) for sample in samples]
    for sample in samples:
        Path(sample.path).write_bytes(b"gone")  # what follows can only come from the cache
    for sample, variant, plain in list(zip(samples, *expected, strict=True)):
        if chain == NONE or sample.id < 4:
            np.testing.assert_array_equal(cached.variant(sample, 9), variant)
        if chain == NONE or sample.id >= 4:
            np.testing.assert_array_equal(cached.plain(sample), plain)
    with pytest.raises(ImageError):
        direct.plain(samples[0])


def test_what_the_cache_lacks_is_computed_alike(samples: list[Sample], tmp_path: Path) -> None:
    cached = TrainPixels(config(), CLASSES, Decoding(), cache=tmp_path)
    direct = TrainPixels(config(), CLASSES, Decoding())
    list(cached.prepare(samples[:2], []))
    for sample in samples:
        np.testing.assert_array_equal(cached.variant(sample, 1), direct.variant(sample, 1))


def test_it_travels_and_any_number_of_workers_gives_the_same_bytes(samples: list[Sample], tmp_path: Path) -> None:
    pixels = TrainPixels(config(), CLASSES, Decoding(), cache=tmp_path)
    list(pixels.prepare(samples, []))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(pixels)).variant(samples[0], 1), pixels.variant(samples[0], 1)
    )
    for workers in (0, 1, 2):
        dataset = VariedDataset(samples, pixels.variant, seed=7, preload=pixels.preload)
        loader = make_loader(dataset, batch_size=4, workers=workers, shuffle=True, seed=7)
        set_epoch(loader, 3)
        found = {int(i): image.numpy() for batch in loader for i, image in zip(batch.ids, batch.images, strict=True)}
        assert len(found) == 6
        for sample in samples:
            np.testing.assert_array_equal(found[sample.id], pixels.variant(sample, sample_seed(7, 3, sample.id)))
        del loader


def test_mixing_changes_no_single_image(samples: list[Sample]) -> None:
    mixed = TrainPixels(config(mix=MixConfig(kind="both", p=1)), CLASSES, Decoding())
    plain = TrainPixels(config(), CLASSES, Decoding())
    np.testing.assert_array_equal(mixed.variant(samples[0], 1), plain.variant(samples[0], 1))


def test_it_imports_neither_torch_nor_albumentations_before_it_needs_them() -> None:
    code = (
        "import sys; from workbench.training.samples import TrainPixels; from workbench.training.config import TrainConfig;"
        "from workbench.data.reading import Decoding; TrainPixels(TrainConfig(), ['a', 'b'], Decoding());"
        "bad = {'torch', 'albumentations', 'cv2', 'PySide6'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
