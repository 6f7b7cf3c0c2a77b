"""What curation found: kept until it is looked for again, and dismissed for good where the user says so."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from workbench.project.database import Database
from workbench.project.ids import ImageId

if TYPE_CHECKING:
    from workbench.project.project import Project


@dataclass(frozen=True)
class NewFinding:
    """Something that was found: ``score`` from 0 to 1, higher is stronger; ``ids`` of its images, the first one first."""

    kind: str
    score: float
    message: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class FindingRow:
    """A finding as it is kept."""

    id: int
    kind: str
    score: float
    message: str
    ids: tuple[int, ...]
    found_at: datetime
    dismissed: bool


Rows = list[FindingRow]


@dataclass(frozen=True)
class FindingsChange:
    """Findings that were dismissed (``on``) or opened again; ``ids`` are their images."""

    findings: tuple[FindingRow, ...]
    on: bool

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(image_id for found in self.findings for image_id in found.ids))

    @property
    def what(self) -> str:
        return "finding"

    def inverse(self) -> Self:
        return type(self)(self.findings, not self.on)

    def apply(self, project: "Project", *, source: str) -> "FindingsChange":
        # The checks may have run again since: the same findings have other numbers then, or are gone.
        present = [project.findings.same_as(found) for found in self.findings]
        return project.findings.dismiss([found.id for found in present if found is not None], self.on)


class Findings:
    """The findings of a project. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, kinds: Iterable[str], findings: Sequence[NewFinding]) -> None:
        """Keep these findings instead of all earlier ones of ``kinds``, which they must be of.

        A finding of the kind and images of one that was dismissed is dismissed again; one about no image in particular
        is known by its message.
        """
        wanted = set(kinds)
        if any(finding.kind not in wanted for finding in findings):
            raise ValueError("a finding is of none of the kinds that are replaced")
        now = time.time()
        with self._database.transaction():
            dismissed = self._dismissed(wanted)
            self._remove(wanted)
            first = int(self._database.value("SELECT coalesce(max(id), 0) FROM finding")) + 1
            self._database.execute_many(
                "INSERT INTO finding (id, kind, score, message, found_at, dismissed) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        number,
                        f.kind,
                        float(f.score),
                        f.message,
                        now,
                        int(_identity(f.kind, f.message, f.ids) in dismissed),
                    )
                    for number, f in enumerate(findings, first)
                ),
            )
            self._database.execute_many(
                "INSERT INTO finding_image (finding_id, place, image_id) VALUES (?, ?, ?)",
                (
                    (number, place, int(image_id))
                    for number, finding in enumerate(findings, first)
                    for place, image_id in enumerate(finding.ids)
                ),
            )

    def list(self, kind: str | None = None, *, dismissed: bool = False, start: int = 0, limit: int = 200) -> Rows:
        """Return findings, strongest first: open ones, or the dismissed ones; of one kind or of all."""
        of_kind, parameters = ("kind = ? AND ", [kind]) if kind is not None else ("", [])
        return self._rows(
            f"SELECT id, kind, score, message, found_at, dismissed FROM finding WHERE {of_kind}dismissed = ?"
            " ORDER BY score DESC, id LIMIT ? OFFSET ?",
            [*parameters, int(dismissed), limit, start],
        )

    def get(self, finding_id: int) -> FindingRow | None:
        """Return a finding, or None where it is no longer kept."""
        found = self._rows(
            "SELECT id, kind, score, message, found_at, dismissed FROM finding WHERE id = ?", [int(finding_id)]
        )
        return found[0] if found else None

    def counts(self) -> dict[str, int]:
        """Return the number of open findings of each kind that has any."""
        return dict(
            self._database.rows("SELECT kind, count(*) FROM finding WHERE dismissed = 0 GROUP BY kind ORDER BY kind")
        )

    def dismiss(self, finding_ids: Iterable[int], on: bool = True) -> FindingsChange:
        """Dismiss the findings, or with ``on`` False open them again. Those that were so already are left out."""
        with self._database.transaction():
            rows = (self.get(number) for number in finding_ids)
            changed = tuple(found for found in rows if found is not None and found.dismissed != on)
            self._database.execute_many(
                "UPDATE finding SET dismissed = ? WHERE id = ?", ((int(on), found.id) for found in changed)
            )
        return FindingsChange(changed, on)

    def same_as(self, found: FindingRow) -> FindingRow | None:
        """Return the finding of now that says the same of the same images, or None."""
        known = self.get(found.id)
        if known is not None and _identity(*_said(known)) == _identity(*_said(found)):
            return known
        ids = self._database.rows(
            "SELECT id FROM finding LEFT JOIN finding_image ON finding_id = finding.id"
            " WHERE kind = ? AND CASE WHEN ? THEN image_id = ? ELSE message = ? END",
            (found.kind, bool(found.ids), found.ids[0] if found.ids else None, found.message),
        )
        rows = (self.get(number) for (number,) in ids)
        return next((row for row in rows if row and _identity(*_said(row)) == _identity(*_said(found))), None)

    def of(self, image_id: ImageId) -> Rows:
        """Return the open findings that the image is part of, strongest first."""
        return self._rows(
            "SELECT DISTINCT id, kind, score, message, found_at, dismissed FROM finding_image"
            " JOIN finding ON finding.id = finding_id WHERE image_id = ? AND dismissed = 0 ORDER BY score DESC, id",
            [int(image_id)],
        )

    def _rows(self, sql: str, parameters: Sequence[Any]) -> Rows:
        found = self._database.rows(sql, parameters)
        ids: dict[int, list[int]] = {row[0]: [] for row in found}
        pairs = self._database.rows(
            "SELECT finding_id, image_id FROM json_each(?) CROSS JOIN finding_image ON finding_id = json_each.value"
            " ORDER BY finding_id, place",
            (json.dumps(sorted(ids)),),
        )
        for number, image_id in pairs:
            ids[number].append(image_id)
        return [
            FindingRow(
                id=number,
                kind=kind,
                score=score,
                message=message,
                ids=tuple(ids[number]),
                found_at=datetime.fromtimestamp(found_at, UTC),
                dismissed=bool(dismissed),
            )
            for number, kind, score, message, found_at, dismissed in found
        ]

    def _dismissed(self, kinds: set[str]) -> set[tuple[str, str, frozenset[int]]]:
        rows = self._database.rows(
            "SELECT kind, message, group_concat(image_id) FROM finding"
            " LEFT JOIN finding_image ON finding_id = finding.id"
            " WHERE dismissed = 1 AND kind IN (SELECT value FROM json_each(?)) GROUP BY finding.id",
            (json.dumps(sorted(kinds)),),
        )
        return {_identity(kind, message, map(int, ids.split(",")) if ids else ()) for kind, message, ids in rows}

    def _remove(self, kinds: set[str]) -> None:
        named = (json.dumps(sorted(kinds)),)
        self._database.execute(
            "DELETE FROM finding_image WHERE finding_id IN"
            " (SELECT id FROM finding WHERE kind IN (SELECT value FROM json_each(?)))",
            named,
        )
        self._database.execute("DELETE FROM finding WHERE kind IN (SELECT value FROM json_each(?))", named)


def _said(found: FindingRow) -> tuple[str, str, tuple[int, ...]]:
    return found.kind, found.message, found.ids


def _identity(kind: str, message: str, ids: Iterable[int]) -> tuple[str, str, frozenset[int]]:
    """Return what makes a finding the same one when it is found again."""
    images = frozenset(map(int, ids))
    return kind, "" if images else message, images
