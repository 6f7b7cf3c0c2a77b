import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from workbench.augment.chain import Chain, ChainError, Step
from workbench.data.dataset import sample_seed
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, drain
from workbench.training import devices, inputs, run
from workbench.training.build import Built, build
from workbench.training.config import MixConfig, PreprocessConfig, RareConfig, TrainConfig
from workbench.training.preview import Lane, Picture, PreviewChild, Request, Tile, TileWish
from workbench.training.preview_memory import SharedTiles
from workbench.training.preview_server import Server
from workbench.training.samples import TrainPixels

SIDE = 32
FLIP = Chain(steps=(Step(transform="HorizontalFlip", p=1),))
NOISE = Chain(steps=(Step(transform="GaussNoise", p=1),))
CROP = Chain(
    steps=(
        Step(transform="RandomResizedCrop", p=1, params={"scale": [0.25, 1.0]}),
        Step(transform="Rotate", p=0.7),
        Step(transform="RandomBrightnessContrast", p=0.8),
    )
)
SLOW = Chain(steps=tuple(Step(transform="Defocus", p=1, params={"radius": [9, 9]}) for _ in range(4)))
RULES = Decoding().as_dict()


@pytest.fixture(scope="module")
def warm() -> Iterator[PreviewChild]:
    child = PreviewChild()
    child.warm()
    yield child
    child.close()


@pytest.fixture(autouse=True)
def nothing_left_running() -> None:
    """The warm child is shared by the tests of this module; `test_close_leaves_nothing_running` looks for leftovers."""


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    pixels = np.random.default_rng(2).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return Picture(str(tmp_path / "image.png"), id=3)


def config(*, size: int = SIDE, chain: Chain = CROP, **changes: object) -> TrainConfig:
    plain = TrainConfig(preprocess=PreprocessConfig(size=size), augment=chain)
    return plain.model_copy(update=changes)


def request(
    *pictures: Picture,
    chains: tuple[Chain, ...] = (FLIP,),
    tiles: tuple[TileWish, ...] = (TileWish(0, 0),),
    size: int = SIDE,
    side: int = 0,
    lane: Lane = "preview",
) -> Request:
    made = config(size=size, chain=chains[0])
    return Request(made, (), RULES, "", 0, chains, pictures, tiles, side=side, lane=lane)


def tiles(child: PreviewChild, asked: Request) -> list[Tile]:
    return sorted(child.job(asked)(Stop()), key=lambda tile: tile.index)


def pixels_of(asked: Request) -> TrainPixels:
    return TrainPixels(asked.config, asked.classes, Decoding())


def test_tiles_are_byte_for_byte_what_training_sees(warm: PreviewChild, project_folder: Path) -> None:
    """The loader of a run and its mixing on one side; the child on the other; with the run's cache and without."""
    wanted = config(
        size=SIDE,
        rare=RareConfig(classes=("pit",), chain=NOISE),
        mix=MixConfig(kind="both", p=0.7),
    ).with_settings(["weights=none", "device=cpu", "workers=0", "batch_size=9"])
    folder = run.prepare(project_folder, wanted)
    frozen = inputs.load(folder)
    *_, built = build(wanted, frozen, devices.choose("cpu"), cache=project_folder / "cache", checkpoint=None)
    assert isinstance(built, Built)
    assert built.parts.mix is not None
    epoch = 2
    batches = list(built.train_batches(epoch, 0))
    built.close()
    by_id = {sample.id: sample for sample in frozen.train}
    checked, mixed_ones = 0, 0
    for cache in (str(project_folder / "cache"), ""):
        for batch in batches[:2]:
            ids = batch.ids.tolist()
            pictures = tuple(Picture(by_id[i].path, by_id[i].target, i, by_id[i].content_hash) for i in ids)
            seeds = [sample_seed(wanted.seed, epoch, i) for i in ids]
            partners = [(row + 1) % len(ids) for row in range(len(ids))]
            wishes = [TileWish(row, seed=seed) for row, seed in enumerate(seeds)]
            wishes += [
                TileWish(row, seed=seed, mix_with=partner, mix_seed=seeds[partner])
                for row, (seed, partner) in enumerate(zip(seeds, partners, strict=True))
            ]
            asked = Request(
                wanted, tuple(frozen.classes), RULES, cache, frozen.largest, (), pictures, tuple(wishes), side=0
            )
            found = tiles(warm, asked)
            mixed = built.parts.mix(batch.images, ids, epoch)
            np.testing.assert_array_equal(np.stack([tile.pixels for tile in found[: len(ids)]]), batch.images.numpy())
            np.testing.assert_array_equal(np.stack([tile.pixels for tile in found[len(ids) :]]), mixed.images.numpy())
            assert torch.equal(torch.tensor([tile.share for tile in found[len(ids) :]]), mixed.shares)
            checked += len(ids)
            mixed_ones += int((mixed.shares < 1).sum())
    assert checked == 36
    assert mixed_ones > 6
    assert len({tuple(sample.path) for sample in frozen.train if frozen.classes[sample.target] == "pit"}) > 3


def test_tiles_by_chain_before_it_and_shrunk(warm: PreviewChild, picture: Picture) -> None:
    asked = request(
        picture,
        chains=(CROP, FLIP),
        tiles=(TileWish(0, prepared=True), TileWish(0, 1, 5), TileWish(0, 0, 5), TileWish(0, 0, 5), TileWish(0, -1, 5)),
    )
    before, flipped, cropped, again, own = tiles(warm, asked)
    pixels, sample = pixels_of(asked), picture.sample
    assert pixels.prepared_side > SIDE
    np.testing.assert_array_equal(before.pixels, pixels.variant(sample, 0, chain=Chain()))
    np.testing.assert_array_equal(flipped.pixels, pixels.variant(sample, 5, chain=FLIP))
    np.testing.assert_array_equal(cropped.pixels, pixels.variant(sample, 5, chain=CROP))
    np.testing.assert_array_equal(own.pixels, cropped.pixels)
    assert cropped.digest == again.digest != flipped.digest
    assert all(tile.milliseconds > 0 for tile in (flipped, cropped))
    assert before.share == 1
    assert before.pixels.flags.writeable
    small = tiles(warm, request(picture, side=20))[0]
    assert small.pixels.shape == (20, 20, 3)
    assert tiles(warm, request(picture, side=500))[0].pixels.shape == (SIDE, SIDE, 3)


def test_a_picture_that_changed_on_disk_is_read_again(warm: PreviewChild, picture: Picture) -> None:
    first = tiles(warm, request(picture))[0]
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(picture.path)
    assert tiles(warm, request(picture))[0].digest != first.digest


def test_a_chain_that_cannot_be_composed_is_told_with_its_place_and_the_child_goes_on(
    warm: PreviewChild, picture: Picture
) -> None:
    wrong = Chain(steps=(FLIP.steps[0], Step(transform="Blur", p=1, params={"blur_limit": [5, "wide"]})))
    with pytest.raises(ChainError) as told:
        tiles(warm, request(picture, chains=(wrong,)))
    assert told.value.place == (1,)
    assert told.value.param == "blur_limit"
    with pytest.raises(ChainError, match="HorizontalFlip"):
        tiles(warm, request(picture, chains=(Chain(steps=(Step(transform="HorizontlFlip"),)),)))
    assert len(tiles(warm, request(picture))) == 1


def test_a_picture_that_is_missing_is_told_after_the_tiles_of_the_others(
    warm: PreviewChild, picture: Picture, tmp_path: Path
) -> None:
    gone = Picture(str(tmp_path / "gone.png"))
    asked = request(gone, picture, tiles=(TileWish(0, 0), TileWish(0, 0), TileWish(1, 0), TileWish(1, 0)))
    found: list[int] = []
    job = warm.job(asked)(Stop())
    with pytest.raises(WorkbenchError, match=r"gone\.png is missing") as told:
        found.extend(tile.index for tile in job)
    assert sorted(found) == [2, 3]
    assert not isinstance(told.value, ChainError)


def test_what_can_be_told_without_the_child_is_told_at_once(picture: Picture) -> None:
    child = PreviewChild()
    asked = request(picture)
    unknown = replace(asked, config=asked.config.with_settings(["backbone=torchvision/nonsense"]))
    with pytest.raises(WorkbenchError, match="nonsense"):
        child.job(unknown)(Stop())
    assert child._process is None


def test_a_request_without_tiles_ends(warm: PreviewChild, picture: Picture) -> None:
    assert tiles(warm, request(picture, tiles=())) == []


def test_a_newer_job_supersedes_an_older_one_between_two_tiles(warm: PreviewChild, picture: Picture) -> None:
    many = tuple(TileWish(0, 0, seed) for seed in range(300))
    older: list[Tile] = []
    first = warm.job(request(picture, chains=(SLOW,), tiles=many, size=256))(Stop())
    older.append(next(first))
    thread = threading.Thread(target=lambda: older.extend(first))
    thread.start()
    asked = request(picture, tiles=(TileWish(0, 0), TileWish(0, 0), TileWish(0, 0)))
    newer = tiles(warm, asked)
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert [tile.index for tile in newer] == [0, 1, 2]
    expected = pixels_of(asked).variant(picture.sample, 0, chain=FLIP)
    assert all(np.array_equal(tile.pixels, expected) for tile in newer)
    assert len(older) < 100


def test_many_quick_changes_end_with_the_last(warm: PreviewChild, picture: Picture) -> None:
    wishes = [tuple(TileWish(0, 0, 100 * n + k) for k in range(4)) for n in range(20)]
    jobs = [warm.job(request(picture, chains=(CROP,), tiles=asked))(Stop()) for asked in wishes]
    assert [next(job, None) for job in jobs[:-1]] == [None] * 19
    last = sorted(jobs[-1], key=lambda tile: tile.index)
    pixels = pixels_of(request(picture, chains=(CROP,)))
    assert len(last) == 4
    for tile in last:
        np.testing.assert_array_equal(tile.pixels, pixels.variant(picture.sample, 1900 + tile.index, chain=CROP))


def test_the_effects_wait_for_the_preview(warm: PreviewChild, picture: Picture) -> None:
    slow = request(
        picture, chains=(SLOW,), tiles=tuple(TileWish(0, 0, seed) for seed in range(60)), size=128, lane="effects"
    )
    effects = warm.job(slow)(Stop())
    order = [("effects", next(effects).index)]
    preview = warm.job(request(picture, tiles=tuple(TileWish(0, 0, seed) for seed in range(30))))(Stop())
    order += [("preview", tile.index) for tile in preview]
    # Not superseded: what is left of the effects comes after the preview.
    rest = [tile.index for tile in effects]
    assert len(order) == 31
    assert len(rest) == 59


def test_in_the_effects_a_tile_that_cannot_be_made_does_not_come(warm: PreviewChild, picture: Picture) -> None:
    broken = Chain(steps=(Step(transform="Nonsense", p=1),))
    wishes = (TileWish(0, 0), TileWish(0, 1), TileWish(0, 0))
    found = tiles(warm, request(picture, chains=(FLIP, broken), tiles=wishes, lane="effects"))
    assert [tile.index for tile in found] == [0, 2]


@pytest.fixture
def ask(tmp_path: Path, picture: Picture) -> Iterator[Callable[[Server, int, int, Lane], None]]:
    """Gives a server the request of that number, of so many tiles, as its reading thread does."""
    memory = SharedTiles.create(100 * SIDE * SIDE * 3)

    def give(server: Server, number: int, count: int, lane: Lane) -> None:
        asked = request(picture, tiles=tuple(TileWish(0, 0) for _ in range(count)), lane=lane)
        place = {"path": str(memory.path), "size": memory.size}
        server._take({"id": number, "tile_side": SIDE, "memory": place, "request": asked.as_dict()})

    yield give
    memory.remove()


Ask = Callable[[Server, int, int, Lane], None]


def test_in_a_drag_every_tile_has_its_turn(ask: Ask) -> None:
    server = Server(io.StringIO(), io.StringIO())
    begun = []
    for number in range(4):
        ask(server, number, 5, "preview")
        for _ in range(2):
            task = server._next()
            assert task is not None
            assert task[0].number == number
            begun.append(task[1])
    assert begun == [0, 1, 2, 3, 4, 0, 1, 2]
    ask(server, 9, 3, "preview")
    assert [task[1] for task in iter(server._next, None) if task is not None] == [0, 1, 2], "another board begins anew"


def test_the_effects_begin_when_the_last_tile_of_the_preview_is_done(ask: Ask) -> None:
    server = Server(io.StringIO(), io.StringIO())
    ask(server, 1, 2, "effects")
    ask(server, 2, 1, "preview")
    task = server._next()
    assert task is not None
    assert task[0].request.lane == "preview"
    assert server._next() is None, "its tile is still being made"
    server._take({"cancel": 2})
    task = server._next()
    assert task is not None
    assert task[0].request.lane == "effects"


def test_a_request_whose_file_is_gone_is_passed_over(picture: Picture, tmp_path: Path) -> None:
    server = Server(io.StringIO(), io.StringIO())
    place = {"path": str(tmp_path / "gone"), "size": 10}
    server._take({"id": 1, "tile_side": SIDE, "memory": place, "request": request(picture).as_dict()})
    assert server._next() is None


def test_a_stopped_job_ends_and_the_child_drops_it(warm: PreviewChild, picture: Picture) -> None:
    stop = Stop()
    found = []
    many = tuple(TileWish(0, 0, seed) for seed in range(500))
    for tile in drain(warm.job(request(picture, chains=(SLOW,), tiles=many, size=256)), stop):
        found.append(tile)
        stop.stop()
    assert len(found) == 1
    # The effects would have to wait for the other 499.
    assert len(tiles(warm, request(picture, lane="effects"))) == 1


def test_a_child_that_dies_is_told_once_and_replaced_and_close_leaves_nothing(picture: Picture) -> None:
    before = set(threading.enumerate())
    child = PreviewChild()
    try:
        many = tuple(TileWish(0, 0, seed) for seed in range(900))
        job = child.job(request(picture, chains=(SLOW,), tiles=many, size=256))(Stop())
        dead = child._process
        assert dead is not None
        files = [lane.memory.path for lane in child._lanes.values() if lane.memory is not None]
        dead.kill()
        with pytest.raises(WorkbenchError, match="preview stopped"):
            list(job)
        assert len(tiles(child, request(picture))) == 1
        assert len(tiles(child, request(picture, lane="effects"))) == 1
        assert not any(file.exists() for file in files)
        process = child._process
        assert process is not None
        assert process is not dead
        files = [lane.memory.path for lane in child._lanes.values() if lane.memory is not None]
        assert len(files) == 2
        assert all(file.exists() for file in files)
    finally:
        child.close()
    assert not any(file.exists() for file in files)
    assert not psutil.pid_exists(process.pid)
    assert set(threading.enumerate()) <= before
    child.close()


def test_a_window_that_is_killed_leaves_nothing_behind(picture: Picture, tmp_path: Path) -> None:
    """The window dies while its child is at work: the child ends, and with it the shared file goes."""
    code = """
import sys, time
from workbench.augment.chain import Chain, Step
from workbench.data.reading import Decoding
from workbench.jobs import Stop
from workbench.training.config import TrainConfig
from workbench.training.preview import Picture, PreviewChild, Request, TileWish
chain = Chain(steps=(Step(transform="Defocus", p=1),))
many = tuple(TileWish(0, 0, seed) for seed in range(900))
child = PreviewChild()
asked = Request(TrainConfig(), (), Decoding().as_dict(), "", 0, (chain,), (Picture(sys.argv[1]),), many)
job = child.job(asked)(Stop())
print(child._process.pid, child._lanes["preview"].memory.path, flush=True)
time.sleep(60)
"""
    window = subprocess.Popen([sys.executable, "-c", code, picture.path], stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    pid, file = window.stdout.readline().split()
    server = psutil.Process(int(pid))
    assert Path(file).exists()
    window.kill()
    window.wait()
    window.stdout.close()
    gone, _ = psutil.wait_procs([server], timeout=10)
    assert gone
    assert not Path(file).exists()


def test_the_window_asks_without_torch_or_albumentations() -> None:
    code = (
        "import sys, workbench.training.preview;"
        "bad = {'torch', 'cv2', 'albumentations', 'sklearn'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
