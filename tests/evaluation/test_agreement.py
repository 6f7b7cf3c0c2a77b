import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from workbench.errors import WorkbenchError
from workbench.evaluation.agreement import agreement_of, compare, kappas
from workbench.jobs import Stop, to_json
from workbench.project.images import NewImage
from workbench.project.project import Project
from workbench.telling import SENTENCES

CLASSES = {1: "none", 2: "mild", 3: "severe"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Project.create(tmp_path / "project") as project:
        root = project.images.add_root(tmp_path)
        project.images.add(root, [NewImage(f"{n:03}.png", 4, 4, 3, 8, 1, 1) for n in range(60)])
        for name in CLASSES.values():
            project.labels.add_class(name)
    return tmp_path / "project"


def agreement(folder: Path, **options):
    [event] = agreement_of(folder, **options)(Stop())
    return event


def test_two_graders_by_their_common_images_without_the_rejected_ones(folder: Path):
    with Project.open(folder) as project:
        project.labels.set_task("ordinal")
        project.labels.assign_each(range(1, 51), [n % 3 + 1 for n in range(50)], grader="ann")
        project.labels.assign_each(range(1, 41), [min(3, n % 3 + 1 + (n % 7 == 0)) for n in range(40)], grader="bob")
        project.labels.assign_each(range(1, 6), [1] * 5, grader="cleo")
        project.rejection.set([1], True)
    event = agreement(folder)
    a = [n % 3 + 1 for n in range(1, 40)]
    b = [min(3, n % 3 + 1 + (n % 7 == 0)) for n in range(1, 40)]
    assert (event.a, event.b, event.images, event.classes) == ("ann", "bob", 39, ["none", "mild", "severe"])
    assert event.agreeing == sum(one == other for one, other in zip(a, b, strict=True))
    assert event.kappa == pytest.approx(cohen_kappa_score(a, b))
    assert event.weighted_kappa == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))
    assert event.low < event.kappa < event.high <= 1
    assert event.weighted_low < event.weighted_kappa < event.weighted_high <= 1
    confusion = np.array(event.confusion)
    assert confusion.sum() == 39
    assert confusion.trace() == event.agreeing
    assert confusion[1, 2] == sum((one, other) == (2, 3) for one, other in zip(a, b, strict=True))
    assert agreement(folder) == event
    assert json.loads(to_json(event))["kappa"] == event.kappa
    assert agreement(folder, graders=["cleo", "ann"]).images == 4


def test_several_labels_have_a_kappa_for_each_class(folder: Path):
    with Project.open(folder) as project:
        project.labels.set_task("multi")
        project.labels.assign_each([1, 2, 3, 4, 5], [(1, 2), (1,), (2,), (), (1, 2)], grader="ann")
        project.labels.assign_each([1, 2, 3, 4, 5], [(2, 1), (), (2,), (), (2,)], grader="bob")
    event = agreement(folder)
    assert (event.images, event.agreeing, event.weighted_kappa, event.confusion) == (5, 3, None, [])
    none, mild, severe = event.per_class
    assert none == {
        "class": "none",
        "both": 1,
        "only_a": 2,
        "only_b": 0,
        "neither": 2,
        "kappa": pytest.approx(cohen_kappa_score([1, 1, 0, 0, 1], [1, 0, 0, 0, 0])),
    }
    assert mild["kappa"] == 1
    assert severe == {"class": "severe", "both": 0, "only_a": 0, "only_b": 0, "neither": 5, "kappa": None}
    assert event.kappa == pytest.approx((none["kappa"] + 1) / 2)
    assert event.low <= event.kappa <= event.high
    told = SENTENCES["Agreement"](event)
    assert "ann and bob agree on 3 of 5 images" in told
    assert "mild 1.000, severe -" in told


def test_one_class_alone_has_no_kappa(folder: Path):
    with Project.open(folder) as project:
        for grader in ("ann", "bob"):
            project.labels.assign(range(1, 11), 2, grader=grader)
    event = agreement(folder)
    assert (event.agreeing, event.kappa, event.weighted_kappa, event.low, event.high) == (10, None, None, None, None)
    assert "kappa not defined" in SENTENCES["Agreement"](event)


def test_what_cannot_be_compared_is_said(folder: Path):
    with pytest.raises(WorkbenchError, match="no two graders with an image in common"):
        agreement(folder)
    with Project.open(folder) as project:
        project.labels.assign([1, 2], 1, grader="ann")
        project.labels.assign([3, 4], 1, grader="bob")
    with pytest.raises(WorkbenchError, match="no two graders with an image in common"):
        agreement(folder)
    with pytest.raises(WorkbenchError, match="No image was graded by cleo; choose two of ann, bob"):
        agreement(folder, graders=["ann", "cleo"])
    with pytest.raises(WorkbenchError, match="ann cannot be compared with ann"):
        agreement(folder, graders=["ann", "ann"])
    with pytest.raises(WorkbenchError, match="no image that both ann and bob"):
        agreement(folder, graders=["ann", "bob"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 3])), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs):
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    event = compare("ann", "bob", a, b, CLASSES, several=False)
    for quadratic in (False, True):
        [ours] = kappas(np.array([event.confusion]), quadratic=quadratic)
        if len({*a, *b}) == 1:
            assert np.isnan(ours)
            assert event.kappa is None
            continue
        theirs = cohen_kappa_score(a, b, labels=[1, 2, 3], weights="quadratic" if quadratic else None)
        assert ours == pytest.approx(theirs)
        assert (event.weighted_kappa if quadratic else event.kappa) == pytest.approx(theirs)


def test_more_images_give_a_narrower_interval():
    rng = np.random.default_rng(3)
    widths = []
    for count in (30, 3000):
        a = rng.integers(1, 4, count)
        b = np.where(rng.random(count) < 0.7, a, rng.integers(1, 4, count))
        event = compare("ann", "bob", a.tolist(), b.tolist(), CLASSES, several=False)
        assert event.low < event.kappa < event.high
        widths.append(event.high - event.low)
    assert widths[1] < widths[0] / 5
