"""CLIP by open_clip, an optional extra: images and texts in one space, where the weights of both are at hand."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.reading import Decoding
from workbench.embedding.source import store_key, weights_digest
from workbench.embedding.store import Floats
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.embedding.network import Extractor

PREFIX = "open_clip/"
TEMPLATES = ("{}", "a photo of {}", "a close-up photo of {}")
"""Texts whose mean direction stands for a class: a few of those of Radford et al., 2021 (CLIP)."""


@dataclass(frozen=True)
class ClipSource:
    """An open_clip model: ``weights`` is a file, the tag of weights in the local cache, or ``none`` (random)."""

    model: str
    weights: str
    decoding: Decoding
    key: str

    @property
    def title(self) -> str:
        what = "random weights" if self.weights == "none" else Path(self.weights).name
        return f"{PREFIX}{self.model}, {what}"

    @property
    def about(self) -> dict[str, Any]:
        return {"backbone": f"{PREFIX}{self.model}", "weights": self.weights, "title": self.title}

    def extractor(self) -> "Extractor":
        """Return the tower for images, ready to embed. Raises WorkbenchError for weights that cannot be loaded."""
        from torch import nn

        from workbench.embedding.network import Extractor
        from workbench.models.preprocess import PreprocessSpec

        model, tower = _load(self), nn.Module()
        tower.add_module("clip", model)
        tower.forward = model.encode_image
        size = model.visual.image_size
        spec = PreprocessSpec(
            size=int(size[0] if isinstance(size, tuple | list) else size),
            mean=tuple(model.visual.image_mean),
            std=tuple(model.visual.image_std),
        )
        return Extractor(tower, spec)

    def texts(self, texts: Sequence[str]) -> tuple[Floats, float]:
        """Return a direction [N, F] for each text, of length 1, and the scale of the logits."""
        import open_clip
        import torch

        model = _load(self)
        with _quiet():
            tokenizer = open_clip.get_tokenizer(self.model)
        directions = []
        with torch.inference_mode():
            for text in texts:
                tokens = tokenizer([template.format(text) for template in TEMPLATES])
                found = torch.nn.functional.normalize(model.encode_text(tokens).float(), dim=1).mean(dim=0)
                directions.append(torch.nn.functional.normalize(found, dim=0).numpy())
            scale = float(model.logit_scale.exp())
        return np.stack(directions).astype(np.float32), scale


def choose_clip(model: str | None, weights: str | None, *, decoding: Decoding) -> ClipSource:
    """Return the CLIP model asked for, or one whose weights lie in the local cache.

    ``model`` is a name of open_clip (``ViT-B-32``, also as ``open_clip/ViT-B-32``); any other backbone is passed over.
    ``weights`` is a file, ``none``, or a tag. Raises WorkbenchError where open_clip or the weights are missing.
    """
    try:
        with _quiet():
            import open_clip
    except ImportError as error:
        raise WorkbenchError(
            "Suggestions from a text need open_clip, an optional part of Workbench; install workbench[clip]."
        ) from error
    name = (model or "").removeprefix(PREFIX)
    if name in open_clip.list_models() and weights not in (None, "hub"):
        stamp = "none" if weights == "none" else _stamp(name, str(weights))
        return ClipSource(name, str(weights), decoding, _key(name, stamp, decoding))
    for candidate, tag in open_clip.list_pretrained():
        if (name not in open_clip.list_models() or candidate == name) and _cached(candidate, tag):
            return ClipSource(candidate, tag, decoding, _key(candidate, tag, decoding))
    raise WorkbenchError(
        "Suggestions from a text need the weights of a CLIP model, and none are on this machine; name a model of open_clip and "
        "its file (--backbone ViT-B-32 --weights FILE)."
    )


def _key(model: str, stamp: str, decoding: Decoding) -> str:
    return store_key(f"{PREFIX}{model}", stamp, {"decoding": asdict(decoding)})


def _stamp(model: str, weights: str) -> str:
    import open_clip

    if weights in open_clip.list_pretrained_tags_by_model(model):
        return weights
    return weights_digest(Path(weights).expanduser())


def _cached(model: str, tag: str) -> bool:
    """Return whether the weights are in the local cache of the hub, so that no network is needed."""
    import open_clip
    from huggingface_hub import try_to_load_from_cache

    repository = str(open_clip.get_pretrained_cfg(model, tag).get("hf_hub") or "").strip("/")
    if repository.count("/") != 1:
        return False
    names = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    return any(isinstance(try_to_load_from_cache(repository, name), str) for name in names)


def _load(source: ClipSource) -> Any:
    import open_clip
    import torch

    weights = source.weights
    if weights != "none" and Path(weights).expanduser().is_file():
        weights = str(Path(weights).expanduser())
    try:
        # Random weights too are the same each time: embeddings are kept by the name of what made them.
        with torch.random.fork_rng(devices=[]), _quiet():
            torch.manual_seed(0)
            model = open_clip.create_model(source.model, pretrained=None if weights == "none" else weights)
    except Exception as error:  # open_clip meets weights that do not fit with whatever its next step raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise WorkbenchError(
            f"The weights {source.weights} cannot be used for {source.model} ({reason}); choose weights of this model."
        ) from error
    return model.eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep open_clip's remarks (no weights loaded, quick GELU) away from the user: what matters is raised."""
    import warnings

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
