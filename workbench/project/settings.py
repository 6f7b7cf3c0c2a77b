"""Small settings of a project, as JSON by key."""

import json
from typing import Any

from workbench.project.database import Database


class Settings:
    """Keys are plain names ("decoding"); values anything that JSON holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value, or ``default`` where it was never set."""
        text = self._database.value("SELECT value FROM setting WHERE key = ?", (key,))
        return default if text is None else json.loads(text)

    def set(self, key: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        with self._database.transaction():
            self._database.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", (key, text))
