import numpy as np
import pytest
import torch

from workbench.data.mixing import Kind, Mixed, mix


def batch(count: int = 8, height: int = 20, width: int = 30) -> torch.Tensor:
    """Image i is of the even colour 20 i + 10, so that what shows of whom can be counted."""
    return (torch.arange(count, dtype=torch.uint8) * 20 + 10).view(-1, 1, 1, 1).expand(-1, height, width, 3).clone()


def mixed(images: torch.Tensor, kind: Kind, *, p: float = 1.0, alpha: float = 1.0, run: int = 0) -> Mixed:
    return mix(images, [1000 * run + row for row in range(len(images))], kind=kind, p=p, alpha=alpha)


def test_mixup_lays_the_next_image_over_by_the_share() -> None:
    images = batch()
    found = mixed(images, "mixup")
    assert (found.images.dtype, found.partners.dtype, found.shares.dtype) == (torch.uint8, torch.int64, torch.float32)
    assert found.partners.tolist() == [1, 2, 3, 4, 5, 6, 7, 0]
    assert len(set(found.shares.tolist())) > 4
    for row in range(8):
        own, other = float(images[row, 0, 0, 0]), float(images[found.partners[row], 0, 0, 0])
        share = float(found.shares[row])
        assert len(found.images[row].unique()) == 1
        assert abs(float(found.images[row, 0, 0, 0]) - (own * share + other * (1 - share))) <= 0.5
    assert torch.equal(images, batch())


def test_cutmix_puts_a_box_of_the_next_image_in_and_the_share_is_what_it_leaves() -> None:
    images = batch()
    boxes = set()
    for run in range(6):
        found = mixed(images, "cutmix", run=run)
        for row in range(8):
            own = (found.images[row] == images[row]).all(-1)
            other = (found.images[row] == images[found.partners[row]]).all(-1)
            assert bool((own ^ other).all())
            assert float(own.double().mean()) == pytest.approx(float(found.shares[row]), abs=1e-6)
            down, across = np.nonzero(other.numpy())
            if len(down):
                box = (down.min(), down.max() + 1, across.min(), across.max() + 1)
                assert (box[1] - box[0]) * (box[3] - box[2]) == int(other.sum())
                boxes.add(box)
    assert len(boxes) > 20


def test_both_does_either() -> None:
    images = batch(64, 8, 8)
    found = mixed(images, "both")
    cut = sum(len(image.unique()) > 1 for image in found.images)
    laid = sum(
        len(image.unique()) == 1 and not torch.equal(image, own)
        for image, own in zip(found.images, images, strict=True)
    )
    assert cut > 15
    assert laid > 15


@pytest.mark.parametrize("kind", ["mixup", "cutmix", "both"])
def test_an_images_dice_are_its_own(kind: Kind) -> None:
    """Neither its place in the batch nor who else is in it moves them."""
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8))
    seeds = [11, 22, 33, 44, 55, 66]
    whole = mix(images, seeds, kind=kind, p=0.7, alpha=0.4)
    rows = [3, 4, 5, 0]
    part = mix(images[rows], [seeds[row] for row in rows], kind=kind, p=0.7, alpha=0.4)
    for place, row in enumerate(rows[:-1]):
        assert torch.equal(part.images[place], whole.images[row])
        assert part.shares[place] == whole.shares[row]
    assert part.shares[-1] == whole.shares[0]
    assert any(share < 1 for share in whole.shares)


def test_about_the_share_p_is_mixed_and_no_more_than_asked() -> None:
    images = batch(12, 4, 4)
    shares = torch.cat([mixed(images, "mixup", p=0.3, alpha=4.0, run=run).shares for run in range(40)])
    assert 0.2 < float((shares < 1).double().mean()) < 0.4
    strong = {row for row, share in enumerate(mixed(images, "mixup", p=0.9, alpha=4.0).shares) if share < 1}
    weak = {row for row, share in enumerate(mixed(images, "mixup", p=0.4, alpha=4.0).shares) if share < 1}
    assert weak < strong
    for none in (mixed(images, "mixup", p=0.0), mixed(images, "none")):
        assert torch.equal(none.images, images)
        assert none.shares.tolist() == [1.0] * 12


def test_an_image_alone_and_an_empty_batch_stay_as_they_are() -> None:
    alone = mixed(batch(1), "both")
    assert torch.equal(alone.images, batch(1))
    assert (alone.partners.tolist(), alone.shares.tolist()) == ([0], [1.0])
    assert len(mixed(batch(0), "both").images) == 0
    with pytest.raises(ValueError, match="1 seeds for 8 images"):
        mix(batch(), [1], kind="mixup", p=1, alpha=1)
