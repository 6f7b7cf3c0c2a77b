import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from workbench.training.config import TrainConfig
from workbench.ui.training.controls import Controls


@pytest.fixture
def controls(qtbot: QtBot) -> Controls:
    made = Controls(QAction("start"), QAction("pause"), QAction("stop"))
    qtbot.addWidget(made)
    made.show()
    return made


def test_epochs_of_a_run_in_one_phase_are_set_here(controls: Controls) -> None:
    told: list[TrainConfig] = []
    controls.configured.connect(told.append)
    own = TrainConfig(epochs=12)
    controls.show_config(own)
    assert controls.epochs.value() == 12
    controls.epochs.setValue(15)
    assert told == [own.model_copy(update={"epochs": 15})]


def test_of_phases_the_total_is_shown_and_not_set(controls: Controls) -> None:
    controls.show_config(TrainConfig().with_settings(["preset=gradual"]))
    assert not controls.epochs.isVisible()
    assert controls.phases.isVisible()
    assert controls.phases.text() == "10 epochs in 3 phases"


@pytest.mark.parametrize("way", ["features-once", "as-is", "baseline"])
def test_without_training_there_are_no_epochs(controls: Controls, way: str) -> None:
    controls.show_config(TrainConfig().with_settings([f"preset={way}"]))
    assert not controls.epochs.isVisible()
    assert controls.phases.text().endswith("no epochs")
    controls.show_config(TrainConfig())
    assert controls.epochs.isVisible()
    assert not controls.phases.isVisible()
