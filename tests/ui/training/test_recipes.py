import pytest

from workbench.augment.chain import Chain, Step
from workbench.training.config import PRESETS, FreezeNothing, MixConfig, RareConfig, TrainConfig
from workbench.ui.training import recipes

OWN = TrainConfig().with_settings(["backbone=timm/resnet18", "size=96", "batch_size=8", "seed=3"])


@pytest.mark.parametrize("recipe", PRESETS)
def test_a_recipe_is_recognised_after_it_is_put_on(recipe: str) -> None:
    assert recipes.of(recipes.put_on(OWN, recipe)) == recipe


def test_a_recipe_leaves_backbone_augmentation_and_machine_alone() -> None:
    put = recipes.put_on(OWN, "best")
    assert (put.backbone, put.preprocess, put.augment, put.compute, put.seed) == (
        OWN.backbone,
        OWN.preprocess,
        OWN.augment,
        OWN.compute,
        OWN.seed,
    )
    assert put.freeze == FreezeNothing()


def test_a_recipe_leaves_rare_classes_and_mixing_alone() -> None:
    rare = RareConfig(classes=("crack",), chain=Chain(steps=(Step(transform="VerticalFlip"),)))
    own = OWN.model_copy(update={"rare": rare, "mix": MixConfig(kind="mixup")})
    put = recipes.put_on(own, "best")
    assert (put.rare, put.mix) == (own.rare, own.mix)
    assert recipes.of(put) == "best"


def test_nothing_of_an_earlier_recipe_is_left() -> None:
    assert recipes.put_on(recipes.put_on(OWN, "best"), "fast") == recipes.put_on(OWN, "fast")


def test_the_number_of_epochs_does_not_make_it_another_recipe() -> None:
    assert recipes.of(OWN.with_settings(["epochs=33"])) == "fast"


def test_a_changed_setting_does() -> None:
    assert recipes.of(OWN.with_settings(["lr=0.7"])) == ""


def test_a_recipe_leaves_head_and_batch_norm_alone_and_ends_the_phases() -> None:
    own = OWN.with_settings(["preset=gradual", "head=cosine", "batch_norm=frozen"])
    put = recipes.put_on(own, "fast")
    assert (put.head, put.batch_norm, put.then) == (own.head, "frozen", ())
    assert recipes.of(put) == "fast"
    assert recipes.of(own) == ""
