from dataclasses import fields, replace
from datetime import datetime

import pytest

from workbench.project.images import Query
from workbench.ui.dataset import filter_words
from workbench.ui.dataset.filter_words import USUAL

FULL = Query(
    class_id=1,
    unlabelled=True,
    split="none",
    state="corrupt",
    text="lot",
    rejected=None,
    pattern="*.png",
    tag="eye",
    grader="Ann",
    finding="exact-copy",
    finding_id=3,
    modified_after=datetime(2026, 1, 2).timestamp(),
    modified_before=datetime(2026, 3, 4).timestamp(),
    min_side=64,
    max_side=512,
    predicted=2,
    confidence=(0.2, 0.9),
    disagrees=True,
    suggested=True,
    test_set="spring",
    group=7,
    noted=True,
    has_regions=True,
    field=("patient", "12"),
    ids=(4, 5),
)


def said(query: Query) -> list[str]:
    return [part.text for part in filter_words.parts(query, {1: "good", 2: "pit"}, str)]


def test_everything_that_can_be_asked_for_is_said_and_can_be_taken_away() -> None:
    parts = filter_words.parts(FULL, {1: "good", 2: "pit"}, str)
    ranges = {"modified_before", "max_side"}
    assert len(parts) == len(filter_words.asked(FULL) - ranges) == len(fields(Query)) - 2 - len(ranges)
    query = FULL
    for part in parts:
        gone = filter_words.asked(FULL) - filter_words.asked(part.without)
        assert gone
        query = replace(query, **{name: getattr(USUAL, name) for name in gone})
    assert query == USUAL
    assert "changed 2026-01-02 to 2026-03-04" in [part.text for part in parts]
    assert "sides 64 to 512 px" in [part.text for part in parts]


def test_the_usual_view_says_nothing() -> None:
    assert said(USUAL) == []
    assert said(replace(USUAL, order="newest", descending=True)) == []
    assert filter_words.is_usual(replace(USUAL, order="newest"))
    assert said(Query(rejected=True)) == ["only rejected"]
    assert said(replace(USUAL, class_id=99)) == ["a class that is gone"]
    assert said(replace(USUAL, modified_before=datetime(2026, 3, 4).timestamp())) == ["changed until 2026-03-04"]
    assert said(replace(USUAL, max_side=64)) == ["sides up to 64 px"]


def test_given_images_take_their_order_with_them() -> None:
    query = Query(ids=(3, 1), order="given", rejected=False)
    (part,) = filter_words.parts(query, {}, str)
    assert part.text == "2 chosen images"
    assert part.without == USUAL
    assert filter_words.everything(query) == USUAL


def test_long_names_are_cut_in_their_middle() -> None:
    cut = filter_words.short("shrinkage porosity near the riser of the casting")
    assert len(cut) == filter_words.LONGEST
    assert cut.startswith("shrinkage")
    assert cut.endswith("casting")


@pytest.mark.parametrize(
    ("query", "what", "depends"),
    [
        (USUAL, "label", False),
        (USUAL, "reject", True),
        (Query(), "reject", False),
        (Query(unlabelled=True), "label", True),
        (Query(class_id=1), "label", True),
        (Query(order="class"), "label", True),
        (Query(tag="eye"), "label", False),
        (Query(tag="eye"), "tag", True),
        (Query(split="none"), "pin", True),
        (Query(finding="any"), "finding", True),
        (Query(order="finding"), "finding", True),
        (Query(suggested=True), "suggestion", True),
        (Query(order="confidence"), "suggestion", True),
        (Query(noted=True), "note", True),
        (Query(noted=True), "something new", False),
    ],
)
def test_what_a_change_may_change(query: Query, what: str, depends: bool) -> None:
    assert filter_words.depends_on(query, what) is depends


def test_days_months_and_years() -> None:
    begin, end = filter_words.date_from("2026-02", end=False), filter_words.date_from("2026-02", end=True)
    assert begin is not None
    assert end is not None
    assert (filter_words.date_text(begin), filter_words.date_text(end)) == ("2026-02-01", "2026-02-28")
    assert filter_words.date_text(filter_words.date_from("2026", end=True)) == "2026-12-31"
    assert filter_words.date_from(" ", end=False) is None
    for wrong in ("yesterday", "2026-13", "2026-02-30", "26-01-01"):
        for end_of in (False, True):
            with pytest.raises(ValueError, match="not a date"):
                filter_words.date_from(wrong, end=end_of)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" lot ", ("lot", "")), ("part_0*", ("", "part_0*")), ("a?.png", ("", "a?.png")), ("re:^a", ("", "re:^a"))],
)
def test_patterns_are_told_from_text(text: str, expected: tuple[str, str]) -> None:
    query = filter_words.typed(Query(text="old", pattern="old*"), text)
    assert (query.text, query.pattern) == expected
