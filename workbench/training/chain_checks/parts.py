"""The single transforms of a chain: where they stand, how often each is applied, and each of them alone."""

from collections.abc import Iterator, Sequence

from workbench.augment.chain import Chain, Place, Step


def leaves(chain: Chain) -> list[tuple[Place, Step]]:
    """Return the transforms that take part, groups left out, with their places."""
    return [(place, step) for place, step in chain.walk(enabled=True) if not step.is_group]


def chances(chain: Chain) -> dict[Place, float]:
    """Return the share of the images to which each transform and each group is applied, 0 to 1."""
    return dict(_chances(chain.steps, (), 1.0))


def alone(step: Step, p: float = 1.0) -> Chain:
    """Return the chain that holds this step only, applied to a share ``p`` of the images."""
    return Chain(steps=(step.model_copy(update={"p": p, "enabled": True}),))


def _chances(
    steps: Sequence[Step], above: Place, chance: float, shares: dict[int, float] | None = None
) -> Iterator[tuple[Place, float]]:
    """Yield places with their chances; ``shares`` are those with which a group draws, by position, and then applies."""
    for position, step in enumerate(steps):
        if not step.enabled:
            continue
        place = (*above, position)
        own = chance * (step.p if shares is None else shares.get(position, 0.0))
        yield place, own
        if step.is_group:
            yield from _chances(step.steps, place, own, None if step.transform == "Sequential" else _drawn(step))


def _drawn(group: Step) -> dict[int, float]:
    """Return the share of the images to which a OneOf, SomeOf or RandomOrder that is applied applies each position.

    As albumentations 2 does it: OneOf draws by the steps' own probabilities and applies what it drew; the others draw alike
    for all, then a step is applied with its own probability.
    """
    taking = {position: step for position, step in enumerate(group.steps) if step.enabled}
    if group.transform == "OneOf":
        whole = sum(step.p for step in taking.values())
        # Forced, but for those groups that do not listen to it.
        return {at: step.p / whole * _forced(step) for at, step in taking.items()} if whole else {}
    number = group.params.get("n", 1)
    number = number if isinstance(number, int) else 1
    if group.params.get("replace") is True:
        return {at: 1 - (1 - step.p / len(taking)) ** number for at, step in taking.items()}
    return {at: min(1.0, number / len(taking)) * step.p for at, step in taking.items()}


def _forced(step: Step) -> float:
    return step.p if step.transform in ("SomeOf", "RandomOrder") else 1.0
