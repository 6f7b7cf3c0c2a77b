"""Does the project speak of left and right? Then a step that mirrors turns one into the other."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.data.reading import ImageError, metadata
from workbench.project.images import ImageRow
from workbench.project.project import Project

MOST_NAMES = 2000
"""File names and values that are looked at, evenly drawn."""

_WORDS = {
    "left": "left",
    "right": "right",
    "links": "left",
    "rechts": "right",
    "gauche": "left",
    "droite": "right",
    "droit": "right",
    "izquierdo": "left",
    "izquierda": "left",
    "derecho": "right",
    "derecha": "right",
    "sinistra": "left",
    "sinistro": "left",
    "destra": "right",
    "destro": "right",
    "od": "right",
    "os": "left",
}
_LETTERS = {"l": "left", "r": "right", "le": "left", "re": "right", "lt": "left", "rt": "right"}
_COLUMNS = re.compile(r"laterality|(^|[^a-z])(side|eye|auge|oeil|ojo|occhio)([^a-z]|$)", re.IGNORECASE)
_DICOM = ("Side", "Laterality")
"""What `reading.metadata` calls ImageLaterality and Laterality."""


@dataclass(frozen=True)
class Sides:
    """Where the project speaks of sides, in words; ``by_class`` where its classes themselves are sides."""

    evidence: list[str]
    by_class: bool
    images: int


def sides(project: Project, rows: Sequence[ImageRow]) -> Sides:
    """Look at the classes, the tags, the columns, the file names and, of the images in ``rows``, at what their files say.

    The letters L and R alone count in columns of that meaning, and in file names only where nearly every name has one.
    """
    found: list[str] = []
    names = [row.name for row in project.labels.classes()]
    by_class = len(set(_sides_of(names, _WORDS))) == 2
    if by_class:
        found.append(f"the classes are named by side ({_some(name for name in names if _side(name, _WORDS))})")
    tags = list(project.tags.counts())
    if any(_side(tag, _WORDS) for tag in tags):
        found.append(f"there are tags for sides ({_some(tag for tag in tags if _side(tag, _WORDS))})")
    found += _columns(project)
    found += _file_names(project)
    found += _headers(rows)
    return Sides(found, by_class, len(rows))


def _columns(project: Project) -> Iterator[str]:
    for name in project.fields.names():
        values = _spread(list(project.fields.values(name).values()))
        sided = list(_sides_of(values, _WORDS | _LETTERS))
        meant = bool(_COLUMNS.search(name.replace("_", " ")))
        if (meant and sided) or (len(set(sided)) == 2 and len(sided) >= 0.9 * len(values)):
            yield f"the column '{name}' says the side ({_some(dict.fromkeys(values))})"


def _file_names(project: Project) -> Iterator[str]:
    ids = project.images.ids()
    chosen = ids[:: max(1, -(-len(ids) // MOST_NAMES))]
    names: list[str] = []
    for start in range(0, len(chosen), 1000):
        names += [row.relative for row in project.images.page(chosen[start : start + 1000])]
    for words, least in ((_WORDS, 0.1), (_WORDS | _LETTERS, 0.9)):
        sided = [(name, side) for name in names if (side := _side(name.rpartition(".")[0] or name, words))]
        if len({side for _, side in sided}) == 2 and len(sided) >= least * len(names):
            of = f"{len(sided):,} of {len(names):,} file names say the side"
            example = {side: name.rpartition("/")[2] for name, side in sided}
            yield f"{of} (for example {_some(example.values())})"
            return


def _headers(rows: Sequence[ImageRow]) -> Iterator[str]:
    said: list[str] = []
    for row in rows:
        if row.channels and row.path.suffix.lower() not in (".dcm", ".dicom", ".ima", ""):
            continue
        try:
            facts = dict(metadata(row.path))
        except ImageError:
            continue
        said += [side for name in _DICOM if (side := _side(facts.get(name, ""), _WORDS | _LETTERS))]
    if said:
        yield f"the DICOM tags of {len(said):,} of {len(rows):,} images say the side"


def _side(text: str, words: dict[str, str]) -> str:
    """Return left or right where the text has exactly one of them as a word, "" otherwise."""
    # fundusOD.png and eye_left01: a change of case and a digit end a word as a blank does.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    found = {words[token] for token in re.findall(r"[^\W\d_]+", spaced.lower()) if token in words}
    return found.pop() if len(found) == 1 else ""


def _sides_of(texts: Iterable[str], words: dict[str, str]) -> Iterator[str]:
    return (side for text in texts if (side := _side(text, words)))


def _spread(values: list[str]) -> list[str]:
    return values[:: max(1, -(-len(values) // MOST_NAMES))]


def _some(words: Iterable[str]) -> str:
    listed = list(words)
    return ", ".join(listed[:2])
