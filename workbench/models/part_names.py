"""What to say about a part that a freeze plan names and the network does not have. Imports no torch."""

from collections.abc import Collection, Sequence

from workbench.errors import WorkbenchError
from workbench.registry import nearest


def no_part(network: str, part: str, stages: Sequence[str], modules: Collection[str]) -> WorkbenchError:
    """Return the error for ``part``, with the nearest names among the ``stages`` and the paths of ``modules``."""
    close = ", ".join(_nearest(part, stages, modules))
    return WorkbenchError(
        f"{network} has no part '{part}' that could train; did you mean {close}? Correct the freeze plan."
    )


def _nearest(part: str, stages: Sequence[str], modules: Collection[str]) -> Sequence[str]:
    if f"backbone.{part}" in modules:
        return [f"backbone.{part}"]
    near = nearest(part, stages, 2)
    return near + nearest(part, sorted(modules), 3 - len(near)) or stages
