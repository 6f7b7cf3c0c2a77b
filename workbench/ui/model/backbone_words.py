"""What the catalogue knows of a backbone, in words and numbers as people read them. No Qt."""

from workbench.models.catalog import BackboneInfo
from workbench.ui import figures


def plain(info: BackboneInfo) -> str:
    """Return the name without the library before it."""
    return info.name.partition("/")[2] or info.name


def millions(parameters: float | None) -> str:
    """Return a count of parameters, given in millions, in words: 3.5 -> "3.5 M", 0.83 -> "830 k"; None -> "–"."""
    if parameters is None:
        return "–"
    if parameters < 1:
        return f"{parameters * 1000:.0f} k"
    return f"{parameters:.1f} M" if parameters < 100 else f"{figures.count(round(parameters))} M"


def giga(gmacs: float | None) -> str:
    """Return multiply-adds of one image, given in 10**9, as text: 0.3123 -> "0.31", 15.47 -> "15.5"; None -> "–"."""
    if gmacs is None:
        return "–"
    if gmacs < 1:
        return f"{gmacs:.2f}" if gmacs >= 0.005 else f"{gmacs:.1g}"
    return f"{gmacs:.1f}" if gmacs < 100 else figures.count(round(gmacs))


def top1(share: float | None) -> str:
    """Return an accuracy in percent: 72.154 -> "72.2 %"; None -> "–"."""
    return "–" if share is None else f"{share:.1f}{figures.THIN_SPACE}%"


def exports_word(info: BackboneInfo) -> tuple[str, str]:
    """Return ``yes``, ``no`` or ``not tried``, and why."""
    word, _, why = info.exports.partition(":")
    return word.strip(), why.strip()
