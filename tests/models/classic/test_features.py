import numpy as np
import pytest

from workbench.models.classic import features


def stripes(*, across: bool, side: int = 128) -> np.ndarray:
    wave = ((np.arange(side) // 4) % 2 * 200 + 20).astype(np.uint8)
    image = np.tile(wave, (side, 1)) if across else np.tile(wave[:, None], (1, side))
    return np.repeat(image[..., None], 3, axis=2)


def test_colours_are_counted_by_hue_in_the_whole_and_in_its_quarters() -> None:
    red_over_green = np.zeros((40, 60, 3), np.uint8)
    red_over_green[:20, :, 0] = 255
    red_over_green[20:, :, 1] = 255
    found = features.colour(red_over_green).reshape(5, -1) ** 2
    tints = found[:, : features.HUES * features.SATURATIONS].reshape(5, features.HUES, features.SATURATIONS)
    whole, upper, lower = tints[0], tints[1], tints[3]
    assert whole[0, 3] == pytest.approx(0.5)
    assert whole[6, 3] == pytest.approx(0.5)
    assert upper[0, 3] == pytest.approx(1.0)
    assert lower[6, 3] == pytest.approx(1.0)
    assert found[:, -1] == pytest.approx(np.ones(5))  # as bright as can be, everywhere
    assert found.sum(axis=1) == pytest.approx(np.full(5, 2.0))


def test_a_colour_is_the_same_in_the_shade() -> None:
    light, shade = (np.full((20, 20, 3), (part, 0, 0), np.uint8) for part in (220, 90))
    tints = features.HUES * features.SATURATIONS
    assert np.array_equal(features.colour(light)[:tints], features.colour(shade)[:tints])
    assert not np.array_equal(features.colour(light), features.colour(shade))


def test_gradients_know_their_direction_and_not_their_sign() -> None:
    upright, lying = (features.gradients(stripes(across=across)) for across in (True, False))
    assert upright.shape == (7 * 7 * 4 * features.BINS,)
    by_direction = upright.reshape(-1, features.BINS).sum(axis=0)
    # A change along the rows has the angle 0, halfway between the last and the first bin.
    assert set(np.argsort(by_direction)[-2:]) == {0, features.BINS - 1}
    assert int(lying.reshape(-1, features.BINS).sum(axis=0).argmax()) == features.BINS // 2
    assert features.gradients(255 - stripes(across=False)) == pytest.approx(lying, abs=0.15)
    assert np.linalg.norm(upright.reshape(-1, 36), axis=1) == pytest.approx(np.ones(49), abs=0.01)


def test_gradients_of_the_same_pattern_do_not_depend_on_brightness() -> None:
    pattern = stripes(across=False)
    darker = (pattern.astype(np.float32) * 0.5).astype(np.uint8)
    assert features.gradients(darker) == pytest.approx(features.gradients(pattern), abs=0.02)


def test_an_even_image_has_no_key_points_and_counts_none() -> None:
    points = features.key_points(np.full((50, 80, 3), 120, np.uint8))
    assert points.shape == (0, 128)
    assert not features.counted(points, np.eye(3, 128, dtype=np.float32)).any()


def test_key_points_are_counted_at_their_nearest_word() -> None:
    rng = np.random.default_rng(0)
    points = features.key_points(rng.integers(0, 255, (90, 120, 3), dtype=np.uint8))
    assert 10 < len(points) <= features.MOST_KEY_POINTS
    vocabulary = features.rooted(points[[3, 7]])
    counts = features.counted(points[[3, 3, 3, 7]], vocabulary)
    assert counts**2 == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (700, 2)])
def test_images_of_odd_shapes_have_features(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 7, np.uint8)
    assert features.colour(features.scaled(image)).shape == (5 * 80,)
    assert np.isfinite(features.gradients(image)).all()
    assert features.key_points(image).shape[1] == 128
