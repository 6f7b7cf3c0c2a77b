import json
import sqlite3
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.ids import SPLITS, STATES
from workbench.project.query import ORDERS, Query, glob, likely, matcher

numbers = st.integers(0, 10**6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "class_id": numbers,
    "unlabelled": st.booleans(),
    "split": st.sampled_from([*SPLITS, "none"]),
    "state": st.sampled_from(STATES),
    "text": texts,
    "order": st.sampled_from(ORDERS),
    "descending": st.booleans(),
    "rejected": st.booleans(),
    "pattern": st.sampled_from(["*.png", "re:a+", "a/b?"]),
    "tag": texts,
    "grader": texts,
    "finding": texts,
    "finding_id": numbers,
    "modified_after": st.floats(allow_nan=False, allow_infinity=False),
    "modified_before": st.floats(0, 1e10),
    "min_side": numbers,
    "max_side": numbers,
    "predicted": numbers,
    "confidence": st.tuples(st.floats(0, 1), st.floats(0, 1)),
    "disagrees": st.booleans(),
    "suggested": st.booleans(),
    "test_set": texts,
    "group": numbers,
    "noted": st.booleans(),
    "has_regions": st.booleans(),
    "field": st.tuples(texts, texts),
    "ids": st.lists(numbers, max_size=4).map(tuple),
}


@settings(deadline=None, max_examples=50)
@given(st.fixed_dictionaries({}, optional=PARTS))
def test_a_query_is_exact_in_json(parts: dict[str, Any]):
    query = Query(**parts)
    assert Query.from_dict(json.loads(json.dumps(query.as_dict()))) == query


def test_every_part_is_tested_and_only_what_is_asked_is_stored():
    assert PARTS.keys() == {part.name for part in fields(Query)}
    assert Query().as_dict() == {}
    assert Query(rejected=False, ids=()).as_dict() == {"rejected": False, "ids": []}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "not a list of named parts"),
        ([1], "not a list of named parts"),
        ({"colour": "red"}, "unknown part 'colour'"),
        ({1: 2}, "unknown part '1'"),
        ({"class_id": "3"}, "'class_id'"),
        ({"class_id": 2**70}, "too large"),
        ({"ids": [1, 2**63]}, "too large"),
        ({"rejected": 1}, "'rejected'"),
        ({"split": "holdout"}, "'split'"),
        ({"order": "random"}, "'order'"),
        ({"confidence": [0.5]}, "'confidence'"),
        ({"confidence": [0.5, "x"]}, "'confidence'"),
        ({"ids": [1, None]}, "'ids'"),
        ({"modified_after": float("nan")}, "cannot be read"),
        ({"text": {1, 2}}, "cannot be read"),
        ({"pattern": "re:("}, "pattern 're:\\('"),
        ({"text": None}, "'text'"),
    ],
)
def test_foreign_filters_are_refused_in_a_sentence(content: object, told: str):
    with pytest.raises(WorkbenchError, match=told):
        Query.from_dict(content)


def test_patterns():
    for pattern, path, fits in [
        ("*.png", "a/b/c.PNG", True),
        ("c*", "a/b/c.png", True),
        ("b*", "a/b/c.png", False),
        ("a/*", "a/b/c.png", True),
        ("A/?/C.*", "a/b/c.png", True),
        ("b/*", "a/b/c.png", False),
        ("ä?.png", "x/ÄÖ.png", True),
        ("[ab]1.png", "x/b1.png", True),
        ("[!ab]1.png", "x/b1.png", False),
        ("50%_[.png", "50%_[.png", True),
        ("50%_.png", "50__.png", False),
        ("re:b/c", "a/b/c.png", True),
        ("re:^b", "a/b/c.png", False),
        ("re:(?i)C\\.PNG$", "a/b/c.png", True),
        ("re:C", "a/b/c.png", False),
    ]:
        assert bool(matcher(pattern)(path)) is fits, (pattern, path)


letters = st.text("aAbBäÄ%_[]!*?/\\.", max_size=6)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(letters, letters), min_size=40, max_size=60))
def test_sqlite_finds_the_text_and_misses_nothing_that_a_pattern_fits(pairs: list[tuple[str, str]]):
    with sqlite3.connect(":memory:") as connection:
        for pattern, path in [*pairs, *((path, path) for _, path in pairs)]:
            found = connection.execute(
                "SELECT ? LIKE ? ESCAPE '\\', ? GLOB ?", (path, likely(pattern), path, f"*{glob(pattern)}*")
            ).fetchone()
            assert found[0] or not matcher(pattern)(path)
            assert bool(found[1]) is (pattern.lower() in path.lower())
    connection.close()


def test_queries_are_values():
    assert replace(Query(tag="a"), tag=None) == Query()
    assert len({Query(), Query(), Query(ids=(1,))}) == 2
