from workbench.training.config import FreezeBackbone, FreezeNothing, FreezeStages
from workbench.ui.model.stage_bar import StageBar, plan, short_names

NAMES = ["stem", "one", "two", "head"]


def test_the_head_always_trains() -> None:
    assert [stage.trains for stage in plan(NAMES, FreezeBackbone())] == [False, False, False, True]


def test_stages_are_counted_from_the_head_backwards() -> None:
    """As `FreezePlan.trained` counts: the head, and the last N stages of the backbone."""
    assert [stage.trains for stage in plan(NAMES, FreezeStages(train_last=1))] == [False, False, True, True]
    assert all(stage.trains for stage in plan(NAMES, FreezeStages(train_last=9)))
    assert all(stage.trains for stage in plan(NAMES, FreezeNothing()))


def test_names_without_the_path_they_share() -> None:
    assert short_names(["stem", "features.2–3", "features.18", "head"]) == ["stem", "2–3", "18", "head"]
    assert short_names(["stem", "layer1", "body.last", "head"]) == ["stem", "layer1", "body.last", "head"]


def test_the_bar_can_be_read_out_and_painted(qtbot) -> None:
    bar = StageBar()
    qtbot.addWidget(bar)
    bar.resize(300, 50)
    bar.show_stages(plan(NAMES, FreezeStages(train_last=1)), certain=False)
    assert bar.accessibleName() == "stem frozen, one frozen, two trains, head trains"
    assert not bar.grab().isNull()
