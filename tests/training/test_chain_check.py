"""The check of a chain as a whole, on projects whose answers are known."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import trained_run
from workbench.augment.chain import Chain, ChainError, Step
from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Noticed, Stop, from_json, to_json
from workbench.models import bundle
from workbench.models.backbones import create
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.project import Project
from workbench.training import chain_check
from workbench.training.chain_check import check_chain
from workbench.training.chain_checks import costs, events
from workbench.training.config import TrainConfig
from workbench.training.locks import DeviceLock, in_use

CLASSES = ["good", "pit", "scratch"]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "SECONDS", 0.1)


def step(name: str, p: float = 1.0, steps: tuple[Step, ...] = (), **params: Any) -> Step:
    return Step(transform=name, p=p, params=params, steps=steps)


def checked(folder: Path, config: TrainConfig, *steps: Step, **options: Any) -> list[Any]:
    with_chain = config.model_copy(update={"augment": Chain(steps=steps)})
    found = list(check_chain(folder, with_chain, **options)(Stop()))
    assert isinstance(found[-1], events.ChainChecked)
    for event in found:
        if type(event) in events.TYPES:
            assert from_json(to_json(event), events.TYPES) == event
            assert event.message.endswith(".")
            assert event.severity in ("info", "warning")
    return found


def of(kind: type, found: list[Any]) -> list[Any]:
    return [event for event in found if isinstance(event, kind)]


def mark(folder: Path, box: tuple[tuple[float, float], tuple[float, float]], *, images: int = 4) -> None:
    with Project.open(folder) as project:
        for row in project.images.samples("train")[:images]:
            project.regions.add(int(row.id), "box", box)


def save_run(folder: Path, config: TrainConfig, model: Deployable, backbone: str) -> str:
    with Project.open(folder) as project:
        run = project.runs.create(config.dumps())
    bundle.save(run.model, model, classes=CLASSES, backbone=backbone)
    return str(run.id)


def test_every_step_has_a_cost_and_the_costs_are_the_chain(project_folder: Path, config: TrainConfig) -> None:
    group = step("OneOf", 0.5, (step("Blur", 0.5), step("ToGray", 0.5)))
    found = checked(project_folder, config, step("HorizontalFlip", 0.5), group, step("InvertImg", 0.0), images=5)
    told = of(events.StepCost, found)
    assert [(event.step, event.place, event.chance) for event in told] == [
        ("HorizontalFlip", [0], 0.5),
        ("Blur", [1, 0], 0.25),
        ("ToGray", [1, 1], 0.25),
        ("InvertImg", [2], 0.0),
    ]
    assert sum(event.share for event in told) == pytest.approx(1)
    assert all(event.images == 5 for event in told)
    assert all(event.ms == pytest.approx(event.applied_ms * event.chance) for event in told)
    assert min(event.applied_ms for event in told) > 0
    (feeding,) = of(events.Feeding, found)
    assert feeding.source == "steps"
    assert feeding.device == "cpu"
    assert feeding.single_rate > 0
    assert feeding.model_rate > 0
    assert feeding.images == 5
    assert found[-1].images == 5
    assert found[-1].steps == 4
    assert found[-1].warnings == sum(getattr(event, "severity", "") == "warning" for event in found[:-1])


def test_a_mark_that_is_always_cropped_away_is_blamed_on_the_crop(project_folder: Path, config: TrainConfig) -> None:
    mark(project_folder, ((0, 0), (8, 8)))
    crop = step("CenterCrop", 1.0, height=16, width=16)
    found = checked(project_folder, config, step("HorizontalFlip", 0.5), crop, images=6)
    whole, single = of(events.MarkLoss, found)
    assert (whole.lost, whole.place, whole.severity, whole.step) == (1.0, [1], "warning", "CenterCrop")
    assert (whole.marks, whole.images, whole.draws) == (4, 6, 16)
    assert whole.low > 0.7
    assert whole.source == "drawn by hand"
    assert single.place == [1]
    assert "100 % of the marks leave the picture" in whole.message


def test_a_mark_that_stays_is_no_warning(project_folder: Path, config: TrainConfig) -> None:
    mark(project_folder, ((10, 10), (30, 30)))
    (whole,) = of(events.MarkLoss, checked(project_folder, config, step("HorizontalFlip"), step("Blur"), images=4))
    assert (whole.lost, whole.small, whole.severity, whole.place) == (0, 0, "info", [])
    assert whole.message.startswith("Every mark stays in the picture")


def test_a_mark_that_shrinks_below_some_pixels_is_a_warning(project_folder: Path, config: TrainConfig) -> None:
    mark(project_folder, ((10, 10), (26, 26)))
    shrink = step("Affine", 1.0, scale=[0.3, 0.3], rotate=[0, 0], translate_percent=[0, 0], shear=[0, 0])
    whole = of(events.MarkLoss, checked(project_folder, config, shrink, images=4))[0]
    assert (whole.lost, whole.small, whole.small_before, whole.smallest) == (0, 1.0, 0, 8)
    assert whole.severity == "warning"
    assert whole.place == [0]
    whole = of(events.MarkLoss, checked(project_folder, config, shrink, images=4, smallest=3))[0]
    assert (whole.small, whole.severity) == (0, "info")
    # Too small before the chain already: not the chain's fault, and said.
    whole = of(events.MarkLoss, checked(project_folder, config, step("Blur"), images=4, smallest=20))[0]
    assert (whole.small, whole.small_before, whole.severity) == (0, 1.0, "warning")
    assert "even without the chain" in whole.message


def test_borders_and_what_is_cut_off_have_shares(project_folder: Path, config: TrainConfig) -> None:
    shift = step("Affine", 1.0, translate_percent=[0.5, 0.5], scale=[1, 1], rotate=[0, 0], shear=[0, 0])
    whole, single = of(events.BorderLoss, checked(project_folder, config, step("Blur"), shift, images=3))
    assert whole.border == pytest.approx(0.75, abs=0.05)
    assert whole.cut == pytest.approx(0.75, abs=0.05)
    assert (whole.place, whole.severity, single.place) == ([1], "warning", [1])
    assert whole.draws == 3 * 4


def test_decisions_of_a_trained_run_flip_under_the_step_that_turns_the_colours(
    project_folder: Path, config: TrainConfig
) -> None:
    run = save_run(project_folder, config, trained_run.deployable(), "tests/mean-colour")
    found = checked(project_folder, config, step("HorizontalFlip"), step("InvertImg", 0.9), images=12)
    assert found[-1].run == run
    told = {event.step: event for event in of(events.DecisionFlips, found)[1:]}
    assert "HorizontalFlip" not in told
    assert (told["InvertImg"].flips, told["InvertImg"].images, told["InvertImg"].draws) == (1.0, 12, 12)
    whole = of(events.DecisionFlips, found)[0]
    assert whole.flips == pytest.approx(0.9, abs=0.15)
    assert whole.low <= whole.flips <= whole.high
    assert (whole.draws, whole.place, whole.severity) == (48, [1], "warning")
    # That network has no places, so it gives no heat maps; the check goes on.
    assert any("no heat map" in event.message for event in of(Noticed, found))
    assert of(events.DecisionFlips, checked(project_folder, config, step("InvertImg"), images=2, run="none")) == []


def test_without_regions_the_heat_maps_of_a_run_are_the_marks(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_check, "LARGEST_MARK", 1.0)  # random weights look everywhere
    network, _ = create("tests/tiny", weights="none", classes=3)
    model = Deployable(PreprocessSpec(size=32, mean=(0.5,) * 3, std=(0.25,) * 3), network)
    run = save_run(project_folder, config, model, "tests/tiny")
    whole = of(events.MarkLoss, checked(project_folder, config, step("HorizontalFlip"), images=6, run="last"))[0]
    assert whole.source == f"from heat maps of the run {run}"
    assert whole.marks > 0
    assert whole.lost == 0


def test_without_marks_and_runs_the_check_says_what_would_help(project_folder: Path, config: TrainConfig) -> None:
    found = checked(project_folder, config, step("HorizontalFlip"), images=2)
    assert of(events.MarkLoss, found) == []
    assert any("draw boxes" in event.message for event in of(Noticed, found))


def test_a_flip_where_the_names_say_left_and_right(
    tmp_path: Path, tiny_images: Callable[..., Path], config: TrainConfig
) -> None:
    images = tiny_images({"good": 4, "scratch": 4})
    for number, path in enumerate(sorted(images.rglob("*.png"))):
        path.rename(path.with_name(f"{number}_{('OD', 'OS')[number % 2]}.png"))
    folder = tmp_path / "project"
    list(add_folders(folder, [images])(Stop()))
    chain = (step("Blur"), step("OneOf", 1.0, (step("ToGray"), step("HorizontalFlip"))))
    (found,) = of(events.Laterality, checked(folder, config, *chain, images=2))
    assert (found.place, found.step, found.severity) == ([1, 1], "HorizontalFlip", "warning")
    assert "8 of 8 file names say the side" in found.evidence[0]
    assert of(events.Laterality, checked(folder, config, step("Blur"), images=2)) == []


def test_detail_that_crops_lose_is_said_with_what_helps(project_folder: Path, config: TrainConfig) -> None:
    crop = step("RandomResizedCrop", 1.0, scale=[0.04, 1.0], ratio=[1, 1])
    (lost,) = of(
        events.DetailLoss, checked(project_folder, config.with_settings(["preprocess.detail=1"]), crop, images=2)
    )
    assert lost.enlarged == pytest.approx(5, abs=0.2)
    assert (lost.severity, lost.place, lost.size, lost.prepared) == ("warning", [0], 32, 32)
    assert lost.message.startswith("The smallest crop of Crop and enlarge shows 20 % of the side")
    half = step("RandomResizedCrop", 1.0, scale=[0.25, 1.0], ratio=[1, 1])
    (both,) = of(events.DetailLoss, checked(project_folder, config, half, crop, images=2))
    assert both.message.startswith("The smallest part that all crops together leave shows 10 % of the side")
    assert (both.place, both.message.endswith("first in Crop and enlarge.")) == ([1], True)
    assert of(events.DetailLoss, checked(project_folder, config, step("Blur"), images=2)) == []


def test_the_chain_of_rare_classes_is_checked_too(project_folder: Path, config: TrainConfig) -> None:
    rare = config.rare.model_copy(update={"classes": ("pit",), "chain": Chain(steps=(step("InvertImg"),))})
    save_run(project_folder, config, trained_run.deployable(), "tests/mean-colour")
    found = checked(project_folder, config.model_copy(update={"rare": rare}), step("HorizontalFlip"), images=4)
    told = [event for event in found if getattr(event, "rare", False)]
    assert [event.step for event in of(events.StepCost, told)] == ["InvertImg"]
    assert of(events.DecisionFlips, told)[0].flips == 1
    common = [event for event in found if not getattr(event, "rare", False)]
    assert of(events.DecisionFlips, common)[0].flips == 0
    assert found[-1].steps == 2
    unused = config.model_copy(update={"rare": rare.model_copy(update={"classes": ()})})
    assert not any(getattr(event, "rare", False) for event in checked(project_folder, unused, images=2))


def test_an_empty_chain_has_a_pace_and_nothing_else(project_folder: Path, config: TrainConfig) -> None:
    found = checked(project_folder, config, images=3)
    kinds = {type(event) for event in found if type(event) in events.TYPES}
    assert kinds == {events.Feeding, events.ChainChecked}


def test_without_images_speed_is_measured_on_drawn_ones(tmp_path: Path, config: TrainConfig) -> None:
    Project.create(tmp_path / "empty").close()
    found = checked(tmp_path / "empty", config, step("Blur"))
    assert len(of(events.StepCost, found)) == 1
    assert of(events.Feeding, found)[0].model_rate > 0
    assert of(events.BorderLoss, found) == []
    assert any("no images" in event.message for event in of(Noticed, found))
    assert found[-1].images == 0


def test_rare_classes_that_the_project_does_not_have_are_told(project_folder: Path, tmp_path: Path) -> None:
    Project.create(tmp_path / "empty").close()
    rare = TrainConfig().with_settings(['rare.classes=["pitt"]', "backbone=tests/mean-colour", "weights=none"])
    for folder, advice in (
        (project_folder, "did you mean pit? Correct rare.classes"),
        (tmp_path / "empty", "; correct rare.cl"),
    ):
        told = [event.message for event in of(Noticed, checked(folder, rare, images=2))]
        assert "no class 'pitt'" in told[0]
        assert advice in told[0]


def test_unlabelled_images_do_and_an_unreadable_one_is_named(
    tmp_path: Path, tiny_images: Callable[..., Path], config: TrainConfig
) -> None:
    images = tiny_images({".": 3})
    folder = tmp_path / "project"
    list(add_folders(folder, [images])(Stop()))
    broken = sorted(images.rglob("*.png"))[0]
    broken.write_bytes(b"no image at all")
    found = checked(folder, config, step("HorizontalFlip"), images=3)
    assert found[-1].images == 2
    (notice,) = [event for event in of(Noticed, found) if event.path]
    assert broken.name in notice.message


def test_what_cannot_be_is_refused_in_a_sentence(project_folder: Path, config: TrainConfig) -> None:
    with pytest.raises(ChainError, match="HorizontalFlop"):
        checked(project_folder, config, step("HorizontalFlop"))
    with pytest.raises(ChainError, match="does not work on an image of 32 x 32") as caught:
        checked(project_folder, config, step("Blur"), step("RandomCrop", 1.0, height=64, width=64), images=2)
    assert caught.value.place == (1,)
    with pytest.raises(WorkbenchError, match="no runs yet"):
        checked(project_folder, config, run="last")


def test_the_same_project_gives_the_same_images_and_marks_come_first(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        split = [int(row.id) for row in project.images.samples("train")]
        project.regions.add(split[-3], "box", ((0, 0), (20, 20)))
        chosen = [chain_check.sample.draw(project, 5, classes=CLASSES) for _ in range(2)]
        rare = chain_check.sample.draw(project, 5, classes=CLASSES, wanted=("pit",))
    assert chosen[0] == chosen[1]
    assert [each.sample.id for each in chosen[0] if each.regions] == [split[-3]]
    assert all(each.sample.id in split for each in chosen[0])
    assert {each.sample.target for each in rare} == {1}


def test_a_device_in_use_is_not_probed(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
    assert in_use("cpu") == ""
    with DeviceLock("cpu", run):
        assert str(run.id) in in_use("cpu")
        (feeding,) = of(events.Feeding, checked(project_folder, config, images=2))
    assert feeding.model_rate == 0
    assert str(run.id) in feeding.note
    assert in_use("cpu") == ""


def test_nothing_in_the_project_changes(project_folder: Path, config: TrainConfig) -> None:
    def content() -> dict[str, int]:
        files = [path for path in project_folder.rglob("*") if path.is_file()]
        return {str(path): path.stat().st_size for path in files if not path.name.endswith(("-shm", "-wal"))}

    before = content()
    checked(project_folder, config, step("Blur"), images=2)
    assert content() == before


def test_the_command_line_tells_it_in_words_and_in_json(
    project_folder: Path, config: TrainConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from workbench.cli import main

    file = tmp_path / "config.toml"
    file.write_text(config.dumps(), encoding="utf-8")
    words = ["augment", "check", str(project_folder), "--config", str(file), "--chain", "light", "--images", "2"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "step 1: Flip left-right: " in out
    assert "This chain feeds" in out
    assert "Measured: one process" in out
    assert main([*words, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["event"] == "ChainChecked"
    assert {"StepCost", "Feeding"} <= {line["event"] for line in lines}
    assert main([*words[:3], "--images", "0"]) == 1


def test_every_event_is_frozen_and_has_a_place_a_severity_and_a_sentence() -> None:
    for kind in events.TYPES:
        names = {field.name for field in dataclasses.fields(kind)}
        assert {"place", "severity", "message", "rare"} <= names
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
