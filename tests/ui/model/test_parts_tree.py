import pytest

from tests.ui.model.anatomies import small
from workbench.training.config import (
    Freeze,
    FreezeBackbone,
    FreezeNothing,
    FreezeParts,
    FreezeStages,
    HeadConfig,
)
from workbench.ui.model import parts_tree
from workbench.ui.model.parts_tree import Node

HEAD, BLOCK = "head", "backbone.layer2.1"
LAST = {"backbone.layer2.0.conv", "backbone.layer2.1.conv"}


def tree(classes: int = 2, head: HeadConfig | None = None) -> list[Node]:
    return parts_tree.tree_of(small(), classes, head or HeadConfig())


def test_layers_stand_inside_the_module_that_holds_them() -> None:
    stem, first, second, head = tree()
    assert [node.name for node in first.inside] == ["backbone.layer1.0"]
    assert [node.title for node in first.inside[0].inside] == ["conv", "bn"]  # what learns nothing is left out
    assert [leaf.name for leaf in second.leaves()] == ["backbone.layer2.0.conv", "backbone.layer2.1.conv"]
    assert (stem.has_norm, second.has_norm) == (True, False)
    assert list(head.leaves()) == [head]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HeadConfig(), 11 * 5),
        (HeadConfig(kind="hidden", width=16), 11 * 16 + 17 * 5),
        (HeadConfig(kind="cosine"), 10 * 5 + 1),
    ],
)
def test_the_head_is_the_configs_for_the_projects_classes(head: HeadConfig, expected: int) -> None:
    assert tree(5, head)[-1].parameters == expected


PLANS: list[tuple[Freeze, set[str]]] = [
    (FreezeBackbone(), {HEAD}),
    (FreezeStages(train_last=1), {HEAD, *LAST}),
    (FreezeStages(train_last=2), {HEAD, *LAST, "backbone.layer1.0.conv", "backbone.layer1.0.bn"}),
    (FreezeParts(trained=("layer1",)), {HEAD, "backbone.layer1.0.conv", "backbone.layer1.0.bn"}),
    (FreezeParts(trained=("stem", BLOCK)), {HEAD, "backbone.conv1", "backbone.bn1", "backbone.layer2.1.conv"}),
]


@pytest.mark.parametrize(("freeze", "expected"), PLANS)
def test_what_learns_under_a_plan_and_the_plan_under_which_it_does(freeze: Freeze, expected: set[str]) -> None:
    stages = tree()
    leaves = parts_tree.learning(stages, freeze)
    assert leaves == expected
    again = parts_tree.plan_of(stages, leaves)
    assert parts_tree.learning(stages, again) == expected
    if freeze != FreezeParts(trained=("stem", BLOCK)):
        assert again == freeze
    else:
        assert again == FreezeParts(trained=("stem", BLOCK))


def test_more_stages_than_there_are_means_all() -> None:
    stages = tree()
    leaves = parts_tree.learning(stages, FreezeStages(train_last=9))
    assert parts_tree.plan_of(stages, leaves) == FreezeNothing()


def test_boxes_have_three_states() -> None:
    stages = tree()
    leaves = parts_tree.learning(stages, FreezeParts(trained=(BLOCK,)))
    assert [parts_tree.tick(stage, leaves) for stage in stages] == ["off", "off", "some", "on"]
    assert parts_tree.share(stages[2], leaves) == pytest.approx(0.4)
    closed = parts_tree.toggled(stages[2], leaves, False)
    assert parts_tree.tick(stages[2], closed) == "off"
    assert parts_tree.plan_of(stages, parts_tree.toggled(stages[2], leaves, True)) == FreezeStages(train_last=1)


def test_parts_of_another_backbone_are_named() -> None:
    plan = FreezeParts(trained=("layer1", "blocks.3", "backbone.layer2.0.conv.weight"))
    assert parts_tree.unknown(tree(), plan) == ["blocks.3"]
    assert parts_tree.unknown(parts_tree.bare(["stem", "layer1", "head"]), plan) == ["blocks.3"]


def test_a_single_weight_outlives_a_click_beside_it() -> None:
    stages = tree()
    weight = "backbone.layer1.0.conv.weight"
    plan = FreezeParts(trained=(weight,))
    assert parts_tree.finer(stages, plan) == [weight]
    leaves = parts_tree.toggled(stages[2], parts_tree.learning(stages, plan), True)
    assert parts_tree.plan_of(stages, leaves, [weight]) == FreezeParts(trained=("layer2", weight))
    all_of_it = parts_tree.toggled(stages[1], leaves, True)
    assert parts_tree.plan_of(stages, all_of_it, [weight]) == FreezeStages(train_last=2)


def test_counts_by_hand() -> None:
    """The second block of layer2 learns: 800 + 22 numbers, each with its gradient and two of the optimizer's."""
    stages = tree()
    peak = 2.5 * 4 * 8 * 16 * 16 + 4 * 3 * 224 * 224  # of a layer, and the image
    found = parts_tree.counts(
        stages, parts_tree.learning(stages, FreezeParts(trained=(BLOCK,))), batch_size=10, optimizer="adamw"
    )
    assert (found.learning, found.parameters) == (822, 3122)
    assert found.memory == 10 * (400 + peak) + 4 * (3122 + 3 * 822)
    sgd = parts_tree.counts(stages, parts_tree.learning(stages, FreezeNothing()), batch_size=1, optimizer="sgd")
    assert sgd.memory == 4000 + peak + 4 * (3122 + 2 * 3122)


def test_what_comes_before_the_first_part_that_learns_is_not_there_any_more_when_later_parts_are_kept() -> None:
    wide, narrow = parts_tree.bare(["stem", "head"])
    wide.peak, narrow.memory, narrow.peak = 1000, 700, 200
    late = parts_tree.counts([wide, narrow], {"head"}, batch_size=1, optimizer="sgd")
    assert late.memory == 1000
    narrow.memory = 900
    assert parts_tree.counts([wide, narrow], {"head"}, batch_size=1, optimizer="sgd").memory == 1100
