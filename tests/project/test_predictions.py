import numpy as np
import pytest

from workbench.project.history import UndoStack
from workbench.project.ids import ImageId
from workbench.project.images import Query
from workbench.project.project import Project


@pytest.fixture
def predicted(project: Project, add):
    """Six images: 1 to 3 good, 4 to 6 pit; labels taken from 3 and 6; the model says good, pit, pit, pit, good of 1 to 5."""
    add(good=3, pit=3)
    good, pit = (row.id for row in project.labels.classes())
    project.labels.assign([3, 6], None)
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    project.predictions.replace("run 1", [1, 2, 3, 4, 5], [good, pit, pit, pit, good], sure, 1 - sure)
    return project


def test_predictions_come_back(predicted: Project):
    good, pit = (row.id for row in predicted.labels.classes())
    assert predicted.predictions.source == "run 1"
    classes, confidences, refused = predicted.predictions.of([6, 2, 1])
    assert classes.tolist() == [0, pit, good]
    np.testing.assert_equal(confidences, [np.nan, 0.8, 0.9])
    assert refused.tolist() == [False, False, False]
    assert [len(part) for part in predicted.predictions.of([])] == [0, 0, 0]
    assert predicted.predictions.counts() == {"suggested": 1, "disagree": 2}
    row = predicted.images.get(ImageId(2))
    assert (row.prediction, row.confidence, row.refused) == (pit, 0.8, False)


def test_a_refused_suggestion_is_undone_and_kept(predicted: Project):
    undo = UndoStack()
    change = predicted.predictions.refuse([3, 6, 1], grader="Ada")
    assert (change.what, change.ids.tolist()) == ("suggestion", [1, 3])
    undo.push(change)
    assert predicted.predictions.counts()["suggested"] == 0
    assert not len(predicted.images.ids(Query(suggested=True)))
    assert not len(predicted.predictions.refuse([3]).ids)
    undo.undo(predicted)
    assert predicted.images.ids(Query(suggested=True)).tolist() == [3]
    undo.redo(predicted)
    assert predicted.images.get(ImageId(3)).refused
    told = [(row.detail, row.source, row.grader) for row in predicted.decisions(ImageId(3)) if row.what == "suggestion"]
    assert told == [("refused", "user", "Ada"), ("taken up again", "undo", "Ada"), ("refused", "redo", "Ada")]


def test_new_predictions_replace_all_and_the_same_suggestion_stays_refused(predicted: Project):
    good, pit = (row.id for row in predicted.labels.classes())
    predicted.predictions.refuse([3, 4])
    predicted.predictions.replace("run 2", [4, 3], [good, pit], np.array([0.4, 0.3]), np.array([1.0, 2.0]))
    classes, confidences, refused = predicted.predictions.of([1, 3, 4])
    assert classes.tolist() == [0, pit, good]
    np.testing.assert_equal(confidences, [np.nan, 0.3, 0.4])
    assert refused.tolist() == [False, True, False]
    assert predicted.predictions.source == "run 2"
    predicted.predictions.clear()
    assert predicted.predictions.source is None
    assert predicted.predictions.counts() == {"suggested": 0, "disagree": 0}


def test_rejected_images_are_not_counted(predicted: Project):
    predicted.rejection.set([2, 3], True)
    assert predicted.predictions.counts() == {"suggested": 0, "disagree": 1}


def test_several_labels_agree_where_one_of_them_does(project: Project, add):
    add(a=3)
    project.labels.set_task("multi")
    a, b = project.labels.classes()[0].id, project.labels.add_class("b")
    project.labels.toggle([1], b, True)
    project.labels.assign([3], ())
    project.predictions.replace("run", [1, 2, 3], [b, b, a], np.ones(3), np.ones(3))
    assert project.predictions.counts() == {"suggested": 0, "disagree": 2}
    assert project.images.ids(Query(disagrees=True)).tolist() == [2, 3]


@pytest.mark.parametrize(
    ("ids", "confidences"),
    [([1, 1], [0.1, 0.2]), ([1, 2], [0.1, 1.2]), ([1, 2], [0.1, float("nan")]), ([1, 99], [0.1, 0.2])],
)
def test_wrong_predictions_change_nothing(predicted: Project, ids, confidences):
    good = predicted.labels.classes()[0].id
    with pytest.raises(ValueError, match="image"):
        predicted.predictions.replace("x", ids, [good, good], np.array(confidences), np.ones(2))
    assert predicted.predictions.source == "run 1"
    assert predicted.predictions.counts() == {"suggested": 1, "disagree": 2}
