import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.curation.made import findings, row_project, scanned, scene
from workbench.curation import leakage
from workbench.curation.splitting import repair_split
from workbench.project.findings import NewFinding
from workbench.project.ids import SPLITS
from workbench.project.links import Ties
from workbench.project.project import Project

SPLIT = st.sampled_from([0, 1, 2])


@st.composite
def planted(draw: st.DrawFn) -> dict[str, list]:
    """Splits of up to 24 images, and what ties them: contents, groups (0 for none) and near-duplicate findings."""
    count = draw(st.integers(2, 24))
    places = st.integers(0, count - 1)
    return {
        "splits": draw(st.lists(SPLIT, min_size=count, max_size=count)),
        "contents": draw(st.lists(st.integers(0, count), min_size=count, max_size=count)),
        "groups": draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)),
        "near": draw(st.lists(st.sets(places, min_size=2, max_size=4), max_size=5, unique_by=frozenset)),
        "held": draw(st.sets(places, max_size=2)),
    }


def _filled(folder: Path, plan: dict[str, list]) -> Project:
    project = row_project(folder, [f"{content:064x}" for content in plan["contents"]])
    for code, name in enumerate(SPLITS):
        project.splits.assign([n + 1 for n, split in enumerate(plan["splits"]) if split == code], name)
    ids = np.arange(1, len(plan["splits"]) + 1)
    project.groups.set("column:patient", ids, np.array(plan["groups"]), {n: f"patient {n}" for n in range(1, 6)})
    near = [NewFinding("near-duplicate", 0.9, "alike", tuple(sorted(n + 1 for n in places))) for places in plan["near"]]
    project.findings.replace(["near-duplicate"], near)
    if plan["held"]:
        project.splits.pin([n + 1 for n in plan["held"]], True)
    return project


def _leaking(plan: dict[str, list]) -> list[set[int]]:
    """Return by brute force every group (ids) of one tie that is in more than one split."""
    tied: list[set[int]] = [set(places) for places in plan["near"]]
    for key in ("contents", "groups"):
        for value in set(plan[key]) - ({0} if key == "groups" else set()):
            tied.append({n for n, other in enumerate(plan[key]) if other == value})
    return [{n + 1 for n in group} for group in tied if len({plan["splits"][n] for n in group}) > 1]


@given(planted())
@settings(deadline=None, max_examples=20)
def test_every_planted_leak_is_found_and_nothing_else(plan: dict[str, list]):
    with tempfile.TemporaryDirectory() as name, _filled(Path(name), plan) as project:
        found = leakage.leaks(project)
        leaking = _leaking(plan)
        for group in leaking:
            assert any(group <= set(finding.ids) for finding in found), group
        for finding in found:
            splits = {plan["splits"][image_id - 1] for image_id in finding.ids}
            assert len(splits) > 1
            assert any(group <= set(finding.ids) for group in leaking)
            assert len(finding.images) == len(finding.ids)
        assert bool(leakage.warning(project)) == bool(leaking)
        assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)


@given(planted())
@settings(deadline=None, max_examples=20)
def test_a_repair_leaves_no_leak_but_those_it_names_and_moves_nothing_else(plan: dict[str, list]):
    with tempfile.TemporaryDirectory() as name, _filled(Path(name), plan) as project:
        ids = np.arange(1, len(plan["splits"]) + 1)
        before, tangled = project.splits.of(ids), leakage.tangles(project)
        done = repair_split(project)
        after = project.splits.of(ids)
        moved = set(ids[before != after].tolist())
        assert len(moved) == done.moved
        assert moved <= {image_id for tangle in tangled for image_id in tangle.ids.tolist()}
        assert not moved & {n + 1 for n in plan["held"]}
        assert len(leakage.tangles(project)) == len(done.left)
        assert done.groups == len(tangled)


def test_a_repair_leaves_the_splits_about_as_large_as_they_were(tmp_path: Path):
    count, size = 150, 5
    splits = np.random.default_rng(1).choice(3, count, p=[0.65, 0.15, 0.2])
    with row_project(tmp_path, [f"{n:064x}" for n in range(count)]) as project:
        ids = np.arange(1, count + 1)
        for code, name in enumerate(SPLITS):
            project.splits.assign(ids[splits == code], name)
        numbers = (ids - 1) // size + 1
        project.groups.set("column:patient", ids, numbers, {n: f"patient {n}" for n in range(1, count // size + 1)})
        assert repair_split(project).left == []
        assert leakage.leaks(project) == []
        after = np.bincount(project.splits.of(ids), minlength=3)
        assert np.abs(after - np.bincount(splits)).max() <= size


def test_rejected_images_and_images_without_a_split_leak_nothing(tmp_path: Path):
    with row_project(tmp_path, ["a" * 64, "a" * 64, "a" * 64]) as project:
        project.splits.assign([1], "train")
        project.splits.assign([2], "test")
        assert len(leakage.leaks(project)) == 1
        project.rejection.set([2], True)
        assert leakage.leaks(project) == []


def test_pages_of_one_file_belong_together_and_a_repair_brings_them_together(tmp_path: Path):
    def draw(images: Path) -> None:
        for n in range(3):
            pages = [scene(10 * n + page) for page in range(3)]
            pages[0].save(images / f"stack {n} 12.tif", save_all=True, append_images=pages[1:])

    with Project.open(scanned(tmp_path, draw)) as project:
        rows = project.images.page(project.images.ids())
        assert len(rows) == 9
        project.splits.assign([row.id for row in rows], "train")
        away = next(row for row in rows if row.relative == "stack 1 12.tif#page=3")
        project.splits.assign([away.id], "test")
        (leak,) = leakage.leaks(project)
        assert leak.images == ["stack 1 12.tif", "stack 1 12.tif#page=2", "stack 1 12.tif#page=3"]
        assert "pages of one file" in leak.message
        assert repair_split(project).moved == 1
        assert leakage.leaks(project) == []


def test_images_never_hashed_are_not_copies_of_each_other(tmp_path: Path):
    with row_project(tmp_path, ["a" * 64, "b" * 64]) as project:
        project.images.set_verified([(1, None, None), (2, None, None)])
        project.splits.assign([1], "train")
        project.splits.assign([2], "test")
        assert leakage.leaks(project) == []


def test_a_dismissed_near_duplicate_is_no_leak(tmp_path: Path):
    with row_project(tmp_path, ["a" * 64, "b" * 64]) as project:
        project.splits.assign([1], "train")
        project.splits.assign([2], "validation")
        project.findings.replace(["near-duplicate"], [NewFinding("near-duplicate", 0.9, "alike", (1, 2))])
        (leak,) = leakage.leaks(project)
        assert "near-duplicates" in leak.message
        assert "1 in train and 1 in validation" in leak.message
        project.findings.dismiss([row.id for row in project.findings.list()])
        assert leakage.leaks(project) == []


def test_the_check_finds_near_duplicates_that_nobody_looked_for_and_a_repair_moves_them(tmp_path: Path):
    def draw(images: Path) -> None:
        for n in range(8):
            scene(n).save(images / f"{n}.png")
        scene(3).resize((64, 64)).save(images / "again.png")

    with Project.open(scanned(tmp_path, draw)) as project:
        ids = project.images.ids()
        project.splits.assign(ids, "train")
        again = next(row.id for row in project.images.page(ids) if row.relative == "again.png")
        project.splits.assign([again], "test")
        assert leakage.leaks(project) == []
        for _ in range(2):
            (leak,) = findings(leakage.check(project))
            assert leak.images == ["3.png", "again.png"]
            assert project.findings.counts() == {"near-duplicate": 1}
        assert repair_split(project).moved == 1
        assert leakage.leaks(project) == []


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 15)), max_size=60))
@settings(deadline=None, max_examples=50)
def test_components_are_what_is_connected(count: int, pairs: list[tuple[int, int]]):
    ties = sorted({(place % count, key) for place, key in pairs})
    tie = Ties(np.array([p for p, _ in ties], dtype=np.int64), np.array([k for _, k in ties], dtype=np.int64))
    labels = leakage.components([tie] if ties else [], count)
    expected = list(range(count))
    for _ in range(count):
        for key in {key for _, key in ties}:
            places = [place for place, other in ties if other == key]
            least = min(expected[place] for place in places)
            for place in places:
                expected[place] = least
    assert labels.tolist() == expected


def test_a_chain_through_a_thousand_images_is_one_group():
    chain = np.arange(1000, dtype=np.int64)
    tie = Ties(np.concatenate([chain[:-1], chain[1:]]), np.concatenate([chain[:-1], chain[:-1]]))
    assert set(leakage.components([tie], 1000).tolist()) == {0}


@pytest.mark.parametrize("held", [True, False])
def test_a_repair_follows_held_images_then_the_majority(tmp_path: Path, held: bool):
    with row_project(tmp_path, ["a" * 64] * 3 + [f"{n:064x}" for n in range(9)]) as project:
        project.splits.assign(range(1, 13), "train")
        project.splits.assign([3], "test")
        if held:
            project.splits.pin([3], True)
        assert repair_split(project).moved == (2 if held else 1)
        assert set(project.splits.of([1, 2, 3]).tolist()) == {SPLITS.index("test" if held else "train")}
