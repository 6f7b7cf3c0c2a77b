"""The conditions of a query as SQL: one statement for the table of images, and one for each other table that is asked."""

from collections.abc import Sequence
from typing import Any

from workbench.project.ids import SPLITS, STATES
from workbench.project.predictions import SUGGESTED
from workbench.project.query import Query, cases, glob, like

Condition = tuple[str, Sequence[Any]]
"""A statement that selects ids ``AS value``, and its parameters."""

LARGEST = 9e18
"""SQLite's integers end a little above."""


def on_image(query: Query, *, without_class: bool = False) -> tuple[str, list[int]]:
    """Return the conditions on the table ``image`` that its index answers, and their parameters; "" for none."""
    conditions: list[str] = []
    parameters: list[int] = []

    def add(condition: str, *values: int) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if query.unlabelled:
        add("class_id IS NULL")
    if query.class_id is not None and not without_class:
        add("class_id = ?", int(query.class_id))
    if query.split == "none":
        add("split IS NULL")
    elif query.split is not None:
        add("split = ?", SPLITS.index(query.split))
    if query.state is not None:
        add("state = ?", STATES.index(query.state))
    if query.rejected is not None:
        add("rejected = ?", int(query.rejected))
    return " AND ".join(conditions), parameters


def on_other_tables(query: Query) -> list[Condition]:
    """Return the conditions on all other tables."""
    return [*_on_file(query), *_on_marks(query), *_on_findings(query), *_on_predictions(query)]


def _on_file(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if query.text.isascii() and query.text:
        found.append(
            ("SELECT image_id AS value FROM file WHERE relative LIKE ? ESCAPE '\\'", (f"%{like(query.text)}%",))
        )
    elif query.text:  # LIKE knows upper and lower case of a to z alone
        # First whether a letter beyond these is there at all, which is asked twice as fast.
        rare = sorted(cases(next(letter for letter in query.text if not letter.isascii())))
        there = " OR ".join("instr(relative, ?)" for _ in rare)
        sql = f"SELECT image_id AS value FROM file WHERE ({there}) AND relative GLOB ?"
        found.append((sql, (*rare, f"*{glob(query.text)}*")))
    conditions: list[str] = []
    parameters: list[int] = []
    for bound, condition, scale in (
        (query.modified_after, "modified_ns >= ?", 1e9),
        (query.modified_before, "modified_ns <= ?", 1e9),
        (query.min_side, "min(width, height) >= ?", 1),
        (query.max_side, "max(width, height) <= ?", 1),
    ):
        if bound is not None:
            conditions.append(condition)
            parameters.append(round(max(-LARGEST, min(bound * scale, LARGEST))))
    if conditions:
        found.append((f"SELECT image_id AS value FROM file WHERE {' AND '.join(conditions)}", parameters))
    return found


def _on_marks(query: Query) -> list[Condition]:
    """Return the conditions on what people said of the images."""
    found: list[Condition] = []
    if query.tag is not None:
        sql = "SELECT image_id AS value FROM image_tag WHERE tag_id = (SELECT id FROM tag WHERE name = ?)"
        found.append((sql, (query.tag,)))
    if query.grader is not None:
        sql = "SELECT image_id AS value FROM grade WHERE grader_id = (SELECT id FROM grader WHERE name = ?)"
        found.append((sql, (query.grader,)))
    if query.test_set is not None:
        sql = "SELECT id AS value FROM image WHERE test_set = (SELECT id FROM test_set WHERE name = ?)"
        found.append((sql, (query.test_set,)))
    if query.group is not None:
        found.append(("SELECT image_id AS value FROM image_group WHERE group_id = ?", (query.group,)))
    if query.noted:
        found.append(("SELECT image_id AS value FROM note", ()))
    if query.has_regions:
        found.append(("SELECT image_id AS value FROM region WHERE removed_at IS NULL", ()))
    if query.field is not None:
        sql = "SELECT image_id AS value FROM image_field WHERE field_id = (SELECT id FROM field WHERE name = ?) AND value = ?"
        found.append((sql, query.field))
    return found


def _on_findings(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if query.finding is not None:
        of_kind = query.finding != "any"
        sql = (
            "SELECT image_id AS value FROM finding JOIN finding_image ON finding_id = finding.id"
            f" WHERE dismissed = 0 {'AND kind = ?' if of_kind else ''}"
        )
        found.append((sql, (query.finding,) if of_kind else ()))
    if query.finding_id is not None:
        found.append(("SELECT image_id AS value FROM finding_image WHERE finding_id = ?", (query.finding_id,)))
    return found


def _on_predictions(query: Query) -> list[Condition]:
    found: list[Condition] = []
    if query.predicted is not None:
        found.append(("SELECT image_id AS value FROM prediction WHERE class_id = ?", (int(query.predicted),)))
    if query.confidence is not None:
        sql = "SELECT image_id AS value FROM prediction WHERE confidence BETWEEN ? AND ?"
        found.append((sql, query.confidence))
    if query.suggested:
        found.append((f"SELECT image.id AS value {SUGGESTED}", ()))
    return found
