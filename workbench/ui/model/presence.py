"""Which published weights are on this machine, asked of a whole catalogue at once: the folders are listed, not probed."""

import os
from pathlib import Path

from workbench.models import caches, packs
from workbench.models.catalog import BackboneInfo


class Presence:
    """What lies in the packs and caches now. Make another one to look again."""

    def __init__(self) -> None:
        self._packs = packs.index()
        self._torch = _listed(caches.torch_checkpoints())
        self._hub = _listed(caches.hub_cache())

    def tags(self, info: BackboneInfo) -> list[str]:
        """Return those of a backbone's published weights that are here, in the catalogue's order."""
        return [
            tag.name
            for tag in info.tags
            if self._packs.find(info.name, tag.name) or any(self._has(file) for file in tag.files)
        ]

    def _has(self, file: str) -> bool:
        source, _, name = file.partition(":")
        if source == "torch":
            return name in self._torch
        repository = name.partition("#")[0].partition("@")[0]
        return f"models--{repository.replace('/', '--')}" in self._hub and caches.cached(file) is not None


def _listed(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()  # nothing was ever downloaded
