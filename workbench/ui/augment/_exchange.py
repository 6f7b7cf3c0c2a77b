"""Stands in for `workbench.augment.exchange` until it is on main."""

from pathlib import Path

from workbench.augment import catalog
from workbench.augment.chain import GROUPS, Chain
from workbench.errors import WorkbenchError


def read(path: Path) -> Chain:
    try:
        chain = Chain.load(path)
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"{path} cannot be read ({error}); choose a chain saved by Workbench.") from error
    for _, step in chain.walk():
        if step.transform not in GROUPS:
            catalog.find(step.transform)
    return chain


def write(chain: Chain, path: Path, *, side: int, kind: str) -> None:
    try:
        chain.save(path)
    except OSError as error:
        raise WorkbenchError(f"The chain cannot be saved to {path}: {error.strerror}; choose another place.") from error
