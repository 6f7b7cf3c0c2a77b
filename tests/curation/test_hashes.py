from pathlib import Path

import numpy as np
from PIL import Image

from tests.curation.made import scanned, scene
from workbench.curation.hashes import SIGNATURE, SignatureStore, signature_of
from workbench.intake import add_folders
from workbench.jobs import Noticed, Progress, Stop
from workbench.project.project import Project


def _draw(images: Path) -> None:
    for n in range(5):
        scene(n).save(images / f"{n}.png")


def _load(project: Project, store: SignatureStore) -> np.ndarray:
    signatures, there = store.load(project.images.page(project.images.ids()))
    assert there.all()
    return signatures


def test_signatures_are_kept_by_content_and_not_made_again(tmp_path: Path):
    folder = scanned(tmp_path, _draw)
    with Project.open(folder) as project:
        store = SignatureStore(project)
        progress = [event for event in store.complete() if isinstance(event, Progress)]
        assert (progress[-1].done, progress[-1].total) == (5, 5)
        first = _load(project, store)
        for n in range(5):
            image = tmp_path / "images" / f"{n}.png"
            assert first[n].tobytes() == signature_of(np.asarray(Image.open(image))).tobytes()
            image.unlink()
    with Project.open(folder) as project:
        again = SignatureStore(project)
        assert not [event for event in again.complete() if isinstance(event, Noticed)]
        assert _load(project, again).tobytes() == first.tobytes()


def test_images_never_verified_are_hashed_and_verified_on_the_way(tmp_path: Path):
    images = tmp_path / "images"
    images.mkdir()
    _draw(images)
    whole = (images / "1.png").read_bytes()
    (images / "1.png").write_bytes(whole[: len(whole) // 2])
    list(add_folders(tmp_path / "project", [images], verify=False)(Stop()))
    with Project.open(tmp_path / "project") as project:
        noticed = [event for event in SignatureStore(project).complete() if isinstance(event, Noticed)]
        assert ["1.png" in event.message for event in noticed] == [True]
        states = [row.state for row in project.images.page(project.images.ids())]
        assert states == ["ok", "corrupt", "ok", "ok", "ok"]
        assert all(row.content_hash for row in project.images.page(project.images.ids()))


def test_a_read_only_project_is_looked_at_and_stays_as_it_is(tmp_path: Path):
    images = tmp_path / "images"
    images.mkdir()
    _draw(images)
    list(add_folders(tmp_path / "project", [images], verify=False)(Stop()))
    with Project.open(tmp_path / "project", read_only=True) as project:
        store = SignatureStore(project)
        list(store.complete())
        _load(project, store)
        assert {row.state for row in project.images.page(project.images.ids())} == {"unverified"}


def test_a_stop_keeps_what_was_looked_at(tmp_path: Path):
    with Project.open(scanned(tmp_path, _draw)) as project:
        store = SignatureStore(project)
        events = store.complete()
        next(events)
        events.close()
        list(store.complete())
        _load(project, store)


def test_sharpness_falls_with_blur_and_not_with_the_light():
    from PIL import ImageFilter

    image = Image.fromarray(np.random.default_rng(0).integers(60, 200, (200, 200, 3), dtype=np.uint8))
    sharp = signature_of(np.asarray(image))["sharpness"][0]
    blurred = signature_of(np.asarray(image.filter(ImageFilter.GaussianBlur(3))))["sharpness"][0]
    dark = signature_of(np.asarray(image) // 3)["sharpness"][0]
    assert blurred < sharp / 3
    assert abs(dark - sharp) < 0.3 * sharp


def test_any_size_gives_a_whole_record():
    for size in ((1, 1), (2, 700), (5, 3), (1000, 20)):
        record = signature_of(np.full((*size, 3), 128, dtype=np.uint8))
        assert record.dtype == SIGNATURE
        assert np.isfinite(record["border"]).all()
        assert np.isfinite(record["sharpness"]).all()
