"""Published weights that a run needs, downloaded before its network is made: told as the run's events, and stopped by them."""

from collections.abc import Iterator

from workbench.models import packs
from workbench.models.catalog import find, with_tag
from workbench.models.downloads import download
from workbench.models.sources import source_of
from workbench.training.config import BackboneConfig
from workbench.training.events import Preparing


def fetched(backbone: BackboneConfig) -> Iterator[Preparing]:
    """Download the weights of a backbone where they come from the hub and are not here; yield how many megabytes came.

    Raises WorkbenchError where they cannot be had.
    """
    if backbone.weights != "hub":
        return
    info = with_tag(find(backbone.name), backbone.tag)
    source = source_of(info)
    if packs.find(info.name, info.weights[0]) is not None or source.cached() is not None:
        return
    for event in download(info, source):
        what = event.what.replace(", bytes", ", MB")
        yield Preparing(what, event.done // 1_000_000, (event.total or 0) // 1_000_000)
