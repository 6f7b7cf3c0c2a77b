"""Networks on torch's meta device, where tensors have a shape and no content: of any size in no time and no memory."""

from collections.abc import Callable

import torch

from workbench.models.backbones import LoadReport, Network


def on_meta(make: Callable[[], tuple[Network, LoadReport]]) -> Network:
    """Return the network that ``make`` makes with random weights, without content.

    Raises RuntimeError, NotImplementedError, TypeError or ValueError where numbers are read out of tensors meanwhile.
    """
    try:
        with torch.device("meta"):
            network, _ = make()
    except NotImplementedError:  # RegNet of torchvision draws its first weights with numbers of its own
        network, _ = make()
    # Tables that are made with numpy stay where they were made.
    return network.to("meta")
