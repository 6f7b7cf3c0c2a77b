"""The one call that gives a training image's pixels: in training, in the preview, in every check of a chain.

Imports neither torch nor albumentations before an image needs them.
"""

import operator
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.augment import geometry, pipeline
from workbench.augment.chain import Chain
from workbench.data.dataset import Sample
from workbench.data.prepared import PreparedCache
from workbench.data.reading import Decoding, Pixels
from workbench.jobs import Noticed, Progress
from workbench.models.catalog import check_size, find, with_tag
from workbench.training.config import TrainConfig
from workbench.training.pixels import Resized, open_cache

_MOST_KEPT = 31
"""Chains, beside the newest, whose composition is kept: a preview asks for several in turn."""


def chains(config: TrainConfig) -> tuple[Chain, ...]:
    """Return the chains that a run of this config applies: the common one, and that of the rare classes if it has any."""
    return (config.augment, config.rare.chain) if config.rare.classes else (config.augment,)


def model_size(config: TrainConfig) -> int:
    """Return S, the side in pixels of what the model sees. Raises WorkbenchError where the backbone cannot take it."""
    return check_size(with_tag(find(config.backbone.name), config.backbone.tag), config.preprocess.size)


def prepared_side(config: TrainConfig, *, largest: int = 0) -> int:
    """Return C >= S, the side at which training images are prepared, so that what a chain crops keeps its detail.

    ``largest`` is the longest side of the project's images (`Images.largest_side`), 0 where it is not known.
    """
    return geometry.prepared_side(chains(config), model_size(config), detail=config.preprocess.detail, largest=largest)


class TrainPixels:
    """The pixels of a run's images, uint8, red first. Picklable; one instance per thread.

    A training image is prepared at C x C (decoded, resized by the deployment path's rule, rounded), goes through the
    chain of its class, and is resized to S x S. What is prepared comes from the project's cache where it is there, and
    is computed otherwise: the bytes are the same.
    """

    def __init__(
        self,
        config: TrainConfig,
        classes: Sequence[str],
        decoding: Decoding,
        *,
        largest: int = 0,
        cache: Path | None = None,
    ) -> None:
        """``classes`` are the run's, in the order of the targets; ``cache`` is the project's folder ``cache``, used where
        the config asks for the prepared cache. Raises WorkbenchError for a backbone or an image size that cannot be.
        """
        self.size = model_size(config)
        self.prepared_side = prepared_side(config, largest=largest)
        rare = set(config.rare.classes)
        self._chains = [config.rare.chain if name in rare else config.augment for name in classes]
        self._common = config.augment
        self._large = _Prepared(Resized(self.prepared_side, config.preprocess.resize, decoding), config, cache)
        self._plain = self._large
        if self.prepared_side != self.size:
            self._plain = _Prepared(Resized(self.size, config.preprocess.resize, decoding), config, cache)
        self._variations: list[tuple[Chain, Variation]] = []

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_variations": []}

    def prepared(self, sample: Sample) -> Pixels:
        """Return the image as the chain gets it, C x C x 3, as a copy of one's own. Raises ImageError."""
        return self._large(sample)

    def plain(self, sample: Sample) -> Pixels:
        """Return the image as validation sees it, S x S x 3, never augmented. Raises ImageError."""
        return self._plain(sample)

    def chain_of(self, sample: Sample) -> Chain:
        """Return the chain of the sample's class: the rare one or the common one, which an unlabelled image gets too."""
        return self._chains[sample.target] if sample.target >= 0 else self._common

    def variant(self, sample: Sample, seed: int, *, chain: Chain | None = None) -> Pixels:
        """Return the image as the model sees it in training, S x S x 3; ``chain`` stands in for that of its class.

        Raises ImageError, and ChainError where the chain cannot be composed or does not work on this image.
        """
        return self.composed(self.chain_of(sample) if chain is None else chain)(self.prepared(sample), seed)

    def composed(self, chain: Chain) -> "Variation":
        """Return the chain made ready for prepared pixels. Kept between calls. Raises ChainError."""
        # The run's own chains are found without being compared: this is asked for every image.
        for same in (operator.is_, operator.eq):
            for known, variation in self._variations:
                if same(known, chain):
                    return variation
        variation = Variation(chain, self.size)
        self._variations = [*self._variations[-_MOST_KEPT:], (chain, variation)]
        return variation

    @property
    def preload(self) -> tuple[str, ...]:
        """What a fork server imports, so that workers find it there: nothing where no chain changes a pixel."""
        varied = any(chain.active().steps for chain in self._chains)
        return pipeline.Composed.preload if varied or self.prepared_side != self.size else ()

    def prepare(self, train: Sequence[Sample], validation: Sequence[Sample]) -> Iterator[Progress | Noticed]:
        """Write what is missing in the prepared cache, training images at C and validation images at S.

        Yields as `PreparedCache.build` does; nothing where the config asks for no cache.
        """
        if self._plain is self._large:
            yield from self._large.build([*train, *validation])
        else:
            yield from self._large.build(train)
            yield from self._plain.build(validation)


class Variation:
    """A chain ready for prepared pixels of any size; its result has the model's."""

    def __init__(self, chain: Chain, size: int) -> None:
        """Raises ChainError where the chain cannot be composed."""
        self._size = size
        self._composed = pipeline.compose(chain, side=size) if chain.active().steps else None

    def __call__(self, prepared: Pixels, seed: int) -> Pixels:
        """Return the variant of this seed, uint8 S x S x 3, contiguous. Raises ChainError."""
        if self._composed is not None:
            return self._composed(prepared, seed)
        shape = (self._size, self._size)
        return prepared if prepared.shape[:2] == shape else pipeline.resized(prepared, shape)


class _Prepared:
    """Prepared pixels of one side: of the cache, else computed."""

    def __init__(self, resized: Resized, config: TrainConfig, cache: Path | None) -> None:
        self._resized = resized
        wanted = cache is not None and config.compute.prepared_cache
        self._cache: PreparedCache | None = open_cache(cache, resized) if wanted and cache is not None else None

    def __call__(self, sample: Sample) -> Pixels:
        found = self._cache.find(sample) if self._cache is not None else None
        return self._resized(sample) if found is None else found

    def build(self, samples: Sequence[Sample]) -> Iterator[Progress | Noticed]:
        if self._cache is not None:
            yield from self._cache.build(samples, self._resized)
