"""Small networks of ours, to train from scratch: what a pretrained backbone has to beat. Imports torch."""

from torch import Tensor, nn


class LeNet(nn.Module):
    """LeNet-5 (LeCun et al. 1998, https://doi.org/10.1109/5.726791) up to its last layer: [N,3,S,S] to [N,84], S >= 16.

    With ReLU and max pooling in place of the saturating units of its time. Its 5 x 5 features come from 32 pixels; those of
    other sizes are averaged to as many.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.pool = nn.AdaptiveAvgPool2d(5)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()
        )

    def forward(self, images: Tensor) -> Tensor:
        pooled: Tensor = self.classifier(self.pool(self.features(images)))
        return pooled


class SmallCNN(nn.Module):
    """Four convolutions with batch norm, each followed by a pooling, then the mean over places: [N,3,S,S] to [N,256], S >= 16."""

    WIDTHS = (32, 64, 128, 256)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in self.WIDTHS:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
            before = width
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        pooled: Tensor = self.pool(self.features(images))
        return pooled
