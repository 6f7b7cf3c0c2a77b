"""Where the files under ``resources/`` are, in a checkout and in an installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def path(*parts: str) -> Path:
    """Return the path of a bundled resource, for example ``path("backbones.json")``.

    A wheel carries the folder inside the package; a checkout has it beside the package.
    """
    inside = _PACKAGE / "_resources"
    root = inside if inside.is_dir() else _PACKAGE.parent / "resources"
    return root.joinpath(*parts)
