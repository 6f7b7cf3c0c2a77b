"""Tiles of augmented pictures for the window: asked here, computed by `preview_server` in a warm child.

The pixels are those of training, by the same call (`samples.TrainPixels`). The child reads one JSON request a line and
answers in JSON lines; pixels go through a file that both map, a slot per tile. Jobs of two lanes can run at a time: a newer
job supersedes the older one of its lane between two tiles, and the lane "effects" is worked on only while "preview" is
idle. Imports neither torch nor albumentations.
"""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from workbench import launch
from workbench.augment.chain import Chain, ChainError, Place
from workbench.data.dataset import Sample
from workbench.data.decoding import Pixels
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.models.catalog import check_size, find
from workbench.training.config import TrainConfig
from workbench.training.preview_memory import SharedTiles

Lane = Literal["preview", "effects"]
LANES: tuple[Lane, ...] = ("preview", "effects")
"""The more urgent first."""

POLITENESS = 2
"""The window comes before its preview, but a run in training does not: that one gives way by more."""

_POLL = 0.005
_SERVER = "workbench.training.preview_server"


@dataclass(frozen=True)
class Picture:
    """An image of the project: ``target`` is its class as an index into the request's classes, -1 where it has none."""

    path: str
    target: int = -1
    id: int = 0
    content_hash: str | None = None

    @property
    def sample(self) -> Sample:
        return Sample(self.id, self.path, self.target, self.content_hash)


@dataclass(frozen=True)
class TileWish:
    """One tile. ``picture`` and ``chain`` are indices into the request's; ``chain`` -1 is the one that training would take.

    ``prepared``: the image before any chain, at the model's size. ``mix_with``: index of the picture that is mixed in as
    the request's config says, a variant by the same chain of the seed ``mix_seed`` (None: of ``seed``); -1 for none.
    """

    picture: int
    chain: int = -1
    seed: int = 0
    prepared: bool = False
    mix_with: int = -1
    mix_seed: int | None = None


@dataclass(frozen=True)
class Request:
    """The tiles to make, and all that decides about their pixels.

    ``decoding`` is `Decoding.as_dict`'s data; ``cache`` the project's folder ``cache``, "" for none; ``largest`` the longest
    side of the project's images, 0 where unknown. ``side`` is the longest side of a tile as shown, 0: as the model sees it.
    """

    config: TrainConfig
    classes: tuple[str, ...]
    decoding: dict[str, Any]
    cache: str
    largest: int
    chains: tuple[Chain, ...]
    pictures: tuple[Picture, ...]
    tiles: tuple[TileWish, ...]
    side: int = 0
    lane: Lane = "preview"

    @property
    def tile_side(self) -> int:
        """The side of every tile in pixels. Raises WorkbenchError where the backbone cannot take the image size."""
        size = check_size(find(self.config.backbone.name), self.config.preprocess.size)
        return min(self.side, size) if self.side else size

    def as_dict(self) -> dict[str, Any]:
        return {
            "config": self.config.model_dump(mode="json"),
            "classes": list(self.classes),
            "decoding": self.decoding,
            "cache": self.cache,
            "largest": self.largest,
            "chains": [chain.model_dump(mode="json") for chain in self.chains],
            "pictures": [asdict(picture) for picture in self.pictures],
            "tiles": [asdict(tile) for tile in self.tiles],
            "side": self.side,
            "lane": self.lane,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Rebuild from `as_dict`, after a way through JSON."""
        return cls(
            config=TrainConfig.model_validate(fields["config"]),
            classes=tuple(fields["classes"]),
            decoding=fields["decoding"],
            cache=fields["cache"],
            largest=fields["largest"],
            chains=tuple(Chain.model_validate(chain) for chain in fields["chains"]),
            pictures=tuple(Picture(**picture) for picture in fields["pictures"]),
            tiles=tuple(TileWish(**tile) for tile in fields["tiles"]),
            side=fields["side"],
            lane=fields["lane"],
        )


@dataclass(frozen=True)
class Tile:
    """The tile ``index`` of a request, uint8 [height, width, 3]; the array is the receiver's own.

    ``milliseconds`` is what the chain took on the prepared image. ``share`` is the picture's own share of the label, below 1
    where another was mixed in. Tiles with the same ``digest`` have the same pixels at the model's size.
    """

    index: int
    pixels: Pixels
    milliseconds: float = 0.0
    share: float = 1.0
    digest: int = 0


def variant_seed(seed: int, index: int) -> int:
    """Return the seed of a variant, where nobody trains. The first one's is ``seed`` itself."""
    return seed + 7919 * index


Answers = queue.SimpleQueue[dict[str, Any]]


@dataclass
class _Lane:
    newest: int = 0
    answers: Answers = field(default_factory=queue.SimpleQueue)
    memory: SharedTiles | None = None


class PreviewChild:
    """The child process, its imports kept warm. Starts at `warm` or at the first job; safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._number = 0
        self._lanes = {lane: _Lane() for lane in LANES}
        self.made = 0
        """Tiles that the child had made when a job last ended, those that were superseded included."""

    def warm(self) -> None:
        """Start the child, so that its imports are done before the first preview."""
        with self._lock:
            self._start()

    def job(self, request: Request) -> Job:
        """Return a job that yields `Tile`s in the order in which they are done; run it in a thread.

        It is sent when the job is called; a newer job of the same lane ends an older one early. In the lane "effects" a tile
        that cannot be made does not come. In "preview" it raises ChainError (place and parameter where one is to blame), at
        once; or WorkbenchError for a picture that cannot be read, after the tiles of the others. A child that dies is told
        by one WorkbenchError, and the next job starts another.
        """

        def run(stop: Stop) -> Iterator[Tile]:
            lane = self._lanes[request.lane]
            number, answers, memory = self._send(lane, request)
            return self._tiles(lane, number, answers, memory, request.tile_side, stop)

        return run

    def close(self) -> None:
        """End the child; running jobs end. The next job starts another."""
        with self._lock:
            self._number += 1
            for lane in self._lanes.values():
                lane.newest = self._number
            self._end()

    def _tiles(
        self, lane: _Lane, number: int, answers: Answers, memory: SharedTiles, side: int, stop: Stop
    ) -> Iterator[Tile]:
        slot = side * side * 3
        ended = False
        try:
            while not stop.stopped and number == lane.newest:
                try:
                    answer = answers.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if "died" in answer:
                    ended = True
                    if number == lane.newest:
                        raise WorkbenchError(
                            f"The preview stopped ({answer['died']}); the next change starts it again."
                        )
                    return
                if answer["id"] != number:
                    continue
                if "done" in answer or "error" in answer:
                    ended = True
                    self.made = answer.get("made", self.made)
                    _raise(answer)
                    return
                pixels = memory.get(answer["tile"] * slot, answer["width"], answer["height"])
                if number == lane.newest:
                    yield Tile(answer["tile"], pixels, answer["ms"], answer["share"], answer["digest"])
        finally:
            if not ended:
                self._cancel(lane, number)

    def _send(self, lane: _Lane, request: Request) -> tuple[int, Answers, SharedTiles]:
        side, fields = request.tile_side, request.as_dict()
        needed = max(1, side * side * 3 * len(request.tiles))
        with self._lock:
            self._start()
            if lane.memory is None or lane.memory.size < needed:
                before, lane.memory = lane.memory, None
                if before is not None:
                    before.remove()
                lane.memory = SharedTiles.create(needed)
            self._number += 1
            # Each job has its own queue; what belongs to older ones is dropped with theirs.
            lane.newest, lane.answers = self._number, queue.SimpleQueue()
            memory = {"path": str(lane.memory.path), "size": lane.memory.size}
            self._write({"id": self._number, "tile_side": side, "memory": memory, "request": fields}, lane.answers)
            return self._number, lane.answers, lane.memory

    def _cancel(self, lane: _Lane, number: int) -> None:
        """Let the child drop what nobody waits for any more."""
        with self._lock:
            if number == lane.newest and self._process is not None:
                self._write({"cancel": number}, lane.answers)

    def _write(self, message: dict[str, Any], answers: Answers) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            answers.put({"died": "its process ended"})

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", _SERVER],
            env=launch.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        launch.lower_priority(self._process.pid, POLITENESS)
        self._reader = threading.Thread(target=self._read, args=(self._process,), name="preview answers", daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answer = json.loads(line)
            self._lanes[answer["lane"]].answers.put(answer)
        cause = f"its process ended with code {process.wait()}"
        for lane in self._lanes.values():
            lane.answers.put({"died": cause})

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(OSError):  # the child is gone: what was not sent to it does not matter any more
                process.stdin.close()
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert self._reader is not None
            self._reader.join()
            process.stdout.close()
        for lane in self._lanes.values():
            if lane.memory is not None:
                lane.memory.remove()
                lane.memory = None


def _raise(answer: dict[str, Any]) -> None:
    """Raise what the child tells of, if it does."""
    if "error" not in answer:
        return
    if not answer["chain"]:
        raise WorkbenchError(answer["error"])
    place: Place | None = tuple(answer["place"]) if answer["place"] is not None else None
    raise ChainError(answer["error"], place=place, param=answer["param"])
