"""Whether published weights can be had at all: only what is certain is said. Imports no torch, asks no server."""

import os
from collections.abc import Iterable
from typing import Any

import psutil

from workbench.models.catalog import BackboneInfo, weights_here


def absent(info: BackboneInfo) -> str:
    """Return why the first of ``info.weights`` are not here and cannot come, in a few words; "" where they might."""
    if weights_here(info):
        return ""
    from_hub = bool(info.files) and all(file.startswith("hf:") for file in info.files)
    if from_hub and os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE"):
        return "HF_HUB_OFFLINE is set"
    if not _connected() and not _leads_here(from_hub):
        return "this machine has no network connection"
    return ""


def _connected() -> bool:
    """Return whether any way out of this machine is up; without one nothing but itself can be reached."""
    addresses = psutil.net_if_addrs()
    ways = [name for name, found in psutil.net_if_stats().items() if found.isup and name in addresses]
    return any(not _is_loopback(addresses[name]) for name in ways)


def _is_loopback(addresses: Iterable[Any]) -> bool:
    return any(each.address == "::1" or each.address.startswith("127.") for each in addresses)


def _leads_here(from_hub: bool) -> bool:
    """Return whether a mirror or a proxy is named: it may be a program on this machine."""
    mirror = "HF_ENDPOINT" if from_hub else "WORKBENCH_TORCH_MIRROR"
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    return any(os.environ.get(name) or os.environ.get(name.lower()) for name in (mirror, *proxies))
