"""Each filter against the same question asked of the rows one by one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.findings import NewFinding
from workbench.project.ids import NO_CLASS, ClassId, ImageId
from workbench.project.images import ImageRow, NewImage, Query
from workbench.project.project import Project

COUNT = 60


@pytest.fixture(scope="module", params=["single", "multi"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A project in which everything that can be asked for is there, at random."""
    folder = tmp_path_factory.mktemp("filled")
    random = np.random.default_rng(11)
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder)
        project.images.add(
            root,
            [
                NewImage(
                    f"{'Äb'[n % 2]}/part_{n:02}{'.png' if n % 3 else '.JPG'}", 10 + n, 70 - n, 3, 8, n % 9, n * 10**9
                )
                for n in range(COUNT)
            ],
        )
        project.labels.set_task(request.param)
        classes = list(project.labels.ensure_classes("abc").values())

        def chosen(share: float) -> np.ndarray:
            return np.flatnonzero(random.random(COUNT) < share) + 1

        for class_id in classes:
            project.labels.assign(chosen(0.4), class_id)
        if request.param == "multi":
            for class_id in classes:
                project.labels.toggle(chosen(0.2), class_id, True)
            project.labels.assign([7, 8], ())
        project.labels.assign(chosen(0.2), classes[0], grader="Ada")
        project.splits.assign(chosen(0.7), "train")
        project.splits.move(chosen(0.2), "test")
        project.splits.freeze_test("spring")
        project.rejection.set(chosen(0.2), True)
        project.images.mark_missing(chosen(0.1))
        for name in ("x", "y"):
            project.tags.add(chosen(0.3), name)
        for image_id in chosen(0.2).tolist():
            project.notes.set(image_id, "look")
        for image_id in chosen(0.2).tolist():
            region = project.regions.add(image_id, "box", [(1, 1), (5, 5)])
            if image_id % 2:
                project.regions.remove(region.after[0].id)
        project.findings.replace(
            ["quality", "outlier"],
            [NewFinding("quality", float(random.random()), "dark", (n, n % COUNT + 1)) for n in chosen(0.2).tolist()]
            + [NewFinding("outlier", 0.5, "odd", (n,)) for n in chosen(0.3).tolist()],
        )
        project.findings.dismiss([row.id for row in project.findings.list("outlier")][::2])
        predicted = chosen(0.7)
        project.predictions.replace(
            "run", predicted, random.choice(classes, len(predicted)), random.random(len(predicted)), predicted * 0.5
        )
        project.predictions.refuse(predicted[::4])
        grouped = chosen(0.7)
        project.groups.set("path:x", grouped, grouped % 5, {})
        project.fields.set("camera", {int(n): f"c{n % 3}" for n in chosen(0.6)})
        yield project


def rows(project: Project) -> list[ImageRow]:
    return project.images.page(range(1, COUNT + 1))


MATCHES: dict[str, Callable[[Project, ImageRow, Any], bool]] = {
    "class_id": lambda _, row, value: value in row.classes or (value == NO_CLASS and row.class_id == NO_CLASS),
    "unlabelled": lambda _, row, value: row.class_id is None,
    "split": lambda _, row, value: row.split == (None if value == "none" else value),
    "state": lambda _, row, value: row.state == value,
    "rejected": lambda _, row, value: row.rejected is value,
    "text": lambda _, row, value: value.lower() in row.relative.lower(),
    "pattern": lambda _, row, value: row.relative.lower().endswith(".jpg") == ("jpg" in value.lower()),
    "tag": lambda _, row, value: value in row.tags,
    "grader": lambda project, row, value: value in project.graders.by_image(row.id),
    "finding": lambda _, row, value: value in row.findings or (value == "any" and bool(row.findings)),
    "modified_after": lambda _, row, value: row.modified_ns >= value * 1e9,
    "modified_before": lambda _, row, value: row.modified_ns <= value * 1e9,
    "min_side": lambda _, row, value: min(row.width, row.height) >= value,
    "max_side": lambda _, row, value: max(row.width, row.height) <= value,
    "predicted": lambda _, row, value: row.prediction == value,
    "confidence": lambda _, row, value: row.confidence is not None and value[0] <= row.confidence <= value[1],
    "disagrees": lambda _, row, value: (
        row.class_id is not None
        and row.prediction is not None
        and row.prediction not in row.classes
        and not row.rejected
    ),
    "suggested": lambda _, row, value: (
        row.class_id is None and row.prediction is not None and not row.refused and not row.rejected
    ),
    "test_set": lambda _, row, value: row.test_set == value,
    "group": lambda _, row, value: row.group == value,
    "noted": lambda _, row, value: row.noted,
    "has_regions": lambda _, row, value: row.regions > 0,
    "field": lambda project, row, value: project.fields.of(row.id).get(value[0]) == value[1],
    "ids": lambda _, row, value: row.id in value,
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "class_id": st.sampled_from([1, 2, 3, 9, NO_CLASS]),
    "unlabelled": st.just(True),
    "split": st.sampled_from(["train", "test", "none"]),
    "state": st.sampled_from(["unverified", "missing"]),
    "rejected": st.booleans(),
    "text": st.sampled_from(["PART_1", "ä/", "Ä/part_2", "ö", "png"]),
    "pattern": st.sampled_from(["*.jpg", "re:JPG$", "part_*.png", "*/part_??.pn[g]", "re:png"]),
    "tag": st.sampled_from(["x", "y", "z"]),
    "grader": st.sampled_from(["Ada", "Bo"]),
    "finding": st.sampled_from(["any", "quality", "outlier", "leakage"]),
    "modified_after": st.sampled_from([10.0, 30.5, -1e300]),
    "modified_before": st.sampled_from([20.0, 50.0, 1e300]),
    "min_side": st.sampled_from([15, 30]),
    "max_side": st.sampled_from([50, 60]),
    "predicted": st.sampled_from([1, 2, 9]),
    "confidence": st.sampled_from([(0.0, 0.5), (0.4, 0.9), (0.9, 0.1)]),
    "disagrees": st.just(True),
    "suggested": st.just(True),
    "test_set": st.sampled_from(["spring", "autumn"]),
    "group": st.sampled_from([1, 4, 8]),
    "noted": st.just(True),
    "has_regions": st.just(True),
    "field": st.sampled_from([("camera", "c1"), ("camera", "x"), ("lens", "c1")]),
    "ids": st.sampled_from([(), (5, 3, 900, 3, -1, 0), tuple(range(10, 40))]),
}


@pytest.mark.parametrize("part", MATCHES)
def test_each_filter_finds_what_the_rows_say(filled: Project, part: str):
    found_some = False
    known = rows(filled)

    @settings(deadline=None, max_examples=6, database=None, derandomize=True)
    @given(VALUES[part])
    def check(value: Any) -> None:
        nonlocal found_some
        expected = [row.id for row in known if MATCHES[part](filled, row, value)]
        query = Query(order="added", **{part: value})
        assert filled.images.ids(query).tolist() == expected
        assert filled.images.count(query) == len(expected)
        found_some = found_some or 0 < len(expected) < COUNT

    check()
    assert found_some or part == "suggested"


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional=VALUES).filter(lambda parts: len(parts) < 5))
def test_all_that_is_asked_must_hold(filled: Project, parts: dict[str, Any]):
    expected = {
        row.id for row in rows(filled) if all(MATCHES[part](filled, row, value) for part, value in parts.items())
    }
    query = Query(**parts)
    found = filled.images.ids(query).tolist()
    assert len(found) == len(set(found)) == filled.images.count(query)
    assert set(found) == expected


def test_images_of_one_finding(filled: Project):
    for finding in filled.findings.list():
        assert set(filled.images.ids(Query(finding_id=finding.id)).tolist()) == set(finding.ids)
    assert filled.images.count(Query(finding_id=10**9)) == 0


def test_a_pattern_that_is_none_is_a_sentence(filled: Project):
    with pytest.raises(WorkbenchError, match="pattern 're:\\[' cannot be understood"):
        filled.images.ids(Query(pattern="re:["))


def test_given_ids_keep_their_order(filled: Project):
    asked = (40, 3, 7, 3, 999, 12)
    assert filled.images.ids(Query(ids=asked, order="given")).tolist() == [40, 3, 7, 12]
    assert filled.images.ids(Query(ids=asked, order="given", descending=True)).tolist() == [12, 7, 3, 40]
    assert filled.images.ids(Query(order="given")).tolist() == filled.images.ids().tolist()
    shown = filled.images.ids(Query(ids=asked, order="given", rejected=False)).tolist()
    assert shown == [row.id for row in filled.images.page([40, 3, 7, 12]) if not row.rejected]


def test_predictions_order_images_and_the_others_follow_by_path(filled: Project):
    known = {row.id: row for row in rows(filled)}
    for order, key in (
        ("confidence", lambda row: row.confidence),
        ("priority", lambda row: -row.id),  # made so
    ):
        ids = filled.images.ids(Query(order=order)).tolist()  # type: ignore[arg-type]
        having = [image_id for image_id in ids if known[image_id].prediction is not None]
        assert having == sorted(having, key=lambda image_id: key(known[image_id]))
        assert ids[: len(having)] == having
        rest = ids[len(having) :]
        assert [known[image_id].relative for image_id in rest] == sorted(known[image_id].relative for image_id in rest)
        turned = filled.images.ids(Query(order=order, descending=True)).tolist()  # type: ignore[arg-type]
        assert turned == having[::-1] + rest
        few = filled.images.ids(Query(order=order, ids=(5, 9, 13, 17, 21))).tolist()  # type: ignore[arg-type]
        assert few == [image_id for image_id in ids if image_id in (5, 9, 13, 17, 21)]


def test_findings_order_images_side_by_side(filled: Project):
    listed = filled.findings.list("quality")
    expected = list(dict.fromkeys(image_id for finding in listed for image_id in finding.ids))
    query = Query(finding="quality", order="finding")
    assert filled.images.ids(query).tolist() == expected
    every = filled.images.ids(Query(order="finding")).tolist()
    strongest = filled.findings.list(limit=1)[0]
    assert tuple(every[: len(strongest.ids)]) == strongest.ids


def test_size_orders_by_bytes(filled: Project):
    sizes = [row.bytes for row in filled.images.page(filled.images.ids(Query(order="size")))]
    assert sizes == sorted(sizes, reverse=True)


def test_images_that_moved_are_ordered_by_where_they_are(project: Project, add: Any, images_folder: Path):
    root = add(a=3)
    project.images.mark_missing([2])
    assert project.images.ids().tolist() == [1, 2, 3]
    project.images.relocate([(ImageId(1), root, "z/000.png"), (ImageId(2), root, "a/000.png")])
    assert project.images.ids().tolist() == [2, 3, 1]
    assert [row.state for row in project.images.page([1, 2])] == ["unverified", "unverified"]
    assert project.images.get(ImageId(1)).class_id == ClassId(1)
    project.images.relocate([(ImageId(1), root, "a/000.png"), (ImageId(2), root, "z/000.png")])  # they change places
    assert project.images.ids().tolist() == [1, 3, 2]
    with pytest.raises(ValueError, match=r"has the path a/002\.png"):
        project.images.relocate([(ImageId(1), root, "a/002.png")])
    assert project.images.get(ImageId(1)).relative == "a/000.png"
