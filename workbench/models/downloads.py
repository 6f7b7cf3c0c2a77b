"""Published weights into the libraries' own caches: with progress, stopped at any time, continued, and checked.

What is here is found again by timm and torchvision themselves, and by every other program that uses their caches.
Proxies come from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), mirrors too: HF_ENDPOINT for the hub of Hugging
Face, WORKBENCH_TORCH_MIRROR in place of https://download.pytorch.org.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import WeakFileLock, build_hf_headers  # type: ignore[attr-defined]  # listed lazily

from workbench.errors import WorkbenchError, told
from workbench.jobs import Event, Job, Progress, Stop
from workbench.models import caches, packs
from workbench.models.catalog import BackboneInfo, find, with_tag
from workbench.models.sources import FileSource, HubSource, Source, source_of
from workbench.models.transfer import BrokenOff, aside, in_os_errors, transfer

LOCK_SECONDS = 0.2

Download = Generator[Progress, None, Path]


@dataclass(frozen=True)
class WeightsFetched:
    """Weights are on this machine now; ``here`` where they were before. ``path`` is their file of ``bytes`` bytes."""

    name: str
    tag: str
    path: str
    bytes: int
    here: bool


def fetch(names: Sequence[str], tags: Sequence[str] = ()) -> Job:
    """Return the job that downloads the weights of backbones, one after the other, where they are not here already.

    ``tags`` are those of ``names``, in the same order; "" and what is left out is the default. Yields Progress in bytes
    and WeightsFetched for each. Stopped, it leaves a part file from which the next time goes on. Raises WorkbenchError for
    a name or a tag that is unknown, before anything is downloaded, and for weights that cannot be had.
    """

    def job(_: Stop) -> Iterator[Event]:
        wanted = [with_tag(find(name), tags[at] if at < len(tags) else "") for at, name in enumerate(names)]
        sources = [source_of(info) for info in wanted]
        for info, source in zip(wanted, sources, strict=True):
            packed = packs.find(info.name, info.weights[0])
            path = packed.path if packed else source.cached()
            here = path is not None
            if path is None:
                path = yield from download(info, source)
            yield WeightsFetched(info.name, info.weights[0], str(path), path.stat().st_size, here)

    return job


def download(info: BackboneInfo, source: Source | None = None) -> Download:
    """Download the first of ``info.weights`` into the library's cache; yield Progress in bytes, return the file.

    Raises WorkbenchError, with the way out, where they cannot be had or are not what they should be.
    """
    source = source_of(info) if source is None else source
    what = f"Downloading the weights of {info.name} ({info.weights[0] or 'default'}), bytes"
    try:
        if isinstance(source, HubSource):
            return (yield from _from_hub(source, what))
        return (yield from _from_address(source, what))
    except WorkbenchError:
        raise
    except OSError as error:
        if error.errno is not None and error.filename:  # the disk's, not the network's
            raise told(error, doing="downloading weights") from error
        why, way_out = _reason(error, source)
        raise WorkbenchError(
            f"The weights of {info.name} are not on this machine and cannot be downloaded ({why}); {way_out}, or choose a "
            f"weights file (weights=FILE) or random weights (weights=none)."
        ) from error
    except _NotWhatItShouldBe as error:
        raise WorkbenchError(
            f"The downloaded weights of {info.name} cannot be used ({error}); try again, or choose a weights file "
            f"(weights=FILE)."
        ) from error


class _NotWhatItShouldBe(Exception):
    """A file came whole, and is another one."""


def _from_hub(source: HubSource, what: str) -> Download:
    """Download a file of the hub: our part file becomes its blob, and the library gives it the names it looks for."""
    waiting = Progress(0, None, what)
    filename, etag, size = yield from aside(lambda: _asked(source), waiting)
    folder = f"models--{source.repository.replace('/', '--')}"
    blob = caches.hub_cache() / folder / "blobs" / etag
    # Its ending is the one by which the library knows what is unfinished.
    part = blob.with_name(f"{etag}.workbench.incomplete")
    blob.parent.mkdir(parents=True, exist_ok=True)
    url = hf_hub_url(source.repository, filename, revision=source.revision)
    # The library's own lock, which it takes for the same file.
    with (yield from _alone(caches.hub_cache() / ".locks" / folder / f"{etag}.lock", what)):
        if not blob.exists():
            yield from transfer(url, part, what=what, size=size, headers=build_hf_headers())
            _check_etag(part, etag)
            os.replace(part, blob)
    whole = Progress(blob.stat().st_size, size, what)

    def named() -> Path:
        with in_os_errors():
            return Path(
                hf_hub_download(source.repository, filename, revision=source.revision, cache_dir=caches.hub_cache())
            )

    return (yield from aside(named, whole))


def _asked(source: HubSource) -> tuple[str, str, int | None]:
    """Ask which of the files there is; return its name, its hash and its size."""
    missing: EntryNotFoundError | None = None
    for filename in source.filenames:
        try:
            with in_os_errors():
                found = get_hf_file_metadata(hf_hub_url(source.repository, filename, revision=source.revision))
        except EntryNotFoundError as error:
            missing = error
            continue
        if found.etag is None or not re.fullmatch(r"[\w-][\w.-]*", found.etag):
            raise _NotWhatItShouldBe("the server does not name the hash of the file")
        return filename, found.etag, found.size
    assert missing is not None
    raise missing


def _from_address(source: FileSource, what: str) -> Download:
    folder = caches.torch_checkpoints()
    folder.mkdir(parents=True, exist_ok=True)
    path, part = folder / source.filename, folder / f"{source.filename}.part"
    lock = Path(platformdirs.user_cache_dir("workbench")) / "locks" / f"{source.filename}.lock"
    with (yield from _alone(lock, what)):
        if not path.is_file():
            yield from transfer(source.url, part, what=what)
            # Torch's rule: the file's name holds the first digits of its hash. Some of timm's append another.
            digits = re.search(r"-([0-9a-f]{8})[0-9a-f]*\.", source.filename)
            if digits and not packs.sha256(part).startswith(digits[1]):
                raise _refused(part, digits[1])
            os.replace(part, path)
    return path


def _alone(lock: Path, what: str) -> Generator[Progress, None, contextlib.ExitStack]:
    """Wait until no other process downloads this file; return what keeps others waiting until it is closed."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stack = contextlib.ExitStack()
        try:
            stack.enter_context(WeakFileLock(lock, timeout=LOCK_SECONDS))
        except TimeoutError:
            yield Progress(0, None, f"{what}: another process does it already, waiting")
        else:
            return stack


def _check_etag(part: Path, etag: str) -> None:
    """Compare a file with the hash that the hub names: SHA-256 of large files, git's name of small ones."""
    if re.fullmatch(r"[0-9a-f]{64}", etag):
        found = [packs.sha256(part)]
    elif re.fullmatch(r"[0-9a-f]{40}", etag):
        found = [_sha1(part, b""), _sha1(part, f"blob {part.stat().st_size}\0".encode())]
    else:
        return  # a mirror that names its files otherwise: the size is what can be compared
    if etag not in found:
        raise _refused(part, etag)


def _refused(part: Path, expected: str) -> "_NotWhatItShouldBe":
    part.unlink()  # to go on from it would give the same again
    return _NotWhatItShouldBe(f"their hash is not {expected[:16]}")


def _sha1(path: Path, head: bytes) -> str:
    digest = hashlib.sha1(head, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _reason(error: OSError, source: Source) -> tuple[str, str]:
    """Return why a download failed and what to do about it, each in a few words."""
    address = constants.ENDPOINT if isinstance(source, HubSource) else source.url
    host, status = urlsplit(address).hostname, getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) and isinstance(source, HubSource):
        page = f"{address}/{source.repository}"
        return f"the server answered {status}", f"accept their licence on {page} and name your token in HF_TOKEN"
    if status:
        passing = status in (408, 429) or status >= 500
        return f"the server answered {status}", "try again later" if passing else "choose other weights"
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set", "unset it"
    if isinstance(error, BrokenOff):
        return f"the connection to {host} broke off again and again", "try again later, it goes on from there"
    if isinstance(error, ConnectionError):
        return f"no connection to {host}", "connect to the network"
    return str(error).strip().partition("\n")[0][:160], "connect to the network"
