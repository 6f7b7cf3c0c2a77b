"""Which images belong together: by a pattern on the path, a column, an EXIF or DICOM tag, or because they look alike."""

import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from workbench.curation.file_tags import Reader, dicom_reader, exif_reader
from workbench.curation.group_keys import GroupKeys, numbered
from workbench.curation.patterns import group_pattern
from workbench.curation.pictures import pages
from workbench.data.reading import ImageError
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Noticed, Progress
from workbench.project.images import ImageRow
from workbench.project.project import Project

NEAR_DUPLICATES = "near-duplicates"
_NOTICES = 20


def group_key(
    project: Project, group_by: str, *, backbone: str | None = None, weights: str | None = None
) -> Generator[Event, None, GroupKeys]:
    """Return the groups by ``path:REGEX``, ``column:NAME``, ``exif:TAG``, ``dicom:TAG`` or ``near-duplicates``.

    Use it with ``yield from``; it yields Progress and Noticed. Near-duplicates are found by hash, and by the embeddings of
    ``backbone`` or those stored, where there are any; ``how`` says which. Raises WorkbenchError for a key that is none, and
    for one that no image has.
    """
    kind, _, rest = group_by.partition(":")
    kind = kind.casefold()
    if group_by == NEAR_DUPLICATES:
        from workbench.curation.alike_groups import near_duplicate_groups

        return (yield from near_duplicate_groups(project, backbone, weights))
    if kind not in ("path", "column", "exif", "dicom") or not rest.strip():
        raise WorkbenchError(
            f"'{group_by}' names no way to group images; write path:REGEX, column:NAME, exif:TAG, dicom:TAG or "
            f"{NEAR_DUPLICATES}."
        )
    if kind == "path":
        values = yield from _by_path(project, rest)
    elif kind == "column":
        values = _by_column(project, rest.strip())
    else:
        values = yield from _by_file(project, exif_reader(rest) if kind == "exif" else dicom_reader(rest))
    if not values:
        raise WorkbenchError(f"No image has a group by '{group_by}': {_NOTHING[kind]}.")
    alone = len(project.links.usable()) - len(values)
    if alone:
        yield Noticed(f"{alone:,} images have no group by '{group_by}' and stand alone.")
    return numbered(values, how=group_by)


_NOTHING = {
    "path": "the pattern occurs in no path; paths are relative to their folder, with / between names",
    "column": "the column is empty for all of them; import it again",
    "exif": "no file carries that tag; choose another way to group",
    "dicom": "no file carries that tag; choose another way to group",
}


def _by_path(project: Project, pattern: str) -> Generator[Event, None, dict[int, str]]:
    group = group_pattern(pattern)
    values: dict[int, str] = {}
    for rows in _progressing(project, "Reading paths", size=1000):
        if isinstance(rows, Progress):
            yield rows
            continue
        found = ((int(row.id), group(row.relative)) for row in rows)
        values.update((image_id, value) for image_id, value in found if value)
    return values


def _by_column(project: Project, name: str) -> dict[int, str]:
    names = project.fields.names()
    alike = [each for each in names if each.casefold() == name.casefold()]
    if name not in names and len(alike) == 1:
        name = alike[0]
    if name not in names:
        there = f"there are {', '.join(names)}" if names else "none was imported yet (workbench labels import)"
        raise WorkbenchError(f"The project has no column '{name}'; {there}.")
    usable = set(project.links.usable().tolist())
    return {
        int(image_id): value.strip()
        for image_id, value in project.fields.values(name).items()
        if value.strip() and int(image_id) in usable
    }


def _by_file(project: Project, read: Reader) -> Generator[Event, None, dict[int, str]]:
    values: dict[int, str] = {}
    unread = 0

    def look(row: ImageRow) -> str | ImageError:
        try:
            return read(row.path)
        except ImageError as error:
            return error

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), "tags") as pool:
        for rows in _progressing(project, "Reading tags", size=256):
            if isinstance(rows, Progress):
                yield rows
                continue
            for row, value in zip(rows, pool.map(look, rows), strict=True):
                if isinstance(value, ImageError):
                    unread += 1
                    if unread <= _NOTICES:
                        yield Noticed(str(value), str(row.path))
                elif value:
                    values[int(row.id)] = value
    if unread > _NOTICES:
        yield Noticed(f"{unread - _NOTICES:,} more images could not be read and stand alone.")
    return values


def _progressing(project: Project, what: str, *, size: int) -> Iterator[Progress | list[ImageRow]]:
    ids = project.links.usable()
    done = 0
    for rows in pages(project, ids, size=size):
        yield Progress(done, len(ids), what)
        yield rows
        done += len(rows)
    yield Progress(done, len(ids), what)
