import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.curation.made import findings, scanned, scene
from workbench.curation import duplicates, likeness
from workbench.curation.hashes import SIGNATURE
from workbench.embedding.embed import Vectors
from workbench.jobs import Noticed
from workbench.project.project import Project

TURNED = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


def _draw(images: Path) -> None:
    for n in range(14):
        scene(n).save(images / f"{n:02}.png")
    shutil.copy(images / "02.png", images / "exact_a.png")
    shutil.copy(images / "02.png", images / "exact_b.png")
    scene(4).resize((57, 57), Image.Resampling.LANCZOS).save(images / "resized.png")
    scene(5).save(images / "encoded.jpg", quality=60)
    for orientation, turn in TURNED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stream = io.BytesIO()
        scene(6 + orientation).transpose(turn).save(stream, "JPEG", quality=92, exif=exif)
        (images / f"turned_{orientation}.jpg").write_bytes(stream.getvalue())
    for name in ("black", "black_again"):
        Image.new("RGB", (50, 50 if name == "black" else 60)).save(images / f"{name}.png")


def test_exact_and_altered_copies_are_found_and_nothing_else(tmp_path: Path):
    with Project.open(scanned(tmp_path, _draw)) as project:
        found = findings(duplicates.find(project))
        assert [(f.kind, f.images) for f in found if f.kind == "exact-copy"] == [
            ("exact-copy", ["02.png", "exact_a.png", "exact_b.png"])
        ]
        near = {frozenset(f.images) for f in found if f.kind == "near-duplicate"}
        assert near == {
            frozenset(pair)
            for pair in (
                ("04.png", "resized.png"),
                ("05.png", "encoded.jpg"),
                ("09.png", "turned_3.jpg"),
                ("12.png", "turned_6.jpg"),
            )
        }  # scene(14) is not in the folder, so turned_8 is alone
        scores = [f.score for f in found if f.kind == "near-duplicate"]
        assert scores == sorted(scores, reverse=True)
        for finding in found:
            names = {row.id: row.relative for row in project.images.page(finding.ids)}
            assert [names[image_id] for image_id in finding.ids] == finding.images


def test_a_near_duplicate_of_an_image_with_copies_names_them_all(tmp_path: Path):
    def draw(images: Path) -> None:
        scene(1).save(images / "b.png")
        shutil.copy(images / "b.png", images / "a.png")
        scene(1).save(images / "c.jpg", quality=80)

    with Project.open(scanned(tmp_path, draw)) as project:
        exact, near = findings(duplicates.find(project))
        assert exact.images == ["a.png", "b.png"]
        assert near.images == ["a.png", "b.png", "c.jpg"]


def test_unreadable_and_rejected_images_take_no_part_and_the_rest_goes_on(tmp_path: Path):
    with Project.open(scanned(tmp_path, _draw)) as project:
        ids = {row.relative: row.id for row in project.images.page(project.images.ids())}
        (tmp_path / "images" / "05.png").unlink()
        project.rejection.set([ids["resized.png"]], True)
        events = list(duplicates.find(project))
        assert any(isinstance(event, Noticed) and "05.png" in event.message for event in events)
        named = {image for finding in findings(iter(events)) for image in finding.images}
        assert not named & {"05.png", "resized.png", "encoded.jpg"}
        assert "turned_3.jpg" in named


def test_a_set_whose_images_are_all_alike_is_judged_by_itself():
    random = np.random.default_rng(3)
    base = random.integers(0, 256, (32, 32))
    records = np.zeros(60, dtype=SIGNATURE)
    common = random.integers(0, 256, 32, dtype=np.uint8)
    for n in range(60):
        own = random.integers(0, 256, 32, dtype=np.uint8) & random.integers(0, 256, 32, dtype=np.uint8)
        own &= random.integers(0, 256, 32, dtype=np.uint8)
        records["hash"][n] = common ^ own
        records["thumbnail"][n] = np.clip(base + random.normal(0, 30, (32, 32)), 0, 255)
    limits = likeness.limits_of(records)
    assert limits.detail > likeness.LEAST_DETAIL
    assert limits.bits < likeness.FARTHEST


pairs_ = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]), unique=True, max_size=25
)


@given(pairs_)
@settings(deadline=None, max_examples=50)
def test_groups_hold_every_pair_and_only_images_that_resemble_their_centre(found: list[tuple[int, int]]):
    first, second = (np.array([pair[k] for pair in found], dtype=np.int64) for k in (0, 1))
    groups = likeness.stars(likeness.Pairs(first, second, np.linspace(0.5, 1, len(found))))
    known = {frozenset(pair) for pair in found}
    for (centre, *others), score in groups:
        assert all(frozenset((centre, other)) in known for other in others)
        assert 0.5 <= score <= 1
    assert all(any({one, other} <= set(members) for members, _ in groups) for one, other in found)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_give_no_pairs(count: int):
    events = likeness.pairs(np.zeros(count, dtype=SIGNATURE))
    with pytest.raises(StopIteration) as ended:
        next(events)
    assert not len(ended.value.value.first)


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name.lower())
def test_mirrored_and_turned_copies_are_found_and_said_to_be(tmp_path: Path, turn: Image.Transpose):
    def draw(images: Path) -> None:
        for n in range(14):
            scene(n).save(images / f"{n:02}.png")
        scene(3).resize((90, 70)).transpose(turn).save(images / "turned.jpg", quality=85)

    with Project.open(scanned(tmp_path, draw)) as project:
        (near,) = findings(duplicates.find(project))
    assert near.images == ["03.png", "turned.jpg"]
    assert "mirrored or turned" in near.message


def test_embeddings_are_second_evidence():
    found = likeness.Pairs(np.array([0, 2]), np.array([1, 3]), np.array([0.9, 0.9]))
    random = np.random.default_rng(0)
    rows = random.normal(size=(20, 32)).astype(np.float32)
    rows[1] = rows[0]
    vectors = Vectors(np.arange(1, 21), rows, [""] * 20, "made up")
    score = duplicates.with_embeddings(found, [[n + 1] for n in range(20)], vectors).score
    assert score[0] > 0.9 > score[1]
    some = Vectors(np.arange(3, 21), rows[2:], [""] * 18, "made up")
    assert duplicates.with_embeddings(found, [[n + 1] for n in range(20)], some).score[0] == 0.9
