"""The loss: cross-entropy with class weights and label smoothing, of single labels and of mixed ones."""

from torch import Tensor, nn
from torch.nn import functional


class CrossEntropy(nn.CrossEntropyLoss):
    """Torch's cross-entropy, the weighted mean over the batch, also for images that show two classes in shares."""

    def forward(
        self, logits: Tensor, targets: Tensor, partners: Tensor | None = None, shares: Tensor | None = None
    ) -> Tensor:
        """Return the loss of ``logits`` [N, C] and ``targets`` int64 [N], a scalar.

        With ``partners`` int64 [N] and ``shares`` [N] (0 to 1; see `data.mixing.Mixed`) both labels of an image count, the
        own by its share, that of its partner by the rest, each with its class weight. Shares of 1 give the plain loss.
        """
        if partners is None or shares is None:
            return super().forward(logits, targets)
        others = targets[partners]
        each = self._each(logits, targets) * shares + self._each(logits, others) * (1 - shares)
        if self.weight is None:
            return each.mean()
        return each.sum() / (self.weight[targets] * shares + self.weight[others] * (1 - shares)).sum()

    def _each(self, logits: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(
            logits, targets, weight=self.weight, label_smoothing=self.label_smoothing, reduction="none"
        )
