"""Rows of a catalogue, made by hand, and what holds them."""

from workbench.models.catalog import BackboneInfo, row_to_info
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import CatalogueModel, InfoRole


def backbone(name: str, **fields: object) -> BackboneInfo:
    """A backbone whose default weights are the tag ``a1_in1k``, unless said otherwise."""
    plain = name.partition("/")[2]
    licence, top1 = fields.pop("licence", None), fields.pop("top1", None)
    row = {
        "name": name,
        "library": name.partition("/")[0],
        "family": plain.rstrip("0123456789_"),
        "title": plain,
        "tags": [["a1_in1k", licence, top1, "ImageNet-1k", 1000]],
        **fields,
    }
    return row_to_info(row)


def few() -> list[BackboneInfo]:
    return [
        backbone("timm/zresnet50", parameters=30.0, year=2020, gmacs=4.9),
        backbone("timm/resnet50", parameters=25.6, licence="apache-2.0", year=2015, gmacs=4.1),
        backbone("torchvision/resnet50", parameters=25.6, tags=[], top1=80.9),
        backbone("torchvision/mobilenet_v2", parameters=3.5, recommended=True, note="Small", top1=72.154),
        backbone("timm/tiny_vit", parameters=None, input_size=384),
    ]


def many(count: int = 1450) -> list[BackboneInfo]:
    families = ["resnet", "mobilenet", "vit_base", "efficientnet", "convnext", "swin"]
    return [backbone(f"timm/{families[n % 6]}_{n}", parameters=float(n)) for n in range(count)]


def model_of(rows: list[BackboneInfo], *here: str, favourites: tuple[str, ...] = ()) -> CatalogueModel:
    return CatalogueModel(rows, lambda info: info.name in here, favourites)


def names(shown: CatalogueFilter) -> list[str]:
    return [shown.index(row, 0).data(InfoRole).name for row in range(shown.rowCount())]
