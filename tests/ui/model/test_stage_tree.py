import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.ui.model.anatomies import small
from workbench.training.config import FreezeBackbone, FreezeParts, HeadConfig
from workbench.ui.model import parts_tree, stage_tree
from workbench.ui.model.stage_tree import StageModel, StageTree, short_count

Check = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def tree(qtbot: QtBot) -> StageTree:
    made = StageTree()
    qtbot.addWidget(made)
    stages = parts_tree.tree_of(small(), 2, HeadConfig())
    made.show_stages(stages)
    made.show_plan(parts_tree.learning(stages, FreezeParts(trained=("backbone.layer2.1",))), {"layer2": 2e-4})
    made.resize(320, 300)
    made.show()
    return made


def boxes(model: StageModel, parent: QModelIndex) -> list[Qt.CheckState]:
    return [Qt.CheckState(model.index(row, 0, parent).data(Check)) for row in range(model.rowCount(parent))]


def test_the_model_passes_the_tester(tree: StageTree) -> None:
    tester = QAbstractItemModelTester(tree.stage_model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tree.expandAll()
    tree.show_plan({"head"}, {})
    tree.show_stages(parts_tree.bare(["stem", "head"]))
    tree.show_stages([])
    del tester


def test_boxes_tell_what_learns(tree: StageTree) -> None:
    off, some, on = Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked, Qt.CheckState.Checked
    model = tree.stage_model
    assert boxes(model, QModelIndex()) == [off, off, some, on]
    assert boxes(model, model.index_of("layer2")) == [off, on]


def test_a_click_on_a_box_tells_what_then_learns(tree: StageTree, qtbot: QtBot) -> None:
    told: list[frozenset[str]] = []
    tree.edited.connect(told.append)
    room = tree.visualRect(tree.stage_model.index_of("layer1"))
    box = room.topLeft() + QPoint(11, room.height() // 2)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert told == [
        {"head", "backbone.layer2.1.conv", "backbone.layer1.0.conv", "backbone.layer1.0.bn"},
    ]


def test_space_completes_a_part_that_learns_partly(tree: StageTree, qtbot: QtBot) -> None:
    told: list[frozenset[str]] = []
    tree.edited.connect(told.append)
    tree.setCurrentIndex(tree.stage_model.index_of("layer2"))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert told == [{"head", "backbone.layer2.0.conv", "backbone.layer2.1.conv"}]


def test_the_head_cannot_be_frozen(tree: StageTree) -> None:
    head = tree.stage_model.index_of("head")
    assert not head.flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert not tree.stage_model.setData(head, Qt.CheckState.Unchecked, Check)


def test_rates_stand_beside_what_learns_only(tree: StageTree) -> None:
    model = tree.stage_model

    def rate(name: str) -> str:
        index = model.index_of(name)
        return index.siblingAtColumn(stage_tree.RATE).data()

    assert rate("layer2") == "0.0002"
    stages = model.stages()
    tree.show_plan(parts_tree.learning(stages, FreezeBackbone()), {"layer2": 2e-4, "head": 0.01})
    assert (rate("layer2"), rate("head")) == ("", "0.01")


def test_it_is_as_high_as_its_rows(tree: StageTree) -> None:
    closed = tree.sizeHint().height()
    tree.expand(tree.stage_model.index_of("layer2"))
    assert tree.sizeHint().height() > closed


@pytest.mark.parametrize(
    ("number", "text"), [(17, "17"), (3400, "3.4 k"), (25_600_000, "25.6 M"), (632_000_000, "632 M")]
)
def test_counts_in_few_characters(number: int, text: str) -> None:
    assert short_count(number) == text


def test_modules_that_are_only_numbered_say_what_they_are(qtbot: QtBot) -> None:
    inside = [parts_tree.Node("a.0", "0", "Conv2d", 9, 0, False), parts_tree.Node("a.fc", "fc", "Linear", 9, 0, False)]
    model = StageModel()
    model.show_stages([parts_tree.Node("a", "a", "", 18, 0, False, inside), *parts_tree.bare(["head"])])
    assert [model.index_of(name).data() for name in ("a", "a.0", "a.fc")] == ["a", "0 · Conv2d", "fc"]
