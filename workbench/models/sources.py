"""Where published weights are downloaded from: what the libraries record, with a mirror in place of torch's server."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import torchvision
from timm.models import get_pretrained_cfg

from workbench.errors import WorkbenchError
from workbench.models import caches
from workbench.models.catalog import BackboneInfo

TORCH_SERVER = "https://download.pytorch.org"
TORCH_MIRROR = "WORKBENCH_TORCH_MIRROR"


@dataclass(frozen=True)
class HubSource:
    """A file of a repository on the hub of Hugging Face; the first of ``filenames`` that is there."""

    repository: str
    revision: str
    filenames: tuple[str, ...]

    def cached(self) -> Path | None:
        """Return where the file lies in the library's cache, None where it is not there."""
        revision = f"@{self.revision}" if self.revision != "main" else ""
        found = (caches.cached(f"hf:{self.repository}{revision}#{filename}") for filename in self.filenames)
        return next((path for path in found if path is not None), None)

    def __str__(self) -> str:
        return f"hf:{self.repository}"


@dataclass(frozen=True)
class FileSource:
    """A file at an address, kept in torch's folder as ``filename``, which may hold the first digits of its SHA-256."""

    url: str
    filename: str

    def cached(self) -> Path | None:
        """Return where the file lies in torch's cache, None where it is not there."""
        return caches.cached(f"torch:{self.filename}")

    def __str__(self) -> str:
        return self.url


Source = HubSource | FileSource


def source_of(info: BackboneInfo) -> Source:
    """Return where the first of ``info.weights`` come from. Raises WorkbenchError where none are published."""
    if not info.weights or info.library not in ("timm", "torchvision"):
        raise WorkbenchError(
            f"There are no hub weights for {info.name}; choose a weights file (weights=FILE) or random weights (weights=none)."
        )
    architecture, tag = info.name.partition("/")[2], info.weights[0]
    if info.library == "torchvision":
        return _file(torchvision.models.get_model_weights(architecture)[tag].url)
    recorded = get_pretrained_cfg(timm_name(info), allow_unregistered=False)
    if recorded is not None and recorded.hf_hub_id:
        repository, _, revision = str(recorded.hf_hub_id).partition("@")
        return HubSource(repository, revision or "main", _names(recorded.hf_hub_filename or "pytorch_model.bin"))
    if recorded is not None and recorded.url:
        return _file(str(recorded.url))
    raise WorkbenchError(f"timm does not record where the weights '{tag}' of {info.name} are; choose other weights.")


def timm_name(info: BackboneInfo) -> str:
    """Return timm's name of a model with the first of its weights."""
    architecture = info.name.partition("/")[2]
    return f"{architecture}.{info.weights[0]}" if info.weights[0] else architecture


def _file(url: str) -> FileSource:
    parts = urlsplit(url)
    mirror = os.environ.get(TORCH_MIRROR, "").strip().rstrip("/")
    server = f"{parts.scheme}://{parts.netloc}"
    address = mirror + url.removeprefix(server) if mirror and server == TORCH_SERVER else url
    return FileSource(address, parts.path.rpartition("/")[2])


def _names(filename: str) -> tuple[str, ...]:
    """Return the names to try, those of safe files first: the order in which timm does."""
    safe = {
        "pytorch_model.bin": "model.safetensors",
        "open_clip_pytorch_model.bin": "open_clip_model.safetensors",
    }.get(filename)
    if safe is None and filename.endswith(".bin"):
        safe = filename.removesuffix(".bin") + ".safetensors"
    return (safe, filename) if safe else (filename,)
