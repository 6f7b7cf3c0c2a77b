from workbench.augment.catalog import ParamInfo
from workbench.augment.chain import Chain, Step
from workbench.training.preview import Picture
from workbench.ui.augment import wishes
from workbench.ui.augment.sweep_values import Value

PICTURE, OTHER = Picture("a.png", 0, 1), Picture("b.png", 1, 2)
FLIP, BLUR = Step(transform="HorizontalFlip"), Step(transform="GaussianBlur")


def group(*steps: Step, kind: str = "OneOf") -> Step:
    return Step(transform=kind, steps=steps)


def test_variants_stand_beside_the_original_each_with_dice_of_its_own() -> None:
    plan = wishes.variants(PICTURE, Chain(steps=(FLIP,)), 7, 16)
    assert plan.tiles[0].prepared
    assert len({tile.seed for tile in plan.tiles[1:]}) == 16
    assert plan.tiles[1].seed == 7
    assert not any(tile.prepared or tile.mix_with >= 0 for tile in plan.tiles[1:])


def test_mixed_variants_take_their_partners_in_turn() -> None:
    plan = wishes.variants(PICTURE, Chain(), 7, 4, [OTHER, PICTURE])
    assert [tile.mix_with for tile in plan.tiles] == [-1, 1, 2, 1, 2]
    assert plan.pictures == (PICTURE, OTHER, PICTURE)


def test_a_rare_class_is_shown_by_its_own_chain() -> None:
    common, rare = Chain(steps=(FLIP,)), Chain(steps=(BLUR,))
    plan = wishes.per_class([(PICTURE, False), (OTHER, True)], common, rare, 7, 2)
    assert [(tile.picture, tile.prepared) for tile in plan.tiles] == [
        (0, True), (0, False), (0, False), (1, True), (1, False), (1, False),
    ]  # fmt: skip
    assert [plan.chains[tile.chain] for tile in plan.tiles if not tile.prepared] == [common, common, rare, rare]


def test_steps_that_are_off_are_left_out_and_places_stay_those_of_the_chain() -> None:
    off = FLIP.model_copy(update={"enabled": False})
    chain = Chain(steps=(off, BLUR, group(off), group(BLUR, FLIP)))
    found = wishes.prefixes(chain)
    assert [place for place, _, _ in found] == [(1,), (3,)]
    assert [prefix for _, _, prefix in found] == [Chain(steps=chain.steps[:2]), chain]
    plan = wishes.steps(PICTURE, chain, 7)
    assert [(tile.chain, tile.seed, tile.prepared) for tile in plan.tiles] == [
        (0, 7, True),
        (0, 7, False),
        (1, 7, False),
    ]


def test_without_steps_there_is_the_original_alone() -> None:
    plan = wishes.steps(PICTURE, Chain(), 7)
    assert [tile.prepared for tile in plan.tiles] == [True]
    assert plan.chains[plan.tiles[0].chain] == Chain()


def test_the_wipe_is_as_the_model_sees_it_with_the_dice_of_the_first_variant() -> None:
    plan = wishes.wipe(PICTURE, Chain(steps=(FLIP,)), 7)
    assert plan.exact
    assert [(tile.prepared, tile.seed) for tile in plan.tiles] == [(True, 7), (False, 7)]


def test_a_sweep_changes_one_parameter_alone_or_in_the_chain() -> None:
    chain = Chain(steps=(FLIP, group(BLUR, FLIP)))
    info = ParamInfo("sigma_limit", "range", [0.5, 3], 0, 9, 0.1, "", "Sigma", "")
    values = [Value(1.0, False, False), Value(2.0, True, True)]
    alone = wishes.sweep(PICTURE, chain, (1, 0), info, values, 7)
    assert [one.steps[0].params for one in alone.chains] == [{"sigma_limit": [1.0, 1.0]}, {"sigma_limit": [2.0, 2.0]}]
    assert all(len(one.steps) == 1 and one.steps[0].p == 1 for one in alone.chains)
    within = wishes.sweep(PICTURE, chain, (1, 0), info, values, 7, alone=False)
    assert within.chains[1].at((1, 0)).params == {"sigma_limit": [2.0, 2.0]}
    assert within.chains[1].at((1, 1)) == within.chains[1].at((0,)) == FLIP
    assert {tile.seed for tile in within.tiles} == {7}


def test_two_chains_get_the_same_dice() -> None:
    plan = wishes.compare(PICTURE, Chain(steps=(FLIP,)), Chain(steps=(BLUR,)), 7, 9)
    first, second = plan.tiles[:9], plan.tiles[9:]
    assert [tile.seed for tile in first] == [tile.seed for tile in second]
    assert ({tile.chain for tile in first}, {tile.chain for tile in second}) == ({0}, {1})
