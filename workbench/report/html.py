"""The HTML report: one self-contained file, light and dark, no scripts."""

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from workbench import resources
from workbench.data.reading import Decoding, ImageError, read_image
from workbench.evaluation.results import Evaluated

PICTURES = 24
_SIDE = 192

Facts = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""Headings with rows of name and value."""


@dataclass(frozen=True)
class Picture:
    """A wrongly classified image as the report shows it: ``source`` is a data URI, ``confidence`` that of the prediction."""

    source: str
    name: str
    true: str
    predicted: str
    confidence: float


def render(
    evaluated: Evaluated, *, title: str, parity: dict[str, Any] | None, mistakes: Sequence[Picture], facts: Facts
) -> str:
    """Return the report as HTML. Names come from users and are escaped; ``parity`` is `export.parity.Parity` as a dictionary."""
    environment = environment_for("html")
    return environment.get_template("report.html.j2").render(
        title=title,
        result=asdict(evaluated),
        parity=parity,
        mistakes=mistakes,
        facts=facts,
        share=share,
        range=interval,
        count=thousands,
    )


def environment_for(kind: str) -> jinja2.Environment:
    """Return the template environment of the package's texts: ``html`` escapes everything, ``text`` nothing."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.path("package")),
        autoescape=kind == "html",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def picture(
    path: Path, decoding: Decoding, *, name: str, true: str, predicted: str, confidence: float
) -> Picture | None:
    """Return a picture of at most 192 pixels a side; None where the file cannot be read any more."""
    try:
        pixels = read_image(path, decoding, reduce_to=_SIDE)
    except ImageError:
        return None
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=85)
    source = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(source, name, true, predicted, confidence)


def share(value: float) -> str:
    """Return a share with as many digits as make sense: 0.93, but 0.996 rather than 1.00."""
    return f"{value:.3f}" if 0.99 < value < 1 or 0 < value < 0.01 else f"{value:.2f}"


def interval(bounds: Sequence[float]) -> str:
    """Return an interval as it is written everywhere: [0.90, 0.95]."""
    return f"[{bounds[0]:.2f}, {bounds[1]:.2f}]"


def thousands(value: float) -> str:
    """Return a whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u202f")
