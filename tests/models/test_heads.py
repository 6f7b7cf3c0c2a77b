import json

import pytest
import torch
from torch import nn
from torch.nn import functional

import tests.tiny_backbone  # noqa: F401
from workbench.models.backbones import create
from workbench.models.heads import GroupedHead, HeadSpec, make_head, spec_of

SPECS = [HeadSpec(), HeadSpec("hidden", 12), HeadSpec("cosine"), HeadSpec("grouped", groups=(2, 1, 4))]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_every_head_says_what_it_is_and_has_the_shapes_of_a_linear_layer(spec: HeadSpec) -> None:
    head = make_head(16, 3, spec)
    assert (head.in_features, head.out_features) == (16, 3)
    assert head(torch.randn(5, 16)).shape == (5, 3)
    again = HeadSpec.from_dict(json.loads(json.dumps(spec_of(head).as_dict())))
    assert {key: value.shape for key, value in make_head(16, 3, again).state_dict().items()} == {
        key: value.shape for key, value in head.state_dict().items()
    }


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_a_network_trains_every_number_of_its_head(spec: HeadSpec) -> None:
    network, report = create("tests/tiny", weights="none", classes=3, head=spec)
    assert network.classes == 3
    assert {name for name in report.new if name.startswith("head.")} == {
        f"head.{name}" for name in network.head.state_dict()
    }
    functional.cross_entropy(network(torch.randn(8, 3, 32, 32)), torch.arange(8) % 3).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.head.parameters())


def test_a_cosine_head_sees_directions_only() -> None:
    head = make_head(16, 3, HeadSpec("cosine"))
    features = torch.randn(4, 16)
    logits = head(features)
    assert torch.allclose(head(features * 7), logits, atol=1e-5)
    head.weight.data *= torch.tensor([[1.0], [5.0], [0.1]])
    assert torch.allclose(head(features), logits, atol=1e-5)
    assert torch.allclose(head(head.weight[:1].detach())[0, 0], head.scale)


def test_a_hidden_head_is_not_linear() -> None:
    head = make_head(16, 3, HeadSpec("hidden", 64))
    a, b = torch.randn(2, 1, 16)
    # With the biases taken off: those alone make two linear layers miss the plain sum.
    assert not torch.allclose(head(a + b) + head(torch.zeros(1, 16)), head(a) + head(b), atol=1e-5)


def test_a_grouped_head_adds_the_probabilities_of_the_classes_that_answer() -> None:
    head = GroupedHead(8, [2, 3])
    features = torch.randn(6, 8)
    published = torch.softmax(head.linear(features), dim=1)
    expected = torch.stack([published[:, :2].sum(1), published[:, 2:].sum(1)], dim=1)
    assert torch.allclose(torch.softmax(head(features), dim=1), expected, atol=1e-6)


@pytest.mark.parametrize("groups", [[], [1, 0]])
def test_a_class_that_nothing_answers_for_is_refused(groups: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        GroupedHead(8, groups)


@pytest.mark.parametrize("fields", [{"kind": "bayes"}, {"width": 0}, {"kind": "grouped"}, {"groups": (1,)}])
def test_a_head_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a head"):
        HeadSpec(**fields)  # type: ignore[arg-type]


def test_a_foreign_head_is_not_described() -> None:
    with pytest.raises(ValueError, match="not a head of ours"):
        spec_of(nn.Sequential())
