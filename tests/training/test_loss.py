import pytest
import torch
from torch import nn

from workbench.training.loss import CrossEntropy

WEIGHT = torch.tensor([0.5, 2.0, 1.0, 4.0])


def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    targets = torch.randint(0, 4, (6,), generator=random)
    return torch.randn(6, 4, generator=random), targets, torch.arange(6).roll(-1)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_shares_of_one_and_of_nothing_are_the_plain_loss_of_either_label(
    weight: torch.Tensor | None, smoothing: float
) -> None:
    logits, targets, partners = drawn()
    loss, plain = (
        CrossEntropy(weight, label_smoothing=smoothing),
        nn.CrossEntropyLoss(weight, label_smoothing=smoothing),
    )
    assert torch.equal(loss(logits, targets), plain(logits, targets))
    torch.testing.assert_close(loss(logits, targets, partners, torch.ones(6)), plain(logits, targets))
    torch.testing.assert_close(loss(logits, targets, partners, torch.zeros(6)), plain(logits, targets[partners]))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_class_weights_it_is_the_cross_entropy_of_soft_labels(smoothing: float) -> None:
    logits, targets, partners = drawn()
    shares = torch.tensor([1.0, 0.9, 0.75, 0.5, 0.25, 0.0])
    soft = torch.zeros(6, 4)
    soft[torch.arange(6), targets] += shares
    soft[torch.arange(6), targets[partners]] += 1 - shares
    expected = nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, soft)
    torch.testing.assert_close(CrossEntropy(label_smoothing=smoothing)(logits, targets, partners, shares), expected)


def test_class_weights_count_each_label_by_its_share() -> None:
    logits, targets, partners = drawn()
    shares = torch.tensor([1.0, 0.9, 0.75, 0.5, 0.25, 0.0])
    log = logits.log_softmax(1)
    over = under = 0.0
    for row in range(6):
        for label, share in ((targets[row], shares[row]), (targets[partners[row]], 1 - shares[row])):
            over += float(-log[row, label] * WEIGHT[label] * share)
            under += float(WEIGHT[label] * share)
    assert float(CrossEntropy(WEIGHT)(logits, targets, partners, shares)) == pytest.approx(over / under, rel=1e-5)
