"""Make a network: a backbone by name, from weights, with a new head."""

from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.models import hub
from workbench.models.adaptation import Adaptation, adapted_to
from workbench.models.builders import build
from workbench.models.catalog import check_size, find, with_tag
from workbench.models.heads import LINEAR, HeadSpec, make_head
from workbench.models.weights import load_into, read_weights


@dataclass(frozen=True)
class LoadReport:
    """``matched`` tensors came from ``source``; the ``dropped`` ones in there were left over; ``new`` start at random.

    ``adapted`` are those among the matched that were made for other channels or another size, and how they were changed.
    """

    source: str
    matched: int
    dropped: list[str]
    new: list[str]
    adapted: dict[str, Adaptation] = field(default_factory=dict)

    def told(self) -> str:
        """Return what loading did, in a sentence without its full stop."""
        if self.source == "none":
            return "The backbone starts from random numbers"
        said = [f"Loaded {self.matched} weights of {self.source}"]
        for how, words in _ADAPTED.items():
            count = sum(each == how for each in self.adapted.values())
            said += [words.format("one" if count == 1 else count, "" if count == 1 else "s")] if count else []
        for names, word in ((self.dropped, "left out"), (self.new, "new")):
            said += (
                [f"{len(names)} {word} ({', '.join(names[:2])}{', ...' if len(names) > 2 else ''})"] if names else []
            )
        return ", ".join(said)


_ADAPTED: dict[Adaptation, str] = {
    "channels": "{} of them folded to other channels",
    "size": "{} table{} of positions resized",
}


class Network(nn.Module):
    """A backbone and a head: normalised images [N,C,S,S] in, logits [N,classes] out.

    ``head`` maps [N,``features``] to logits and has ``out_features``; a linear one is made where none is given.
    ``channels`` and ``size`` are what the backbone was built for.
    """

    def __init__(
        self,
        name: str,
        backbone: nn.Module,
        features: int,
        *,
        classes: int,
        dropout: float = 0.0,
        head: nn.Module | None = None,
        channels: int = 3,
        size: int = 0,
    ) -> None:
        super().__init__()
        self.name, self.channels, self.size = name, channels, size
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.fixed_parameters = frozenset(
            f"backbone.{key}" for key, parameter in backbone.named_parameters() if not parameter.requires_grad
        )
        self.head = head if head is not None else make_head(features, classes, LINEAR)
        if self.classes != classes:
            raise ValueError(f"a head for {self.classes} classes does not fit {classes}")

    @property
    def classes(self) -> int:
        return int(self.head.out_features)  # type: ignore[arg-type]

    def features(self, images: Tensor) -> Tensor:
        """Return the feature vectors [N,F] that the head sees."""
        features: Tensor = self.backbone(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits


def create(
    name: str,
    *,
    weights: str,
    classes: int,
    dropout: float = 0.0,
    head: HeadSpec = LINEAR,
    channels: int = 3,
    drop_path: float = 0.0,
    size: int = 0,
    tag: str = "",
) -> tuple[Network, LoadReport]:
    """Return a network and what loading did.

    ``name`` is ``timm/NAME`` or ``torchvision/NAME``. ``weights`` is ``hub`` (those called ``tag``, or the default ones,
    downloaded once), ``none`` (random) or the path of a file. The classifier is replaced by a new head; drop-out acts
    right before it and replaces the backbone's own there; drop-path is 0 unless it is asked for. The network takes images
    of ``channels`` and of ``size`` pixels (0: the backbone's own); weights made for three channels or another size are
    adapted. Raises WorkbenchError for an unknown backbone, a channel count or size it does not take, and weights that do
    not fit, cannot be had or hold code.
    """
    info = with_tag(find(name), tag)
    if classes < 2:
        raise WorkbenchError(f"A classifier needs at least two classes, not {classes}; add images of another class.")
    if channels < 1:
        raise WorkbenchError(f"An image has at least one channel, not {channels}; choose 1 (grey) or 3 (colour).")
    side = check_size(info, size)
    content = None
    if weights == "hub":
        content = hub.fetch(info, tag)
    elif weights != "none":
        content = read_weights(Path(weights).expanduser())
    backbone, features = build(info, channels=channels, size=side, drop_path=drop_path)
    matched, dropped, adapted = 0, list[str](), dict[str, Adaptation]()
    if content is not None:
        source = "hub weights" if weights == "hub" else f"weights in {weights}"
        content, adapted = adapted_to(backbone, content, channels=channels)
        matched, dropped = load_into(backbone, content, source=source, name=name)
    network = Network(
        name,
        backbone,
        features,
        classes=classes,
        dropout=dropout,
        head=make_head(features, classes, head),
        channels=channels,
        size=side,
    )
    new = [key for key in network.state_dict() if weights == "none" or key.startswith("head.")]
    return network, LoadReport(weights, matched, dropped, new, adapted)
