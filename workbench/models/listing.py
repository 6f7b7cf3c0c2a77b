"""Which published weights there are, where they lie on this machine, and where they would come from. Imports no torch."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from workbench.jobs import Event, Job, Noticed, Stop
from workbench.models import caches, packs
from workbench.models.catalog import backbones, find, with_tag


@dataclass(frozen=True)
class WeightsListed:
    """One of the weights of a backbone. ``where`` is "pack", "cache", or "" where they are not on this machine.

    ``bytes`` is the size of the file at ``path``; both are empty for weights that are not here.
    """

    name: str
    tag: str
    default: bool
    where: str
    path: str
    bytes: int
    licence: str | None


@dataclass(frozen=True)
class WeightsCounted:
    """The end of a list: how many weights it named, and how many of these are here."""

    listed: int
    here: int


@dataclass(frozen=True)
class WeightsPlace:
    """A folder or an address that weights come from, in the order in which they are looked for.

    ``kind`` is "packs", "torch", "hub", "torch server", "hub server" or "proxy"; ``setting`` is the variable of the
    environment that changes it. ``free`` bytes are on the disk of a folder, ``weights`` files in it; both are None for an
    address.
    """

    kind: str
    place: str
    setting: str
    exists: bool
    free: int | None
    weights: int | None


def list_weights(names: Sequence[str] = (), *, all_: bool = False) -> Job:
    """Return the job that lists the weights of these backbones; without names those that are here, with ``all_`` every one.

    Yields WeightsListed, Noticed for packs that cannot be read, and WeightsCounted. Raises WorkbenchError for unknown names.
    """

    def job(_: Stop) -> Iterator[Event]:
        found = [find(name) for name in names] if names else backbones()
        packed_here = packs.index()
        for problem in (*packed_here.problems, *packed_here.missing()):
            yield Noticed(problem)
        listed = here = 0
        for info in found:
            for at, tag in enumerate(info.weights):
                each = with_tag(info, tag)
                packed = packed_here.find(info.name, tag)
                path = packed.path if packed else next(filter(None, map(caches.cached, each.files)), None)
                if path is None and not (names or all_):
                    continue
                listed, here = listed + 1, here + (path is not None)
                yield WeightsListed(
                    name=info.name,
                    tag=tag,
                    default=at == 0,
                    where="pack" if packed else "cache" if path else "",
                    path=str(path or ""),
                    bytes=path.stat().st_size if path else 0,
                    licence=packed.licence if packed else each.licence,
                )
        yield WeightsCounted(listed, here)

    return job


def places() -> Job:
    """Return the job that tells where weights are looked for: a WeightsPlace for each folder, server and proxy."""

    def job(_: Stop) -> Iterator[Event]:
        for folder in packs.folders():
            rows = (row for each in packs.index().packed.values() for row in each)
            held = sum(row.path.is_relative_to(folder) and row.path.is_file() for row in rows)
            yield _folder("packs", folder, packs.VARIABLE, held)
        checkpoints, cache = caches.torch_checkpoints(), caches.hub_cache()
        yield _folder("torch", checkpoints, "TORCH_HOME", sum(1 for _ in checkpoints.glob("*.pth")))
        yield _folder(
            "hub", cache, "HF_HUB_CACHE", len({path.parent for path in cache.glob("models--*/snapshots/*/*")})
        )
        torch_server = os.environ.get("WORKBENCH_TORCH_MIRROR") or "https://download.pytorch.org"
        yield _address("torch server", torch_server, "WORKBENCH_TORCH_MIRROR")
        yield _address("hub server", os.environ.get("HF_ENDPOINT") or "https://huggingface.co", "HF_ENDPOINT")
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            if address := os.environ.get(name) or os.environ.get(name.lower()):
                yield _address("proxy", address, name)

    return job


def _folder(kind: str, folder: Path, setting: str, weights: int) -> WeightsPlace:
    there = next((each for each in (folder, *folder.parents) if each.is_dir()), None)
    free = shutil.disk_usage(there).free if there else None
    return WeightsPlace(kind, str(folder), setting, folder.is_dir(), free, weights)


def _address(kind: str, address: str, setting: str) -> WeightsPlace:
    parts = urlsplit(address)
    if parts.username or parts.password:  # what is told may be copied into a report
        parts = parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}")
    return WeightsPlace(kind, urlunsplit(parts), setting, True, None, None)
