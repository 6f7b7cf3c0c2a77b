"""The parts of a network that can be frozen, as a tree, and what a freeze plan means on it. Neither Qt nor torch."""

import functools
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.models.anatomy_parts import Anatomy, LayerInfo, StageInfo
from workbench.training.config import Freeze, FreezeBackbone, FreezeNothing, FreezeParts, FreezeStages, HeadConfig

Tick = Literal["off", "some", "on"]

NUMBER = 4
"""Bytes of a float32."""
AT_ONCE = 2.5
"""So many times its output a layer needs while an image passes: the output, what it is made of, and here and there a copy.
Chosen by what `counts` says in MobileNetV2, ViT-Tiny, ConvNeXt-Atto, EfficientNet-B0 and SqueezeNet 1.1 with batches of
8 and 32: 1.02 to 1.13 times what was measured where all of it learns, 0.67 to 1.37 times where only the end does."""


@dataclass(eq=False)
class Node:
    """A stage or a module with something to learn in it.

    ``name`` is what a freeze plan calls it, ``title`` its last part; ``parameters`` counts what can learn, ``memory``
    is in bytes for one image. A node without ``inside`` is a leaf: it learns or is frozen as a whole. ``peak`` is, of a
    stage, what an image needs while it passes the largest of its layers, itself included.
    """

    name: str
    title: str
    kind: str
    parameters: int
    memory: int
    has_norm: bool
    inside: list["Node"] = field(default_factory=list)
    peak: int = 0

    def leaves(self) -> tuple["Node", ...]:
        """Return what learns or is frozen as a whole. What is inside must not change any more."""
        return self._leaves

    @functools.cached_property
    def _leaves(self) -> tuple["Node", ...]:
        # Asked some thousand times at each click, of three hundred parts.
        return tuple(leaf for node in self.inside for leaf in node.leaves()) if self.inside else (self,)

    def nodes(self) -> Iterator["Node"]:
        """Yield this node and all that are inside it, from the top."""
        yield self
        for node in self.inside:
            yield from node.nodes()


def tree_of(anatomy: Anatomy, classes: int, head: HeadConfig) -> list[Node]:
    """Return the stages from stem to head, which is the one that the config asks for.

    Layers without anything to learn are left out.
    """
    *backbone, last = [_stage(stage) for stage in anatomy.stages]
    for stage in backbone:
        stage.peak += NUMBER * anatomy.channels * anatomy.size**2
    last.inside, last.parameters = [], head_parameters(anatomy.features, max(2, classes), head)
    return [*backbone, last]


def head_parameters(features: int, classes: int, head: HeadConfig) -> int:
    """Return how many numbers a head has to learn."""
    match head.kind:
        case "hidden":
            return (features + 1) * head.width + (head.width + 1) * classes
        case "cosine":
            return features * classes + 1
        case "linear":
            return (features + 1) * classes


def bare(names: Sequence[str]) -> list[Node]:
    """Return stages of which only the names are known."""
    return [Node(name, name, "", 0, 0, False) for name in names]


def _stage(stage: StageInfo) -> Node:
    made = Node(stage.name, stage.name, "", stage.parameters - stage.fixed, stage.memory, stage.has_norm_statistics, [])
    largest = max((math.prod(layer.output) for layer in stage.layers if layer.output), default=0)
    made.peak = round(AT_ONCE * NUMBER * largest)
    open_: list[tuple[int, Node]] = [(-1, made)]
    for layer in stage.layers:
        if layer.parameters - layer.fixed <= 0:
            continue
        while open_[-1][0] >= layer.depth:
            open_.pop()
        node = _layer(layer, open_[-1][1])
        open_[-1][1].inside.append(node)
        open_.append((layer.depth, node))
    return made


def _layer(layer: LayerInfo, above: Node) -> Node:
    path = layer.path.removeprefix("backbone.")
    around = above.name.removeprefix("backbone.")
    title = path.removeprefix(f"{around}.") if path != around else path.rpartition(".")[2]
    return Node(
        layer.path,
        title,
        layer.kind,
        layer.parameters - layer.fixed,
        layer.memory,
        layer.has_norm_statistics,
    )


def learning(stages: Sequence[Node], freeze: Freeze) -> frozenset[str]:
    """Return the names of the leaves that learn under a plan. The head always does."""
    if not stages:
        return frozenset()
    match freeze:
        case FreezeNothing():
            chosen: Sequence[Node] = stages
        case FreezeStages():
            chosen = stages[max(0, len(stages) - 1 - freeze.train_last) :]
        case FreezeParts():
            named = set(freeze.trained)
            chosen = [node for stage in stages for node in stage.nodes() if node.name in named]
            chosen = [*chosen, stages[-1]]
        case FreezeBackbone():
            chosen = stages[-1:]
    return frozenset(leaf.name for node in chosen for leaf in node.leaves())


def unknown(stages: Sequence[Node], freeze: Freeze) -> list[str]:
    """Return what a plan names that is not in this network; without its layers only stages can be missed."""
    if not isinstance(freeze, FreezeParts):
        return []
    known = {node.name for stage in stages for node in stage.nodes()}
    bare_stages = not any(stage.inside for stage in stages)
    return [
        name
        for name in freeze.trained
        if name not in known and not _is_within(name, known) and not (bare_stages and name.startswith("backbone."))
    ]


def finer(stages: Sequence[Node], freeze: Freeze) -> list[str]:
    """Return what a plan names that is a part of a leaf (a single weight): the tree does not show it, and keeps it."""
    if not isinstance(freeze, FreezeParts):
        return []
    leaves = {leaf.name for stage in stages for leaf in stage.leaves()}
    return [name for name in freeze.trained if name not in leaves and _is_within(name, leaves)]


def _is_within(name: str, known: Collection[str]) -> bool:
    steps = name.split(".")
    return any(".".join(steps[:count]) in known for count in range(2, len(steps)))


def plan_of(stages: Sequence[Node], leaves: Collection[str], keep: Sequence[str] = ()) -> Freeze:
    """Return the shortest plan under which exactly these leaves learn, the head, and the finer parts ``keep``."""
    backbone = stages[:-1]
    ticks = [tick(stage, leaves) for stage in backbone]
    if all(state == "on" for state in ticks):
        return FreezeNothing()
    kept = tuple(name for name in keep if not _is_within(name, leaves))
    if not kept:
        if all(state == "off" for state in ticks):
            return FreezeBackbone()
        first = next(number for number, state in enumerate(ticks) if state != "off")
        if all(state == "on" for state in ticks[first:]) and len(ticks) - first <= 64:
            return FreezeStages(train_last=len(ticks) - first)
    return FreezeParts(trained=(*(name for stage in backbone for name in _shortest(stage, leaves)), *kept))


def _shortest(node: Node, leaves: Collection[str]) -> Iterator[str]:
    state = tick(node, leaves)
    if state == "on":
        yield node.name
    elif state == "some":
        for inside in node.inside:
            yield from _shortest(inside, leaves)


def tick(node: Node, leaves: Collection[str]) -> Tick:
    """Return what the box of a node shows."""
    found = [leaf.name in leaves for leaf in node.leaves()]
    return "on" if all(found) else "some" if any(found) else "off"


def share(node: Node, leaves: Collection[str]) -> float:
    """Return how much of a node learns, from 0 to 1; by its leaves where nothing is counted."""
    found = node.leaves()
    whole = sum(leaf.parameters for leaf in found)
    if not whole:
        return sum(leaf.name in leaves for leaf in found) / len(found)
    return sum(leaf.parameters for leaf in found if leaf.name in leaves) / whole


def toggled(node: Node, leaves: Collection[str], on: bool) -> frozenset[str]:
    """Return the leaves that learn after the box of a node was set."""
    own = {leaf.name for leaf in node.leaves()}
    return frozenset(leaves) | own if on else frozenset(leaves) - own


@dataclass(frozen=True)
class Counts:
    """``learning`` of ``parameters`` learn; ``memory`` are the bytes that training keeps, batch and optimizer included."""

    learning: int
    parameters: int
    memory: int


_STATES = {"adamw": 2, "sgd": 1}
"""Numbers that an optimizer keeps for each that learns."""


def counts(stages: Sequence[Node], leaves: Collection[str], *, batch_size: int, optimizer: str) -> Counts:
    """Return what a plan costs: counted, not measured.

    Activations are kept from the first part that learns to the end, for every image of a batch; on top of what is kept so
    far comes what a layer needs while the batch passes it. Then come all weights, and gradients and the optimizer's state
    of those that learn. In float32; what torch and the program take before there is a network is not counted.
    """
    parameters = sum(stage.parameters for stage in stages)
    learns = sum(leaf.parameters for stage in stages for leaf in stage.leaves() if leaf.name in leaves)
    kept, most, begun = 0.0, 0.0, False
    for stage in stages:
        if begun:
            kept += stage.memory
        elif tick(stage, leaves) != "off":
            begun = True
            kept += stage.memory * _from_first(stage.leaves(), leaves)
        most = max(most, kept + stage.peak)
    memory = most * batch_size + NUMBER * (parameters + learns * (1 + _STATES.get(optimizer, 2)))
    return Counts(learns, parameters, round(memory))


def _from_first(found: Sequence[Node], leaves: Collection[str]) -> float:
    """Return the share of a stage's activations that come from its first part that learns on."""
    whole = sum(leaf.memory for leaf in found)
    if not whole:
        return 1.0
    first = next(number for number, leaf in enumerate(found) if leaf.name in leaves)
    return sum(leaf.memory for leaf in found[first:]) / whole
