"""Which classes of a published classifier mean which of ours, by name. Imports no torch."""

import re
from collections.abc import Mapping, Sequence

from workbench.errors import WorkbenchError
from workbench.registry import nearest

HOW = 'method={{kind = "as-is", classes = {{{0} = ["{1}"]}}}}'


class NoAnswer(WorkbenchError):
    """No published class is called ``name``; ``close`` are those named most alike, which may be none."""

    def __init__(self, sentence: str, name: str, close: Sequence[str]) -> None:
        super().__init__(sentence)
        self.name, self.close = name, tuple(close)


def answers(
    classes: Sequence[str], published: Sequence[str], chosen: Mapping[str, Sequence[str]] = {}
) -> list[list[int]]:
    """Return, for each of ``classes``, the indices into ``published`` of those that answer for it, at least one.

    ``published`` names may list synonyms after commas ("ant, emmet, pismire"). Names are the same in any case, with any
    of space, underscore and hyphen between words, and in singular or plural. ``chosen`` says itself what answers for a
    class. Raises NoAnswer for a class without an answer, WorkbenchError for names that are not there and where one
    published class answers for two.
    """
    by_name: dict[str, list[int]] = {}
    for index, name in enumerate(published):
        for synonym in {form for part in (name, *name.split(",")) for form in _forms(part)}:
            by_name.setdefault(synonym, []).append(index)
    unknown = [name for name in chosen if name not in classes]
    if unknown:
        raise WorkbenchError(
            f"The project has no class '{unknown[0]}' for which classes of the classifier are chosen (method.classes); "
            f"it has {', '.join(classes[:5])}."
        )
    found = []
    for name in classes:
        if name in chosen:
            found.append(_chosen(name, chosen[name], published, by_name))
        else:
            found.append(_by_name(name, published, by_name))
    taken: dict[int, str] = {}
    for name, indices in zip(classes, found, strict=True):
        for index in indices:
            if index in taken:
                raise WorkbenchError(
                    f"The class '{published[index]}' of the classifier would answer for both '{taken[index]}' and '{name}'; "
                    "choose others for one of them (method.classes)."
                )
            taken[index] = name
    return found


def _chosen(name: str, wanted: Sequence[str], published: Sequence[str], by_name: Mapping[str, list[int]]) -> list[int]:
    indices: list[int] = []
    for word in wanted:
        some = _of(word, by_name)
        if not some:
            close = ", ".join(f"'{other}'" for other in _close(word, published)) or "another"
            raise WorkbenchError(
                f"The classifier has no class '{word}', which is to answer for '{name}' (method.classes); did you mean {close}?"
            )
        indices += some
    if not indices:
        raise WorkbenchError(
            f"No class of the classifier is chosen to answer for '{name}'; name some (method.classes)."
        )
    return sorted(set(indices))


def _by_name(name: str, published: Sequence[str], by_name: Mapping[str, list[int]]) -> list[int]:
    indices = _of(name, by_name)
    if indices:
        return indices
    close = _close(name, published)
    like = f"; those named most alike are {', '.join(repr(other) for other in close)}" if close else ""
    example = HOW.format(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"', close[0] if close else "NAME")
    raise NoAnswer(
        f"None of the {len(published):,} classes of the pretrained classifier is called '{name}'{like}; say which of them "
        f"mean it ({example}), or train a head.",
        name,
        close,
    )


def _of(name: str, by_name: Mapping[str, list[int]]) -> list[int]:
    """Return what a name finds: by itself, else by its singular."""
    for form in _forms(name):
        if form in by_name:
            return by_name[form]
    return []


def _forms(name: str) -> list[str]:
    """Return the name in lower case with single spaces, then what its singular may be."""
    plain = " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
    forms = [plain]
    if plain.endswith("ies") and len(plain) > 4:
        forms.append(plain[:-3] + "y")
    if plain.endswith("es") and len(plain) > 3:
        forms.append(plain[:-2])
    if plain.endswith("s") and not plain.endswith("ss") and len(plain) > 2:
        forms.append(plain[:-1])
    return forms


def _close(name: str, published: Sequence[str]) -> list[str]:
    """Return names that hold the word as one of theirs, else such as read like it."""
    forms = _forms(name)
    holding = [other for other in published if any(form in _words(other) for form in forms)]
    return holding[:3] or nearest(forms[0], published)


def _words(name: str) -> set[str]:
    return {form for word in re.split(r"[^\w]+", name.casefold()) if word for form in _forms(word)}
