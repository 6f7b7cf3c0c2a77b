from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.model import anatomies
from workbench.models import catalog
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.training import checks
from workbench.training.config import TrainConfig
from workbench.ui import readiness
from workbench.ui.readiness import hindrance, of_model

NO_WEIGHTS = TrainConfig().with_settings(["weights=none", "freeze=none"])


def test_no_project() -> None:
    found = hindrance(None, NO_WEIGHTS)
    assert found is not None
    assert found.panel == "dataset"


def test_no_images(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        assert "no images" in hindrance(project, NO_WEIGHTS).sentence


def test_no_labels_then_one_class_then_no_split(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        ids = project.images.ids()
        good = project.labels.classes()[0].id
        assert "not split" in hindrance(project, NO_WEIGHTS).sentence
        project.labels.assign(ids, good)
        assert "one class" in hindrance(project, NO_WEIGHTS).sentence
        project.labels.assign(ids, None)
        assert "label" in hindrance(project, NO_WEIGHTS).sentence


def test_a_split_without_validation(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        project.splits.assign(project.images.ids(), "train")
        assert "no validation images" in hindrance(project, NO_WEIGHTS).sentence


def test_nothing_prevents_a_project_with_a_split(project_with_split: Path) -> None:
    with Project.open(project_with_split) as project:
        assert hindrance(project, NO_WEIGHTS) is None


@pytest.mark.parametrize(
    ("settings", "words", "caution"),
    [
        (["weights=/nowhere/weights.safetensors"], "is not there", False),
        (["weights=hub"], "not on this machine", True),
        (["weights=none", "freeze=backbone"], "random numbers", True),
        (["backbone=timm/resnet81", "weights=none"], "did you mean", False),
    ],
)
def test_weights(project_with_split: Path, settings: list[str], words: str, caution: bool) -> None:
    with Project.open(project_with_split) as project:
        found = hindrance(project, TrainConfig().with_settings(settings))
    assert found is not None
    assert words in found.sentence
    assert (found.panel, found.caution) == ("model", caution)


def test_a_weights_file_that_is_there_prevents_nothing(project_with_split: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    with Project.open(project_with_split) as project:
        assert hindrance(project, TrainConfig().with_settings([f"weights={file}"])) is None


def test_read_only(project_with_split: Path, write_run: Callable[..., object]) -> None:
    with Project.open(project_with_split, read_only=True) as project:
        assert "read-only" in hindrance(project, NO_WEIGHTS).sentence


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["backbone=timm/resnet18", "backbone.tag=a1_in2k"], "did you mean"),
        (["method=as-is", "weights=none"], "weights that know classes"),
        (["method=features", "weights=none"], "say little"),
        (["weights=none", 'then=[{freeze = {kind = "backbone"}}]'], "random numbers"),
        (["backbone=workbench/lenet"], "No weights are published"),
    ],
)
def test_what_the_way_and_the_weights_ask_for(settings: list[str], words: str) -> None:
    found = of_model(None, TrainConfig().with_settings(settings))
    assert found is not None
    assert words in found.sentence
    assert found.panel == "model"


def test_a_phase_that_trains_the_backbone_makes_random_numbers_worth_while() -> None:
    config = TrainConfig().with_settings(["weights=none", 'then=[{freeze = {kind = "none"}}]'])
    assert of_model(None, config) is None


def test_a_baseline_needs_no_weights_and_no_known_backbone() -> None:
    assert of_model(None, TrainConfig().with_settings(["method=baseline", "weights=/nowhere/w.pt"])) is None


def test_a_file_may_hold_the_published_classifier_and_a_run_does_not(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    asked = TrainConfig().with_settings(["method=as-is"])
    assert of_model(None, asked.with_settings([f"weights={file}"])) is None  # what is in it, the run says
    missing = of_model(None, asked.with_settings([f"weights={tmp_path / 'other'}"]))
    assert missing is not None
    assert "is not there" in missing.sentence
    found = of_model(None, asked.with_settings(["weights=run:last"]))
    assert found is not None
    assert "bring their own classes" in found.sentence


def test_published_weights_without_a_classifier_cannot_be_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"name": "timm/eye", "library": "timm", "family": "Eye", "title": "eye", "tags": [["ssl", None, None, "", 0]]}
    monkeypatch.setattr(catalog, "find", lambda name: catalog.row_to_info(row))
    found = of_model(None, TrainConfig().with_settings(["method=as-is"]))
    assert found is not None
    assert "no classifier" in found.sentence


def test_what_is_not_supported_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"name": "timm/odd", "library": "timm", "family": "Odd", "title": "odd", "unsupported": "no first layer"}
    monkeypatch.setattr(catalog, "find", lambda name: catalog.row_to_info(row))
    found = of_model(None, TrainConfig())
    assert found is not None
    assert "no first layer" in found.sentence


def test_the_size_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"name": "timm/odd", "library": "timm", "family": "Odd", "title": "odd", "min_size": 96}
    monkeypatch.setattr(catalog, "find", lambda name: catalog.row_to_info(row))
    found = of_model(None, TrainConfig().with_settings(["size=64", "weights=none", "freeze=none"]))
    assert found is not None
    assert "96 pixels" in found.sentence


def test_a_run_as_start(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(TrainConfig().dumps())
        config = TrainConfig().with_settings([f"weights=run:{run.id}"])
        found = of_model(project, config)
        assert found is not None
        assert "has no model" in found.sentence
        run.model.mkdir(parents=True)
        (run.model / "model.safetensors").write_bytes(b"")
        (run.model / "bundle.json").write_text('{"backbone": "torchvision/mobilenet_v2"}', encoding="utf-8")
        assert of_model(project, config) is None
        found = of_model(project, config.with_settings(["backbone=timm/resnet18"]))
        assert found is not None
        assert "do not fit timm/resnet18" in found.sentence
        assert of_model(project, TrainConfig().with_settings(["weights=run:nowhere"])) is not None


def test_weights_that_surely_cannot_come_prevent_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "absent", lambda info: "this machine has no network connection")
    found = of_model(None, TrainConfig())
    assert found is not None
    assert "no network connection" in found.sentence
    assert not found.caution


@pytest.fixture
def read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers of every backbone are known: stem, layer1, layer2 and head."""
    monkeypatch.setattr(checks, "cached", lambda name, size=0, channels=3: anatomies.small(name))


@pytest.mark.usefixtures("read_before")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["freeze=parts:layer1,blocks.7"], "no part 'blocks.7'"),
        (["freeze=none", 'then=[{freeze = {kind = "parts", trained = ["layer9"]}}]'], "no part 'layer9'"),
        (["freeze=none", "optimizer.stage_factors={blocks = 0.1}"], "blocks"),
        # What prevents a start comes before what is only worth a warning.
        (["freeze=parts:blocks.7", "weights=hub"], "no part 'blocks.7'"),
    ],
)
def test_parts_that_the_backbone_lacks_are_said_before_the_start(
    project_with_split: Path, settings: list[str], words: str
) -> None:
    with Project.open(project_with_split) as project:
        found = hindrance(project, NO_WEIGHTS.with_settings(settings))
    assert found is not None
    assert words in found.sentence
    assert (found.panel, found.caution) == ("model", False)


@pytest.mark.usefixtures("read_before")
def test_parts_that_are_there_and_parts_that_nobody_asks_for_prevent_nothing(project_with_split: Path) -> None:
    with Project.open(project_with_split) as project:
        own = NO_WEIGHTS.with_settings(["freeze=parts:layer1,backbone.layer2.0.conv"])
        assert hindrance(project, own) is None
        once = NO_WEIGHTS.with_settings(["method=baseline", "freeze=parts:blocks.7"])
        assert hindrance(project, once) is None


def test_of_layers_that_were_never_read_nothing_is_said(
    project_with_split: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "cached", lambda name, size=0, channels=3: None)
    with Project.open(project_with_split) as project:
        assert hindrance(project, NO_WEIGHTS.with_settings(["freeze=parts:blocks.7"])) is None


def test_what_the_start_itself_would_refuse_is_said_before_it(project_with_split: Path) -> None:
    with Project.open(project_with_split) as project:
        good = next(row.id for row in project.labels.classes())
        project.splits.assign(project.images.ids(Query(class_id=good)), "test")
        found = hindrance(project, NO_WEIGHTS)
        assert found is not None
        assert "no image in the training split" in found.sentence
        assert found.panel == "dataset"


def test_a_chain_for_a_class_that_is_not_there_is_said(project_with_split: Path) -> None:
    with Project.open(project_with_split) as project:
        found = hindrance(project, NO_WEIGHTS.with_settings(['rare.classes=["gone"]']))
    assert found is not None
    assert "no class 'gone'" in found.sentence
    assert found.panel == "augment"
