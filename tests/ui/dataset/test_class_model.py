from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from workbench.project.labels import ClassRow
from workbench.ui.dataset.class_model import COUNT_ROLE, SHARE_ROLE, ClassModel
from workbench.ui.dataset.grid_view import MIME

CLASSES = [ClassRow(1, "good", 0, "#e69f00"), ClassRow(2, "pit", 1, "#56b4e9"), ClassRow(3, "crack", 2, "#009e73")]
NOWHERE = QModelIndex()


def model() -> ClassModel:
    made = ClassModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.set_classes(CLASSES, {1: 10, 2: 5, 3: 0, None: 99})
    return made


def test_counts_and_shares(qtbot: QtBot) -> None:
    made = model()
    assert [made.index(row).data() for row in range(3)] == ["good", "pit", "crack"]
    assert [made.index(row).data(COUNT_ROLE) for row in range(3)] == [10, 5, 0]
    assert [made.index(row).data(SHARE_ROLE) for row in range(3)] == [1.0, 0.5, 0.0]
    assert made.index(0).data(Qt.ItemDataRole.DecorationRole) == QColor("#e69f00")


def test_new_counts_keep_the_rows(qtbot: QtBot) -> None:
    made = model()
    with qtbot.assertNotEmitted(made.modelReset), qtbot.waitSignal(made.dataChanged):
        made.set_classes(CLASSES, {1: 1})
    with qtbot.waitSignal(made.modelReset):
        made.set_classes(CLASSES[:2], {})


def test_a_new_name_is_asked_for(qtbot: QtBot) -> None:
    made = model()
    with qtbot.waitSignal(made.renamed) as told:
        assert made.setData(made.index(1), "  pitted ")
    assert told.args == [2, "pitted"]
    assert not made.setData(made.index(1), "   ")


def test_a_drag_asks_for_another_order(qtbot: QtBot) -> None:
    made = model()
    dragged = made.mimeData([made.index(2)])
    assert made.canDropMimeData(dragged, Qt.DropAction.MoveAction, 0, 0, NOWHERE)
    with qtbot.waitSignal(made.reordered) as told:
        assert made.dropMimeData(dragged, Qt.DropAction.MoveAction, 0, 0, NOWHERE)
    assert told.args == [[3, 1, 2]]
    with qtbot.waitSignal(made.reordered) as told:
        made.move(0, 3)
    assert told.args == [[2, 3, 1]]
    with qtbot.assertNotEmitted(made.reordered):
        made.move(0, 1)


def test_images_are_dropped_on_a_class(qtbot: QtBot) -> None:
    made = model()
    images = QMimeData()
    images.setData(MIME, b"")
    assert not made.canDropMimeData(images, Qt.DropAction.CopyAction, 1, 0, NOWHERE)
    assert made.canDropMimeData(images, Qt.DropAction.CopyAction, -1, -1, made.index(1))
    with qtbot.waitSignal(made.imagesDropped) as told:
        made.dropMimeData(images, Qt.DropAction.CopyAction, -1, -1, made.index(1))
    assert told.args == [2]
