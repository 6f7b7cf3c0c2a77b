"""One file from the network into a part file, by the HTTP client of huggingface_hub: resumed, and stopped at any moment.

The network is waited for in a thread, so that a server that says nothing keeps nobody who wants to stop.
The client takes proxies from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as it does for its library.
"""

import contextlib
import queue
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff  # type: ignore[attr-defined]  # listed lazily

from workbench.errors import WorkbenchError, told
from workbench.jobs import Progress

T = TypeVar("T")

TELL_SECONDS = 0.1
QUIET_SECONDS = 0.25
"""While nothing comes an event is given so often, at which the job can be stopped."""
WAITS = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds before each new attempt after the connection broke; a chunk that arrives starts them anew."""

_PASSING = (408, 429, 500, 502, 503, 504)
_AHEAD = 16
"""So many chunks may wait to be written."""


class BrokenOff(ConnectionError):
    """Something came, and the connection broke again and again."""


@dataclass(frozen=True)
class _Answer:
    start: int
    total: int | None
    chunks: Iterator[bytes]
    stream: Any


def aside(work: Callable[[], T], progress: Progress) -> Generator[Progress, None, T]:
    """Do ``work`` in a thread, yield ``progress`` while it lasts and return what it returned. Use it with ``yield from``.

    Who closes it meanwhile does not wait: the work is left to its own time limit.
    """
    results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except BaseException as error:  # told to whoever waits, in their thread
            results.put((None, error))

    threading.Thread(target=run, name="asked", daemon=True).start()
    while True:
        try:
            result, error = results.get(timeout=QUIET_SECONDS)
        except queue.Empty:
            yield progress
            continue
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # where there is no error there is a result


def transfer(
    url: str, part: Path, *, what: str, size: int | None = None, headers: dict[str, str] | None = None
) -> Iterator[Progress]:
    """Download ``url`` into ``part``, from where an earlier attempt left off; yield how many bytes there are.

    ``size`` is the number of bytes where it is known. Raises OSError where the server refuses (with ``response``), cannot be
    reached, or breaks off again and again; WorkbenchError where the disk is full. What came is kept for the next time.
    """
    began, failures = False, 0
    while True:
        start = part.stat().st_size if part.is_file() else 0
        if size is not None and start > size:
            part.unlink()  # what is left of another file
            continue
        if size is not None and start == size:
            return
        try:
            for progress in _attempt(url, part, start, what, size, headers or {}):
                if progress.done != start:
                    began, failures = True, 0
                yield progress
            return
        except OSError as error:
            if _status(error) == 416 and start:
                part.unlink()  # the file on the server is shorter than what is here
                continue
            passing = isinstance(error, ConnectionError) or _status(error) in _PASSING
            # Where nothing ever came there is no network: who waits for that should hear it at once.
            if passing and began and failures == len(WAITS):
                raise BrokenOff(str(error)) from error
            if not passing or not began:
                raise
        yield from _wait(WAITS[failures], part, size, what)
        failures += 1


def _attempt(
    url: str, part: Path, start: int, what: str, size: int | None, headers: dict[str, str]
) -> Generator[Progress, None, None]:
    with contextlib.closing(_Reader(url, start, headers)) as reader:
        while (answer := reader.next()) is None:
            yield Progress(start, size, what)
        assert isinstance(answer, _Answer)
        done, total = answer.start, size if size is not None else answer.total
        if total is not None:
            _check_space(part.parent, total - done)
        with _opened_at(part, done) as file:
            last = 0.0
            while (chunk := reader.next()) != b"":
                if chunk is not None:
                    assert isinstance(chunk, bytes)
                    with _on_disk(part):
                        file.write(chunk)
                    done += len(chunk)
                # Also where nothing is told: between two events the job can be stopped.
                if chunk is None or time.monotonic() - last >= TELL_SECONDS or done == total:
                    last = time.monotonic()
                    yield Progress(done, total, what)
    if total is not None and done != total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")


@contextlib.contextmanager
def _opened_at(part: Path, place: int) -> Iterator[Any]:
    """Open a part file for writing from a byte on; nothing of what is written waits in memory."""
    with part.open("r+b" if part.is_file() else "wb", buffering=0) as file:
        file.seek(place)
        file.truncate()
        yield file


@contextlib.contextmanager
def _on_disk(part: Path) -> Iterator[None]:
    """Say of an error that it is the disk's: the system names no file where a write fails."""
    try:
        yield
    except OSError as error:
        raise told(error, doing=f"downloading into {part.parent}") from error


class _Reader:
    """Opens a download in a thread and hands on the answer, then its chunks, then b""."""

    def __init__(self, url: str, start: int, headers: dict[str, str]) -> None:
        self._items: queue.Queue[_Answer | bytes | BaseException] = queue.Queue(_AHEAD)
        self._closed = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._read, args=(url, start, headers), name="download", daemon=True)
        self._thread.start()

    def next(self) -> _Answer | bytes | None:
        """Return what comes next, None where nothing came for a while. Raises what opening or reading raised."""
        try:
            item = self._items.get(timeout=QUIET_SECONDS)
        except queue.Empty:
            return None
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self) -> None:
        """End the download at once. A server that has not even answered is left to the client's time limit."""
        self._closed.set()
        connection = self._stream.get_extra_info("socket") if self._stream is not None else None
        if connection is not None and self._thread.is_alive():
            with contextlib.suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)  # wakes whoever reads, which closing does not
        if self._stream is not None:
            self._thread.join(4 * QUIET_SECONDS)

    def _read(self, url: str, start: int, headers: dict[str, str]) -> None:
        try:
            with _opened(url, start, headers) as answer:
                self._stream = answer.stream
                self._put(answer)
                for chunk in answer.chunks:
                    self._put(chunk)
                    if self._closed.is_set():
                        return
            self._put(b"")
        except BaseException as error:  # told to whoever waits, in their thread
            self._put(error)

    def _put(self, item: _Answer | bytes | BaseException) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._items.put(item, timeout=QUIET_SECONDS)
                return


@contextlib.contextmanager
def _opened(url: str, start: int, headers: dict[str, str]) -> Iterator[_Answer]:
    """Open a download from byte ``start`` on; what the client raises becomes an OSError."""
    # Not compressed: the bytes are counted, and a part must continue where it ended.
    asked = {**headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    stream = http_stream_backoff(
        "GET", url, max_retries=0, retry_on_exceptions=(), retry_on_status_codes=(), headers=asked,
        timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        with in_os_errors():
            response = stack.enter_context(stream)
            hf_raise_for_status(response)
        came = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if response.status_code == 206 and came and int(came[1]) == start:
            total = None if came[2] == "*" else int(came[2])
        else:
            start, total = 0, _number(response.headers.get("Content-Length"))
        yield _Answer(start, total, _chunks(response), response.extensions.get("network_stream"))


def _chunks(response: Any) -> Iterator[bytes]:
    chunks = response.iter_bytes()  # as they come: who waits for full ones loses what a break cuts off
    while True:
        with in_os_errors():
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


@contextlib.contextmanager
def in_os_errors() -> Iterator[None]:
    """Let what the client raises without a connection be a ConnectionError; the library's own errors stay."""
    try:
        yield
    except (HfHubHTTPError, EntryNotFoundError, OSError):
        raise
    except Exception as error:
        # The client's classes are not part of the library's interface.
        raise ConnectionError(str(error).strip().partition("\n")[0][:160] or type(error).__name__) from error


def _wait(seconds: float, part: Path, size: int | None, what: str) -> Iterator[Progress]:
    """Wait before the next attempt; the events in between let the job be stopped."""
    until = time.monotonic() + seconds
    while True:
        yield Progress(
            part.stat().st_size if part.is_file() else 0, size, f"{what}: the connection broke, trying again"
        )
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, TELL_SECONDS))


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise WorkbenchError(
            f"The download needs {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are free in {folder}; free some space "
            f"and try again."
        )


def _status(error: OSError) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
