"""Copies in the data set: files of the same content, and images that look alike although their files differ."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.curation.finding import Finding
from workbench.curation.hashes import SIGNATURE, Signatures, SignatureStore
from workbench.curation.likeness import Pairs, pairs, stars
from workbench.curation.pictures import pages
from workbench.curation.turned import turned_pairs
from workbench.embedding.embed import Vectors
from workbench.embedding.neighbours import unit
from workbench.jobs import Event
from workbench.project.findings import NewFinding
from workbench.project.images import ImageRow
from workbench.project.project import Project

_ALL = 10**9


@dataclass(frozen=True)
class Near:
    """Images that look alike although their files differ: ids ascending, and how alike the least alike of them are.

    ``turned``: some of them only once they are mirrored or turned.
    """

    ids: list[int]
    score: float
    turned: bool = False


def find(project: Project, vectors: Vectors | None = None) -> Iterator[Event]:
    """Yield Progress, Noticed, and Findings: exact copies, then near-duplicates, each strongest first.

    A finding names all images of a group; of an image with exact copies, all of these. ``vectors`` are embeddings, as
    second evidence.
    """
    store = SignatureStore(project)
    yield from store.complete()
    copies, signatures = contents(project, store)
    yield from exact(project, copies)
    for near in (yield from near_duplicates(copies, signatures, vectors)):
        yield _near(_rows(project, near.ids), near)


def near_duplicates(
    copies: list[list[int]], signatures: Signatures, vectors: Vectors | None = None
) -> Generator[Event, None, list[Near]]:
    """Return the groups that look alike, strongest first, of what `contents` gives; use it with ``yield from``."""
    upright = yield from pairs(signatures)
    turned = yield from turned_pairs(signatures, upright)
    found = Pairs(*(np.concatenate([getattr(each, name) for each in (upright, turned)]) for name in _FIELDS))
    if vectors is not None:
        found = with_embeddings(found, copies, vectors)
    other_way = set(zip(turned.first.tolist(), turned.second.tolist(), strict=True))
    groups = []
    for places, score in stars(found):
        ways = {(min(places[0], place), max(places[0], place)) for place in places[1:]}
        ids = sorted(image_id for place in places for image_id in copies[place])
        groups.append(Near(ids, score, turned=bool(ways & other_way)))
    return sorted(groups, key=lambda near: (-near.score, near.ids))


def with_embeddings(found: Pairs, copies: list[list[int]], vectors: Vectors) -> Pairs:
    """Return the pairs with scores that count, for a fifth, how much nearer their embeddings are than is usual."""
    rows = {image_id: row for row, image_id in enumerate(vectors.ids.tolist())}
    row_of = np.array([next((rows[i] for i in ids if i in rows), -1) for ids in copies], dtype=np.int64)
    first, second = row_of[found.first], row_of[found.second]
    known = np.flatnonzero((first >= 0) & (second >= 0))
    if not len(known) or len(vectors.ids) < 3:
        return found
    random = np.random.default_rng(0)
    one, other = random.integers(0, len(vectors.ids), (2, 1000))
    usual = min(0.99, float(np.median(_cosine(vectors, one[one != other], other[one != other]))))
    score = found.score.copy()
    for start in range(0, len(known), 4096):
        part = known[start : start + 4096]
        evidence = np.clip((_cosine(vectors, first[part], second[part]) - usual) / (1 - usual), 0, 1)
        score[part] = 0.8 * score[part] + 0.2 * evidence
    return Pairs(found.first, found.second, score)


def _cosine(vectors: Vectors, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    one, other = unit(vectors.vectors[first]), unit(vectors.vectors[second])
    cosine: NDArray[np.float64] = np.einsum("ij,ij->i", one, other).astype(np.float64)
    return cosine


_FIELDS = ("first", "second", "score")


def contents(project: Project, store: SignatureStore) -> tuple[list[list[int]], Signatures]:
    """Return the ids of the images of each content, and the signature of each content. Images never read are left out."""
    places: dict[str, int] = {}
    copies: list[list[int]] = []
    records = []
    for rows in pages(project, size=1000):
        signatures, there = store.load(rows)
        fresh = []
        for number, row in enumerate(rows):
            content = store.hash_of(row)
            if content is None or not there[number]:
                continue
            if content not in places:
                places[content] = len(copies)
                copies.append([])
                fresh.append(number)
            copies[places[content]].append(int(row.id))
        records.append(signatures[fresh])
    return copies, np.concatenate(records) if records else np.empty(0, dtype=SIGNATURE)


def exact(project: Project, copies: list[list[int]]) -> Iterator[Finding]:
    """Yield a finding for each content that several images have, the most copies first."""
    for ids in sorted((ids for ids in copies if len(ids) > 1), key=len, reverse=True):
        rows = _rows(project, ids)
        message = f"{len(ids):,} files have the same content{_labelled(rows)}."
        yield Finding("exact-copy", [row.relative for row in rows], 1.0, message, ids)


def remember(project: Project, groups: list[Near]) -> None:
    """Keep the groups that no finding of the project holds yet, beside those that are kept; dismissed ones stay so."""
    kept = [
        *project.findings.list("near-duplicate", limit=_ALL),
        *project.findings.list("near-duplicate", dismissed=True, limit=_ALL),
    ]
    holding: dict[int, list[frozenset[int]]] = {}
    for row in kept:
        ids = frozenset(map(int, row.ids))
        for image_id in ids:
            holding.setdefault(image_id, []).append(ids)
    fresh = [near for near in groups if not any(set(near.ids) <= ids for ids in holding.get(near.ids[0], ()))]
    if fresh:
        found = [_near(_rows(project, near.ids), near) for near in fresh]
        project.findings.replace(
            ["near-duplicate"],
            [
                *(NewFinding(row.kind, row.score, row.message, row.ids) for row in kept),
                *(NewFinding(each.kind, each.score, each.message, tuple(each.ids)) for each in found),
            ],
        )


def _near(rows: list[ImageRow], near: Near) -> Finding:
    sizes = list(dict.fromkeys(f"{row.width} x {row.height}" for row in rows))
    how = f"sizes {', '.join(sizes[:4])}" if len(sizes) > 1 else "of one size, but encoded or edited anew"
    how = f"mirrored or turned, {how}" if near.turned else how
    message = f"{len(rows):,} images look the same although their files differ ({how}){_labelled(rows)}."
    return Finding(
        "near-duplicate", [row.relative for row in rows], round(near.score, 4), message, [int(row.id) for row in rows]
    )


def _labelled(rows: list[ImageRow]) -> str:
    """Return a clause for copies whose labels differ, which is the worst of it."""
    classes = {row.class_id for row in rows if row.class_id is not None}
    return ", and their labels differ" if len(classes) > 1 else ""


def _rows(project: Project, ids: list[int]) -> list[ImageRow]:
    wanted: NDArray[np.int64] = np.asarray(ids, dtype=np.int64)
    return [row for page in pages(project, wanted, size=1000) for row in page]
