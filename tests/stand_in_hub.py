"""A hub on this machine, to which both libraries go: with ranges, broken connections, redirects, and as a proxy."""

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub.constants
import pytest
import torchvision

SQUEEZENET = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1

_PIECE = 1 << 16


@dataclass
class Hub:
    """Serves ``files`` by path, or answers ``status``; ``moved`` answers with another address.

    ``breaks`` holds, for each of the next downloads, after how many bytes its connection ends. ``asked`` are the paths,
    ``ranges`` the byte ranges of the files that are there ("" without one), ``hosts`` whom a request was meant for.
    ``pace`` is how many seconds each 64 kB take. While ``silent`` is a method it says nothing to that: HEAD nothing at all,
    GET nothing after the headers.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    status: int = 404
    breaks: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    pace: float = 0.0
    silent: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def downloads(self) -> int:
        return len(self.ranges)


class _Handler(BaseHTTPRequestHandler):
    served: Hub

    def do_HEAD(self) -> None:
        found = self._found()
        self._keep_silent()
        self._answer(found)

    def do_GET(self) -> None:
        content = self._found()
        asked = self.headers.get("Range", "")
        if content is not None:
            self.served.ranges.append(asked)
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.served.knows_ranges else 0
        if content is not None and start >= len(content) > 0:
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._answer(content, start)
        body = (content or b"")[start:]
        self._keep_silent()
        if content is not None and self.served.breaks:
            self.wfile.write(body[: self.served.breaks.pop(0)])
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):  # who stops a download is gone
            for at in range(0, len(body), _PIECE):
                self.wfile.write(body[at : at + _PIECE])
                time.sleep(self.served.pace)

    def _keep_silent(self) -> None:
        while self.served.silent == self.command and not self.served.over.wait(0.01):
            pass

    def _found(self) -> bytes | None:
        parts = urlsplit(self.path)
        self.served.asked.append(parts.path)
        self.served.hosts.append(parts.netloc or self.headers.get("Host", ""))
        return self.served.files.get(parts.path)

    def _answer(self, content: bytes | None, start: int = 0) -> None:
        target = self.served.moved.get(urlsplit(self.path).path)
        self.send_response(302 if target else self.served.status if content is None else 206 if start else 200)
        if target:
            self.send_header("Location", target)
        if content is not None:
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
        if content is None and any(path.startswith(self.path.rpartition("/")[0] + "/") for path in self.served.files):
            self.send_header("X-Error-Code", "EntryNotFound")  # the hub's word for a repository without this file
        self.send_header("Content-Length", str(len(content or b"") - start))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve() -> Iterator[Hub]:
    """Serve a hub until the block ends."""
    served = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_port}"
    huggingface_hub.close_session()  # the client reads proxies once, when it is made
    try:
        yield served
    finally:
        served.over.set()
        huggingface_hub.close_session()
        server.shutdown()
        server.server_close()
        thread.join()


def lead_hub_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let huggingface_hub take this address for the hub's: it reads the environment once, when it is imported."""
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(Path(os.environ["HF_HOME"]) / "hub"))
    monkeypatch.delenv("HF_HUB_OFFLINE")


def lead_squeezenet_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torchvision take this address for that of its SqueezeNet 1.1."""
    value = SQUEEZENET.value
    monkeypatch.setattr(SQUEEZENET, "_value_", type(value)(url, value.transforms, value.meta))
    assert url == SQUEEZENET.url
