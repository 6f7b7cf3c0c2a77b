"""What may move in training: which stages train, batch norm that stays put where frozen, learning rates."""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from workbench.models.backbones import Network
from workbench.models.stages import Stage, stages

Kind = Literal["backbone", "stages", "none"]


@dataclass(frozen=True)
class FreezePlan:
    """Which stages train: the head always; of the backbone nothing (``backbone``), all (``none``) or the last N (``stages``)."""

    kind: Kind
    train_last: int = 1

    @classmethod
    def of(cls, kind: str, train_last: int = 1) -> Self:
        """Return the plan that a config describes. ``train_last`` counts stages of the backbone, from the head backwards."""
        if kind not in get_args(Kind) or train_last < 1:
            raise ValueError(f"not a freeze plan: {kind!r}, {train_last}")
        return cls(kind, train_last)  # type: ignore[arg-type]

    def trained(self, network: Network) -> list[Stage]:
        """Return the stages that train, from stem to head. More stages than there are means all."""
        found = stages(network)
        if self.kind == "none":
            return found
        return found[-1:] if self.kind == "backbone" else found[-1 - self.train_last :]

    def apply(self, network: Network) -> list[Stage]:
        """Set ``requires_grad`` of every parameter; return the stages that train.

        Parameters that the backbone itself holds fixed (sine-cosine position tables) stay fixed.
        """
        trained = self.trained(network)
        names = {name for stage in trained for name in stage.parameter_names} - network.fixed_parameters
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in names)
        return trained


def train_mode(network: Network) -> None:
    """Put the network in training mode, but its frozen stages in eval mode.

    There, batch norm uses its running statistics and does not move them, and drop-out is off. Call it before every
    epoch: `nn.Module.train` undoes it.
    """
    network.train()
    parameters = dict(network.named_parameters())
    found = stages(network)
    frozen = [stage for stage in found if not any(parameters[name].requires_grad for name in stage.parameter_names)]
    for stage in frozen:
        for module in stage.modules:
            network.get_submodule(module).eval()
    if all(stage in frozen for stage in found[:-1]):
        network.backbone.eval()


def parameter_groups(
    network: Network, *, learning_rate: float, backbone_factor: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Return the trainable parameters as groups of an optimizer, each with ``name``, ``lr`` and ``weight_decay``.

    The backbone's rate is ``learning_rate`` times ``backbone_factor``. Norms, biases and what the backbone names itself
    (position embeddings, class tokens) are not decayed: https://arxiv.org/abs/1812.01187, section 3.1.
    """
    undecayed = _undecayed(network)
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        part = "head" if name.startswith("head.") else "backbone"
        plain = parameter.ndim <= 1 or name in undecayed
        group = groups.setdefault(
            f"{part}, no decay" if plain else part,
            {
                "name": f"{part}, no decay" if plain else part,
                "params": [],
                "lr": learning_rate * (1.0 if part == "head" else backbone_factor),
                "weight_decay": 0.0 if plain else weight_decay,
            },
        )
        group["params"].append(parameter)
    return list(groups.values())


def _undecayed(network: Network) -> set[str]:
    named: Any = getattr(network.backbone, "no_weight_decay", set)
    return {f"backbone.{name}" for name in named()}
