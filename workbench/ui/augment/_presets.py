"""Stands in for `workbench.augment.presets` until it is on main."""

import json
from pathlib import Path
from typing import NamedTuple

import platformdirs

from workbench.augment import catalog
from workbench.augment.chain import Chain


class Preset(NamedTuple):
    name: str
    title: str
    help: str
    chain: Chain
    own: bool


def builtin() -> list[Preset]:
    return [Preset(name, name.title(), "", chain, False) for name, chain in catalog.presets().items()]


def user_folder() -> Path:
    return Path(platformdirs.user_config_dir("workbench")) / "presets"


def own(folder: Path) -> list[Preset]:
    found = []
    for path in sorted(folder.glob("*.json")):
        fields = json.loads(path.read_text(encoding="utf-8"))
        found.append(Preset(path.stem, fields["title"], "", Chain.loads(fields["chain"]), True))
    return found


def save_own(folder: Path, title: str, chain: Chain) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"title": title, "chain": chain.dumps()}
    (folder / f"{title.casefold().replace(' ', '-')}.json").write_text(json.dumps(fields), encoding="utf-8")


def delete_own(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink()
