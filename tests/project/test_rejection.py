import numpy as np
import pytest

from workbench.project.project import Project


def test_rejected_images_keep_everything_and_are_not_counted(project: Project, add):
    add(good=4)
    good = project.labels.classes()[0].id
    change = project.rejection.set([4, 2], True, grader="ann")
    assert change.ids.tolist() == [2, 4]
    assert project.rejection.count() == 2
    assert project.labels.of([2]) == [good]
    assert project.labels.counts() == {good: 2, None: 0}
    assert project.labels.counts(rejected=None) == {good: 4, None: 0}
    assert project.labels.counts(rejected=True) == {good: 2, None: 0}
    assert project.rejection.set([1, 2], True).ids.tolist() == [1]
    change.inverse().apply(project, source="undo")
    assert project.rejection.count() == 1
    assert [(row.detail, row.source, row.grader) for row in project.decisions(2) if row.what == "reject"] == [
        ("rejected", "user", "ann"),
        ("taken back", "undo", "ann"),
    ]


def test_rejecting_most_images_leaves_the_index_in_place(project: Project, add, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.project.bulk.MANY", 10)
    add(good=40)
    project.rejection.set(np.arange(1, 41, 2), True)
    assert project.rejection.count() == 20
    assert project._database.value("SELECT count(*) FROM sqlite_master WHERE name = 'image_by_class'") == 1
    project._database.check()
