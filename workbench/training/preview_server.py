"""The preview's child: ``python -m workbench.training.preview_server``. Reads requests on stdin until that ends.

A line asks (``id``, ``tile_side``, ``memory``, ``request``) or takes back (``cancel``). Each answer has ``id`` and ``lane``
and is a tile (``tile``, ``width``, ``height``, ``ms``, ``share``, ``digest``) that lies in the shared file, or the end:
``done`` (with ``made``, the tiles made since the start), or ``error`` with ``chain``, ``place`` and ``param``.
"""

import json
import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workbench.augment.chain import ChainError
from workbench.errors import WorkbenchError
from workbench.training.preview import LANES, Lane, Request
from workbench.training.preview_memory import SharedTiles

if TYPE_CHECKING:
    from workbench.training.preview_pixels import KeptPictures, TileMaker

THREADS = 2


@dataclass
class _Work:
    """A request that is being answered. ``order`` are the tiles that nobody has begun."""

    number: int
    request: Request
    memory: SharedTiles
    slot: int
    order: list[int]
    busy: int = 0
    failed: str = ""
    broken: set[int] = field(default_factory=set)


class Server:
    """Shares the tiles of the newest request of each lane among threads; ``serve`` returns when the requests end."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests, self._answers = requests, answers
        self._changed = threading.Condition()
        self._works: dict[Lane, _Work] = {}
        self._memories: dict[Lane, SharedTiles] = {}
        self._importing = threading.Lock()
        self._pictures: KeptPictures | None = None
        self._made = 0

    def serve(self) -> None:
        for number in range(THREADS):
            threading.Thread(target=self._run, name=f"tiles {number}", daemon=True).start()
        for line in self._requests:
            self._take(json.loads(line))
        with self._changed:
            self._works.clear()
            for memory in self._memories.values():
                memory.remove()  # a window that was killed has not done it

    # The reading thread

    def _take(self, message: dict[str, Any]) -> None:
        if "cancel" in message:
            with self._changed:
                self._works = {lane: work for lane, work in self._works.items() if work.number != message["cancel"]}
                self._changed.notify_all()
            return
        request = Request.from_dict(message["request"])
        try:
            memory = self._map(request.lane, message["memory"])
        except FileNotFoundError:
            return  # a newer request, on its way, has replaced the file
        order = list(range(len(request.tiles)))
        with self._changed:
            before = self._works.get(request.lane)
            if before is not None and len(before.request.tiles) == len(order) and before.order:
                # In a drag each request gets to some of its tiles: let all of them have their turn.
                order = order[before.order[0] :] + order[: before.order[0]]
            work = _Work(message["id"], request, memory, 3 * message["tile_side"] ** 2, order)
            self._works[request.lane] = work
            self._end_where_done(work)
            self._changed.notify_all()

    def _map(self, lane: Lane, wanted: dict[str, Any]) -> SharedTiles:
        path = Path(wanted["path"])
        if lane not in self._memories or self._memories[lane].path != path:
            self._memories[lane] = SharedTiles(path, wanted["size"])
        return self._memories[lane]

    # The working threads

    def _run(self) -> None:
        maker = self._maker()
        while True:
            with self._changed:
                while (task := self._next()) is None:
                    self._changed.wait()
                work, index = task
                work.busy += 1
            self._make(maker, work, index)

    def _maker(self) -> "TileMaker":
        with self._importing:  # one after the other: two threads that import the same wait for each other anyway
            from workbench.augment import library as library  # the slow imports, while nobody waits yet
            from workbench.training.preview_pixels import KeptPictures, TileMaker

            if self._pictures is None:
                self._pictures = KeptPictures()
            else:
                # The second thread's, while the first can work already: pictures in the prepared cache need no torch.
                import workbench.models.preprocess as preprocess  # noqa: F401
            return TileMaker(self._pictures)

    def _next(self) -> tuple[_Work, int] | None:
        for lane in LANES:
            work = self._works.get(lane)
            if work is not None:
                return (work, work.order.pop(0)) if work.order else None
        return None

    def _make(self, maker: "TileMaker", work: _Work, index: int) -> None:
        tile, problem = None, None
        picture = work.request.tiles[index].picture
        try:
            if picture not in work.broken:
                tile = maker.make(work.request, index)
        except WorkbenchError as error:
            problem = error
        except Exception as error:  # a defect; whoever waits must hear of it all the same
            problem = WorkbenchError(f"The preview met a defect of Workbench ({type(error).__name__}: {error}).")
        with self._changed:
            work.busy -= 1
            self._made += 1
            if self._works.get(work.request.lane) is not work:
                return  # superseded: its slots belong to a newer request
            if tile is not None:
                work.memory.put(index * work.slot, tile.pixels)
                height, width = tile.pixels.shape[:2]
                self._answer(
                    work,
                    tile=index,
                    width=width,
                    height=height,
                    ms=tile.milliseconds,
                    share=tile.share,
                    digest=tile.digest,
                )
            elif problem is not None and work.request.lane == "preview":
                if isinstance(problem, ChainError):
                    work.order.clear()
                    self._end(work, problem)
                    return
                work.broken.add(picture)
                work.failed = work.failed or str(problem)
            self._end_where_done(work)

    def _end_where_done(self, work: _Work) -> None:
        if not work.order and not work.busy:
            self._end(work, WorkbenchError(work.failed) if work.failed else None)

    def _end(self, work: _Work, problem: WorkbenchError | None) -> None:
        del self._works[work.request.lane]
        self._changed.notify_all()
        if problem is None:
            self._answer(work, done=True, made=self._made)
            return
        chain = isinstance(problem, ChainError)
        place, param = (problem.place, problem.param) if isinstance(problem, ChainError) else (None, None)
        self._answer(work, error=str(problem), chain=chain, place=place, param=param)

    def _answer(self, work: _Work, **fields: Any) -> None:
        try:
            self._answers.write(json.dumps({"id": work.number, "lane": work.request.lane, **fields}) + "\n")
            self._answers.flush()
        except OSError:
            os._exit(1)  # the window is gone


def main() -> None:
    """Serve, then end at once: a tile that is being made must not hold up the end of the window."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand among the answers
    Server(sys.stdin, answers).serve()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
