"""The probe of a run: what it measures, what it says of memory, and what it refuses."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from workbench import cli
from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Noticed, Progress, Stop, drain, to_json
from workbench.models.catalog import Registered, find, registered
from workbench.project.project import Project
from workbench.training import devices, memory, probe
from workbench.training.config import TrainConfig
from workbench.training.locks import DeviceLock
from workbench.training.probe import Probed
from workbench.training.probing import room, steps
from workbench.training.probing.room import largest_that_fits


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.2)
    monkeypatch.setattr(probe, "WARM_UP", 1)
    monkeypatch.setattr(probe, "STEPS", 1)
    monkeypatch.setattr(steps.gc, "collect", lambda: 0)  # half a second each


def probed(folder: Path, config: TrainConfig) -> Probed:
    events = list(probe.probe(folder, config)(Stop()))
    assert isinstance(events[-1], Probed)
    assert sum(isinstance(event, Probed) for event in events) == 1
    assert all(isinstance(event, Progress) for event in events[:-1])
    assert json.loads(to_json(events[-1]))["event"] == "Probed"
    return events[-1]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if "project.sqlite-" not in path.name}


def test_each_phase_is_measured_and_the_project_stays_as_it_was(project_folder: Path, config: TrainConfig) -> None:
    before = files(project_folder)
    # The run could not start from these weights; the probe does without.
    config = config.with_settings(["weights=hub", "epochs=3", "freeze=backbone"]).with_settings(
        ['then=[{epochs=2, freeze={kind="stages", train_last=1}}, {epochs=4, freeze={kind="none"}, rate=0.5}]']
    )
    found = probed(project_folder, config)
    assert files(project_folder) == before
    assert (found.device, found.memory_kind, found.batch_size) == ("cpu", "main memory", 8)
    head, second, stem = 16 * 3 + 3, 1152 + 32, 216 + 16
    assert [phase.epochs for phase in found.phases] == [3, 2, 4]
    assert [phase.trainable_parameters for phase in found.phases] == [head, head + second, head + second + stem]
    assert found.trainable_parameters == head + second + stem
    for phase in found.phases:
        assert phase.images_per_second > 0
        assert phase.seconds_per_epoch > 36 / phase.images_per_second  # the validation comes on top
    seconds = sum(phase.epochs * phase.seconds_per_epoch for phase in found.phases)
    assert found.seconds_per_epoch == pytest.approx(seconds / 9)
    assert found.minutes * 60 > seconds
    least, most = (f(phase.images_per_second for phase in found.phases) for f in (min, max))
    assert least <= found.images_per_second <= most
    assert 8 < found.largest_batch <= room.LARGEST_BATCH
    assert found.memory_bytes >= 50 << 20  # torch alone takes more


def test_a_phase_that_comes_back_is_measured_once(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    monkeypatch.setattr(
        probe, "build", lambda config, *rest, **more: built.append(config.freeze.kind) or _build(config, *rest, **more)
    )
    found = probed(
        project_folder,
        config.with_settings(["freeze=none", 'then=[{epochs=1, freeze={kind="none"}, rate=0.1}]']),
    )
    assert set(built) == {"none"}
    assert len(built) <= 2
    assert found.phases[0] == dataclasses.replace(found.phases[1], epochs=3)


_build = probe.build


class Wide(nn.Module):
    """Keeps 2 MB for each image of 128 pixels: 32 channels after the activation; as much comes out of the second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, padding=1)
        self.second = nn.Conv2d(32, 32, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.second(self.first(images).sigmoid()).mean((2, 3))
        return features


KEPT = 2 * 32 * 128 * 128 * 4
"""Bytes of both together, at one moment."""


@pytest.fixture
def wide(config: TrainConfig) -> TrainConfig:
    if "tests/wide" not in registered.names():
        info = dataclasses.replace(find("tests/tiny"), name="tests/wide", input_size=128, features=32)
        registered.register("tests/wide")(Registered(info, Wide))
    return config.with_settings(["backbone=tests/wide", "batch_size=16"])


def test_the_largest_batch_follows_from_the_growth_of_the_process(
    project_folder: Path, wide: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 6.0)
    free = 2 << 30
    monkeypatch.setattr(memory, "available", lambda _device: free)
    found = probed(project_folder, wide)
    assert room.SPARE * free / (6 * KEPT) < found.largest_batch < room.SPARE * free / (KEPT / 2)
    assert not [note for note in found.notes if "do not fit" in note]


def test_a_batch_that_does_not_fit_is_said_and_not_tried(
    project_folder: Path, wide: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 6.0)
    monkeypatch.setattr(memory, "available", lambda _device: 80 << 20)
    found = probed(project_folder, wide.with_settings(["batch_size=36"]))
    assert found.batch_size == found.largest_batch < 36
    assert f"Batches of 36 images do not fit into memory; measured with {found.batch_size}." in found.notes


class Heavy(nn.Module):
    """Has 64 MiB of weights, which next to nothing is done with."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(16 << 20))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)) * self.weights[:3]


def test_what_a_run_holds_while_it_saves_its_model_counts(project_folder: Path, config: TrainConfig) -> None:
    if "tests/heavy" not in registered.names():
        info = dataclasses.replace(find("tests/tiny"), name="tests/heavy", features=3)
        registered.register("tests/heavy")(Registered(info, Heavy))
    before = memory.in_use()
    found = probed(project_folder, config.with_settings(["backbone=tests/heavy", "freeze=backbone"]))
    # The weights, the best ones as they were loaded, those of the model, and its file.
    assert found.memory_bytes > before + 4 * (64 << 20)


class Settling:
    """Takes 10 MiB for an image on top of 100, and a quarter of that more from the second step of a size on."""

    device = devices.Device("cpu")
    built = SimpleNamespace(config=TrainConfig(), spec=SimpleNamespace(size=8))

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.seen: list[int] = []

    def once(self, count: int) -> float:
        return self.watched(count)[0]

    def watched(self, count: int) -> tuple[float, int]:
        again = count in self.seen
        self.seen.append(count)
        return self.seconds * count, BARE + count * (10 << 20) * (5 if again else 4) // 4

    def room(self, batch: int, free: int, monkeypatch: pytest.MonkeyPatch) -> room.Room:
        monkeypatch.setattr(memory, "in_use", lambda _device: BARE)
        monkeypatch.setattr(memory, "available", lambda _device: free)
        steps = room.room(self, batch, 1.0, "")  # type: ignore[arg-type]
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: room.Room = end.value
                return found


BARE = 100 << 20


def test_the_memory_is_that_of_a_run_which_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step of a size takes less than those that follow, and a run makes hundreds."""
    steps = Settling(seconds=0.001)
    found = steps.room(16, 1 << 30, monkeypatch)
    assert steps.seen[-4:] == [16, 16, 16, 16]
    settled = 16 * (10 << 20) * 5 // 4
    assert found.tried == found.batch == 16
    assert BARE + settled < found.peak < BARE + 1.2 * settled
    assert found.largest * (10 << 20) * 5 / 4 < room.SPARE * (1 << 30)
    assert found.largest > 0.75 * room.SPARE * (1 << 30) / ((10 << 20) * 5 / 4)


def test_a_slow_network_is_seen_twice_with_its_largest_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Settling(seconds=0.3)
    found = steps.room(16, 1 << 30, monkeypatch)
    assert steps.seen == [2, 2, 2, 2]
    assert found.tried == 2
    assert found.peak > BARE
    quick = Settling(seconds=0.1)
    found = quick.room(16, 1 << 30, monkeypatch)
    assert quick.seen == [2, 2, 4, 8, 8, 8]
    assert found.tried == 8
    assert found.peak > BARE + 16 * (10 << 20) * 5 / 4, "what was tried with 8 images is reckoned on to 16"


@pytest.mark.parametrize(("free", "first"), [(1, 8), (7, 8), (8, 8), (100, 8), (1000, 64), (4095, 16), (9999, 4096)])
def test_the_search_comes_close_from_below(free: int, first: int) -> None:
    tried = list(largest_that_fits(lambda count: count <= free, first))
    largest = tried[-1][1]
    assert largest <= min(free, room.LARGEST_BATCH)
    assert largest >= min(free, room.LARGEST_BATCH) * 0.88
    assert len(tried) <= 3 + abs(math.log2(max(1, min(free, 4096)) / first)) + 2
    assert len({count for count, _ in tried}) == len(tried)


def test_where_not_even_one_image_fits_none_does() -> None:
    assert [good for _, good in largest_that_fits(lambda count: False, 4)] == [0, 0, 0]


def test_a_way_that_looks_once_has_no_epochs(project_folder: Path, config: TrainConfig) -> None:
    found = probed(project_folder, config.with_settings(["method=features"]))
    assert found.phases == []
    assert found.minutes * 60 >= found.seconds_per_epoch > 0
    assert found.images_per_second == pytest.approx(48 / found.seconds_per_epoch)
    assert found.trainable_parameters == 51
    assert any("looked at once" in note for note in found.notes)


def test_patience_is_mentioned(project_folder: Path, config: TrainConfig) -> None:
    found = probed(project_folder, config.with_settings(["stopping.patience=2"]))
    assert any("after 2 epochs without a better one" in note for note in found.notes)


def test_the_start_of_the_run_counts(project_folder: Path, config: TrainConfig) -> None:
    events = list(probe.probe(project_folder, config, importing=600.0)(Stop()))
    assert events[-1].minutes * 60 > 600 + 3 * events[-1].seconds_per_epoch


def test_larger_batches_than_were_tried_are_told_of(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    found = probed(project_folder, config)
    assert any("reckoned from batches of up to 2 images" in note for note in found.notes)


def test_a_frozen_backbone_needs_the_room_of_its_validation(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept for a backward pass, so that validation, in batches twice as large, is what fills the memory."""
    seen: list[int] = []
    drawn = steps.Steps._drawn
    monkeypatch.setattr(steps.Steps, "_drawn", lambda self, count: seen.append(count) or drawn(self, count))
    probed(project_folder, config.with_settings(["freeze=backbone", "batch_size=4"]))
    assert set(zip(seen[1::2], seen[::2], strict=True)) >= {(2, 4)}


def test_three_images_are_enough(tmp_path: Path, config: TrainConfig, tiny_images: Callable[..., Path]) -> None:
    folder, _rows = few(tmp_path, tiny_images)
    found = probed(folder, config)
    assert found.batch_size == 3


@pytest.mark.parametrize("cached", [True, False])
def test_images_that_cannot_be_read_are_told_once_and_do_not_end_the_probe(
    tmp_path: Path, config: TrainConfig, tiny_images: Callable[..., Path], cached: bool
) -> None:
    folder, paths = few(tmp_path, tiny_images)
    paths[2].write_bytes(b"no image any more")
    paths[3].unlink()
    config = config.with_settings(
        [f"compute.prepared_cache={str(cached).lower()}", "freeze=backbone", 'then=[{epochs=2, freeze={kind="none"}}]']
    )
    events = list(probe.probe(folder, config)(Stop()))
    assert isinstance(events[-1], Probed)
    assert [phase.epochs for phase in events[-1].phases] == [3, 2]
    assert all(phase.seconds_per_epoch > 0 for phase in events[-1].phases)
    told = [f"{event.path} {event.message}" for event in events if isinstance(event, Noticed)]
    assert len(told) == 2
    for path in paths[2:]:
        assert sum(path.as_posix() in words for words in told) == 1, path


def few(tmp_path: Path, tiny_images: Callable[..., Path]) -> tuple[Path, list[Path]]:
    """Four images: the second for validation, the others for training; return the project and where they are."""
    folder = tmp_path / "few"
    list(add_folders(folder, [tiny_images({"good": 2, "pit": 2}, name="pictures", side=40)])(Stop()))
    with Project.open(folder) as project:
        rows = project.images.page(project.images.ids())
        for row, part in zip(rows, ("train", "validation", "train", "train"), strict=True):
            project.splits.assign([row.id], part)
    return folder, [Path(row.path) for row in rows]


# -- a GPU that is the processor in disguise


class Card:
    """A card with room for ``room`` images of training at once; counts what is asked of it."""

    def __init__(self, room: int) -> None:
        self.room, self.peak, self.synchronized, self.emptied = room, 0, 0, 0

    def step(self, images: int) -> None:
        if images > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.peak = images << 20

    def synchronize(self, _device: str) -> None:
        self.synchronized += 1

    def empty(self) -> None:
        self.emptied += 1


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card(21)
    fabric = devices.open_fabric
    monkeypatch.setattr(devices, "choose", lambda _asked: devices.Device("cuda:0"))
    monkeypatch.setattr(devices, "open_fabric", lambda _device, precision: fabric(devices.Device("cpu"), precision))
    monkeypatch.setattr(torch.cuda, "synchronize", made.synchronize)
    monkeypatch.setattr(torch.cuda, "empty_cache", made.empty)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _device: None)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _device: made.peak)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (0, 1 << 40))
    once = steps.Steps.once

    def counted(self: steps.Steps, count: int) -> float:
        made.step(count)
        return once(self, count)

    monkeypatch.setattr(steps.Steps, "once", counted)
    return made


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true")
def test_on_a_gpu_the_largest_batch_is_tried(project_folder: Path, config: TrainConfig, card: Card) -> None:
    found = probed(project_folder, config.with_settings(["compute.precision=32-true"]))
    # 8, 16, 32 does not fit; then 24, 20 and 22.
    assert found.largest_batch == 20
    assert (found.batch_size, found.device, found.memory_kind) == (8, "cuda:0", "memory of cuda:0")
    assert found.memory_bytes >= 8 << 20
    assert card.synchronized >= 6
    assert card.emptied >= 6
    assert not any("fit" in note or "reckoned" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true")
def test_on_a_small_gpu_smaller_batches_are_measured(project_folder: Path, config: TrainConfig, card: Card) -> None:
    card.room = 5
    found = probed(project_folder, config.with_settings(["compute.precision=32-true", "batch_size=32"]))
    assert found.batch_size == found.largest_batch == 5
    assert "Batches of 32 images do not fit into memory; measured with 5." in found.notes
    card.room = 0
    with pytest.raises(WorkbenchError, match="cuda:0 is not enough for a single image"):
        probed(project_folder, config.with_settings(["compute.precision=32-true"]))


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true")
def test_what_spills_out_of_the_card_does_not_fit(
    project_folder: Path, config: TrainConfig, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows lends main memory instead of refusing."""
    card.room = 10_000
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (0, 12 << 20))
    found = probed(project_folder, config.with_settings(["compute.precision=32-true"]))
    assert found.largest_batch == 12


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true")
def test_an_error_that_is_not_about_memory_is_not_taken_for_one(
    project_folder: Path, config: TrainConfig, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_images: int) -> None:
        raise RuntimeError("an illegal memory access was encountered")

    monkeypatch.setattr(card, "step", broken)
    with pytest.raises(RuntimeError, match="illegal"):
        probed(project_folder, config.with_settings(["compute.precision=32-true"]))


def test_apples_memory_is_asked_of_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 3 << 30)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 4 << 30)
    with memory.Peak("mps") as peak:
        pass
    assert peak.bytes == 3 << 30
    assert memory.available("mps") == min(1 << 30, memory.available("mps"))


def test_what_cannot_be_probed_is_a_sentence(
    project_folder: Path, config: TrainConfig, tmp_path: Path, tiny_images: Callable[..., Path]
) -> None:
    with pytest.raises(WorkbenchError, match="no network"):
        probed(project_folder, config.with_settings(["method=baseline"]))
    with pytest.raises(WorkbenchError, match="no backbone named"):
        probed(project_folder, config.with_settings(["backbone=tests/absent"]))
    with pytest.raises(WorkbenchError, match="fetures"):
        probed(project_folder, config.with_settings(["freeze=parts:fetures"]))
    bare = tmp_path / "bare"
    list(add_folders(bare, [tiny_images({"only": 4}, name="one")])(Stop()))
    with pytest.raises(WorkbenchError, match="second class"):
        probed(bare, config)


def test_beside_a_run_nothing_is_measured(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
    with DeviceLock("cpu", run), pytest.raises(WorkbenchError, match=f"in use by the run {run.id}"):
        probed(project_folder, config)


def test_a_run_that_starts_meanwhile_is_told_with_the_figures(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
    assert not any("disturbed" in note for note in probed(project_folder, config).notes)
    events = probe.probe(project_folder, config)(Stop())
    next(event for event in events if isinstance(event, Progress) and event.what.startswith("Measuring"))
    with DeviceLock("cpu", run):
        *_, found = events
    assert isinstance(found, Probed)
    assert found.notes[0].startswith(f"cpu is in use by the run {run.id}")
    assert "disturbed" in found.notes[0]


def test_a_probe_that_is_stopped_leaves_nothing(project_folder: Path, config: TrainConfig, tmp_path: Path) -> None:
    stop, seen = Stop(), 0
    for event in drain(probe.probe(project_folder, config), stop):
        seen += 1
        if isinstance(event, Progress) and event.what.startswith("Measuring"):
            stop.stop()
    assert 1 < seen < 30


def test_the_peak_is_that_of_the_time_between() -> None:
    before = memory.in_use()
    with memory.Peak("cpu") as peak:
        held = torch.ones(64 << 20)
        float(held[::4096].sum())
        del held
    assert before + (200 << 20) < peak.bytes < before + (600 << 20)


def test_a_container_may_have_less_than_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    whole = memory.available()
    assert whole > 1 << 20
    (tmp_path / "memory.max").write_text(f"{whole // 2}\n")
    (tmp_path / "memory.current").write_text("5000000\n")
    (tmp_path / "memory.stat").write_text("anon 7\ninactive_file 1000000\n")
    assert memory.available() == whole // 2 - 4_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available() > whole // 2


def test_the_command_line_tells_it(
    project_folder: Path, config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(config.dumps(), encoding="utf-8")

    def told(*words: str) -> tuple[int, str]:
        code = cli.main(["models", "probe", str(project_folder), *words])
        return code, capsys.readouterr().out

    code, out = told("--config", str(file), "--set", "epochs=2", "--json")
    event: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert (code, event["event"]) == (0, "Probed")
    assert [phase["epochs"] for phase in event["phases"]] == [2]
    # Without a config it is the draft, which the window edits.
    (project_folder / "draft.toml").write_text(config.with_settings(["epochs=4"]).dumps(), encoding="utf-8")
    code, out = told("--json")
    assert json.loads(out.splitlines()[-1])["phases"][0]["epochs"] == 4
    code, out = told()
    assert code == 0
    assert "s per epoch" in out
    assert "images/s on cpu; 1,467 parameters train" in out
    assert "of main memory with batches of 8" in out
