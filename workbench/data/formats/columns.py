"""Which column of a table means what: by the name that the user gives, else by its own where that leaves no doubt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.data.formats.records import SPLIT_WORDS, malformed
from workbench.data.reading import is_image_name
from workbench.errors import WorkbenchError

OWN = ("image", "label", "split", "group", "grader")
"""The first columns of a table that Workbench writes."""

CLASSES = "classes"
"""The column whose first filled cell holds the task and the order of the classes ("ordinal:mild|severe")."""

FIELD = "field:"
"""Before the name of a column of our own whose field is named like a column with a meaning."""

ROLES = (*OWN, "tags", "note", "rejected", "pinned", "test_set")
"""What a column can be; any other name in a mapping is a field of one's own."""

_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    # Names of one tuple are equally good: two of them in a table leave a doubt.
    "image": (
        (
            "file_name",
            "filename",
            "image_path",
            "img_path",
            "file_path",
            "filepath",
            "image_file",
            "img_file",
            "imagefile",
        ),
        ("image", "img", "file", "path", "picture", "photo"),
        ("image_name", "img_name", "image_id", "img_id", "id_code", "image_filename", "images"),
        ("name", "id", "relative", "relative_path"),
    ),
    "label": (
        ("label", "labels"),
        ("class", "classes", "class_name", "diagnosis", "target", "category", "label_name"),
        ("grade", "level", "dx", "finding_labels", "y", "severity", "defect", "choice", "choices"),
    ),
    "split": (("split",), ("set", "subset", "partition", "data_split", "usage")),
    "group": (
        ("group", "group_id"),
        ("patient", "patient_id", "patientid", "subject", "subject_id", "case_id"),
        ("lesion_id",),
    ),
    "grader": (("grader", "annotator", "rater", "reader", "grader_id", "annotator_id", "labeller", "labeler"),),
}
_OWN_ONLY = ("tags", "note", "rejected", "pinned", "test_set")
_ZERO_ONE = {"0", "1", "0.0", "1.0", "", "true", "false"}


@dataclass(frozen=True)
class Reading:
    """How a table is read: the column of each role, the column of each field, columns that are classes (0 or 1 below
    them), the roles the user named, and whether each word in the split column must be known.
    """

    roles: Mapping[str, str]
    fields: Mapping[str, str]
    indicators: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    strict_split: bool = False


NO_COLUMN = "-"
"""What a mapping says of a role that none of the columns has."""


def choose(
    columns: Sequence[str],
    mapping: Mapping[str, str],
    file: Path,
    samples: Sequence[Sequence[str]],
    *,
    own: bool = False,
) -> Reading:
    """Return how to read a table with these columns, of which ``samples`` are rows.

    ``mapping`` says "role -> column" (or its number from 1), "label" also "A+B+C" for columns of 0 and 1, and "-" that
    no column has this role, whatever their names are. Raises
    WorkbenchError where a column is not there, two fit equally well, or none can be the image.
    """
    absent = {role for role, given in mapping.items() if given == NO_COLUMN and given not in columns}
    mapping = {role: given for role, given in mapping.items() if role not in absent}
    asked = {
        role: _column(columns, given, file) for role, given in mapping.items() if role != "label" or given in columns
    }
    roles = {role: column for role, column in asked.items() if role in ROLES}
    fields = {name: column for name, column in asked.items() if name not in ROLES}
    indicators: tuple[str, ...] = ()
    if "label" in mapping and "label" not in asked:
        parts = tuple(_column(columns, part.strip(), file) for part in mapping["label"].split("+"))
        if len(parts) == 1:
            roles["label"] = parts[0]
        else:
            indicators = parts
    taken = {*roles.values(), *fields.values(), *indicators}
    free = [column for column in columns if column and column not in taken and not (own and column == CLASSES)]
    if own:
        roles |= {name: name for name in (*OWN, *_OWN_ONLY) if name in free and name not in roles}
        if "image" not in roles:
            roles["image"] = columns[0]
    else:
        _guess(roles, free, file, samples, columns, labelled=bool(indicators) or "label" in absent)
        if not {"label"} & {*roles, *absent} and not indicators:
            indicators = _indicators(columns, {*roles.values(), *fields.values()}, samples)
    for role in absent - {"image"}:
        roles.pop(role, None)
    taken = {*roles.values(), *indicators}
    for column in free:
        if column not in taken:
            name = column.removeprefix(FIELD) if own else column
            fields.setdefault(name, column)
    group = roles.get("group")
    if group is not None and group != "group":
        fields.setdefault(group, group)
    strict = "split" in asked or (roles.get("split") or "").casefold() == "split"
    return Reading(roles, fields, indicators, frozenset(mapping), strict)


def _guess(
    roles: dict[str, str],
    free: Sequence[str],
    file: Path,
    samples: Sequence[Sequence[str]],
    columns: Sequence[str],
    *,
    labelled: bool,
) -> None:
    """Fill the roles that the user left open."""
    if "image" not in roles:
        roles["image"] = _image(free, file, samples, columns)
    rest = [column for column in free if column != roles["image"]]
    for role in ("label", "split", "group", "grader"):
        if role in roles or (role == "label" and labelled):
            continue
        found = _named(role, [column for column in rest if column not in roles.values()])
        if len(found) > 1 and role == "label":
            raise WorkbenchError(
                f"Line 1 of the file {file} has more than one column that may be the label ({', '.join(found)}); say which "
                f"one, as in --map label={found[0]}. Nothing was changed."
            )
        if len(found) == 1 and (role != "split" or _is_split(found[0], columns, samples)):
            roles[role] = found[0]
    # The other one of two columns; one that is left over beside columns the user named may be anything.
    two = sum(column != "" for column in columns) == 2
    if two and "label" not in roles and not labelled and len(rest) == 1 and rest[0] not in roles.values():
        roles["label"] = rest[0]


def _image(free: Sequence[str], file: Path, samples: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    def share(column: str) -> float:
        place = list(columns).index(column)
        return sum(is_image_name(row[place].strip()) for row in samples) / max(1, len(samples))

    for names in _NAMES["image"]:
        found = [column for column in free if _plain(column) in names]
        if len(found) > 1:
            # Two names of the image: one with the file's ending, and the longer path, tell the most.
            found = sorted(found, key=lambda column: (-share(column), "path" not in _plain(column)))
        if found:
            better = [column for column in free if share(column) > 0.5]
            return better[0] if share(found[0]) == 0 and len(better) == 1 else found[0]
    pictured = [column for column in free if share(column) > 0.5]
    if len(pictured) == 1:
        return pictured[0]
    raise WorkbenchError(
        f"Line 1 of the file {file} has no column that is surely the image ({', '.join(columns)[:200]}); say which one, "
        "as in --map image=COLUMN. Nothing was changed."
    )


def _named(role: str, free: Sequence[str]) -> list[str]:
    for names in _NAMES[role]:
        found = [column for column in free if _plain(column) in names]
        if found:
            return found
    return []


def _is_split(column: str, columns: Sequence[str], samples: Sequence[Sequence[str]]) -> bool:
    """A column "split" is one; one named "set" or the like is where each word is known."""
    if _plain(column) == "split":
        return True
    place = list(columns).index(column)
    words = {row[place].strip().casefold() for row in samples} - {""}
    return bool(words) and words <= SPLIT_WORDS.keys()


def _indicators(columns: Sequence[str], taken: set[str], samples: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the columns that hold nothing but 0 and 1, if there are two or more and some 1 among them."""
    found = []
    for place, column in enumerate(columns):
        values = {row[place].strip().lower() for row in samples}
        if column and column not in taken and values and values <= _ZERO_ONE and values != {""}:
            found.append(column)
    return tuple(found) if len(found) > 1 else ()


def _plain(column: str) -> str:
    """Return "image_id" for "Image ID" and "ImageID"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.casefold()).strip("_")


def _column(columns: Sequence[str], given: str, file: Path) -> str:
    if given in columns:
        return given
    folded = [column for column in columns if column.strip().casefold() == given.strip().casefold()]
    if len(folded) == 1:
        return folded[0]
    if given.isdecimal() and 1 <= int(given) <= len(columns):
        return columns[int(given) - 1]
    raise malformed(file, 1, f"has no column {given}", f"choose one of {', '.join(columns)[:300]}")
