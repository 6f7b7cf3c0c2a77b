"""Augmented variants of an image for the window: computed in a warm child, handed over in shared memory.

The child is ``python -m workbench.augment.preview``. It reads one JSON request a line and answers in JSON lines; pixels go
through one memory-mapped file that both map (``shm``): the image comes first, a slot per tile follows. A request that
arrives while an older one is worked on supersedes it between two tiles. The child ends with its standard input.

Request: id, chain, width and height of the image, size (square side the image is squashed to, 0: as it is), side (longest
side of a tile), count, seed, shm. Answers: id with tile, width and height; id with done; id with error, a sentence.
"""

import json
import mmap
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from workbench import launch
from workbench.augment.chain import Chain
from workbench.augment.pipeline import Composed, Pixels, compose, resized
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop

_SHARED_FOLDER = "/dev/shm"
_POLL = 0.05


@dataclass(frozen=True)
class Tile:
    """Variant ``index`` of the image, uint8 HxWx3, no side longer than asked. The array is the receiver's own."""

    index: int
    pixels: Pixels


def variant_seed(seed: int, index: int) -> int:
    """Return the seed of a variant. The first one's is ``seed`` itself."""
    return seed + 7919 * index


class PreviewChild:
    """A child process that keeps albumentations imported. Starts at `warm` or at the first job; safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._shared: _Shared | None = None
        self._newest = 0
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def warm(self) -> None:
        """Start the child, so that its imports are done before the first preview."""
        with self._lock:
            self._start()

    def job(self, chain: Chain, image: Callable[[], Pixels], *, size: int, side: int, count: int, seed: int) -> Job:
        """Return a job that yields ``count`` `Tile`s and ends; run it in a thread.

        ``image`` is called in that thread, for example ``lambda: read_image(path, decoding, reduce_to=size)``; it is then
        squashed to ``size`` x ``size``, as training does (0: left as it is), and the tiles are shrunk to ``side``. A newer
        job makes an older one end early. Raises WorkbenchError where the chain cannot be composed.
        """

        def run(stop: Stop) -> Iterator[Tile]:
            pixels = image()
            number, answers, shared = self._send(chain, pixels, size, side, count, seed)
            while not stop.stopped and number == self._newest:
                try:
                    answer = answers.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if "died" in answer:
                    if number == self._newest:
                        raise WorkbenchError(
                            f"The preview stopped ({answer['died']}); change the chain to start it again."
                        )
                    return
                if answer["id"] != number:
                    continue
                if "error" in answer:
                    raise WorkbenchError(answer["error"])
                if "done" in answer:
                    return
                tile = shared.tile(answer["tile"], answer["width"], answer["height"])
                if number == self._newest:
                    yield Tile(answer["tile"], tile)

        return run

    def close(self) -> None:
        """End the child; running jobs end. The next job starts another."""
        with self._lock:
            self._newest += 1
            self._end()

    def _send(
        self, chain: Chain, pixels: Pixels, size: int, side: int, count: int, seed: int
    ) -> "tuple[int, queue.SimpleQueue[dict[str, Any]], _Shared]":
        height, width = pixels.shape[:2]
        with self._lock:
            self._start()
            child = self._child
            assert child is not None
            assert child.stdin is not None
            layout = _Layout(width * height * 3, side, count)
            if self._shared is None or self._shared.layout != layout:
                shared, self._shared = self._shared, _Shared.create(layout)
                if shared is not None:
                    shared.remove()
            self._shared.put(pixels)
            self._newest += 1
            # Each job has its own queue; what belongs to older ones is dropped with theirs.
            self._answers = queue.SimpleQueue()
            request = {
                "id": self._newest,
                "chain": chain.model_dump(mode="json"),
                "width": width,
                "height": height,
                "size": size,
                "side": side,
                "count": count,
                "seed": seed,
                "shm": str(self._shared.path),
            }
            try:
                child.stdin.write(json.dumps(request) + "\n")
                child.stdin.flush()
            except OSError:
                self._answers.put({"died": "its process ended"})
            return self._newest, self._answers, self._shared

    def _start(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self._end()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "workbench.augment.preview"],
            env=launch.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, args=(self._child,), name="preview answers", daemon=True)
        self._reader.start()

    def _read(self, child: "subprocess.Popen[str]") -> None:
        assert child.stdout is not None
        for line in child.stdout:
            self._answers.put(json.loads(line))
        self._answers.put({"died": f"its process ended with code {child.wait()}"})

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            assert child.stdin is not None
            assert child.stdout is not None
            with suppress(OSError):  # the child is gone: what was not sent to it does not matter any more
                child.stdin.close()
            try:
                child.wait(timeout=1)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            assert self._reader is not None
            self._reader.join()
            child.stdout.close()
        if self._shared is not None:
            self._shared.remove()
            self._shared = None


@dataclass(frozen=True)
class _Layout:
    image_bytes: int
    side: int
    count: int

    @property
    def slot(self) -> int:
        return self.side * self.side * 3

    @property
    def size(self) -> int:
        return self.image_bytes + self.slot * self.count


class _Shared:
    """The memory-mapped file. In memory alone where the system offers that (Linux), else paged by the system."""

    def __init__(self, path: Path, layout: _Layout) -> None:
        self.path = path
        self.layout = layout
        with path.open("r+b") as file:
            self._bytes = np.frombuffer(mmap.mmap(file.fileno(), layout.size), np.uint8)

    @classmethod
    def create(cls, layout: _Layout) -> "_Shared":
        folder = _SHARED_FOLDER if os.path.isdir(_SHARED_FOLDER) and os.access(_SHARED_FOLDER, os.W_OK) else None
        handle, name = tempfile.mkstemp(prefix="workbench-preview-", dir=folder)
        try:
            os.truncate(name, layout.size)
        finally:
            os.close(handle)
        return cls(Path(name), layout)

    def put(self, image: Pixels) -> None:
        self._bytes[: self.layout.image_bytes] = image.reshape(-1)

    def image(self, width: int, height: int) -> Pixels:
        return self._bytes[: self.layout.image_bytes].reshape(height, width, 3).copy()

    def put_tile(self, index: int, tile: Pixels) -> None:
        start = self.layout.image_bytes + index * self.layout.slot
        self._bytes[start : start + tile.size] = tile.reshape(-1)

    def tile(self, index: int, width: int, height: int) -> Pixels:
        start = self.layout.image_bytes + index * self.layout.slot
        return self._bytes[start : start + width * height * 3].reshape(height, width, 3).copy()

    def remove(self) -> None:
        with suppress(OSError):  # Windows keeps a file that the child still maps; it lies in the temporary folder
            self.path.unlink()


class _Server:
    """The child's side."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests = requests
        self._answers = answers
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._shared: _Shared | None = None
        self._composed: tuple[Any, Composed] | None = None

    def serve(self) -> None:
        """Work on the newest request until the standard input ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        from workbench.augment import library as library  # while nobody waits yet

        request: dict[str, Any] | None = self._queue.get()
        while request is not None:
            newer = self._newer()
            if newer:
                request = newer[-1]
                continue
            try:
                newer = self._work(request)
            except WorkbenchError as error:
                self._answer(id=request["id"], error=str(error))
                newer = []
            request = newer[-1] if newer else self._queue.get()
        if self._shared is not None:
            self._shared.remove()  # a window that was killed has not done it

    def _listen(self) -> None:
        for line in self._requests:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def _newer(self) -> list[dict[str, Any] | None]:
        found: list[dict[str, Any] | None] = []
        while not self._queue.empty():
            found.append(self._queue.get())
            if found[-1] is None:
                break
        return found

    def _work(self, request: dict[str, Any]) -> list[dict[str, Any] | None]:
        """Answer the request; return what arrived instead, which ends the work on it."""
        composed = self._compose(request["chain"])
        shared = self._map(request)
        if shared is None:
            return self._newer()
        width, height = request["width"], request["height"]
        size, side = request["size"], request["side"]
        image = shared.image(width, height)
        if size:
            image = resized(image, (size, size))
        for index in range(request["count"]):
            newer = self._newer()
            if newer:
                return newer
            tile = _fit(composed(image, variant_seed(request["seed"], index)), side)
            shared.put_tile(index, tile)
            self._answer(id=request["id"], tile=index, width=tile.shape[1], height=tile.shape[0])
        self._answer(id=request["id"], done=True)
        return []

    def _compose(self, fields: dict[str, Any]) -> Composed:
        if self._composed is None or self._composed[0] != fields:
            self._composed = (fields, compose(Chain.model_validate(fields)))
        return self._composed[1]

    def _map(self, request: dict[str, Any]) -> _Shared | None:
        """None where a newer request has replaced the file already."""
        path = Path(request["shm"])
        layout = _Layout(request["width"] * request["height"] * 3, request["side"], request["count"])
        if self._shared is None or self._shared.path != path:
            try:
                self._shared = _Shared(path, layout)
            except FileNotFoundError:
                return None
        return self._shared

    def _answer(self, **fields: Any) -> None:
        self._answers.write(json.dumps(fields) + "\n")
        self._answers.flush()


def _fit(image: Pixels, side: int) -> Pixels:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    return image if scale >= 1 else resized(image, (max(1, round(height * scale)), max(1, round(width * scale))))


if __name__ == "__main__":
    _Server(sys.stdin, sys.stdout).serve()
