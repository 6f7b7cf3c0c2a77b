"""Which tiles each way of looking at a chain asks for. No Qt: the modes paint what is planned here."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from workbench.augment.catalog import ParamInfo
from workbench.augment.chain import Chain, Place, Step
from workbench.training.preview import Picture, TileWish, variant_seed
from workbench.ui.augment import sweep_values
from workbench.ui.augment.sweep_values import Value


@dataclass(frozen=True)
class Plan:
    """What is asked of the preview child; a `TileWish` counts in ``chains`` and ``pictures``.

    ``exact``: the tiles come as the model sees them, else no larger than they are shown. Plans of another ``subject`` mean
    something else by the same tile.
    """

    chains: tuple[Chain, ...]
    pictures: tuple[Picture, ...]
    tiles: tuple[TileWish, ...]
    exact: bool = False
    subject: Hashable = None


def variants(picture: Picture, chain: Chain, seed: int, count: int, partners: Sequence[Picture] = ()) -> Plan:
    """The original, then ``count`` variants; each mixed with one of the ``partners``, where there are any."""
    mixed = [1 + n % len(partners) if partners else -1 for n in range(count)]
    tiles = [TileWish(0, 0, variant_seed(seed, n), mix_with=mixed[n]) for n in range(count)]
    return Plan((chain,), (picture, *partners), (_original(0, seed), *tiles))


def per_class(pictures: Sequence[tuple[Picture, bool]], common: Chain, rare: Chain, seed: int, each: int) -> Plan:
    """For each picture the original, then ``each`` variants; by the rare chain where the picture comes with True."""
    tiles: list[TileWish] = []
    for number, (_, is_rare) in enumerate(pictures):
        tiles.append(_original(number, seed))
        tiles += [TileWish(number, int(is_rare), variant_seed(seed, n)) for n in range(each)]
    return Plan((common, rare), tuple(picture for picture, _ in pictures), tuple(tiles))


def prefixes(chain: Chain) -> list[tuple[Place, Step, Chain]]:
    """Return each step that takes part, with the chain that ends with it.

    The same seed gives a step the same dice, whatever follows it: prefixes show what each step adds.
    """
    return [
        ((at,), step, Chain(steps=chain.steps[: at + 1]))
        for at, step in enumerate(chain.steps)
        if Chain(steps=(step,)).active().steps
    ]


def steps(picture: Picture, chain: Chain, seed: int) -> Plan:
    """The original, then the image after each step of `prefixes`."""
    chains = tuple(prefix for _, _, prefix in prefixes(chain))
    tiles = [TileWish(0, n, seed) for n in range(len(chains))]
    return Plan(chains or (Chain(),), (picture,), (_original(0, seed), *tiles))


def wipe(picture: Picture, chain: Chain, seed: int) -> Plan:
    """The original and one variant, as the model sees them."""
    return Plan((chain,), (picture,), (_original(0, seed), TileWish(0, 0, seed)), exact=True)


def sweep(
    picture: Picture,
    chain: Chain,
    place: Place,
    param: ParamInfo,
    values: Sequence[Value],
    seed: int,
    *,
    alone: bool = True,
) -> Plan:
    """One tile for each value: of the step alone, or with the rest of the chain as it is."""
    step = chain.at(place)
    swept = [sweep_values.swept(step, param, value.number) for value in values]
    chains = tuple(Chain(steps=(one,)) if alone else replaced(chain, place, one) for one in swept)
    tiles = tuple(TileWish(0, n, seed) for n in range(len(chains)))
    return Plan(chains, (picture,), tiles, subject=(place, param.name))


def compare(picture: Picture, first: Chain, second: Chain, seed: int, count: int) -> Plan:
    """``count`` variants by the first chain, then as many by the second with the same seeds."""
    tiles = [TileWish(0, chain, variant_seed(seed, n)) for chain in (0, 1) for n in range(count)]
    return Plan((first, second), (picture,), tuple(tiles))


def replaced(chain: Chain, place: Place, step: Step) -> Chain:
    """Return the chain with another step at ``place``."""
    return Chain(steps=_replaced(chain.steps, place, step))


def _replaced(steps: tuple[Step, ...], place: Place, step: Step) -> tuple[Step, ...]:
    at, *further = place
    if further:
        step = steps[at].model_copy(update={"steps": _replaced(steps[at].steps, tuple(further), step)})
    return (*steps[:at], step, *steps[at + 1 :])


def _original(picture: int, seed: int) -> TileWish:
    return TileWish(picture, 0, seed, prepared=True)
