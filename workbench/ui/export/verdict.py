"""The parity of a package in words: does the exported file answer as the trained model does?"""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from workbench.ui import figures

SMALLEST = 1e-9


@dataclass(frozen=True)
class Verdict:
    """``tone`` is green, amber or red; ``sentence`` says it, ``details`` are the figures."""

    tone: str
    sentence: str
    details: str


def of(parity: dict[str, Any]) -> Verdict:
    """Return the verdict of a ``parity.json``, or of the ``parity`` of an `Exported`."""
    tr = QCoreApplication.translate
    images, flips = int(parity["images"]), int(parity["flips"])
    largest, tolerance = float(parity["max_abs_diff"]), float(parity.get("tolerance", 1e-4))
    split = {
        "test": tr("Verdict", "test images"),
        "validation": tr("Verdict", "validation images"),
        "train": tr("Verdict", "training images"),
    }.get(str(parity.get("split", "test")), tr("Verdict", "images"))
    counted = f"{figures.count(images)} {split}"
    details = [
        counted,
        tr("Verdict", "largest difference in probability {0}").format(small(largest)),
        tr("Verdict", "no decision differs")
        if flips == 0
        else tr("Verdict", "{0} decisions differ").format(figures.count(flips)),
    ]
    if parity.get("skipped"):
        details.append(tr("Verdict", "{0} could not be read").format(figures.count(int(parity["skipped"]))))
    if images == 0:
        return Verdict("amber", tr("Verdict", "Not compared: no image could be read."), " · ".join(details))
    if flips:
        sentence = tr("Verdict", "It decides differently on {0} of {1}: do not use it.").format(
            figures.count(flips), counted
        )
        return Verdict("red", sentence, " · ".join(details))
    if largest > tolerance:
        sentence = tr("Verdict", "Same decisions on all {0}, but probabilities differ by up to {1}.").format(
            counted, small(largest)
        )
        return Verdict("amber", sentence, " · ".join(details))
    sentence = tr("Verdict", "Answers as the trained model does, on all {0}.").format(counted)
    return Verdict("green", sentence, " · ".join(details))


def small(value: float) -> str:
    """Return a small difference without an exponent that nobody reads: 3.1e-06 -> "0.000003"."""
    if value == 0:
        return "0"
    if value < SMALLEST:
        return QCoreApplication.translate("Verdict", "under {0}").format(f"{SMALLEST:.9f}")
    digits = next(digits for digits in range(3, 10) if round(value, digits) > 0)
    return f"{value:.{digits}f}"
