"""Numbers as the user reads them: thousands separated, units always, never more digits than mean something."""

import math

THIN_SPACE = "\u202f"


def count(number: int) -> str:
    """12480 -> "12 480", with a narrow no-break space."""
    return f"{number:,}".replace(",", THIN_SPACE)


def counted(number: int, one: str, many: str) -> str:
    """1, "image", "images" -> "1 image"."""
    return f"{count(number)} {one if number == 1 else many}"


def score(value: float) -> str:
    """0.9333 -> "0.93"."""
    return f"{value:.2f}"


def interval(value: float, low: float, high: float) -> str:
    """0.9333, 0.9, 0.951 -> "0.93 [0.90, 0.95]"."""
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def percent(share: float) -> str:
    """0.413 -> "41 %"."""
    return f"{share * 100:.0f}{THIN_SPACE}%"


def duration(seconds: float) -> str:
    """Rounded to what matters: "8 s", "6 min", "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def size(count_bytes: float) -> str:
    """8912345 -> "8.9 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count_bytes < 1000 or unit == "GB":
            return f"{count_bytes:.0f} {unit}" if unit == "B" or count_bytes >= 100 else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    raise AssertionError("unreachable")


def rate(value: float) -> str:
    """Two significant digits, written out as far as they can be read: 0.01, 0.0002, 0.00002, "2.3e-6"."""
    if value <= 0:
        return "0"
    places = 1 - math.floor(math.log10(value))
    if places > 6:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    text = f"{value:.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure(value: float) -> str:
    """Four significant digits at most, for axes and read-outs: 0.0312, 1.5, 12 480."""
    if value == int(value) and abs(value) < 1e9:
        return count(int(value))
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.4g}"
