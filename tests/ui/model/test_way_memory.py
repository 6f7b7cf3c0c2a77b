import pytest

from workbench.training.config import WAYS, FreezeParts, TrainConfig
from workbench.ui.model.way_memory import WayMemory, way_of


@pytest.mark.parametrize("way", WAYS)
def test_a_way_is_recognised_after_it_is_taken(way: str) -> None:
    assert way_of(WayMemory().take(TrainConfig(), way)) == way


@pytest.mark.parametrize("way", WAYS)
def test_a_way_taken_for_the_first_time_is_the_preset_of_the_same_name(way: str) -> None:
    plain = TrainConfig()
    expected = plain.with_settings([f"preset={way}"])
    # From scratch is a recognised way only without weights, and taking what is there already changes nothing.
    assert WayMemory().take(plain, way) == (plain if way == "frozen" else expected)


def test_a_way_comes_back_as_it_was_left() -> None:
    memory = WayMemory()
    own = TrainConfig().with_settings(["preset=gradual", "epochs=7", "optimizer.layer_decay=0.6"])
    elsewhere = memory.take(own, "features-once")
    assert elsewhere.method.kind == "features"
    assert elsewhere.then == ()
    assert memory.take(elsewhere, "gradual") == own


def test_own_parts_come_back_after_a_look_at_another_way() -> None:
    memory = WayMemory()
    own = TrainConfig(freeze=FreezeParts(trained=("layer3",)), epochs=4)
    assert memory.take(memory.take(own, "full"), "partial") == own


def test_weights_of_a_file_come_back_after_a_way_without_weights() -> None:
    memory = WayMemory()
    own = TrainConfig().with_settings(["weights=/somewhere/own.safetensors"])
    scratch = memory.take(own, "scratch")
    assert scratch.backbone.weights == "none"
    assert memory.take(scratch, "full").backbone.weights == "/somewhere/own.safetensors"


def test_all_epochs_of_the_phases_go_to_a_way_without_phases() -> None:
    memory = WayMemory()
    assert memory.take(memory.take(TrainConfig(epochs=25), "gradual"), "full").epochs == 10


def test_what_other_panels_set_stays() -> None:
    memory = WayMemory()
    own = TrainConfig().with_settings(["size=96", "batch_size=8", "seed=3", "backbone=timm/resnet18", "head=cosine"])
    for way in (*WAYS, "frozen"):
        own_then = memory.take(own, way)
        for name in ("preprocess", "compute", "seed", "augment", "head", "loss", "schedule", "stopping"):
            assert getattr(own_then, name) == getattr(own, name), (way, name)
        assert own_then.backbone.name == own.backbone.name
        own = own_then
