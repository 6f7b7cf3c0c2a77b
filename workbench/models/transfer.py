"""One file from the network into a part file, by the HTTP client of huggingface_hub: resumed, and stopped between chunks.

The client takes proxies from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as it does for its library.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff  # type: ignore[attr-defined]  # listed lazily

from workbench.errors import WorkbenchError
from workbench.jobs import Progress

CHUNK = 1 << 18
TELL_SECONDS = 0.1
WAITS = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds before each new attempt after the connection broke; a chunk that arrives starts them anew."""

_PASSING = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class _Answer:
    start: int
    total: int | None
    chunks: Iterator[bytes]


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
                began, failures = True, 0
                yield progress
            return
        except OSError as error:
            if _status(error) == 416 and start:
                part.unlink()  # the file on the server is shorter than what is here
                continue
            passing = isinstance(error, ConnectionError) or _status(error) in _PASSING
            # Where nothing ever came there is no network: who waits for that should hear it at once.
            if not passing or not began or failures == len(WAITS):
                raise
        yield from _wait(WAITS[failures], part, size, what)
        failures += 1


def _attempt(
    url: str, part: Path, start: int, what: str, size: int | None, headers: dict[str, str]
) -> Generator[Progress, None, None]:
    with _opened(url, start, headers) as answer:
        done, total = answer.start, size if size is not None else answer.total
        if total is not None:
            _check_space(part.parent, total - done)
        with part.open("r+b" if part.is_file() else "wb") as file:
            file.seek(done)
            file.truncate()
            told = 0.0
            for chunk in answer.chunks:
                file.write(chunk)
                done += len(chunk)
                # Also where nothing is told: between two events the job can be stopped.
                if time.monotonic() - told >= TELL_SECONDS or done == total:
                    told = time.monotonic()
                    yield Progress(done, total, what)
    if total is not None and done != total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")


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
        with _in_os_errors():
            response = stack.enter_context(stream)
            hf_raise_for_status(response)
        came = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if response.status_code == 206 and came and int(came[1]) == start:
            total = None if came[2] == "*" else int(came[2])
        else:
            start, total = 0, _number(response.headers.get("Content-Length"))
        yield _Answer(start, total, _chunks(response))


def _chunks(response: Any) -> Iterator[bytes]:
    chunks = response.iter_bytes(CHUNK)
    while True:
        with _in_os_errors():
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


@contextlib.contextmanager
def _in_os_errors() -> Iterator[None]:
    try:
        yield
    except (HfHubHTTPError, OSError):
        raise
    except Exception as error:
        # Whatever the library's HTTP client raises without a connection: its classes are not part of the library's interface.
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
