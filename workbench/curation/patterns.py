"""The regular expression that takes a group out of a path, checked before it is run over a million of them."""

import re
from collections.abc import Callable
from typing import Any

from workbench.errors import WorkbenchError

_LONGEST_PATH = 1000
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")


def group_pattern(pattern: str) -> Callable[[str], str]:
    """Return the function that gives a path's group, "" where the pattern does not occur in it.

    The group is what the part named ``group`` matches, else the only part in round brackets, else the whole match. Raises
    WorkbenchError for a pattern that is none, that has several parts in brackets, or that repeats a repetition: such a
    one can take longer than anybody waits.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise WorkbenchError(f"The pattern '{pattern}' is no regular expression ({error}); correct it.") from error
    if "group" not in compiled.groupindex and compiled.groups > 1:
        raise WorkbenchError(
            f"The pattern '{pattern}' has {compiled.groups} groups in round brackets; leave them around the one part that "
            "images of a group share, as in path:(patient\\d+), or name it (?P<group>...)."
        )
    if _repeats_repetition(re._parser.parse(pattern), inside=False):  # type: ignore[attr-defined]
        raise WorkbenchError(
            f"The pattern '{pattern}' repeats a repetition, which can take for ever on some paths; write it with one of them."
        )
    which: int | str = "group" if "group" in compiled.groupindex else compiled.groups

    def group(path: str) -> str:
        found = compiled.search(path) if len(path) <= _LONGEST_PATH else None
        return (found.group(which) or "") if found else ""

    return group


def _repeats_repetition(parsed: Any, *, inside: bool) -> bool:
    """Tell whether there is an open repetition within another; ``parsed`` is the standard library's own parse tree."""
    if isinstance(parsed, tuple) and len(parsed) == 2 and str(parsed[0]) in _REPEATS:
        low, high, body = parsed[1]
        is_open = str(high) == "MAXREPEAT" or high - low > 20
        return (is_open and inside) or _repeats_repetition(body, inside=inside or is_open)
    if isinstance(parsed, (tuple, list)) or hasattr(parsed, "data"):
        return any(_repeats_repetition(part, inside=inside) for part in parsed)
    return False
