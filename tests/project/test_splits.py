from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.images import NewImage, Query
from workbench.project.project import Project


def membership(project: Project) -> dict[str, str | None]:
    return {row.relative: row.split for row in project.images.page(project.images.ids())}


def test_asked_and_got_are_both_told_and_remembered(project: Project, add):
    add(good=60, pit=30, crack=10)
    outcome = project.splits.make(validation=0.15, test=0.2, seed=7)
    assert outcome.asked == pytest.approx({"train": 0.65, "validation": 0.15, "test": 0.2})
    assert outcome.got == {"train": 65, "validation": 15, "test": 20}
    assert outcome.per_class["pit"] in (
        {"train": 19, "validation": 5, "test": 6},
        {"train": 20, "validation": 4, "test": 6},
    )
    assert outcome.warnings == []
    assert project.splits.counts() == {"train": 65, "validation": 15, "test": 20, None: 0}
    assert project.splits.outcome() == outcome
    assert {row.split for row in project.images.samples("test")} == {"test"}
    assert len(project.images.samples("test")) == 20


def test_nothing_was_split_yet(project: Project, add):
    add(good=3)
    assert project.splits.outcome() is None
    assert project.splits.counts() == {"train": 0, "validation": 0, "test": 0, None: 3}


def test_labels_by_path_and_seed_decide_and_nothing_else(tmp_path: Path, scan):
    images = [
        scan(f"{name}/{n}.png") for name, count in (("good", 40), ("pit", 25), ("crack", 9)) for n in range(count)
    ]
    splits = []
    for number, order in enumerate((images, images[::-1])):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Project.create(tmp_path / f"project {number}") as project:
            if number:
                project.labels.ensure_classes(["pit", "crack"])
            root = project.images.add_root(folder)
            project.images.add(root, order)
            project.splits.make(seed=3)
            splits.append(membership(project))
            project.splits.make(seed=4)
            assert membership(project) != splits[-1]
            project.splits.make(seed=3)
            assert membership(project) == splits[-1]
    assert splits[0] == splits[1]


def test_images_that_come_later_leave_most_of_the_others_where_they_were(project: Project, add, scan):
    add(good=300, pit=300)
    project.splits.make()
    before = membership(project)
    add(*[scan(f"good/later {n}.png") for n in range(20)])
    project.splits.make()
    after = membership(project)
    assert sum(before[name] != after[name] for name in before) < 30


def test_a_class_that_is_too_small_is_named(project: Project, add):
    add(good=10, pit=2)
    with pytest.raises(WorkbenchError, match=r"'pit' has 2 usable images but each of the 3 splits"):
        project.splits.make()
    assert project.splits.make(test=0).got == {"train": 10, "validation": 2, "test": 0}


def test_what_cannot_be_split_is_said(project: Project, add, scan):
    with pytest.raises(WorkbenchError, match="no labelled images"):
        project.splits.make()
    add(scan("loose.png"), good=9)
    with pytest.raises(WorkbenchError, match="one class, 'good'"):
        project.splits.make()
    for shares in ({"validation": -0.1}, {"test": 1.0}, {"validation": 0.5, "test": 0.5}, {"test": float("nan")}):
        with pytest.raises(WorkbenchError, match="leaves nothing to train on"):
            project.splits.make(**shares)


def test_images_that_cannot_be_used_take_no_part(project: Project, add, scan):
    add(scan("loose.png"), scan("good/broken.png", error="torn"), good=10, pit=10)
    gone = project.images.ids(Query(text="pit/000"))
    project.splits.assign([*gone, 1], "test")
    project.images.mark_missing(gone)
    project.labels.add_class("crack")
    outcome = project.splits.make()
    assert sum(outcome.got.values()) == 19
    assert outcome.warnings == ["The class 'crack' has no usable images and takes no part."]
    unused = [name for name, split in membership(project).items() if split is None]
    assert unused == ["good/broken.png", "loose.png", "pit/000.png"]


def test_a_promise_that_costs_the_shares_is_a_warning(project: Project, add):
    add(**{f"class {n}": 3 for n in range(10)})
    outcome = project.splits.make(validation=0.1, test=0.1)
    assert outcome.got == {"train": 10, "validation": 10, "test": 10}
    assert outcome.warnings == [
        f"The {name} split got 10 images instead of {asked}, since each class needs at least one in each split."
        for name, asked in (("train", 24), ("validation", 3), ("test", 3))
    ]


def test_single_images_can_be_moved(project: Project, add):
    add(good=5)
    project.splits.assign(np.array([1, 2, 5]), "validation")
    project.splits.assign([2], None)
    assert project.splits.counts() == {"train": 0, "validation": 2, "test": 0, None: 3}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(3, 60), min_size=2, max_size=8),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
    st.integers(0, 2**31 - 1),
)
def test_totals_match_the_asked_shares(tmp_path_factory, sizes, validation, test, seed):
    folder = tmp_path_factory.mktemp("split")
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder)
        project.images.add(
            root,
            [NewImage(f"{c}/{n}.png", 4, 4, 3, 8, 1, 1, str(c)) for c, size in enumerate(sizes) for n in range(size)],
        )
        outcome = project.splits.make(validation=validation, test=test, seed=seed)
        total = sum(sizes)
        for split, share in outcome.asked.items():
            assert abs(outcome.got[split] - share * total) <= 1 or outcome.warnings
            assert project.splits.counts()[split] == outcome.got[split]
        for counts in outcome.per_class.values():
            assert min(counts.values()) >= 1
        assert sum(outcome.got.values()) == total


def test_pinned_images_stay_and_are_told(project: Project, add):
    add(good=40, pit=20)
    project.splits.make(seed=1)
    held = project.images.ids(Query(split="validation"))
    project.splits.pin(held, True)
    project.splits.move([1, 2, 3], "test")
    outcome = project.splits.make(seed=2)
    assert set(project.splits.of(held).tolist()) - {2} == {1}
    assert project.splits.of([3, 2, 1]).tolist() == [2, 2, 2]
    assert outcome.pinned == len(set(held.tolist()) | {1, 2, 3})
    assert outcome.got == {"train": 39, "validation": 9, "test": 12}
    assert outcome.warnings == []


def test_more_pinned_images_than_asked_is_a_warning(project: Project, add):
    add(good=20, pit=20)
    project.splits.move(range(1, 17), "test")
    outcome = project.splits.make(validation=0.2, test=0.2)
    assert outcome.got["test"] == 20  # 16 good ones, and the share of the others
    assert outcome.per_class["good"]["test"] == 16
    assert "The test split got 20 images instead of 8, since 16 images are pinned." in outcome.warnings


def test_groups_stay_together_follow_pins_and_are_named(project: Project, add):
    add(good=30, pit=30)
    ids = project.images.ids()
    group_ids = (ids - 1) // 5 + 10
    project.groups.set("path:patient", ids, group_ids, {10: "Müller", 11: "Özil"})
    project.splits.move([1], "validation")
    project.splits.move([6], "test")
    project.splits.move([7], "train")
    outcome = project.splits.make(validation=0.2, test=0.2, groups=(ids, group_ids), grouped_by="path:patient")
    assert (outcome.grouped_by, outcome.groups, outcome.pinned) == ("path:patient", 12, 3)
    assert project.splits.of(range(1, 6)).tolist() == [1] * 5
    assert project.splits.of([6, 7]).tolist() == [2, 0]
    assert [group for group, _ in project.groups.crossing()] == [11]
    assert outcome.warnings == [
        "The group 'Özil' has pinned images in several splits and stays on both sides; unpin some of them and split again."
    ]


def test_a_group_that_is_too_large_for_its_share_is_told(project: Project, add):
    add(good=60, pit=20)
    ids = project.images.ids()
    outcome = project.splits.make(validation=0.2, test=0.2, groups=(ids, np.where(ids <= 60, 1, 0)))
    assert outcome.groups == 1
    assert outcome.per_class["good"] == {"train": 60, "validation": 0, "test": 0}
    assert outcome.warnings[:1] == [
        "The train split got 60 images instead of 48, since groups stay together and the largest, '1', has 60."
    ] or outcome.warnings[0].startswith("The train split got")
    assert outcome.warnings[-1] == (
        "No image of the class 'good' is in the validation or the test split: it has 60 images in 1 group; add images of it."
    )


def test_a_group_follows_a_pinned_image_without_a_label(project: Project, add, scan):
    add(scan("loose.png"), good=20, pit=20)
    project.splits.move([1], "test")
    project.splits.make(groups=([1, 2, 3], [5, 5, 5]))
    assert project.splits.of([1, 2, 3]).tolist() == [2, 2, 2]


def test_rejected_images_take_no_part(project: Project, add):
    add(good=20, pit=20)
    project.splits.make()
    project.rejection.set(range(1, 11), True)
    outcome = project.splits.make()
    assert sum(outcome.got.values()) == 30
    assert project.splits.of(range(1, 11)).tolist() == [-1] * 10
    assert sum(project.splits.counts().values()) == 30


def test_folds_are_told_and_wrong_ones_refused(project: Project, add):
    add(good=100, pit=50)
    outcome = project.splits.make(test=0.2, folds=4, fold=3)
    assert outcome.asked == pytest.approx({"train": 0.6, "validation": 0.2, "test": 0.2})
    assert outcome.got == {"train": 90, "validation": 30, "test": 30}
    assert (outcome.folds, outcome.fold, outcome.warnings) == (4, 3, [])
    assert project.splits.outcome() == outcome
    for folds, fold in ((1, 1), (4, 5), (4, 0)):
        with pytest.raises(WorkbenchError, match="fold"):
            project.splits.make(folds=folds, fold=fold)


def test_several_labels_keep_each_class_in_its_share(project: Project, add):
    add(a=300)
    project.labels.set_task("multi")
    a, b, c = project.labels.classes()[0].id, project.labels.add_class("b"), project.labels.add_class("c")
    random = np.random.default_rng(5)
    values = [tuple(x for x, share in ((a, 0.6), (b, 0.3), (c, 0.05)) if random.random() < share) for _ in range(300)]
    project.labels.assign_each(range(1, 301), values)
    outcome = project.splits.make(validation=0.2, test=0.2)
    assert outcome.got == {"train": 180, "validation": 60, "test": 60}
    for name, kind in (("a", a), ("b", b), ("c", c)):
        total = sum(kind in value for value in values)
        for split, share in outcome.asked.items():
            assert abs(outcome.per_class[name][split] - share * total) <= 1.5
            assert outcome.per_class[name][split] == project.images.count(Query(class_id=kind, split=split))
    assert outcome.warnings == []


def test_grouped_splits_repeat_whatever_the_order(tmp_path: Path, scan):
    random = np.random.default_rng(1)
    images = [scan(f"{'good' if n % 3 else 'pit'}/{n:03}.png") for n in range(90)]
    patient = {image.relative: int(random.integers(1, 20)) for image in images}
    splits = []
    for number, order in enumerate((images, images[::-1])):
        (tmp_path / str(number)).mkdir()
        with Project.create(tmp_path / f"project {number}") as project:
            if number:
                project.labels.ensure_classes(["pit"])
            project.images.add(project.images.add_root(tmp_path / str(number)), order)
            rows = project.images.page(project.images.ids())
            groups = [row.id for row in rows], [patient[row.relative] * (1 + number) for row in rows]
            for seed in (4, 3):
                project.splits.make(seed=seed, groups=groups)
                splits.append(membership(project))
    assert splits[0] == splits[2]
    assert splits[1] == splits[3]
    assert splits[0] != splits[1]


def test_an_outcome_of_before_is_read(project: Project):
    project.settings.set("split", {"asked": {}, "got": {}, "per_class": {}, "warnings": ["x"], "seed": 1, "later": 2})
    outcome = project.splits.outcome()
    assert outcome is not None
    assert (outcome.warnings, outcome.folds, outcome.grouped_by) == (["x"], 0, "")
