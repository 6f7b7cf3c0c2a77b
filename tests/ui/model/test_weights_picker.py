from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone
from workbench.models.catalog import BackboneInfo
from workbench.project.project import Project
from workbench.training.config import BackboneConfig, TrainConfig
from workbench.ui.model import weights_picker
from workbench.ui.model.weights_jobs import Wish
from workbench.ui.model.weights_picker import WeightsPicker
from workbench.ui.session import Session
from workbench.ui.worker import JobHandle

NAME = "timm/tiny"
TAGS = [["first", "mit", None, "ImageNet-1k", 1000], ["second", None, 81.27, "LAION", 0]]


class Here:
    """Stands for `Presence`: what lies on this machine is said by the test."""

    tags_here: tuple[str, ...] = ()

    def tags(self, info: BackboneInfo) -> list[str]:
        return [tag for tag in info.weights if tag in self.tags_here]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> type[Here]:
    monkeypatch.setattr(weights_picker, "Presence", Here)
    monkeypatch.setattr(Here, "tags_here", ())
    return Here


@pytest.fixture
def picker(qtbot: QtBot, session: Session, here: type[Here]) -> WeightsPicker:
    made = WeightsPicker(session)
    qtbot.addWidget(made)
    made.resize(312, 400)
    made.show()
    return made


def config(**fields: str) -> TrainConfig:
    return TrainConfig(backbone=BackboneConfig.model_validate({"name": NAME, **fields}))


def info(**fields: object) -> BackboneInfo:
    return backbone(NAME, **{"tags": TAGS, **fields})


def told(picker: WeightsPicker) -> list[BackboneConfig]:
    kept: list[BackboneConfig] = []
    picker.changed.connect(kept.append)
    return kept


def test_showing_a_config_announces_nothing(picker: WeightsPicker, tmp_path: Path) -> None:
    kept = told(picker)
    for weights in ("hub", "none", str(tmp_path / "w.pt"), "run:r1"):
        picker.show_config(config(weights=weights), info())
    assert kept == []
    assert picker.source.value() == "run"


def test_choosing_a_tag_and_the_default_again(picker: WeightsPicker) -> None:
    kept = told(picker)
    picker.show_config(config(), info())
    for row, tag in ((1, "second"), (0, "")):
        picker.published.setCurrentIndex(row)
        picker.published.activated.emit(row)
        assert (kept[-1].weights, kept[-1].tag) == ("hub", tag)


def test_other_weights_that_are_here_are_named(picker: WeightsPicker, here: type[Here]) -> None:
    here.tags_here = ("second",)
    picker.show_config(config(), info())
    assert "second is" in picker.says.text()
    assert picker.published.itemText(1).endswith("here")


def test_a_tag_that_does_not_exist_is_said(picker: WeightsPicker) -> None:
    picker.show_config(config(tag="seconds"), info())
    assert "second" in picker.says.text()
    assert picker.says.property("role") == "error"
    assert picker.published.currentIndex() == -1


def test_absent_weights_offer_the_download_and_present_ones_do_not(picker: WeightsPicker, here: type[Here]) -> None:
    picker.show_config(config(), info())
    assert picker.fetch.isVisible()
    assert "Not on this machine yet" in picker.says.text()
    here.tags_here = ("first",)
    picker.show_config(config(), info())
    assert not picker.fetch.isVisible()
    assert "already" in picker.says.text()


def test_nobody_publishes_weights(picker: WeightsPicker) -> None:
    picker.show_config(config(), info(tags=[]))
    assert "Nobody publishes" in picker.says.text()
    assert not picker.fetch.isVisible()


def test_a_download_from_the_button_to_the_arrival(
    picker: WeightsPicker, here: type[Here], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    fetched: list[Wish] = []
    monkeypatch.setattr(picker.jobs, "fetch", fetched.append)
    picker.show_config(config(tag="second"), info())
    picker.fetch.click()
    assert fetched == [Wish(NAME, "second")]
    monkeypatch.setattr(picker.jobs, "is_fetching", lambda wish: wish == fetched[0])
    monkeypatch.setattr(picker.jobs, "progress", lambda wish: (5_000_000, 20_000_000))
    picker.jobs.changed.emit()
    assert picker.download.isVisible()
    assert picker.download.bytes.fullText() == "5.0 MB of 20.0 MB"
    assert not picker.fetch.isVisible()
    monkeypatch.setattr(picker.jobs, "is_fetching", lambda wish: False)
    here.tags_here = ("second",)
    with qtbot.waitSignal(picker.presenceChanged) as came:
        picker.jobs.arrived.emit(NAME)
    assert came.args == [NAME]
    assert "already" in picker.says.text()
    assert not picker.download.isVisible()


def test_a_failed_download_says_why(picker: WeightsPicker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picker.jobs, "problem", lambda wish: "The hub cannot be reached.")
    picker.show_config(config(), info())
    assert picker.says.text() == "The hub cannot be reached."
    assert picker.fetch.isVisible()


def test_the_path_of_a_file(picker: WeightsPicker, tmp_path: Path) -> None:
    kept = told(picker)
    picker.show_config(config(tag="second"), info())
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    picker.file.path.setText(str(file)[:-3])
    assert kept == []
    picker.file.path.setText(str(file))
    assert (kept[-1].weights, kept[-1].tag) == (str(file), "")
    assert picker.source.value() == "file"
    picker.file.path.clear()
    picker.file.path.editingFinished.emit()
    assert kept[-1].weights == "hub"


def test_a_dropped_file_is_chosen(picker: WeightsPicker, tmp_path: Path) -> None:
    kept = told(picker)
    picker.show_config(config(), info())
    file = tmp_path / "w.pth"
    file.write_bytes(b"")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    no_key, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    picker.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, button, no_key))
    assert kept[-1].weights == str(file)


def test_a_missing_file_and_one_for_another_backbone(picker: WeightsPicker, tmp_path: Path) -> None:
    picker.show_config(config(weights=str(tmp_path / "gone.pt")), info())
    assert "no file" in picker.says.text()
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    picker.file.path.setText(str(file))
    other = TrainConfig(backbone=BackboneConfig(name="timm/other", weights=str(file)))
    picker.show_config(other, backbone("timm/other"))
    assert f"Chosen for {NAME}" in picker.says.text()


def test_without_a_run_nothing_is_chosen(picker: WeightsPicker) -> None:
    kept = told(picker)
    picker.show_config(config(), info())
    picker.source.set_value("run")
    assert kept == []
    assert "No run" in picker.says.text()


def test_a_run_of_the_same_backbone_first_and_another_brings_its_own(
    picker: WeightsPicker, session: Session, project_folder: Path
) -> None:
    session.open_project(project_folder)
    assert session.project is not None
    runs = [make_run(session.project, name) for name in (NAME, "torchvision/resnet18")]
    session.runsChanged.emit()
    picker.show_config(config(tag="second"), info())
    kept = told(picker)
    picker.source.set_value("run")
    assert (kept[-1].weights, kept[-1].tag) == (f"run:{runs[0]}", "")
    assert runs[0] in picker.says.text()
    picker.run.choose(runs[1])
    picker.run.activated.emit(1)
    assert (kept[-1].name, kept[-1].weights) == ("torchvision/resnet18", f"run:{runs[1]}")


def make_run(project: Project, name: str) -> str:
    run = project.runs.create(TrainConfig(backbone=BackboneConfig(name=name)).dumps())
    run.model.mkdir(parents=True)
    return str(run.id)


@pytest.mark.parametrize(("weights", "words"), [("run:gone", "not there"), ("run:{0}", "is of torchvision/resnet18")])
def test_a_run_that_does_not_fit_is_said(
    picker: WeightsPicker, session: Session, project_folder: Path, weights: str, words: str
) -> None:
    session.open_project(project_folder)
    assert session.project is not None
    run = make_run(session.project, "torchvision/resnet18")
    picker.show_config(config(weights=weights.format(run)), info())
    assert words in picker.says.text()
    assert picker.says.property("role") == "error"


def test_a_run_that_is_gone_is_said_where_no_other_is_left(
    picker: WeightsPicker, session: Session, project_folder: Path
) -> None:
    session.open_project(project_folder)
    picker.show_config(config(weights="run:r9"), info())
    assert "r9" in picker.says.text()
    assert picker.says.property("role") == "error"
    assert not picker.check.isVisible()


def test_only_published_weights_have_sources_to_set(picker: WeightsPicker) -> None:
    picker.show_config(config(), info())
    assert picker.more.isVisible()
    assert not picker.sources.isVisible()
    picker.more.click()
    assert picker.sources.isVisible()
    picker.source.set_value("none")
    assert not picker.more.isVisible()
    assert not picker.sources.isVisible()
    assert "random numbers" in picker.says.text()
    picker.source.set_value("hub")
    assert picker.sources.isVisible()


def test_what_fits_is_loaded_and_told(
    picker: WeightsPicker, session: Session, project_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.open_project(project_folder)
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    asked: list[list[str]] = []

    def start_job(_title: str, argv: list[str], **calls: Callable[..., None]) -> JobHandle:
        asked.append(argv)
        finish.update(calls)
        return JobHandle("", lambda stop: iter(()), parent=session)

    finish: dict[str, Callable[..., None]] = {}
    monkeypatch.setattr(session, "start_job", start_job)
    monkeypatch.setattr(session.warm, "job", lambda argv: argv)
    picker.show_config(config(weights=str(file)), info())
    assert picker.check.isVisible()
    picker.check.click()
    assert not picker.check.isEnabled()
    assert asked[0][:5] == ["weights", "check", NAME, "--weights", str(file)]
    assert picker.checks._job is not None
    picker.checks._job.ended.emit()
    names = {"dropped": ["fc.weight", "fc.bias"], "new": ["head.weight"], "adapted": {"stem.weight": "channels"}}
    finish["on_done"]({"event": "WeightsChecked", "matched": 1312, "left_out": 2, **names})
    assert picker.report.text() == (
        "They fit: 1\u202f312 tensors loaded; 1 of them adapted to the channels or the size; "
        "2 left over (fc.weight, fc.bias); new, to be learnt: head.weight."
    )
    assert "Left over: fc.weight, fc.bias" in picker.report.toolTip()
    picker.show_config(config(weights="none"), info())
    assert not picker.report.isVisible()
    assert not picker.check.isVisible()


def test_weights_that_do_not_fit_say_why(
    picker: WeightsPicker, session: Session, project_folder: Path, tmp_path: Path
) -> None:
    session.open_project(project_folder)
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    chosen = config(weights=str(file))
    picker.show_config(chosen, info())
    picker.checks._asked = picker.checks._question(chosen.backbone)
    picker.checks._failed("The weights do not fit.")
    assert picker.report.text() == "The weights do not fit."
    assert picker.report.property("role") == "error"
