"""Saved filters: queries that the user gave a name."""

from workbench.errors import WorkbenchError
from workbench.project.changes import one_line
from workbench.project.query import Query
from workbench.project.settings import Settings

_SETTING = "filters"


class SavedFilters:
    """The saved filters of a project, in the order in which they were saved."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def list(self) -> dict[str, Query]:
        """Return the filters by name. One that this Workbench cannot read is kept, but not listed."""
        found = {}
        for name, content in self._stored().items():
            try:
                found[name] = Query.from_dict(content)
            except WorkbenchError:  # from a later Workbench: of no use here, and not to be lost
                continue
        return found

    def save(self, name: str, query: Query) -> None:
        """Save a filter, in place of one that has the name. Raises WorkbenchError for an empty name."""
        name = one_line(name, "A filter")
        self._settings.set(_SETTING, self._stored() | {name: query.as_dict()})

    def remove(self, name: str) -> None:
        """Forget a filter; there need not be one of that name."""
        self._settings.set(_SETTING, {known: content for known, content in self._stored().items() if known != name})

    def _stored(self) -> dict[str, object]:
        stored = self._settings.get(_SETTING)
        return stored if isinstance(stored, dict) else {}
