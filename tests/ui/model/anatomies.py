"""A small network as the anatomy of a backbone tells it: a stem, two stages, a head; with batch norm."""

from workbench.models.anatomy_parts import Anatomy, LayerInfo, StageInfo


def layer(path: str, kind: str, parameters: int, depth: int, memory: int = 0, *, norm: bool = False) -> LayerInfo:
    return LayerInfo(path, kind, [8, 16, 16], parameters, parameters * 256, depth, norm, memory)


def small(name: str = "torchvision/mobilenet_v2") -> Anatomy:
    """Return it: 100 + 1 000 + 2 000 parameters, and a head of 10 features for two classes."""
    stem = [layer("backbone.conv1", "Conv2d", 90, 0, 600), layer("backbone.bn1", "BatchNorm2d", 10, 0, 400, norm=True)]
    first = [
        layer("backbone.layer1.0", "BasicBlock", 1000, 0, 2000, norm=True),
        layer("backbone.layer1.0.conv", "Conv2d", 900, 1, 1500),
        layer("backbone.layer1.0.act", "ReLU", 0, 1, 100),
        layer("backbone.layer1.0.bn", "BatchNorm2d", 100, 1, 500, norm=True),
    ]
    second = [
        layer("backbone.layer2.0", "BasicBlock", 1200, 0, 600),
        layer("backbone.layer2.0.conv", "Conv2d", 1200, 1, 600),
        layer("backbone.layer2.1", "BasicBlock", 800, 0, 400),
        layer("backbone.layer2.1.conv", "Conv2d", 800, 1, 400),
    ]
    stages = [
        StageInfo("stem", 100, 25_600, 1000, stem),
        StageInfo("layer1", 1000, 256_000, 2000, first),
        StageInfo("layer2", 2000, 512_000, 1000, second),
        StageInfo("head", 22, 20, 40, [LayerInfo("head", "Linear", [2], 22, 20, 0, False, 40)]),
    ]
    return Anatomy(name, 224, 3, 2, 10, stages, 3122, 793_620, 4040)
