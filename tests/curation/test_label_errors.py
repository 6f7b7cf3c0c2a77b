from pathlib import Path

import numpy as np
import pytest

from tests.curation.embedded_project import clouds, embedded_project, vectors_of
from tests.curation.made import findings
from workbench.curation.label_errors import doubts, find
from workbench.jobs import Noticed
from workbench.project.ids import ClassId


def planted(count: int, classes: int, wrong: int, *, seed: int = 1) -> tuple[list[int], list[int], set[int]]:
    """Return true classes, labels, and the ids (from 1) whose label is wrong."""
    truth = [n % classes for n in range(count)]
    bad = np.random.default_rng(seed).choice(count, wrong, replace=False).tolist()
    labels = [(t + 1) % classes if n in bad else t for n, t in enumerate(truth)]
    return truth, labels, {n + 1 for n in bad}


def test_swapped_labels_come_first_one_image_each(tmp_path: Path):
    truth, labels, bad = planted(120, 3, 6)
    with embedded_project(tmp_path, clouds(truth), labels, classes=3) as project:
        found = findings(find(project, vectors_of(project)))
    assert {finding.ids[0] for finding in found[:6]} == bad
    assert len(found) >= 12
    assert all(len(finding.ids) == len(finding.images) == 1 for finding in found)
    assert [finding.score for finding in found] == sorted((finding.score for finding in found), reverse=True)
    first = found[0]
    label = labels[first.ids[0] - 1]
    assert first.message.startswith(f"labelled 'c{label}', looks like 'c{truth[first.ids[0] - 1]}' (")
    assert "looks like it" in found[-1].message


def test_unlabelled_images_have_no_say_and_no_place(tmp_path: Path):
    truth, labels, bad = planted(90, 3, 4)
    some: list[int | None] = [None if n % 4 == 0 and n + 1 not in bad else label for n, label in enumerate(labels)]
    with embedded_project(tmp_path, clouds(truth), some, classes=3) as project:
        found = findings(find(project, vectors_of(project)))
    assert {finding.ids[0] for finding in found[:4]} == bad
    assert not {finding.ids[0] for finding in found} & {n + 1 for n, label in enumerate(some) if label is None}


def test_small_classes_are_told_and_not_judged(tmp_path: Path):
    truth = [0] * 20 + [1] * 20 + [2] * 2 + [3] * 4
    with embedded_project(tmp_path, clouds(truth), truth, classes=4) as project:
        events = list(find(project, vectors_of(project)))
    told = [event.message for event in events if isinstance(event, Noticed)]
    assert told[0] == "These classes have too few labelled images to judge their labels: 'c2' (2)."
    assert "uncertain: 'c3' (4)" in told[1]
    assert not {finding.ids[0] for finding in findings(iter(events))} & {41, 42}


def test_one_class_is_a_sentence(tmp_path: Path):
    with embedded_project(tmp_path, clouds([0] * 8), [0] * 8, classes=1) as project:
        (told,) = [event for event in find(project, vectors_of(project)) if isinstance(event, Noticed)]
    assert "two classes" in told.message


def test_a_group_does_not_speak_for_its_own_images(tmp_path: Path):
    """All five images of a casting have the same wrong label: a model that knows four of them would believe it."""
    truth = [n % 2 for n in range(60)] + [0] * 5
    labels = truth[:60] + [1] * 5
    vectors = clouds(truth, spread=0.8)
    vectors[60:] += np.random.default_rng(3).normal(0, 4, 12)  # a casting of its own look
    with embedded_project(tmp_path, vectors, labels, classes=2) as project:
        alone = {finding.ids[0]: finding.score for finding in findings(find(project, vectors_of(project)))}
        project.groups.set("path:x", range(61, 66), [1] * 5, {1: "casting"})
        grouped = {finding.ids[0]: finding.score for finding in findings(find(project, vectors_of(project)))}
    assert sum(grouped.get(n, 0) for n in range(61, 66)) > sum(alone.get(n, 0) for n in range(61, 66))


def test_of_several_labels_the_missing_and_the_false_one_are_named(tmp_path: Path):
    random = np.random.default_rng(0)
    has = random.random((150, 3)) < 0.4
    vectors = (has @ random.normal(0, 4, (3, 12)) + random.normal(0, 0.6, (150, 12))).astype(np.float32)
    stated = has.copy()
    stated[5, 1] ^= True
    stated[8, 2] ^= True
    with embedded_project(tmp_path, vectors, [None] * 150, classes=3) as project:
        project.labels.set_task("multi")
        ids = [row.id for row in project.labels.classes()]
        values = [tuple(ClassId(ids[c]) for c in np.flatnonzero(row)) for row in stated]
        project.labels.assign_each(range(1, 151), values)
        found = findings(find(project, vectors_of(project)))
    assert {finding.ids[0] for finding in found[:2]} == {6, 9}
    for finding in found[:2]:
        place, number = (5, 1) if finding.ids[0] == 6 else (8, 2)
        words = "seems not to show it" if stated[place, number] else "looks like it"
        assert f"'c{number}'" in finding.message
        assert words in finding.message
    assert len(found) >= 15


def test_among_grades_a_far_mistake_weighs_more():
    shares = np.full((40, 4), 0.02)
    targets = np.repeat(np.arange(4), 10)
    shares[np.arange(40), targets] = 0.94
    shares[0], shares[1] = [0.02, 0.94, 0.02, 0.02], [0.02, 0.02, 0.02, 0.94]
    flat, graded = doubts(shares, targets), doubts(shares, targets, ordinal=True)
    assert flat.scores[0] == pytest.approx(flat.scores[1])
    assert graded.scores[1] == pytest.approx(flat.scores[1])
    assert graded.scores[0] == pytest.approx(flat.scores[0] / 2)
    assert graded.instead[:2].tolist() == [1, 3]


def test_a_class_the_model_is_never_sure_of_is_not_all_doubt():
    """Class 1 gets 0.45 at best; its images are right, while an image of class 0 with 0.45 for class 1 is not."""
    shares = np.array([[0.9, 0.1]] * 30 + [[0.55, 0.45]] * 10 + [[0.54, 0.46]])
    targets = np.array([0] * 30 + [1] * 10 + [0])
    found = doubts(shares, targets)
    assert found.wrong[-1]
    assert not found.wrong[:-1].any()
    assert found.instead[-1] == 1
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
