from pytestqt.qtbot import QtBot

from workbench.training.config import TrainConfig
from workbench.ui.training.settings import Settings


def test_a_way_without_training_says_that_the_settings_count_for_nothing(qtbot: QtBot) -> None:
    settings = Settings()
    qtbot.addWidget(settings)
    settings.show_config(TrainConfig())
    usual = settings.says.text()
    settings.show_config(TrainConfig().with_settings(["preset=baseline"]))
    assert "trains no network" in settings.says.text()
    settings.show_config(TrainConfig())
    assert settings.says.text() == usual
