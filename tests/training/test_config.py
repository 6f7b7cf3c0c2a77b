from pathlib import Path

import pytest

from workbench.augment import exchange, presets
from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.training.config import (
    PRESETS,
    SHORT_NAMES,
    WAYS,
    Baseline,
    FeaturesOnce,
    FreezeParts,
    FreezeStages,
    MixConfig,
    RareConfig,
    TrainConfig,
)


def test_a_config_comes_back_from_toml_as_it_was(tmp_path: Path) -> None:
    config = TrainConfig(
        epochs=3,
        freeze=FreezeStages(train_last=2),
        augment=Chain(steps=(Step(transform="Affine", p=0.3, params={"rotate": [-10, 10], "fill": 0}),)),
        rare=RareConfig(
            classes=("pit", "rolled-in scale"),
            chain=Chain(
                steps=(
                    Step(
                        transform="OneOf",
                        steps=(
                            Step(transform="Sequential", p=0.2, steps=(Step(transform="VerticalFlip", enabled=False),)),
                            Step(
                                transform="CLAHE", params={"clip_limit": [1.0, 4.0], "note": "none", "deep": [{"a": 1}]}
                            ),
                        ),
                    ),
                    Step(transform="SomeOf", params={"n": 2, "replace": False}),
                )
            ),
        ),
        mix=MixConfig(kind="cutmix", p=0.25, alpha=1.0),
    )
    (tmp_path / "run.toml").write_text(config.dumps())
    assert TrainConfig.load(tmp_path / "run.toml") == config
    assert "format = 3" in config.dumps()


def test_a_config_of_format_1_keeps_its_images_at_the_models_size() -> None:
    text = "format = 1\nepochs = 3\n[preprocess]\nsize = 64\n[[augment.steps]]\ntransform = 'HorizontalFlip'\np = 0.5\n"
    config = TrainConfig.loads(text)
    assert (config.epochs, config.preprocess.size, config.preprocess.detail) == (3, 64, 1.0)
    assert config.augment == Chain(steps=(Step(transform="HorizontalFlip", p=0.5),))
    assert (config.mix.kind, config.rare.classes) == ("none", ())
    assert TrainConfig.loads(config.dumps()) == config
    assert TrainConfig.loads("format = 1").preprocess.detail == 1.0
    assert TrainConfig.loads("format = 2").preprocess.detail == 2.0


def test_settings_take_dotted_paths_and_short_names() -> None:
    config = TrainConfig().with_settings(
        [
            "backbone=timm/resnet18",
            "weights=none",
            "freeze=stages:3",
            "lr=0.2",
            "compute.prepared_cache=false",
            "epochs=4",
        ]
    )
    assert config.backbone.name == "timm/resnet18"
    assert config.backbone.weights == "none"
    assert config.freeze == FreezeStages(train_last=3)
    assert config.optimizer.learning_rate == 0.2
    assert not config.compute.prepared_cache
    assert config.epochs == 4


@pytest.mark.parametrize(
    "setting",
    [
        "epochs=-1",
        "epochs=0",
        "optimizer.layer_decay=0",
        "optimizer.layer_decay=1.1",
        "optimizer.layer_decay=nan",
        "optimizer.backbone_factor=nan",
        "lr=nan",
        "lr=inf",
        "optimizer.stage_factors={stem = nan}",
        "optimizer.stage_factors={stem = inf}",
        "optimizer.stage_factors={stem = 0}",
        "optimizer.stage_factors={stem = -0.1}",
        "optimizer.stage_factors={stem = 101}",
        "then=[{epochs = 0}]",
        "then=[{rate = nan}]",
        "then=[{rate = 0}]",
        "freeze=stages:0",
        'method={kind = "features", strength = nan}',
        "backbone.drop_path=1",
        "channels=0",
    ],
)
def test_a_value_that_no_run_could_have_is_refused_by_name(setting: str) -> None:
    field = setting.partition("=")[0]
    name = {"lr": "learning_rate", "freeze": "train_last"}.get(field, field.rpartition(".")[2])
    with pytest.raises(WorkbenchError, match=rf"The settings cannot be used: [^;]*{name}[^;]*\.$"):
        TrainConfig().with_settings([setting])


def test_phases_that_become_one_leave_the_run_as_long_as_it_was() -> None:
    gradual = TrainConfig().with_settings(["preset=gradual"])
    assert gradual.total_epochs == TrainConfig().epochs
    assert gradual.with_settings(["preset=full"]).epochs == gradual.total_epochs
    assert gradual.with_settings(["preset=fast"]).epochs == 5
    assert TrainConfig(epochs=4).with_settings(["preset=full"]).epochs == 4


@pytest.mark.parametrize("way", ["partial", "full", "gradual"])
def test_fine_tuning_leaves_the_statistics_of_the_weights(way: str) -> None:
    assert TrainConfig().with_settings([f"preset={way}"]).batch_norm == "frozen"


def test_random_weights_normalise_by_what_they_see() -> None:
    assert TrainConfig(batch_norm="frozen").with_settings(["preset=scratch"]).batch_norm == "follow"


def test_the_preset_is_applied_first_wherever_it_stands() -> None:
    assert TrainConfig().with_settings(["epochs=3", "preset=best"]).epochs == 3
    assert TrainConfig().with_settings(["preset=best"]).freeze.kind == "none"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_config(preset: str) -> None:
    config = TrainConfig().with_settings([f"preset={preset}"])
    assert TrainConfig.loads(config.dumps()) == config


def test_a_chain_is_set_by_the_name_of_a_preset_or_by_its_file(tmp_path: Path) -> None:
    flips = Chain(steps=(Step(transform="VerticalFlip", p=0.25),))
    flips.save(tmp_path / "flips.json")
    config = TrainConfig().with_settings(
        ["augment=strong", f"rare.chain={tmp_path / 'flips.json'}", 'rare.classes=["pit", "scratch"]']
    )
    assert len(config.augment.steps) > 3
    assert config.rare.chain == flips
    assert config.rare.classes == ("pit", "scratch")
    assert TrainConfig().with_settings(["augment=none"]).augment == Chain()
    inline = TrainConfig().with_settings(['augment={steps = [{transform = "VerticalFlip", p = 0.25}]}'])
    assert inline.augment == flips


def test_a_chain_of_albumentations_is_read_too(tmp_path: Path) -> None:
    chain = Chain(steps=(Step(transform="VerticalFlip", p=0.25),))
    exchange.write(chain, tmp_path / "chain.yaml", side=32, kind="albumentations")
    read = TrainConfig().with_settings([f"augment={tmp_path / 'chain.yaml'}"]).augment
    assert (read.steps[0].transform, read.steps[0].p) == ("VerticalFlip", 0.25)


def test_an_own_preset_is_set_by_its_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path)
    flips = Chain(steps=(Step(transform="VerticalFlip", p=0.25),))
    presets.save_own(tmp_path, "Our castings", flips)
    assert TrainConfig().with_settings(["augment=Our castings"]).augment == flips


def test_mixing_is_set_by_its_kind_or_whole() -> None:
    assert TrainConfig().with_settings(["mix=cutmix", "mix.p=0.3"]).mix == MixConfig(kind="cutmix", p=0.3)
    assert TrainConfig().with_settings(['mix={kind = "both", alpha = 1.0}']).mix == MixConfig(kind="both", alpha=1.0)


def test_every_short_name_stands_for_a_field() -> None:
    for name, path in SHORT_NAMES.items():
        field = TrainConfig().model_dump()
        for part in path.split("."):
            field = field[part]
        assert TrainConfig().with_settings([f"{name}={field}"]) == TrainConfig()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("epochs", "has no value"),
        ("epoch=3", "did you mean epochs"),
        ("optimizer.learning_rat=3", "did you mean optimizer.learning_rate"),
        ("epochs=0", "epochs: .*greater than or equal to 1"),
        ("freeze=half", "freeze=half is not a freeze plan"),
        ("freeze=stages:0", "train_last"),
        ("preset=magic", "choose one of fast, balanced, best"),
        ("resize=stretch", "resize"),
        ("mix=mixcut", "mix.kind: Input should be 'none', 'mixup', 'cutmix' or 'both'"),
        ("augment=mild", "neither a preset of chains nor a file named 'mild'; .*light, medium, strong"),
        (f"augment={__file__}", "test_config.py"),
    ],
)
def test_a_wrong_setting_is_a_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        TrainConfig().with_settings([setting])


def test_a_file_that_is_no_config_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    with pytest.raises(WorkbenchError, match="cannot be read"):
        TrainConfig.load(path)
    path.write_text("epochs = = 3")
    with pytest.raises(WorkbenchError, match=r"run\.toml is not a TOML file"):
        TrainConfig.load(path)
    path.write_text("format = 99")
    with pytest.raises(WorkbenchError, match="newer Workbench"):
        TrainConfig.load(path)
    path.write_text("epochz = 3")
    with pytest.raises(WorkbenchError, match="epochz"):
        TrainConfig.load(path)


class TestWays:
    def test_each_is_a_config_that_comes_back(self) -> None:
        for name in WAYS:
            config = TrainConfig().with_settings([f"preset={name}"])
            assert TrainConfig.loads(config.dumps()) == config

    def test_the_timeline_is_the_first_phase_and_what_follows(self) -> None:
        config = TrainConfig().with_settings(["preset=gradual"])
        assert [(phase.epochs, phase.freeze.kind) for phase in config.phases] == [
            (3, "backbone"),
            (3, "stages"),
            (4, "none"),
        ]
        assert config.total_epochs == 10

    def test_one_way_takes_back_what_another_set(self) -> None:
        scratch = TrainConfig().with_settings(["preset=scratch"])
        assert (scratch.backbone.weights, scratch.optimizer.backbone_factor) == ("none", 1.0)
        frozen = scratch.with_settings(["preset=frozen"])
        assert (frozen.backbone.weights, frozen.optimizer.backbone_factor) == ("hub", 0.02)
        assert frozen.with_settings(["preset=gradual"]).with_settings(["preset=full"]).then == ()

    def test_a_weights_file_stays(self) -> None:
        config = TrainConfig().with_settings(["weights=mine.pth", "preset=full"])
        assert config.backbone.weights == "mine.pth"

    def test_a_method_is_set_by_its_name(self) -> None:
        config = TrainConfig().with_settings(["method=baseline"]).with_settings(["method=features"])
        assert config.method == FeaturesOnce()

    def test_a_baseline_without_features_is_refused(self) -> None:
        with pytest.raises(WorkbenchError, match="needs colour"):
            TrainConfig().with_settings(["method={kind='baseline',colour=false,gradients=false,key_points=false}"])

    def test_parts_are_named(self) -> None:
        config = TrainConfig().with_settings(["freeze=parts:layer4, backbone.layer3.1"])
        assert config.freeze == FreezeParts(trained=("layer4", "backbone.layer3.1"))


def test_a_recipe_after_a_way_has_one_phase_that_trains() -> None:
    for way in ("gradual", "features-once"):
        config = TrainConfig().with_settings([f"preset={way}"]).with_settings(["preset=fast"])
        assert [(phase.epochs, phase.freeze.kind) for phase in config.phases] == [(5, "backbone")]
        assert config.method.kind == "train"


def test_the_fields_of_a_way_can_be_set_beside_its_name() -> None:
    svm = TrainConfig().with_settings(["method.classifier=svm", "preset=features-once", "method.strength=0.5"])
    assert svm.method == FeaturesOnce(classifier="svm", strength=0.5)
    plain = TrainConfig().with_settings(["method=baseline", "method.key_points=false"])
    assert plain.method == Baseline(key_points=False)
    with pytest.raises(WorkbenchError, match="method"):
        TrainConfig().with_settings(["method=magic"])
