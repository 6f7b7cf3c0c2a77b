"""Named things (backbone libraries, exporters) and the entry points through which plug-ins add their own."""

import difflib
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from workbench.errors import WorkbenchError

T = TypeVar("T")


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return up to ``count`` of ``names`` that read most like ``name``, best first."""
    return difflib.get_close_matches(name, list(names), n=count, cutoff=0.4)


class Registry(Generic[T]):
    """A dictionary of one kind of thing, filled by decorator and by the entry-point group ``workbench.<kind>``."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        self._plugins_loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorate what is to be known as ``name``. A name can be taken once."""

        def add(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._entries[name] = entry
            return entry

        return add

    def names(self) -> list[str]:
        self._load_plugins()
        return sorted(self._entries)

    def get(self, name: str) -> T:
        """Return the entry. Raises WorkbenchError that names the nearest entries."""
        self._load_plugins()
        if name not in self._entries:
            close = ", ".join(nearest(name, self._entries)) or ", ".join(sorted(self._entries))
            raise WorkbenchError(f"There is no {self.kind} named '{name}'; did you mean {close}?")
        return self._entries[name]

    def _load_plugins(self) -> None:
        if self._plugins_loaded:
            return
        self._plugins_loaded = True
        for point in entry_points(group=f"workbench.{self.kind}"):
            self._entries.setdefault(point.name, point.load())
