from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.evaluation.samples import all_samples
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.models.anatomy_parts import Anatomy, LayerInfo, StageInfo
from workbench.models.catalog import backbones
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.project.splits import Splits
from workbench.training import checks
from workbench.training.checks import check, check_plan, with_absolute_weights
from workbench.training.config import TrainConfig
from workbench.training.inputs import freeze


def refusal(folder: Path, config: TrainConfig) -> str:
    with Project.open(folder) as project, pytest.raises(WorkbenchError) as error:
        check(project, config)
    return str(error.value)


def test_a_project_that_can_be_trained_passes(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        check(project, config)


def test_no_label_one_class_no_split(tmp_path: Path, tiny_images: Callable[..., Path], config: TrainConfig) -> None:
    folder = tmp_path / "project"
    Project.create(folder).close()
    assert "No image has a label" in refusal(folder, config)
    images = tiny_images({"good": 4})
    list(add_folders(folder, [images])(Stop()))
    assert "class 'good'; label images of a second class" in refusal(folder, config)
    list(add_folders(folder, [tiny_images({"bad": 4}, name="more")])(Stop()))
    assert "make a split" in refusal(folder, config)


def assign(folder: Path, change: Callable[[Project, Splits], None]) -> None:
    with Project.open(folder) as project:
        change(project, project.splits)


def test_an_empty_validation_split(project_folder: Path, config: TrainConfig) -> None:
    def change(project: Project, splits: Splits) -> None:
        splits.assign([row.id for row in project.images.samples("validation")], "train")

    assign(project_folder, change)
    assert "validation split" in refusal(project_folder, config)


def test_a_class_without_training_images_is_named(project_folder: Path, config: TrainConfig) -> None:
    def change(project: Project, splits: Splits) -> None:
        pit = next(row.id for row in project.labels.classes() if row.name == "pit")
        splits.assign([row.id for row in project.images.samples("train") if row.class_id == pit], "test")

    assign(project_folder, change)
    assert "'pit' has no image in the training split" in refusal(project_folder, config)


def test_an_unknown_backbone_gets_its_nearest_names(project_folder: Path, config: TrainConfig) -> None:
    assert "torchvision/mobilenet_v2" in refusal(
        project_folder, config.with_settings(["backbone=torchvision/mobilenet_v22"])
    )


def test_rare_classes_that_the_project_does_not_have_are_named(project_folder: Path, config: TrainConfig) -> None:
    told = refusal(project_folder, config.with_settings(['rare.classes=["pit", "scrach"]']))
    assert "no class 'scrach'" in told
    assert "did you mean scratch?" in told
    with Project.open(project_folder) as project:
        check(project, config.with_settings(['rare.classes=["pit", "scratch"]']))


def test_a_backbone_that_fails_or_does_not_take_the_size(project_folder: Path, config: TrainConfig) -> None:
    failing = next(info for info in backbones() if info.unsupported)
    assert f"{failing.name} is not supported ({failing.unsupported})" in refusal(
        project_folder, config.with_settings([f"backbone={failing.name}"])
    )
    fixed = next(info for info in backbones() if info.fixed_size and not info.unsupported)
    assert "pixels only, not 100" in refusal(
        project_folder, config.with_settings([f"backbone={fixed.name}", "size=100"])
    )


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("freeze=parts:body", "fake has no part 'body' that could train"),
        ('then=[{freeze = {kind = "parts", trained = ["stem", "backbone.1"]}}]', "no part 'backbone.1'"),
        ("optimizer.stage_factors={body = 0.5}", "no stage 'body'"),
        ("freeze=parts:backbone.0.conv,stem,backbone.0.conv.weight", ""),
        ("optimizer.stage_factors={stem = 0.5}", ""),
    ],
)
def test_a_plan_is_refused_where_the_backbone_was_looked_into_before(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, setting: str, sentence: str
) -> None:
    layers = [
        LayerInfo("backbone.0.conv", "Conv2d", [], 10, 0, 0, False),
        LayerInfo("backbone.1", "ReLU", [], 0, 0, 0, False),
    ]
    parts = [StageInfo("stem", 10, 0, 0, layers), StageInfo("head", 2, 0, 0)]
    known = Anatomy("fake", 32, 3, 2, 4, parts, 12, 0)
    asked = config.with_settings([setting])
    check_plan(asked)  # nothing is known yet
    monkeypatch.setattr(checks, "cached", lambda name, size, channels: known)
    if not sentence:
        return check_plan(asked)
    with pytest.raises(WorkbenchError, match=sentence):
        check_plan(asked.with_settings(["backbone=fake"]))


def test_channels_that_no_image_has(project_folder: Path, config: TrainConfig) -> None:
    assert "read with one channel or three, not 4; set backbone.channels to 1" in refusal(
        project_folder, config.with_settings(["channels=4"])
    )
    with Project.open(project_folder) as project:
        check(project, config.with_settings(["channels=1"]))
        check(project, config.with_settings(["channels=4", "preset=baseline"]))


def test_a_weights_file_that_is_not_there(project_folder: Path, config: TrainConfig) -> None:
    assert "does not exist" in refusal(project_folder, config.with_settings(["weights=x.pt"]))


def test_the_weights_file_is_found_from_any_folder(config: TrainConfig) -> None:
    relative = config.with_settings(["weights=x.pt"])
    assert with_absolute_weights(relative).backbone.weights == str(Path.cwd() / "x.pt")
    assert with_absolute_weights(config) is config


def test_several_labels_are_refused_in_one_sentence(project_folder: Path, config: TrainConfig) -> None:
    assign(project_folder, lambda project, _: project.labels.set_task("multi"))
    told = refusal(project_folder, config)
    assert told.startswith("This project has several labels per image")
    assert "train one class per image, or wait" in told


def test_grades_are_trained_as_single_labels(project_folder: Path, config: TrainConfig) -> None:
    assign(project_folder, lambda project, _: project.labels.set_task("ordinal"))
    with Project.open(project_folder) as project:
        check(project, config)


def test_rejected_images_do_not_count(project_folder: Path, config: TrainConfig) -> None:
    def change(project: Project, _: Splits) -> None:
        names = {row.name: row.id for row in project.labels.classes()}
        for name in ("pit", "scratch"):
            project.rejection.set(project.images.ids(Query(class_id=names[name])), True)

    assign(project_folder, change)
    assert "All labelled images are of the class 'good'" in refusal(project_folder, config)


def test_a_run_lists_the_test_sets_and_no_rejected_images(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        tested = project.images.ids(Query(split="test"))
        project.rejection.set(tested[:2], True)
        assert project.splits.freeze_test("spring, early") == 10
        run = project.runs.create(config.dumps())
        freeze(project, run)
        listed = {sample.id: sample for sample in all_samples(run.samples)}
    assert len(listed) == 58
    assert {listed[image_id].test_set for image_id in tested[2:].tolist()} == {"spring, early"}
    assert {sample.test_set for sample in listed.values() if sample.split != "test"} == {None}
