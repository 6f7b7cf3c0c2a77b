"""Finding a backbone by what people type: whatever the spelling, and by the other names a family goes by. Imports no torch."""

import functools
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.models.catalog import BackboneInfo

# What else the literature and its readers call a family.
_ALSO = {
    "CLIP": "image tower",
    "DINOv2": "dino self-supervised",
    "DINOv3": "dino self-supervised",
    "EfficientNet": "effnet",
    "EfficientNet V2": "effnet v2",
    "GoogLeNet": "inception v1",
    "ResNet V2": "bit big transfer pre-activation",
    "SE-Net": "squeeze-and-excitation",
    "SE-ResNet": "squeeze-and-excitation se-net",
    "SE-ResNeXt": "squeeze-and-excitation se-net",
    "Swin": "shifted windows transformer",
    "Swin V2": "shifted windows transformer",
    "ViT": "vision transformer",
    "Wide ResNet": "wrn",
}

_LETTERS = {"tiny": "t", "small": "s", "base": "b", "large": "l", "huge": "h", "giant": "g", "patch": ""}
"""Papers write ViT-B/16 and Swin-T for what timm calls vit_base_patch16 and swin_tiny."""

_SIZE = re.compile(rf"(?<=_)({'|'.join(_LETTERS)})(?![a-z])")


_MARKS = str.maketrans(dict.fromkeys(string.punctuation, " "))
_LONGEST = 5
"""So many words of a name are run together at most."""


@functools.lru_cache(maxsize=4096)
def squeezed(text: str) -> str:
    """Return what of a name counts: "resnet 50", "ResNet-50" and "ResNet_50" are all meant as resnet50."""
    return "".join(each for each in text.lower() if each.isalnum())


@dataclass(frozen=True)
class Searchable:
    """What a search looks in for one backbone: ``text`` as it is written, ``plain`` squeezed, from each word's start on."""

    text: str
    plain: str


def searchable(info: BackboneInfo) -> Searchable:
    """Return what a search looks in: names, family, year, and the tags of the weights with what they learned from."""
    name, also = info.name.partition("/")[2], _ALSO.get(info.family, "")
    text = " ".join((info.name, info.family, info.title, also, str(info.year or ""), *info.weights)).lower()
    short = _SIZE.sub(_letter, name)
    # What was learned from is not in the text: there "net" would find all of ImageNet's.
    starts = {name, short, *info.weights, f"{info.family} {also}".lower(), *(tag.dataset.lower() for tag in info.tags)}
    return Searchable(text, "".join(map(_starts, starts)))


def _letter(found: re.Match[str]) -> str:
    return _LETTERS[found[1]]


@functools.cache
def _starts(text: str) -> str:
    """Return the text squeezed, from each of its words on: "wide_resnet50" is found as wideresnet50 and as resnet50."""
    words = text.translate(_MARKS).split()
    return " ".join(["", *("".join(words[at : at + _LONGEST]) for at in range(len(words)))])


class Search:
    """What was typed; `finds` tells whether all of its words are in a name, each as written or whatever its spelling."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [(word.lower(), _start(word)) for word in words]
        self._whole = _start("".join(words))

    def finds(self, where: Searchable) -> bool:
        """Return whether this is meant; without words everything is."""
        each = all(word in where.text or plain in where.plain for word, plain in self._words)
        return each or self._whole in where.plain  # "squeezenet 1.1" is squeezenet1_1


def _start(word: str) -> str:
    return f" {squeezed(word) or word}"
