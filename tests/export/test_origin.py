import re

import pytest

import workbench
from tests.trained_run import make_trained_run
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import open_model
from workbench.export.origin import origin_of
from workbench.training.config import BackboneConfig, TrainConfig


@pytest.mark.parametrize(
    ("weights", "shown", "licence"),
    [
        ("none", "random", "none applies"),
        ("/home/me/secret folder/cast.safetensors", "cast.safetensors", "that of the file"),
        ("hub", "the default weights of the library", "Apache-2.0"),
    ],
)
def test_the_starting_weights_and_their_licence_are_named(tmp_path, weights, shown, licence):
    trained = make_trained_run(tmp_path)
    bundle = open_model(trained.run.path)
    config = TrainConfig(backbone=BackboneConfig(name=bundle.backbone, weights=weights))
    trained.run.config.write_text(config.dumps(), encoding="utf-8")
    origin = origin_of(trained.run.path, bundle, title="Castings")
    assert origin.weights == shown
    assert origin.licence.startswith(licence)


def test_a_run_that_lost_a_file_is_told(tmp_path):
    trained = make_trained_run(tmp_path)
    bundle = open_model(trained.run.path)
    trained.run.samples.unlink()
    with pytest.raises(WorkbenchError, match=r"is incomplete .*samples\.csv"):
        origin_of(trained.run.path, bundle, title="Castings")


def test_the_version_is_known_in_a_checkout_too():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", workbench.__version__)
