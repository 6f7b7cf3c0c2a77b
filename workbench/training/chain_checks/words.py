"""Figures and names in the sentences of the checks."""

from functools import cache

from workbench.augment import catalog


def percent(share: float) -> str:
    """0.413 -> "41 %", 0.004 -> "0.4 %"."""
    return f"{share * 100:.1f} %" if 0 < share < 0.01 else f"{share * 100:.0f} %"


def counted(number: int, one: str) -> str:
    """1, "image" -> "1 image"; 1200 -> "1,200 images"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def applied(transform: str, chance: float) -> str:
    """Return the transform's title, with how often it is applied where that is not always."""
    if chance >= 0.995:
        return titled(transform)
    return f"{titled(transform)}, where it is applied ({percent(chance)} of the images),"


def rate(per_second: float) -> str:
    """Two or three figures that mean something: 12.3, 310, 4 200 -> "4,200"."""
    if per_second < 20:
        return f"{per_second:.1f}".removesuffix(".0")
    digits = 10 if per_second >= 100 else 1
    return f"{round(per_second / digits) * digits:,}"


def milliseconds(value: float) -> str:
    """0.042 -> "0.04 ms", 12.34 -> "12 ms"."""
    return f"{value:.2f} ms" if value < 1 else f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def capital(text: str) -> str:
    """Return the text with a capital to begin with."""
    return text[:1].upper() + text[1:]


def titled(transform: str) -> str:
    """Return the transform's title as the panel shows it; its own name where the catalogue does not know it."""
    return _titles().get(transform, transform)


@cache
def _titles() -> dict[str, str]:
    return {known.name: known.title for known in catalog.transforms()}
