"""Making packs of weights, for machines without a network: every file is read without running code, and fits its backbone."""

import os
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from workbench.errors import WorkbenchError, told
from workbench.jobs import Event, Job, Progress, Stop
from workbench.models import hub, packs
from workbench.models.builders import build
from workbench.models.catalog import BackboneInfo, find, with_tag
from workbench.models.downloads import download
from workbench.models.sources import source_of
from workbench.models.weights import load_into, read_weights, without_prefixes


@dataclass(frozen=True)
class WeightsPacked:
    """Weights are in a pack. ``path`` is their file there, of ``bytes`` bytes.

    Every tensor of the backbone is in it; ``beside`` names what else is: its own classifier, as a rule.
    """

    name: str
    tag: str
    path: str
    bytes: int
    licence: str | None
    source: str
    beside: list[str]


def pack(names: Sequence[str], out: Path, *, tags: Sequence[str] = (), file: Path | None = None) -> Job:
    """Return the job that puts the weights of backbones into the pack in the folder ``out``, made where it is absent.

    ``tags`` are those of ``names``, in the same order; "" and what is left out is the default. Weights that are not on this
    machine are downloaded; with ``file``, which goes with one name only, they are taken from there. What the pack holds
    already stays, the same weights are replaced. Yields Progress and WeightsPacked for each. Raises WorkbenchError for
    weights that cannot be had, hold code or do not fit, and for a folder that cannot be written.
    """
    if file is not None and len(names) != 1:
        raise WorkbenchError("A weights file is of one backbone; name that one alone.")

    def job(_: Stop) -> Iterator[Event]:
        wanted = [with_tag(find(name), tags[at] if at < len(tags) else "") for at, name in enumerate(names)]
        if file is None:
            for info in wanted:
                source_of(info)  # what has no weights is said before anything is downloaded
        rows = {(row.name, row.tag): row for row in packs.read(out)} if (out / packs.DESCRIPTION).exists() else {}
        try:
            out.mkdir(parents=True, exist_ok=True)
            for at, info in enumerate(wanted):
                yield Progress(at, len(wanted), "Packing weights")
                if file is not None:
                    weights, source = read_weights(file), file.name
                else:
                    weights, source = yield from _published(info)
                row, beside = _add(out, info, weights, source)
                rows[row.name, row.tag] = row
                packs.write(out, rows.values())  # after each: what is in the pack can be used, whatever comes
                yield WeightsPacked(row.name, row.tag, str(row.path), row.bytes, row.licence, row.source, beside)
        except OSError as error:
            raise told(error, doing=f"packing weights into {out}") from error

    return job


def _published(info: BackboneInfo) -> Generator[Progress, None, tuple[dict[str, Tensor], str]]:
    packed = packs.find(info.name, info.weights[0])
    source = source_of(info)
    if packed is None and source.cached() is None:
        yield from download(info, source)
    return hub.fetch(info), packed.source if packed else str(source)


def _add(out: Path, info: BackboneInfo, weights: dict[str, Tensor], source: str) -> tuple[packs.Packed, list[str]]:
    """Write weights that fit into the folder of a pack; return its row, and the names of the tensors beside the backbone's."""
    backbone, _ = build(info)
    weights = without_prefixes(weights, backbone.state_dict())
    _, beside = load_into(backbone, weights, source=f"weights in {source}", name=info.name)
    tag = info.weights[0]
    path = out / (re.sub(r"[^A-Za-z0-9._-]", "-", f"{info.name}.{tag}" if tag else info.name) + ".safetensors")
    unfinished = path.with_name(f"{path.name}.part")
    # Copies: tensors that share their memory cannot be written otherwise.
    tensors = {name: value.detach().contiguous().clone() for name, value in weights.items()}
    try:
        save_file(tensors, unfinished, metadata={"name": info.name, "tag": tag, "source": source})
    except SafetensorError as error:
        raise WorkbenchError(
            f"The pack in {out} cannot be written ({error}); free space there or choose another."
        ) from error
    os.replace(unfinished, path)
    row = packs.Packed(info.name, tag, path, packs.sha256(path), info.licence, source, path.stat().st_size)
    return row, sorted(beside)
