"""What to say about a part that a freeze plan names and the network does not have. Imports no torch."""

from collections.abc import Collection, Sequence

from workbench.errors import WorkbenchError
from workbench.registry import nearest

_MOST_NAMED = 6


def no_part(network: str, part: str, stages: Sequence[str], modules: Collection[str]) -> WorkbenchError:
    """Return the error for ``part``, with the nearest names among the ``stages`` and the paths of ``modules``."""
    return WorkbenchError(
        f"{network} has no part '{part}' that could train; {advice(_nearest(part, stages, modules), stages)} Correct the "
        "freeze plan."
    )


def advice(close: Sequence[str], stages: Sequence[str]) -> str:
    """Return a question for the names that are ``close``, or the first of the ``stages`` where none is."""
    if close:
        return f"did you mean {', '.join(close)}?"
    more = f" and {len(stages) - _MOST_NAMED} more" if len(stages) > _MOST_NAMED else ""
    return f"its stages are {', '.join(stages[:_MOST_NAMED])}{more} (workbench models show lists them)."


def _nearest(part: str, stages: Sequence[str], modules: Collection[str]) -> list[str]:
    if f"backbone.{part}" in modules:
        return [f"backbone.{part}"]
    near = nearest(part, stages, 2)
    return near + nearest(part, sorted(modules), 3 - len(near))
