import pytest

from workbench.errors import WorkbenchError
from workbench.project.project import Project


def graded(project: Project, add, task: str = "single") -> tuple[int, int]:
    add(dent=6, pit=2)
    project.labels.set_task(task)
    dent, pit = [row.id for row in project.labels.classes()]
    project.labels.assign([1, 2, 3, 4], dent, grader="ann")
    project.labels.assign([3, 4, 5], pit, grader="bob")
    return dent, pit


def test_each_graders_own_view_stays_when_the_label_changes(project: Project, add):
    dent, pit = graded(project, add)
    assert project.graders.names() == ["ann", "bob"]
    assert project.graders.counts() == {"ann": 4, "bob": 3}
    assert project.graders.by_image(3) == {"ann": dent, "bob": pit}
    assert project.labels.of([3]) == [pit]
    ids, of_ann, of_bob = project.graders.pairs("ann", "bob")
    assert (ids.tolist(), of_ann, of_bob) == ([3, 4], [dent, dent], [pit, pit])
    assert project.graders.pairs("bob", "ann")[1] == [pit, pit]
    assert project.graders.in_common() == [("ann", "bob", 2)]
    project.labels.assign([4], None, grader="ann")
    assert project.graders.by_image(4) == {"bob": pit}
    assert project.graders.by_image(8) == {}


def test_undo_takes_the_grade_back_with_its_time(project: Project, add):
    dent, pit = graded(project, add)
    when = project._database.rows("SELECT image_id, changed_at FROM grade ORDER BY grader_id, image_id")
    change = project.labels.assign([3, 6], pit, grader="ann")
    assert (change.graded_before, change.graded_after) == ((dent, None), (pit, pit))
    assert project.graders.by_image(6) == {"ann": pit}
    change.inverse().apply(project, source="undo")
    assert project.graders.by_image(3) == {"ann": dent, "bob": pit}
    assert project.graders.by_image(6) == {}
    assert project._database.rows("SELECT image_id, changed_at FROM grade ORDER BY grader_id, image_id") == when


def test_the_queue_has_what_others_graded_or_where_graders_differ(project: Project, add):
    _, pit = graded(project, add)
    queue = project.graders.queue
    assert sorted(queue("bob")) == [1, 2]
    assert sorted(queue("cleo")) == [1, 2, 3, 4, 5]
    assert queue("cleo").tolist() == queue("cleo").tolist()
    assert len(queue("cleo", limit=2)) == 2
    orders = {tuple(queue("cleo", seed=seed).tolist()) for seed in range(20)}
    assert len(orders) > 5
    assert sorted(queue("ann", kind="disagree")) == [3, 4]
    before = queue("cleo").tolist()
    project.labels.assign([before[0]], pit, grader="cleo")
    assert queue("cleo").tolist() == before[1:]
    project.rejection.set([3], True)
    assert 3 not in queue("dora")
    assert sorted(queue("ann", kind="disagree")) in ([4], [4, before[0]])


def test_several_labels_agree_whatever_the_order_in_which_they_were_given(project: Project, add):
    dent, pit = graded(project, add, "multi")
    project.labels.assign([7], (dent, pit), grader="ann")
    project.labels.reorder([pit, dent])
    project.labels.assign([7], (pit, dent), grader="bob")
    project.labels.assign([8], (), grader="ann")
    project.labels.assign([8], (pit,), grader="bob")
    assert project.graders.by_image(7) == {"ann": (dent, pit), "bob": (dent, pit)}
    assert project.graders.by_image(8) == {"ann": (), "bob": (pit,)}
    assert sorted(project.graders.queue("ann", kind="disagree")) == [3, 4, 8]
    ids, of_ann, of_bob = project.graders.pairs("ann", "bob")
    assert dict(zip(ids.tolist(), zip(of_ann, of_bob, strict=True), strict=True)) == {
        3: ((dent,), (pit,)),
        4: ((dent,), (pit,)),
        7: ((dent, pit), (dent, pit)),
        8: ((), (pit,)),
    }


def test_a_blind_grade_is_kept_beside_the_label_and_can_be_taken_back(project: Project, add):
    dent, pit = graded(project, add)
    change = project.graders.grade([1, 3], pit, grader="cleo")
    assert project.labels.of([1, 3]) == [dent, pit]
    assert project.graders.of([3, 2, 1], "cleo") == [pit, None, pit]
    assert project.graders.by_image(1) == {"ann": dent, "cleo": pit}
    assert [decision.what for decision in project.decisions(1)][-1] == "grade"
    undone = change.inverse().apply(project, source="undo")
    assert project.graders.of([1, 3], "cleo") == [None, None]
    undone.inverse().apply(project, source="redo")
    assert project.graders.of([1, 3], "cleo") == [pit, pit]
    assert project.graders.of([1], "nobody") == [None]


def test_a_grade_needs_a_name_and_a_class_that_exists(project: Project, add):
    dent, _ = graded(project, add)
    for value, grader in ((dent, ""), (99, "cleo")):
        with pytest.raises(WorkbenchError):
            project.graders.grade([1], value, grader=grader)
    assert "cleo" not in project.graders.names()
