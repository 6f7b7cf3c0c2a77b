"""Which lost file is which new one: by content, or by size and name where the content was never hashed. Nothing is guessed."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeVar

from workbench.project.ids import RootId
from workbench.project.moving import LostFile

_Key = TypeVar("_Key", bound=Hashable)
_DEPTHS = (1_000, 3, 2, 1)
"""How many of the last parts of a path must be alike, tried in this order, where several files have one content."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that the project does not know; ``relative`` is posix below its root."""

    root: RootId
    relative: str
    bytes: int


@dataclass
class Matched:
    """``pairs`` are certain; ``unclear`` are groups of lost and new files that are alike, and more than one of a side."""

    pairs: list[tuple[LostFile, NewFile]] = field(default_factory=list)
    unclear: list[tuple[list[LostFile], list[NewFile]]] = field(default_factory=list)


def worth_hashing(lost: Sequence[LostFile], new: Sequence[NewFile]) -> list[NewFile]:
    """Return the new files that are as long as a lost one whose content is known."""
    sizes = {file.bytes for file in lost if file.content_hash is not None}
    return [file for file in new if file.bytes in sizes]


def match(
    lost: Sequence[LostFile], new: Sequence[NewFile], hashes: Mapping[NewFile, str], *, occupied: Set[NewFile]
) -> Matched:
    """Pair lost files with new ones; ``hashes`` are the content hashes of the files of `worth_hashing`.

    ``occupied`` are those of the new files that lie where another image was: only their content can tell what they are.
    """
    found = Matched()
    _by_content(lost, new, hashes, found)
    taken = {file for _, file in found.pairs} | {file for _, files in found.unclear for file in files} | occupied
    unhashed = [file for file in lost if file.content_hash is None]
    remaining = [file for file in new if file not in taken]
    before = _grouped(unhashed, [(file.bytes, _name(file.relative)) for file in unhashed])
    after = _grouped(remaining, [(file.bytes, _name(file.relative)) for file in remaining])
    for key, gone in before.items():
        came = after.get(key, [])
        if len(gone) == len(came) == 1:
            found.pairs.append((gone[0], came[0]))
        elif came:
            found.unclear.append((gone, came))
    return found


def _by_content(
    lost: Sequence[LostFile], new: Sequence[NewFile], hashes: Mapping[NewFile, str], found: Matched
) -> None:
    hashed = [file for file in lost if file.content_hash is not None]
    candidates = [file for file in new if file in hashes]
    before = _grouped(hashed, [str(file.content_hash) for file in hashed])
    after = _grouped(candidates, [hashes[file] for file in candidates])
    for content, gone in before.items():
        came = after.get(content, [])
        for depth in _DEPTHS:
            if min(len(gone), len(came)) == 0 or len(gone) == len(came) == 1:
                break
            gone, came = _by_path(gone, came, depth, found)
        if len(gone) == len(came) == 1:
            found.pairs.append((gone[0], came[0]))
        elif gone and came:
            found.unclear.append((gone, came))


def _by_path(
    gone: list[LostFile], came: list[NewFile], depth: int, found: Matched
) -> tuple[list[LostFile], list[NewFile]]:
    """Pair the files whose paths end alike and like no other's; return the rest."""
    before = _grouped(gone, [tuple(file.relative.split("/")[-depth:]) for file in gone])
    after = _grouped(came, [tuple(file.relative.split("/")[-depth:]) for file in came])
    sure = [key for key in before if len(before[key]) == 1 and len(after.get(key, [])) == 1]
    found.pairs += [(before[key][0], after[key][0]) for key in sure]
    lost, new = {before[key][0].id for key in sure}, {after[key][0] for key in sure}
    return [file for file in gone if file.id not in lost], [file for file in came if file not in new]


_File = TypeVar("_File")


def _grouped(files: Sequence[_File], keys: Sequence[_Key]) -> dict[_Key, list[_File]]:
    groups: dict[_Key, list[_File]] = defaultdict(list)
    for file, key in zip(files, keys, strict=True):
        groups[key].append(file)
    return dict(groups)


def _name(relative: str) -> str:
    return relative.rpartition("/")[2]
