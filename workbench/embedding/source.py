"""What makes embeddings: a backbone, its weights and the way pixels reach it. Imports no torch."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.models.catalog import BackboneInfo, backbones, divided, find, weights_here, with_tag

if TYPE_CHECKING:
    from workbench.embedding.network import Extractor


class EmbeddingSource(Protocol):
    """Whatever makes embeddings: ``key`` names their store, which says ``about`` of itself; ``title`` is for people."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def about(self) -> dict[str, Any]: ...
    @property
    def decoding(self) -> Decoding: ...
    def extractor(self) -> "Extractor": ...


@dataclass(frozen=True)
class Source:
    """A backbone at hand: ``weights`` is a file, ``hub`` (the first of ``info.weights``) or ``none``.

    ``key`` names the store of its embeddings.
    """

    info: BackboneInfo
    weights: str
    decoding: Decoding
    key: str

    @property
    def title(self) -> str:
        """What it is, for people."""
        published = " ".join(["hub weights", *self.info.weights[:1]]).strip()
        what = {"hub": published, "none": "random weights"}.get(self.weights, Path(self.weights).name)
        return f"{self.info.name}, {what}"

    @property
    def about(self) -> dict[str, Any]:
        """What its store says of itself."""
        return {"backbone": self.info.name, "weights": self.weights, "title": self.title}

    def extractor(self) -> "Extractor":
        """Return the network, ready to embed. Raises WorkbenchError for weights that do not fit or cannot be had."""
        from workbench.embedding.network import of_backbone  # torch, seconds: only where something is to be embedded

        return of_backbone(self.info, self.weights)


def find_backbone(word: str) -> BackboneInfo:
    """Return the backbone of this full name, or of this short one (``mobilenet_v2``) where only one library has it.

    ``NAME.TAG`` is the backbone with those of its published weights. Raises WorkbenchError that names the nearest ones.
    """
    name, tag = divided(word)
    if "/" not in name:
        same = [info for info in backbones() if info.name.partition("/")[2] == name]
        if len(same) == 1:
            return with_tag(same[0], tag)
        if same:
            raise WorkbenchError(
                f"There are {len(same)} backbones named '{name}'; choose {' or '.join(info.name for info in same)}."
            )
    return with_tag(find(name), tag)


def choose(name: str, weights: str | None, *, decoding: Decoding) -> Source:
    """Return the source for a backbone (NAME or NAME.TAG) and its weights: a file, ``hub`` or ``none``.

    None takes the hub's where they are here.
    Raises WorkbenchError for an unknown backbone and for weights that are not there.
    """
    info = find_backbone(name)
    if weights is None:
        if not weights_here(info):
            raise WorkbenchError(
                f"There are no weights of {info.name} on this machine; name a file (--weights FILE), or use --weights hub "
                f"with a connection."
            )
        weights = "hub"
    if weights in ("hub", "none"):
        stamp = f"hub:{','.join(info.weights[:1])}" if weights == "hub" else "none"
    else:
        stamp = weights_digest(Path(weights).expanduser())
    # The size and the normalisation are the backbone's own.
    facts = {"size": info.input_size, "mean": info.mean, "std": info.std, "decoding": asdict(decoding)}
    return Source(info, weights, decoding, store_key(info.name, stamp, facts))


def store_key(name: str, weights: str, facts: dict[str, Any]) -> str:
    """Return the key of a store: a name to recognise, and a digest of everything that changes a vector."""
    text = json.dumps({"backbone": name, "weights": weights, **facts}, sort_keys=True, default=str)
    short = re.sub(r"[^A-Za-z0-9._-]", "-", name.partition("/")[2] or name)[:60]
    return f"{short}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def weights_digest(path: Path) -> str:
    """Return the SHA-256 of a weights file. Raises WorkbenchError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WorkbenchError(
            f"The weights file {path} cannot be read ({error.strerror}); choose a .safetensors, .pt or .pth file."
        ) from error
