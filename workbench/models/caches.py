"""Where the libraries keep downloaded weights on this machine, by their documented rules. Imports neither of them.

A file is named as in the catalogue: ``torch:FILE`` (the folder of torch.hub) or ``hf:REPOSITORY#FILE``.
"""

import os
from pathlib import Path


def torch_checkpoints() -> Path:
    """Return the folder that torch.hub documents: under TORCH_HOME, else torch in the user's cache folder."""
    return Path(os.environ.get("TORCH_HOME") or _user_cache() / "torch").expanduser() / "hub" / "checkpoints"


def hub_cache() -> Path:
    """Return the folder that huggingface_hub documents: HF_HUB_CACHE, else hub in HF_HOME, else in the user's cache folder."""
    home = Path(os.environ.get("HF_HOME") or _user_cache() / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def cached(file: str) -> Path | None:
    """Return where a file lies that was downloaded before, None where it was not.

    Of several revisions of the hub it is the one that was fetched under the name ``main``, else the newest.
    """
    source, _, name = file.partition(":")
    if source == "torch":
        path = torch_checkpoints() / name
        return path if path.is_file() else None
    repository, _, filename = name.partition("#")
    repository, _, revision = repository.partition("@")
    folder = hub_cache() / f"models--{repository.replace('/', '--')}"
    if not os.path.isdir(folder):  # asked for every row of the catalogue: what follows takes ten times as long
        return None
    try:
        named = folder / "snapshots" / (folder / "refs" / (revision or "main")).read_text("utf-8").strip() / filename
        if named.is_file():
            return named
    except OSError:
        pass  # fetched by a commit's name, or by a program that writes no names
    found = [path for path in (folder / "snapshots").glob(f"*/{filename}") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
