"""Several names in one cell: joined by "|", where a "|" or "\\" in a name has a "\\" before it.

An empty cell says nothing; a cell that is "|" alone says "none of them".
"""

import re

NONE_OF_THEM = "|"
_PART = re.compile(r"((?:[^\\|]|\\.)*)(\||$)", re.DOTALL)


def joined(names: tuple[str, ...] | None) -> str:
    """Return the cell for these names; None gives an empty one."""
    if names is None:
        return ""
    return "|".join(escaped(name) for name in names) or NONE_OF_THEM


def escaped(name: str) -> str:
    """Return a name as it stands in a list."""
    return name.replace("\\", "\\\\").replace("|", "\\|")


def parted(cell: str) -> tuple[str, ...] | None:
    """Return the names in a cell that `joined` wrote; None for an empty one."""
    if not cell.strip():
        return None
    parts: list[str] = []
    place = 0
    while place <= len(cell):
        match = _PART.match(cell, place)
        if match is None:  # a "\" at the very end stands for itself
            parts.append(cell[place:])
            break
        parts.append(re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL))
        if not match[2]:
            break
        place = match.end()
    return tuple(dict.fromkeys(part for part in parts if part))
