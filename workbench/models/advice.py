"""The textbook's advice: how much of a network to train, and which backbones suit, for the images at hand. No torch.

After the four cases of Stanford's CS231n ("Transfer learning": little or much data, similar or not to what the backbone
learned from) and Yosinski et al., "How transferable are features in deep neural networks?" (arXiv:1411.1792): the last
layers are the most particular, so that few images allow only these to move, and unlike images ask for more of them to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from workbench.models.catalog import BackboneInfo

FEW_IMAGES, MANY_IMAGES = 1_000, 10_000
FEW_OF_A_CLASS = 20
"""With fewer images than this of each class a data set is a small one, however many classes it has; a single class with
fewer is named."""
MANY_OF_A_CLASS = 200
SMALL_SIDE = 48
"""Images smaller than this are no more than a thumbnail is to a backbone made for photographs."""

FEATURES_GMACS = 60.0
"""Up to so much work per image where every image is looked at once, on a GPU."""

LEAST_TOP1 = 65
"""Below this accuracy on ImageNet, in percent, a backbone is not recommended for its speed."""

MOST_LISTED = 6


@dataclass(frozen=True)
class DataFacts:
    """What the advice needs to know.

    ``images`` counts those with a label, ``smallest_class`` those of the rarest class; ``width`` and ``height`` are the
    median in pixels, 0 where unknown. ``device`` is ``cpu``, ``cuda`` or ``mps``. ``similar`` says whether the images look
    like photographs of everyday things, as ImageNet's do.
    """

    images: int
    classes: int
    smallest_class: int
    width: int
    height: int
    device: str
    similar: Literal["similar", "different", "unknown"]


@dataclass(frozen=True)
class Advice:
    """``way`` is a key of `workbench.training.parts.WAYS`; ``sentence`` says what to do, ``why`` gives the reasons."""

    way: str
    sentence: str
    why: list[str]


@dataclass(frozen=True)
class Recommendation:
    """A backbone by its full name, and in one sentence why it suits."""

    name: str
    reason: str


_SENTENCES = {
    "features-once": "Keep the backbone as it is and train a classifier on its features: it takes minutes.",
    "frozen": "Keep the backbone as it is and train the head, with augmentation.",
    "partial": "Train the head and the last stages, and keep what comes before.",
    "gradual": "Train the head first, then the last stage, then everything: gradual unfreezing.",
    "full": "Train everything, the backbone at a gentle rate.",
}

_WAYS = {
    ("little", "similar"): "features-once",
    ("little", "unknown"): "features-once",
    ("little", "different"): "frozen",
    ("some", "similar"): "frozen",
    ("some", "unknown"): "partial",
    ("some", "different"): "gradual",
    ("much", "similar"): "full",
    ("much", "unknown"): "full",
    ("much", "different"): "full",
}

_AMOUNTS = {
    "little": "With so few images, a network that may change everywhere learns them by heart.",
    "some": "There are enough images to adapt a part of the network, not enough to learn it anew.",
    "much": "There are enough images to adapt the whole network without learning them by heart.",
}

_KINDS = {
    "similar": "The images look like those the backbone learned from, so that its features already fit.",
    "different": "The images differ from those the backbone learned from: its last layers, the most particular ones, "
    "have the most to learn.",
    "unknown": "Whether the images resemble everyday photographs is not said; this serves in both cases.",
}


def amount(facts: DataFacts) -> Literal["little", "some", "much"]:
    """Return how much data there is, as the textbook counts it: in all, and of each class; much needs much of the rarest."""
    if facts.images < FEW_IMAGES or facts.images < FEW_OF_A_CLASS * facts.classes:
        return "little"
    if facts.images >= MANY_IMAGES and facts.smallest_class >= MANY_OF_A_CLASS:
        return "much"
    return "some"


def advise(facts: DataFacts) -> Advice:
    """Return how to begin with these images."""
    size = amount(facts)
    way = _WAYS[size, facts.similar]
    why = [_AMOUNTS[size], _KINDS[facts.similar]]
    if size == "little" and facts.images >= FEW_IMAGES:
        why[0] = _AMOUNTS[size].replace("images", "images of each class")
    elif size != "little" and facts.smallest_class < FEW_OF_A_CLASS:
        rarest = _counted(facts.smallest_class, "image")
        why.append(f"The smallest class has {rarest}: more of it would help most; until then balance the classes.")
    if size == "little" and facts.similar == "different":
        why.append("Where accuracy stays low, let the last stages train too (partial).")
    if way == "full" and facts.device == "cpu":
        way = "partial"
        why.append("Training everything on so many images takes long on a processor; with a GPU train everything.")
    elif way == "gradual" and facts.device == "cpu":
        why.append("The later phases take longest on a processor; the run can be stopped once it no longer gains.")
    if 0 < min(facts.width, facts.height) < SMALL_SIDE:
        why.append("The images are tiny: compare with a small network trained from scratch (workbench/small_cnn).")
    return Advice(way, _SENTENCES[way], why)


def most_gmacs(facts: DataFacts) -> float:
    """Return up to how many thousand million multiply-adds per image a backbone is recommended.

    A rule of thumb to make a list short: the more images, the less work for each. What a run takes is measured by a probe.
    """
    if facts.device == "cpu":
        return {"little": 5.0, "some": 2.0, "much": 0.7}[amount(facts)]
    return {"little": 25.0, "some": 20.0, "much": 12.0}[amount(facts)]


def recommend(facts: DataFacts, backbones: Iterable[BackboneInfo]) -> list[Recommendation]:
    """Return a short list for these images, best first, each with its reason. From the catalogue's own figures.

    Only backbones count that have published weights, are not known to fail, and take no more work than `most_gmacs`.
    """
    every = list(backbones)
    limit = most_gmacs(facts)
    able = [each for each in every if _usable(each) and each.gmacs is not None and each.gmacs <= limit]
    rated = [each for each in able if each.top1 is not None]
    place = "on a processor" if facts.device == "cpu" else "on this machine"
    found: dict[str, str] = {}

    def add(info: BackboneInfo | None, reason: str) -> None:
        if info is not None:
            found.setdefault(info.name, f"{reason}: {_figures(info)}.")

    def best(share: float, of: Callable[[BackboneInfo], float]) -> BackboneInfo | None:
        return max((each for each in rated if (each.gmacs or 0) <= limit * share), key=of, default=None)

    fine = amount(facts) == "little" and facts.similar != "similar" and facts.device != "cpu"
    if fine:
        # Nothing but features is learned there, and these were made to serve without fine-tuning.
        for each in filter(_usable, every):
            if each.recommended and each.family.startswith("DINO") and (each.gmacs or 0) <= FEATURES_GMACS:
                add(each, "Its features separate images unlike photographs without fine-tuning")
    balanced = best(0.25, _accuracy)
    accurate = best(1.0, _accuracy)
    quick = max(
        (each for each in rated if _accuracy(each) >= LEAST_TOP1), key=lambda each: -(each.gmacs or 0), default=None
    )
    order = [
        (balanced, f"A good balance of accuracy and time {place}"),
        (accurate, f"The most accurate that still trains in reasonable time {place}"),
        (quick, f"The least work of all above {LEAST_TOP1} % on ImageNet"),
    ]
    for info, reason in order if facts.device == "cpu" else [order[1], order[0], order[2]]:
        add(info, reason)
    for each in sorted(able, key=lambda each: each.gmacs or 0, reverse=facts.device != "cpu"):
        if each.recommended:
            add(each, each.note or "A good first choice")
    listed = [Recommendation(name, reason) for name, reason in found.items()][:MOST_LISTED]
    if 0 < min(facts.width, facts.height) < SMALL_SIDE and any(each.name == "workbench/small_cnn" for each in every):
        side = min(facts.width, facts.height)
        reason = f"Made for small images such as these ({side} pixels): train it from scratch, to compare."
        listed = [*listed[: MOST_LISTED - 1], Recommendation("workbench/small_cnn", reason)]
    return listed


def _usable(info: BackboneInfo) -> bool:
    return bool(info.weights) and not info.unsupported and not info.exports.startswith("no:") and info.family != "Test"


def _accuracy(info: BackboneInfo) -> float:
    return info.top1 or 0.0


def _figures(info: BackboneInfo) -> str:
    parts = [f"{info.gmacs:.2g} GMACs"] if info.gmacs is not None else []
    if info.parameters is not None:
        parts.append(f"{info.parameters:.1f} M parameters")
    if info.top1 is not None:
        parts.append(f"{info.top1:.1f} % on ImageNet")
    return ", ".join(parts)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
