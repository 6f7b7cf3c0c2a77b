import csv
import itertools
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import tomlkit
import torch

from workbench.errors import WorkbenchError
from workbench.evaluation.results import load_evaluated
from workbench.jobs import Stop, drain
from workbench.models import bundle
from workbench.models.backbones import Network
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training import checkpoints, devices, inputs, run
from workbench.training.build import Built, build
from workbench.training.config import TrainConfig
from workbench.training.control import write_command
from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    FitEnded,
    FitStarted,
    Preparing,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
    read,
)

EVERYTHING = [
    'augment.steps=[{transform = "RandomResizedCrop", p = 1.0, params = {scale = [0.5, 1.0]}}, {transform = "HorizontalFlip"}]',
    'rare={classes = ["pit"], chain = {steps = [{transform = "GaussNoise", p = 0.9}, {transform = "VerticalFlip"}]}}',
    'mix={kind = "both", p = 0.7, alpha = 1.0}',
]
"""Settings with everything random in them that happens to pixels."""

TIMES = {"seconds", "seconds_left", "images_per_second", "data_wait"}


def train(project: Path, folder: RunFolder) -> list[TrainingEvent]:
    return list(run.train(project, folder.id)(Stop()))


def stop_at(project: Path, folder: RunFolder, step: int) -> list[TrainingEvent]:
    """Train until the first Tick of ``step``, then stop as whoever runs a job does."""
    stop, events = Stop(), []
    for event in drain(run.train(project, folder.id), stop):
        events.append(event)
        if event == Tick(step=step):
            stop.stop()
    return events


def of(events: list[TrainingEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def numbers(events: list[TrainingEvent]) -> list[dict[str, Any]]:
    kept = [event for event in events if isinstance(event, StepEnded | EpochEnded)]
    return [{key: value for key, value in vars(event).items() if key not in TIMES} for event in kept]


def written(folder: RunFolder) -> list[TrainingEvent]:
    return [read(line) for line in folder.events.read_text().splitlines()[1:]]


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = checkpoints.load(folder.last)["model"]
    return found


def assert_same_weights(one: RunFolder, other: RunFolder) -> None:
    first, second = weights(one), weights(other)
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


def test_a_run_ends_with_a_model_and_figures_of_the_deployment_path(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    assert folder.state() == "new"
    events = train(project_folder, folder)
    (started,) = of(events, FitStarted)
    assert (started.train_images, started.validation_images, started.steps_per_epoch) == (36, 12, 5)
    assert started.classes == ["good", "pit", "scratch"]
    assert started.stages[-1] == "head"
    assert started.trainable_parameters == started.parameters
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "finished"
    assert ended.live > 0.8
    evaluated = load_evaluated(folder.path, "validation")
    assert evaluated.balanced_accuracy == pytest.approx(ended.deployed)
    assert f"{ended.deployed:.3f} on the deployment path" in ended.message
    loaded = bundle.load(folder.model)
    assert loaded.classes == started.classes
    assert set(loaded.thresholds) == set(started.classes)
    assert folder.state() == "finished"
    assert not folder.lock.exists()
    assert not folder.control.exists()


def test_the_event_file_holds_every_event_but_the_ticks(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    events = train(project_folder, folder)
    header = json.loads(folder.events.read_text().splitlines()[0])
    assert header["format"] == 1
    assert written(folder) == [event for event in events if not isinstance(event, Tick)]


def test_the_list_of_images_is_frozen_with_their_hashes(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    with folder.samples.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    assert all(len(row["content_hash"]) == 64 and Path(row["path"]).is_file() for row in rows)
    assert TrainConfig.load(folder.config) == config


@pytest.mark.parametrize("step", [5, 8, 13], ids=["epoch border", "mid-epoch", "last epoch"])
def test_a_stopped_run_resumes_with_the_numbers_of_one_never_stopped(
    project_folder: Path, config: TrainConfig, step: int
) -> None:
    whole = run.prepare(project_folder, config)
    expected = train(project_folder, whole)
    folder = run.prepare(project_folder, config)
    first = stop_at(project_folder, folder, step)
    assert folder.state() == "stopped"
    second = train(project_folder, folder)
    assert of(second, FitStarted)[0].first_step == step
    assert numbers([*first, *second]) == numbers(expected)
    assert_same_weights(whole, folder)
    last, other = expected[-1], second[-1]
    assert isinstance(last, FitEnded)
    assert isinstance(other, FitEnded)
    assert (last.best_epoch, last.live, last.deployed) == (other.best_epoch, other.live, other.deployed)


GRADUAL = [
    "epochs=1",
    "freeze=backbone",
    'then=[{epochs = 2, freeze = {kind = "stages", train_last = 1}, rate = 0.5}, {epochs = 1, freeze = {kind = "none"}}]',
    "optimizer.layer_decay=0.5",
    "optimizer.stage_factors={stem = 0.3}",
]
"""Head first (5 steps), then the last stage (10), then everything (5)."""


@pytest.mark.parametrize(
    ("step", "optimizer"),
    [(3, "adamw"), (5, "sgd"), (6, "adamw"), (12, "sgd"), (15, "adamw"), (18, "adamw")],
    ids=["first phase", "border", "first of a phase", "second phase", "second border", "last phase"],
)
def test_a_run_stopped_in_any_phase_resumes_with_the_numbers_of_one_never_stopped(
    project_folder: Path, config: TrainConfig, step: int, optimizer: str
) -> None:
    gradual = config.with_settings([*GRADUAL, f"optimizer.name={optimizer}"])
    whole = run.prepare(project_folder, gradual)
    expected = train(project_folder, whole)
    assert of(expected, StageChanged) == [
        StageChanged(epoch=2, training_stages=["3–4", "head"]),
        StageChanged(epoch=4, training_stages=["stem", "3–4", "head"]),
    ]
    assert of(expected, FitStarted)[0].epochs == 4
    folder = run.prepare(project_folder, gradual)
    first = stop_at(project_folder, folder, step)
    second = train(project_folder, folder)
    assert numbers([*first, *second]) == numbers(expected)
    assert of([*first, *second], StageChanged) == of(expected, StageChanged)
    assert_same_weights(whole, folder)


def test_a_run_goes_on_with_the_plan_that_it_began_with(project_folder: Path, config: TrainConfig) -> None:
    gradual = config.with_settings(GRADUAL)
    whole = run.prepare(project_folder, gradual)
    train(project_folder, whole)
    folder = run.prepare(project_folder, gradual)
    stop_at(project_folder, folder, 7)
    folder.config.write_text(gradual.with_settings(["epochs=2", "freeze=none", "then=[]"]).dumps())
    assert of(train(project_folder, folder), FitStarted)[0].epochs == 4
    assert_same_weights(whole, folder)


def test_a_frozen_part_rests_until_its_phase(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config.with_settings(GRADUAL))
    found = {}
    for event in run.train(project_folder, folder.id)(Stop()):
        if isinstance(event, CheckpointSaved) and event.kind == "last":
            found[event.step] = {name: value.clone() for name, value in weights(folder).items()}
    assert list(found) == [5, 10, 15, 20]
    moved = [
        {name for name, value in after.items() if not torch.equal(value, before[name])}
        for before, after in itertools.pairwise(found.values())
    ]
    everything = set(found[5])
    stem = {name for name in everything if name.startswith(("backbone.0.", "backbone.1."))}
    assert found[5]["backbone.4.num_batches_tracked"] == 0
    assert moved == [everything - stem, everything - stem, everything]


def test_a_checkpoint_of_format_1_goes_on(project_folder: Path, config: TrainConfig) -> None:
    """It knows one phase and keeps the optimizer by the numbers of parameters in four groups."""
    partial = config.with_settings(["freeze=stages:1"])
    whole = run.prepare(project_folder, partial)
    train(project_folder, whole)
    folder = run.prepare(project_folder, partial)
    stop_at(project_folder, folder, 8)
    content = checkpoints.load(folder.last)
    del content["phases"], content["state"]["phase"]
    members = {
        "backbone": ["backbone.3.weight"],
        "backbone, no decay": ["backbone.4.weight", "backbone.4.bias"],
        "head": ["head.weight"],
        "head, no decay": ["head.bias"],
    }
    names = [name for group in members.values() for name in group]
    assert set(names) == set(content["optimizer"])
    groups = [{"name": key, "params": [names.index(name) for name in group]} for key, group in members.items()]
    state = {names.index(name): value for name, value in content["optimizer"].items()}
    content["optimizer"] = {"state": state, "param_groups": groups}
    checkpoints.save(folder.last, {**content, "freeze": partial.freeze.model_dump(), "format": 1})
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]
    assert_same_weights(whole, folder)


def test_a_plan_with_parts_that_are_not_there_ends_a_run_of_the_window_before_its_first_step(
    project_folder: Path, config: TrainConfig
) -> None:
    """The window makes the folder, and cannot ask the network."""
    with Project.open(project_folder) as project:
        folder = project.runs.create(config.with_settings(["freeze=parts:layer4"]).dumps())
    events = train(project_folder, folder)
    assert not of(events, Tick)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "failed"
    assert "tests/tiny has no part 'layer4'" in events[-1].message


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["freeze=backbone"], "random numbers and is frozen"),
        (["freeze=stages:1"], "random numbers and never learns as a whole (stem)"),
        (["freeze=none", "batch_norm=frozen"], "its batch norm is frozen"),
        (["freeze=none"], ""),
        (["freeze=backbone", 'then=[{freeze = {kind = "none"}}]'], ""),
    ],
)
def test_random_numbers_that_stay_are_warned_of(
    project_folder: Path, config: TrainConfig, settings: list[str], said: str
) -> None:
    folder = run.prepare(project_folder, config.with_settings(settings))
    warned = []
    for event in run.train(project_folder, folder.id)(Stop()):
        if isinstance(event, FitStarted):
            break
        warned += [event.message] if isinstance(event, Warned) and "random" in event.message else []
    assert [said in message for message in warned] == ([True] if said else [])


def test_batch_norm_without_anything_to_compare_is_told_in_a_sentence(
    project_folder: Path, config: TrainConfig
) -> None:
    alone = config.with_settings(["size=4", "batch_size=1"])
    ended = train(project_folder, run.prepare(project_folder, alone))[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert ended.message.startswith("Batch norm has nothing to compare in a batch of one image")
    frozen = run.prepare(project_folder, alone.with_settings(["batch_norm=frozen", "epochs=1"]))
    assert train(project_folder, frozen)[-1].reason == "finished"  # type: ignore[union-attr]


def test_crops_rare_classes_and_mixing_repeat_and_resume_whatever_the_workers(
    project_folder: Path, config: TrainConfig
) -> None:
    everything = config.with_settings(EVERYTHING)
    whole = run.prepare(project_folder, everything)
    expected = train(project_folder, whole)
    folder = run.prepare(project_folder, everything.with_settings(["workers=1"]))
    first = stop_at(project_folder, folder, 7)
    folder.config.write_text(everything.with_settings(["workers=2", "compute.prepared_cache=false"]).dumps())
    second = train(project_folder, folder)
    assert numbers([*first, *second]) == numbers(expected)
    assert_same_weights(whole, folder)


@pytest.mark.parametrize("balance", ["none", "class_weights", "balanced_sampling"])
def test_mixed_batches_train_with_any_balance(project_folder: Path, config: TrainConfig, balance: str) -> None:
    settings = [f"loss.balance={balance}", "loss.label_smoothing=0.1", "mix.kind=both", "mix.p=1.0", "batch_size=7"]
    folder = run.prepare(project_folder, config.with_settings([*settings, "freeze=backbone", "epochs=1"]))
    events = train(project_folder, folder)
    assert events[-1].reason == "finished"  # type: ignore[union-attr]
    (ended,) = of(events, EpochEnded)
    assert ended.train_loss > 0
    assert 0 <= ended.train_accuracy <= 1


def test_validation_is_never_augmented(project_folder: Path, config: TrainConfig) -> None:
    """Every chain and every mixing there is leaves the pixels of validation those of a run without any."""
    found = []
    for settings in (EVERYTHING, ["augment.steps=[]"]):
        folder = run.prepare(project_folder, config.with_settings(settings))
        *_, built = build(
            TrainConfig.load(folder.config),
            inputs.load(folder),
            devices.choose("cpu"),
            cache=project_folder / "cache",
            checkpoint=None,
        )
        assert isinstance(built, Built)
        batches = list(built.validation_batches())
        found.append(torch.cat([batch.images for batch in batches]))
        assert torch.equal(found[-1], torch.cat([batch.images for batch in built.validation_batches()]))
        built.close()
    assert found[0].shape == (12, 32, 32, 3)
    assert torch.equal(*found)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_chain_that_fails_on_an_image_ends_the_run_in_a_sentence(
    project_folder: Path, config: TrainConfig, workers: int
) -> None:
    crop = 'augment.steps=[{transform = "RandomCrop", p = 1.0, params = {height = 999, width = 999}}]'
    folder = run.prepare(project_folder, config.with_settings([crop, f"workers={workers}"]))
    ended = train(project_folder, folder)[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert ended.message.startswith("RandomCrop does not work on an image of 32 x 32 pixels")
    assert "\n" not in ended.message


def test_a_run_folder_from_before_the_chains_nested_is_trained_as_it_was(
    project_folder: Path, config: TrainConfig
) -> None:
    """Format 1: no rare classes, no mixing, no detail in the config, no largest side in the inputs."""
    folder = run.prepare(project_folder, config.with_settings([EVERYTHING[0]]))
    fields = tomlkit.parse(folder.config.read_text()).unwrap()
    for name in ("rare", "mix"):
        del fields[name]
    del fields["preprocess"]["detail"]
    folder.config.write_text(tomlkit.dumps({**fields, "format": 1}))
    listed = json.loads((folder.path / "inputs.json").read_text())
    assert listed.pop("largest") == 40
    (folder.path / "inputs.json").write_text(json.dumps({**listed, "format": 1}))
    assert inputs.load(folder).largest == 0
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]
    assert [path.name.partition("-")[0] for path in (project_folder / "cache" / "prepared").iterdir()] == ["32"]


def test_a_run_stopped_by_its_control_file_says_so_and_has_a_model(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    events = []
    for event in run.train(project_folder, folder.id)(Stop()):
        events.append(event)
        if event == Tick(step=7):
            write_command(folder.control, "stop")
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert (ended.reason, ended.deployed) == ("stopped", -1)
    assert "step 7" in ended.message
    assert isinstance(events[-2], CheckpointSaved)
    assert folder.state() == "stopped"
    assert bundle.load(folder.model).classes == ["good", "pit", "scratch"]


def test_a_stopped_run_goes_on_with_its_weights_not_with_those_of_its_best_epoch(
    project_folder: Path, config: TrainConfig
) -> None:
    folder = run.prepare(project_folder, config)
    stop_at(project_folder, folder, 14)
    last, best = weights(folder), checkpoints.load(folder.best)["model"]
    assert any(not torch.equal(tensor, best[name]) for name, tensor in last.items())


def test_stop_before_the_first_step(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    job = run.train(project_folder, folder.id)(Stop())
    events = [next(job)]
    write_command(folder.control, "stop")
    events += job
    assert not of(events, Tick)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "stopped"
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]


def test_stop_while_it_is_measured_resumes_there(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    for event in run.train(project_folder, folder.id)(Stop()):
        if isinstance(event, Preparing) and "deployment" in event.what:
            write_command(folder.control, "stop")
    assert folder.state() == "stopped"
    events = train(project_folder, folder)
    assert not of(events, Tick)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "finished"


def test_a_run_made_by_the_window_is_prepared_by_its_process(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        folder = project.runs.create(config.dumps())
    assert not folder.samples.exists()
    events = train(project_folder, folder)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "finished"


def test_the_run_keeps_its_classes_and_images_when_the_project_changes(
    project_folder: Path, config: TrainConfig
) -> None:
    whole = run.prepare(project_folder, config)
    train(project_folder, whole)
    folder = run.prepare(project_folder, config)
    stop_at(project_folder, folder, 5)
    with Project.open(project_folder) as project:
        project.labels.reorder([row.id for row in reversed(project.labels.classes())])
        project.splits.make(validation=0.3, test=0.1, seed=5)
    train(project_folder, folder)
    assert_same_weights(whole, folder)


def test_a_corrupt_image_is_told_and_skipped(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    with folder.samples.open(newline="") as file:
        broken = Path(next(row["path"] for row in csv.DictReader(file) if row["split"] == "train"))
    broken.write_bytes(broken.read_bytes()[:100])
    events = train(project_folder, folder)
    (warned,) = of(events, Warned)
    assert broken.name in warned.message
    assert events[-1].reason == "finished"  # type: ignore[union-attr]


def test_without_the_cache_a_run_gives_the_same_numbers(project_folder: Path, config: TrainConfig) -> None:
    cached = run.prepare(project_folder, config)
    train(project_folder, cached)
    direct = run.prepare(project_folder, config.with_settings(["compute.prepared_cache=false"]))
    train(project_folder, direct)
    assert_same_weights(cached, direct)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_the_run_in_a_sentence_and_loses_no_checkpoint(
    project_folder: Path, config: TrainConfig
) -> None:
    whole = run.prepare(project_folder, config)
    train(project_folder, whole)
    folder = run.prepare(project_folder, config)
    events = []
    for event in run.train(project_folder, folder.id)(Stop()):
        events.append(event)
        if event == Tick(step=7):
            folder.last.with_name(".last.pt.tmp").symlink_to("/dev/full")
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert "No space left" in ended.message
    assert folder.state() == "failed"
    assert checkpoints.load(folder.last)["state"]["step"] == 5
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]
    assert_same_weights(whole, folder)


def test_out_of_memory_is_a_sentence_with_the_sizes(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run.prepare(project_folder, config)

    def greedy(network: Network, images: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    monkeypatch.setattr(Network, "forward", greedy)
    ended = train(project_folder, folder)[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert "batches of 8 images of 32 pixels" in ended.message
    assert "batch size to 4" in ended.message


def test_a_bug_is_told_and_raised(project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run.prepare(project_folder, config)

    def wrong(network: Network, images: torch.Tensor) -> torch.Tensor:
        raise IndexError("no such layer")

    monkeypatch.setattr(Network, "forward", wrong)
    with pytest.raises(IndexError):
        train(project_folder, folder)
    ended = written(folder)[-1]
    assert isinstance(ended, FitEnded)
    assert "bug: IndexError: no such layer" in ended.message
    assert not folder.lock.exists()


def test_a_second_run_on_the_same_device_is_refused_in_a_sentence(project_folder: Path, config: TrainConfig) -> None:
    first, second = run.prepare(project_folder, config), run.prepare(project_folder, config)
    running = run.train(project_folder, first.id)(Stop())
    while not isinstance(next(running), Tick):
        pass
    ended = train(project_folder, second)[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert f"cpu is in use by the run {first.id}" in ended.message
    running.close()  # type: ignore[attr-defined]
    assert train(project_folder, second)[-1].reason == "finished"  # type: ignore[union-attr]


def test_a_run_of_another_process_is_left_alone(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    parent = psutil.Process(os.getppid())
    owner = {
        "host": socket.gethostname(),
        "pid": parent.pid,
        "started": parent.create_time(),
        "heartbeat": time.time(),
    }
    folder.lock.write_text(json.dumps(owner))
    with pytest.raises(WorkbenchError, match=rf"is being trained by another process \({parent.pid}"):
        train(project_folder, folder)
    assert not folder.events.exists()
    assert json.loads(folder.lock.read_text()) == owner


def test_the_lock_of_a_process_that_is_gone_does_not_hold_the_run(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config)
    folder.lock.write_text(json.dumps({"host": socket.gethostname(), "pid": 2**22, "started": 1.0, "heartbeat": 1.0}))
    assert folder.state() == "crashed"
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]


def test_a_frozen_backbone_does_not_move_nor_do_its_batch_norms(project_folder: Path, config: TrainConfig) -> None:
    folder = run.prepare(project_folder, config.with_settings(["freeze=backbone", "epochs=1"]))
    events = train(project_folder, folder)
    before = checkpoints.load(folder.last)["model"]
    (started,) = of(events, FitStarted)
    assert started.frozen_stages == started.stages[:-1]
    longer = run.prepare(project_folder, config.with_settings(["freeze=backbone", "epochs=2"]))
    train(project_folder, longer)
    after = checkpoints.load(longer.last)["model"]
    for name in before:
        assert torch.equal(before[name], after[name]) == name.startswith("backbone."), name
    assert before["backbone.1.running_mean"].abs().sum() == 0


@pytest.mark.parametrize("balance", ["class_weights", "balanced_sampling"])
def test_rare_classes_can_count_more(project_folder: Path, config: TrainConfig, balance: str) -> None:
    folder = run.prepare(project_folder, config.with_settings([f"loss.balance={balance}", "epochs=1"]))
    assert train(project_folder, folder)[-1].reason == "finished"  # type: ignore[union-attr]


def test_loader_processes_change_no_number_and_none_is_left(project_folder: Path, config: TrainConfig) -> None:
    short = config.with_settings(["epochs=1"])
    alone = run.prepare(project_folder, short)
    train(project_folder, alone)
    helped = run.prepare(project_folder, short.with_settings(["workers=1"]))
    train(project_folder, helped)
    assert_same_weights(alone, helped)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("backbone=torchvision/resnet81", "torchvision/resnet18"),
        ("weights=/nowhere/weights.pt", "/nowhere/weights.pt does not exist"),
        ('augment.steps=[{transform = "HorizontalFlop"}]', "HorizontalFlip"),
        ('rare={classes = ["pit"], chain = {steps = [{transform = "HorizontalFlop"}]}}', "HorizontalFlip"),
        ('rare.classes=["pits"]', "did you mean pit"),
    ],
)
def test_what_cannot_succeed_is_said_before_a_run_is_made(
    project_folder: Path, config: TrainConfig, setting: str, sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        run.prepare(project_folder, config.with_settings([setting]))
    with Project.open(project_folder) as project:
        assert project.runs.list() == []


def test_weights_that_do_not_fit_end_the_run_in_a_sentence(
    project_folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    torch.save({"other.weight": torch.zeros(3)}, tmp_path / "other.pt")
    folder = run.prepare(project_folder, config.with_settings([f"weights={tmp_path / 'other.pt'}"]))
    ended = train(project_folder, folder)[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "failed"
    assert "do not fit" in ended.message


def test_progress_is_told_a_few_times_a_second_and_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(run.time, "monotonic", lambda: now)
    sparse, told = run.SparseProgress(), []
    for done in range(1, 101):
        now += 0.01
        event = Preparing("Decoding", done, 100)
        told += [done] if sparse.worth_telling(event) else []
    assert told[0] == 1
    assert told[-1] == 100
    assert len(told) <= 7
    assert sparse.worth_telling(Preparing("Loading"))
    assert sparse.worth_telling(Tick(1))


def test_out_of_memory_while_the_network_is_moved_is_the_same_sentence(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run.prepare(project_folder, config)

    def greedy(network: Network, *where: object, **how: object) -> Network:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    monkeypatch.setattr(Network, "to", greedy)
    ended = train(project_folder, folder)[-1]
    assert isinstance(ended, FitEnded)
    assert "batches of 8 images of 32 pixels" in ended.message


def test_a_run_on_a_split_that_leaks_says_so_before_its_first_step(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        train_id, validation_id = (project.images.ids(Query(split=split))[0] for split in ("train", "validation"))
        project.groups.set("column:patient", [train_id, validation_id], [1, 1], {1: "A"})
    folder = run.prepare(project_folder, config)
    events = stop_at(project_folder, folder, 1)
    (warned,) = of(events, Warned)
    assert "both sides of the split" in warned.message
    assert events.index(warned) < events.index(of(events, FitStarted)[0])
    assert not of(train(project_folder, folder), Warned)  # said once, not again where it continues
