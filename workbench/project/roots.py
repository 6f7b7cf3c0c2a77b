"""The folders that the images of a project lie in, stored absolute and relative to the project."""

import os
from pathlib import Path, PurePosixPath

from workbench.errors import WorkbenchError
from workbench.project.database import Database
from workbench.project.ids import MISSING, UNVERIFIED, RootId

PROBES = 20
"""How many images are looked for to tell whether a folder is the root it should be."""


_FIRST_PAGE = "relative NOT LIKE '%#page=%'"
"""Further pages of a file have paths that are no files."""


class Roots:
    """The roots of a project. A project that was moved, alone or together with its images, finds them again."""

    def __init__(self, database: Database, project_folder: Path) -> None:
        self._database = database
        self._project_folder = project_folder
        self._found: dict[RootId, Path] = {}
        self._settle()

    def add(self, folder: Path) -> RootId:
        """Return the root for this folder; it is added at first sight. Raises WorkbenchError where it is no folder."""
        folder = _checked_folder(folder)
        with self._database.transaction():
            for root, known in self.listed():
                if known == folder:
                    return root
            cursor = self._database.execute(
                "INSERT INTO root (absolute, relative) VALUES (?, ?)", (str(folder), self._relative(folder))
            )
        return RootId(int(cursor.lastrowid or 0))

    def listed(self) -> list[tuple[RootId, Path]]:
        """Return the roots in the order they were added; the folders need not be there."""
        rows = self._database.rows("SELECT id, absolute FROM root ORDER BY id")
        return [(root, self._found.get(root, Path(absolute))) for root, absolute in rows]

    def folder(self, root: RootId) -> Path:
        return dict(self.listed())[root]

    def relink(self, root: RootId, folder: Path) -> None:
        """Say that the root's images now lie in ``folder``; missing ones count as unverified again.

        Raises WorkbenchError where the folder holds none of the images looked for.
        """
        folder = _checked_folder(folder)
        probes = self._probes(root)
        if probes and not _holds(folder, probes):
            raise WorkbenchError(
                f"The folder {folder} holds none of the images that were in {self.folder(root)}; choose the folder "
                f"that holds {probes[0]}."
            )
        with self._database.transaction():
            self._store(root, folder)
            self._database.execute(
                "UPDATE image SET state = ? WHERE state = ? AND id IN (SELECT image_id FROM file WHERE root_id = ?)",
                (UNVERIFIED, MISSING, int(root)),
            )
        self._found.pop(root, None)

    def point(self, root: RootId, folder: Path) -> None:
        """Say that a root is another folder now, whatever that holds. Raises WorkbenchError where it is no folder."""
        folder = _checked_folder(folder)
        with self._database.transaction():
            self._store(root, folder)
        self._found.pop(root, None)

    def moved_to(self, folder: Path) -> RootId | None:
        """Return the root that is gone from where it was and whose images lie in ``folder`` now, by name and size."""
        folder = _checked_folder(folder)
        listed = self.listed()
        if folder in [known for _, known in listed]:
            return None
        for root, known in listed:
            if known.is_dir():
                continue
            rows = self._database.rows(
                f"SELECT relative, bytes FROM file WHERE root_id = ? AND {_FIRST_PAGE} LIMIT ?", (int(root), PROBES)
            )
            found = sum(_size(folder / relative) == size for relative, size in rows)
            if found and 2 * found >= len(rows):
                return root
        return None

    def overlapping(self, root: RootId) -> list[tuple[RootId, str, str]]:
        """Return the roots that share files with this one, each as (root, prefix here, prefix there).

        The same file is ``prefix here + rest`` in this root and ``prefix there + rest`` in the other; one of both
        prefixes is empty.
        """
        here = PurePosixPath(self.folder(root).as_posix())
        found = []
        for other, folder in self.listed():
            there = PurePosixPath(folder.as_posix())
            if other != root and here.is_relative_to(there):
                found.append((other, "", f"{here.relative_to(there)}/"))
            elif other != root and there.is_relative_to(here):
                found.append((other, f"{there.relative_to(here)}/", ""))
        return found

    def _settle(self) -> None:
        """Find each root where it is now, and store that, so that either path leads there at the next move."""
        moved = []
        for root, absolute, relative in self._database.rows("SELECT id, absolute, relative FROM root"):
            candidates = [Path(absolute)]
            if relative is not None:
                candidates.insert(0, Path(os.path.normpath(self._project_folder / relative)))
            probes = self._probes(root)
            there = [folder for folder in candidates if _holds(folder, probes)] or [
                folder for folder in candidates if folder.is_dir()
            ]
            folder = there[0] if there else Path(absolute)
            if str(folder) != absolute or (there and self._relative(folder) != relative):
                self._found[root] = folder
                moved.append(root)
        if moved and not self._database.read_only:
            with self._database.transaction():
                for root in moved:
                    self._store(root, self._found.pop(root))

    def _store(self, root: RootId, folder: Path) -> None:
        self._database.execute(
            "UPDATE root SET absolute = ?, relative = ? WHERE id = ?", (str(folder), self._relative(folder), int(root))
        )

    def _relative(self, folder: Path) -> str | None:
        try:
            return Path(os.path.relpath(folder, self._project_folder)).as_posix()
        except ValueError:
            return None  # on another drive of Windows

    def _probes(self, root: RootId) -> list[str]:
        return [
            relative
            for (relative,) in self._database.rows(
                f"SELECT relative FROM file WHERE root_id = ? AND {_FIRST_PAGE} LIMIT ?", (int(root), PROBES)
            )
        ]


def _holds(folder: Path, probes: list[str]) -> bool:
    return any((folder / relative).is_file() for relative in probes)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _checked_folder(folder: Path) -> Path:
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise WorkbenchError(f"The folder {folder} does not exist; choose a folder of images.")
    return folder
