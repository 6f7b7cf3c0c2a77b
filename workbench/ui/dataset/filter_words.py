"""What a query asks for, in words and part by part; what was typed, as a query. No widgets."""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from workbench.project.images import Query
from workbench.ui import figures

USUAL = Query(rejected=False)
"""What a project shows at first: everything but what was rejected."""

Tr = Callable[[str], str]

LONGEST = 28

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")

_DEPENDS = {
    "label": {"class_id", "unlabelled", "split", "grader", "disagrees", "suggested"},
    "tag": {"tag"},
    "note": {"noted"},
    "region": {"has_regions"},
    "classes": {"class_id", "predicted"},
    "pin": {"split", "test_set"},
    "suggestion": {"suggested", "predicted", "confidence", "disagrees"},
    "split": {"split", "test_set", "group"},
    "finding": {"finding", "finding_id"},
}
_ORDERED_BY = {
    "label": {"class"},
    "classes": {"class"},
    "suggestion": {"confidence", "priority"},
    "finding": {"finding"},
}


class Part(NamedTuple):
    """One thing that a query asks for: in words, and the query without it."""

    text: str
    without: Query


def is_usual(query: Query) -> bool:
    """Return True where every image is shown that is not rejected, in whatever order."""
    return not asked(query)


def asked(query: Query) -> set[str]:
    """Return the names of the fields that narrow (or, of the rejected, widen) what is shown."""
    return {
        part.name
        for part in fields(Query)
        if part.name not in ("order", "descending") and getattr(query, part.name) != getattr(USUAL, part.name)
    }


def everything(query: Query) -> Query:
    """Return the query without all that it asks for; the order stays where it needs none of it."""
    order = "path" if query.order == "given" else query.order
    return replace(USUAL, order=order, descending=query.descending)


def depends_on(query: Query, what: str) -> bool:
    """Return True where a change of this kind ("label", "tag", ..., "split", "finding") may change what is shown."""
    if what == "reject":
        return query.rejected is not None
    touched = any(getattr(query, name) not in (None, False) for name in _DEPENDS.get(what, ()))
    return touched or query.order in _ORDERED_BY.get(what, ())


def parts(query: Query, names: Mapping[int, str], tr: Tr) -> list[Part]:
    """Return what the query asks for, part by part; ``names`` are those of the classes."""
    found = []
    for name in (part.name for part in fields(Query)):
        if name in asked(query):
            said = _say(name, query, names, tr)
            if said:
                gone: dict[str, Any] = {field: getattr(USUAL, field) for field in _TOGETHER.get(name, (name,))}
                if name == "ids" and query.order == "given":
                    gone["order"] = "path"
                found.append(Part(said, replace(query, **gone)))
    return found


_TOGETHER = {
    "modified_after": ("modified_after", "modified_before"),
    "min_side": ("min_side", "max_side"),
}
"""Two ends of one range go together."""


def _say(name: str, query: Query, names: Mapping[int, str], tr: Tr) -> str:
    value = getattr(query, name)
    match name:
        case "class_id":
            return short(names.get(value, tr("a class that is gone")))
        case "predicted":
            return tr("predicted: {0}").format(short(names.get(value, tr("a class that is gone"))))
        case "split":
            return split_title(value, tr)
        case "state":
            return state_title(value, tr)
        case "rejected":
            return tr("only rejected") if value else tr("with the rejected")
        case "text":
            return tr("path: {0}").format(short(value))
        case "pattern":
            return tr("pattern: {0}").format(short(value))
        case "finding":
            return finding_title(value, tr)
        case "confidence":
            return tr("confidence {0} to {1}").format(figures.percent(value[0]), figures.percent(value[1]))
        case "modified_after":
            return _dates(value, query.modified_before, tr)
        case "modified_before":
            return "" if query.modified_after is not None else _dates(None, value, tr)
        case "min_side":
            return _sides(value, query.max_side, tr)
        case "max_side":
            return "" if query.min_side is not None else _sides(None, value, tr)
        case "field":
            return f"{short(value[0])}: {short(value[1])}"
        case "ids":
            return figures.counted(len(value), tr("chosen image"), tr("chosen images"))
    if isinstance(value, bool):
        flags = {
            "unlabelled": tr("unlabelled"),
            "disagrees": tr("prediction disagrees"),
            "suggested": tr("suggestions"),
            "noted": tr("with a note"),
            "has_regions": tr("with regions"),
        }
        return flags[name]
    titles = {
        "tag": tr("tag: {0}"),
        "grader": tr("grader: {0}"),
        "test_set": tr("test set: {0}"),
        "finding_id": tr("finding {0}"),
        "group": tr("group {0}"),
    }
    return titles[name].format(short(str(value)))


def short(text: str) -> str:
    """Return the text, its middle cut where it is long."""
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - 1) // 2
    return f"{text[: LONGEST - 1 - half]}…{text[-half:]}"


def split_title(split: str, tr: Tr) -> str:
    """Return the name of a part of the split; "none" is what is in no part."""
    return {
        "train": tr("Training"),
        "validation": tr("Validation"),
        "test": tr("Test"),
        "none": tr("In no part"),
    }[split]


def state_title(state: str, tr: Tr) -> str:
    """Return what the state of a file is, in words."""
    return {
        "ok": tr("readable"),
        "unverified": tr("not checked yet"),
        "corrupt": tr("cannot be read"),
        "missing": tr("missing"),
    }[state]


def finding_title(kind: str, tr: Tr) -> str:
    """Return the name of a kind of finding, "any" included; a kind from a plug-in keeps its own."""
    return {
        "any": tr("Any finding"),
        "exact-copy": tr("Exact copies"),
        "near-duplicate": tr("Near-duplicates"),
        "quality": tr("Quality"),
        "outlier": tr("Outliers"),
        "label-error": tr("Probable wrong labels"),
        "leakage": tr("On both sides of the split"),
        "shortcut": tr("Shortcuts"),
        "imbalance": tr("Class balance"),
    }.get(kind, kind)


def finding_badge(kind: str, tr: Tr) -> str:
    """Return one or two words for a tile."""
    return {
        "exact-copy": tr("copy"),
        "near-duplicate": tr("near-duplicate"),
        "quality": tr("quality"),
        "outlier": tr("outlier"),
        "label-error": tr("wrong label?"),
        "leakage": tr("both sides"),
        "shortcut": tr("shortcut"),
        "imbalance": tr("balance"),
    }.get(kind, kind)


def _dates(after: float | None, before: float | None, tr: Tr) -> str:
    if after is not None and before is not None:
        return tr("changed {0} to {1}").format(date_text(after), date_text(before))
    if after is not None:
        return tr("changed from {0}").format(date_text(after))
    return tr("changed until {0}").format(date_text(before)) if before is not None else ""


def _sides(least: int | None, most: int | None, tr: Tr) -> str:
    if least is not None and most is not None:
        return tr("sides {0} to {1} px").format(figures.count(least), figures.count(most))
    if least is not None:
        return tr("sides from {0} px").format(figures.count(least))
    return tr("sides up to {0} px").format(figures.count(most)) if most is not None else ""


def date_text(moment: float | None) -> str:
    """Return the local day of a moment, as "2026-11-21"; "" for None."""
    return "" if moment is None else datetime.fromtimestamp(moment).strftime("%Y-%m-%d")


def date_from(text: str, *, end: bool) -> float | None:
    """Return when a day, month or year begins (or with ``end`` its last moment), in local time; None for no text.

    Raises ValueError for anything else than "2026", "2026-11" or "2026-11-21".
    """
    text = text.strip()
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a date: {text}")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if not end:
            return datetime(year, month or 1, day or 1).timestamp()
        last = day or calendar.monthrange(year, month or 12)[1]
        return datetime(year, month or 12, last, 23, 59, 59, 999_999).timestamp()
    except (ValueError, OverflowError, OSError) as error:  # no such day, or none that this system can count to
        raise ValueError(f"not a date: {text}") from error


def typed(query: Query, text: str) -> Query:
    """Return the query for what was typed about the path: a pattern where it has ``*`` or ``?`` or begins with ``re:``."""
    text = text.strip()
    is_pattern = text.startswith("re:") or "*" in text or "?" in text
    return replace(query, text="" if is_pattern else text, pattern=text if is_pattern else "")
