from workbench.training.config import FreezeBackbone, FreezeNothing, FreezeStages, Phase, TrainConfig
from workbench.ui.model import phases

THREE = TrainConfig(
    epochs=3,
    freeze=FreezeBackbone(),
    then=(Phase(epochs=2, freeze=FreezeStages(train_last=1), rate=0.5), Phase(epochs=4, rate=0.25)),
)


def changed(config: TrainConfig, fields: dict[str, object]) -> TrainConfig:
    return TrainConfig.model_validate(config.model_copy(update=fields).model_dump())


def test_a_phase_is_added_a_step_further_than_the_one_before() -> None:
    made = changed(THREE, phases.added(THREE, 1))
    assert [phase.freeze for phase in made.phases] == [
        FreezeBackbone(),
        FreezeStages(train_last=1),
        FreezeStages(train_last=2),
        FreezeNothing(),
    ]
    assert [phase.rate for phase in made.phases] == [1, 0.5, 0.25, 0.25]


def test_removing_the_first_phase_makes_the_second_the_first() -> None:
    made = changed(THREE, phases.removed(THREE, 0))
    assert (made.epochs, made.freeze, len(made.then)) == (2, FreezeStages(train_last=1), 1)
    alone = changed(THREE, {"then": ()})
    assert changed(alone, phases.removed(alone, 0)) == alone


def test_epochs_move_between_phases() -> None:
    made = changed(THREE, phases.with_epochs(THREE, [1, 4, 4]))
    assert [phase.epochs for phase in made.phases] == [1, 4, 4]
    assert [phase.freeze for phase in made.phases] == [phase.freeze for phase in THREE.phases]
    assert made.total_epochs == THREE.total_epochs


def test_one_phase_changes_alone() -> None:
    made = changed(THREE, phases.with_phase(THREE, 2, rate=0.1, freeze=FreezeStages(train_last=3)))
    assert made.phases[:2] == THREE.phases[:2]
    assert (made.phases[2].rate, made.phases[2].freeze) == (0.1, FreezeStages(train_last=3))
