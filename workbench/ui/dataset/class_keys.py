"""Which key labels with which class: the digits in the project's order, then letters that no other action has."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence

from workbench.project.settings import Settings

DIGITS = "1234567890"
LETTERS = "QWERTYASDFGHJKLZXCVBNMUIOP"
"""In the order of the rows of a keyboard: the left hand has most of them."""

SETTING = "class_keys"
"""The project's setting for keys that were chosen by hand, by class id."""

RESERVED = frozenset("BFINPUG")
"""Letters of actions that may not be there yet when keys are given out: the loupe's, the shell's, the panel's."""


def free_letters(taken: Iterable[str]) -> list[str]:
    """Return the letters that no action has, in the order in which they are given out."""
    used = RESERVED | {key.upper() for key in taken}
    return [letter for letter in LETTERS if letter not in used]


def assigned(ids: Sequence[int], *, taken: Iterable[str] = (), chosen: Mapping[int, str] | None = None) -> list[str]:
    """Return the key of each class, "" where there is none left: chosen ones first, then digits, then free letters.

    ``taken`` are keys of other actions; a chosen key that one of them has, or that two classes chose, counts once at most.
    """
    taken = [key.upper() for key in taken]
    letters = free_letters(taken)
    open_keys = [digit for digit in DIGITS if digit not in taken] + letters
    keys: dict[int, str] = {}
    for class_id in ids:
        wanted = (chosen or {}).get(class_id, "")
        if wanted in open_keys:
            keys[class_id] = wanted
            open_keys.remove(wanted)
    # A digit stands for the place in the order, also where another class chose a key of its own.
    for place, class_id in enumerate(ids):
        digit = DIGITS[place] if place < len(DIGITS) else ""
        if class_id not in keys and digit in open_keys and digit:
            keys[class_id] = digit
            open_keys.remove(digit)
    rest = iter([key for key in open_keys if key in letters])
    return [keys[class_id] if class_id in keys else next(rest, "") for class_id in ids]


def single_keys(actions: Iterable[QAction]) -> set[str]:
    """Return the plain digits and letters that these actions have."""
    found = set()
    for action in actions:
        for sequence in action.shortcuts():
            text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
            if len(text) == 1:
                found.add(text.upper())
    return found


def chosen_keys(settings: Settings) -> dict[int, str]:
    """Return the keys that were chosen by hand in this project."""
    stored = settings.get(SETTING, {})
    if not isinstance(stored, dict):
        return {}
    return {int(class_id): str(key).upper() for class_id, key in stored.items() if str(class_id).isdigit() and key}


def choose_key(settings: Settings, class_id: int, key: str) -> None:
    """Give a class a key by hand; "" leaves it to the order again. A class that had it loses it."""
    chosen = {known: kept for known, kept in chosen_keys(settings).items() if kept != key and known != class_id}
    if key:
        chosen[class_id] = key
    settings.set(SETTING, {str(known): kept for known, kept in chosen.items()})
