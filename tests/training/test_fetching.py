"""Weights that a run needs come before its network is made, told as its events."""

from pathlib import Path

import pytest
from safetensors.torch import save

from tests import stand_in_hub
from workbench.jobs import Stop
from workbench.models import transfer
from workbench.models.catalog import find, weights_here
from workbench.project.project import Project
from workbench.training.config import BackboneConfig, TrainConfig
from workbench.training.events import FitEnded, Preparing
from workbench.training.fetching import fetched
from workbench.training.run import prepare, train


def test_what_is_not_here_is_fetched_and_told_in_megabytes(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    content = save(timm.create_model("test_resnet").state_dict())
    monkeypatch.setattr(transfer, "TELL_SECONDS", 0.0)
    hub = BackboneConfig(name="timm/test_resnet")
    with stand_in_hub.serve() as served:
        stand_in_hub.lead_hub_to(served.address, monkeypatch)
        served.files["/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"] = content
        events = list(fetched(hub))
        assert all(isinstance(event, Preparing) for event in events)
        assert (events[-1].done, events[-1].total) == (len(content) // 10**6, len(content) // 10**6)
        assert "timm/test_resnet" in events[-1].what
        assert "MB" in events[-1].what
        assert weights_here(find("timm/test_resnet"))
        asked = len(served.asked)
        assert list(fetched(hub)) == []
        assert len(served.asked) == asked


@pytest.mark.parametrize("weights", ["none", "/nowhere/weights.pth"])
def test_other_weights_are_not_asked_for(weights: str) -> None:
    assert list(fetched(BackboneConfig(name="timm/test_resnet", weights=weights))) == []


AS_IS = 'method={kind = "as-is", classes = {good = ["goose"], pit = ["isopod"], scratch = ["gondola"]}}'


@pytest.mark.parametrize("way", ["method=train", "method=features", AS_IS])
def test_a_run_that_is_stopped_while_its_weights_come_goes_on_from_there(
    way: str, project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(transfer, "QUIET_SECONDS", 60.0)  # only what comes is told
    wish = config.with_settings(["backbone=timm/test_resnet", "weights=hub", "backbone.dropout=0", way])
    with stand_in_hub.serve() as served:
        stand_in_hub.lead_hub_to(served.address, monkeypatch)
        served.files["/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"] = bytes(5 << 18)
        run = prepare(project_folder, wish)
        stop, told = Stop(), []
        for event in train(project_folder, run.id)(stop):
            told.append(event)
            if isinstance(event, Preparing) and "Downloading" in event.what:
                stop.stop()
        assert isinstance(told[-1], FitEnded)
        assert told[-1].reason == "stopped"
        assert sum(isinstance(event, Preparing) and "Downloading" in event.what for event in told) == 1
        assert len(list(fetched(wish.backbone))) >= 3
        assert served.ranges[0] == ""
        assert served.ranges[1].startswith("bytes=")
    with Project.open(project_folder) as project:
        assert project.runs.get(run.id).state() == "stopped"
