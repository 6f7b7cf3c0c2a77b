"""Where the libraries keep downloaded weights on this machine, by their documented rules. Imports neither of them.

A file is named as in the catalogue: ``torch:FILE`` (the folder of torch.hub) or ``hf:REPOSITORY#FILE``, with
``@REVISION`` after a repository where that is not ``main``.
"""

import os
from pathlib import Path


def torch_checkpoints() -> Path:
    """Return the folder that torch.hub documents: under TORCH_HOME, else torch in the user's cache folder."""
    return Path(_torch_checkpoints())


def hub_cache() -> Path:
    """Return the folder that huggingface_hub documents: HF_HUB_CACHE, else hub in HF_HOME, else in the user's cache folder."""
    return Path(_hub_cache())


def cached(file: str) -> Path | None:
    """Return where a file lies that was downloaded before, None where it was not.

    Of several revisions of the hub it is the one that was fetched under its name, else the newest.
    """
    # Text, not paths: this is asked for every row of the catalogue, and paths take five times as long.
    source, _, name = file.partition(":")
    if source == "torch":
        path = os.path.join(_torch_checkpoints(), name)
        return Path(path) if os.path.isfile(path) else None
    repository, _, filename = name.partition("#")
    repository, _, revision = repository.partition("@")
    folder = os.path.join(_hub_cache(), f"models--{repository.replace('/', '--')}")
    return _in_snapshots(Path(folder), revision or "main", filename) if os.path.isdir(folder) else None


def _in_snapshots(folder: Path, revision: str, filename: str) -> Path | None:
    try:
        named = folder / "snapshots" / (folder / "refs" / revision).read_text("utf-8").strip() / filename
        if named.is_file():
            return named
    except OSError:
        pass  # fetched by a commit's name, or by a program that writes no names
    found = [path for path in (folder / "snapshots").glob(f"*/{filename}") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _torch_checkpoints() -> str:
    home = os.environ.get("TORCH_HOME") or os.path.join(_user_cache(), "torch")
    return os.path.join(os.path.expanduser(home), "hub", "checkpoints")


def _hub_cache() -> str:
    home = os.environ.get("HF_HOME") or os.path.join(_user_cache(), "huggingface")
    return os.path.expanduser(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub"))


def _user_cache() -> str:
    return os.environ.get("XDG_CACHE_HOME") or "~/.cache"
