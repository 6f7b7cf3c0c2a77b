"""Chains to start from: ours, one for each kind of image, and the user's own, one file each in a folder.

An own preset is a chain's JSON file. Its name is the title with what file systems do not take written as ``%2F``, so that the
folder can be copied to another machine and a file of it opened as any other chain.
"""

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import platformdirs

from workbench.augment import catalog
from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError, told

LONGEST_TITLE = 60
"""Characters."""

_LONGEST_NAME = 200
"""Bytes: file systems take 255, and the file that is being written has a longer name."""

_LARGEST = 1 << 20
"""Bytes. No chain of 64 steps is as long."""

_SAFE = " !#$&'()+,-.;=@[]^_`{}~"
"""What no file system minds, beside letters and digits. The percent sign is not among it: it marks what was replaced."""

_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names that Windows keeps for itself, whatever follows the first dot."""

_TEXTS = {
    "none": ("None", "The images stay as they are. For a first run to compare with."),
    "light": (
        "Light",
        "Flips left-right and changes the light a little. Leave it where left and right mean something.",
    ),
    "medium": ("Medium", "Also moves, turns and adds a little noise. A good start for photographs."),
    "strong": (
        "Strong",
        "Crops, moves, recolours, blurs and covers parts. For few images and long runs; look at the preview first.",
    ),
    "metal": (
        "Metal surfaces",
        "Any flip and quarter turn, reflections and uneven lamps, gamma, a little blur and grey noise. Take the first step out "
        "where the direction counts, as with rolling or grinding marks that name the class.",
    ),
    "textile": (
        "Textiles",
        "Flips, a slightly skewed and stretched cloth, other dye lots and lamps. No quarter turns, for warp and weft differ; "
        "take the colour shift out where the colour is the fault.",
    ),
    "xray": (
        "X-ray",
        "Position, exposure, grey noise and sharpness. No mirroring, for the heart has a side and so have the findings; "
        "no colour; what comes in from outside is black, as beyond the collimator.",
    ),
    "fundus": (
        "Fundus photographs",
        "Small turns as of a tilted head, exposure and colour as of other cameras, a little blur. No flips: the optic disc lies "
        "on the nasal side, and a mirrored left eye is a right one. No crops: small lesions at the edge would be lost.",
    ),
    "documents": (
        "Documents",
        "A page askew and seen from an angle, shadows, photocopies, blur and compression. No flips and no large turns: mirrored "
        "writing is none.",
    ),
}


@dataclass(frozen=True)
class Preset:
    """A chain to start from. ``name`` is unique among ours, or among the user's own: there it is the file's, without .json."""

    name: str
    title: str
    help: str
    chain: Chain
    own: bool = False


@dataclass(frozen=True)
class Folder:
    """What a folder of own presets holds."""

    presets: list[Preset] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    """A sentence for each file that cannot be used."""


class PresetExistsError(WorkbenchError):
    """An own preset of this title is there already; ask the user before it is replaced."""


def builtin() -> list[Preset]:
    """Return our presets: none to strong, then one for each kind of image."""
    return [Preset(name, *_TEXTS[name], chain) for name, chain in catalog.presets().items()]


def user_folder() -> Path:
    """Return the folder of the user's own presets; it need not be there."""
    return Path(platformdirs.user_data_dir("workbench")) / "chains"


def own(folder: Path) -> list[Preset]:
    """Return the presets in ``folder`` by title. What cannot be read is left out: `read` names it."""
    return read(folder).presets


def read(folder: Path) -> Folder:
    """Read the presets in ``folder``, sorted by title; a damaged one does not stop the others. Raises nothing."""
    found = Folder()
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except FileNotFoundError:
        return found
    except OSError as error:
        return Folder(damaged=[str(told(error, doing=str(folder)))])
    for path in paths:
        try:
            found.presets.append(_load(path))
        except WorkbenchError as error:
            found.damaged.append(str(error))
    found.presets.sort(key=lambda preset: (_key(preset.title), preset.title))
    return found


def save_own(folder: Path, title: str, chain: Chain, *, replace: bool = False) -> Preset:
    """Keep the chain under a title, and make the folder where it is not there.

    Raises PresetExistsError where there is one of this title, in capitals or not, unless it may be replaced; WorkbenchError
    for a title that is empty, too long or one of ours, and where the file cannot be written.
    """
    title = _cleaned(title)
    path = folder / f"{_named(title)}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = _file_of(folder, title)
        if there is not None and not replace:
            raise PresetExistsError(
                f"There is a preset named '{_titled(there.stem)}' already; choose another name or replace it."
            )
        _write(path, chain, replace=replace)
        if there is not None and there.name != path.name and not _same_file(there, path):
            there.unlink(missing_ok=True)
    except OSError as error:
        raise told(error, doing=str(path)) from error
    return Preset(path.stem, title, "", chain, own=True)


def rename_own(folder: Path, name: str, title: str) -> Preset:
    """Give an own preset another title. Raises as `save_own` does, and WorkbenchError where it is not there."""
    title = _cleaned(title)
    before, path = _path(folder, name), folder / f"{_named(title)}.json"
    preset = _load(before)
    there = _file_of(folder, title)
    if there is not None and there.name != before.name:
        raise PresetExistsError(f"There is a preset named '{_titled(there.stem)}' already; choose another name.")
    try:
        os.replace(before, path)
    except OSError as error:
        raise told(error, doing=str(path)) from error
    return Preset(path.stem, title, "", preset.chain, own=True)


def delete_own(folder: Path, name: str) -> None:
    """Delete an own preset by its name. Raises WorkbenchError where it is not there or cannot be deleted."""
    path = _path(folder, name)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise WorkbenchError(f"There is no preset '{_titled(name)}' any more in {folder}.") from error
    except OSError as error:
        raise told(error, doing=str(path)) from error


def _load(path: Path) -> Preset:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise WorkbenchError(f"There is no preset '{_titled(path.stem)}' any more in {path.parent}.") from error
    except OSError as error:
        raise told(error, doing=str(path)) from error
    if len(raw) > _LARGEST:
        raise WorkbenchError(f"{path} is too large for a chain; delete it or move it away.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkbenchError(f"{path} is no text; delete it or move it away.") from error
    return Preset(path.stem, _titled(path.stem), "", Chain.loads(text, source=str(path)), own=True)


def _write(path: Path, chain: Chain, *, replace: bool) -> None:
    """Write the file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        unfinished.write_text(chain.dumps() + "\n", encoding="utf-8")
        if not replace and path.exists():
            raise PresetExistsError(f"There is a preset named '{_titled(path.stem)}' already; choose another name.")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _cleaned(title: str) -> str:
    title = " ".join(unicodedata.normalize("NFC", title).split())
    if not title:
        raise WorkbenchError("A preset needs a name; type one.")
    if len(title) > LONGEST_TITLE or len(_named(title).encode()) > _LONGEST_NAME:
        raise WorkbenchError(f"The name '{title[:30]}…' is too long for a preset; shorten it.")
    if not title.isprintable():
        raise WorkbenchError("The name of a preset holds signs that cannot be shown; type another.")
    if _key(title) in {_key(ours) for ours, _ in _TEXTS.values()}:
        raise WorkbenchError(f"'{title}' is the name of a preset of Workbench; choose another.")
    return title


def _named(title: str) -> str:
    """Return the name of a title's file: letters, digits and what no file system minds; the rest percent-encoded."""
    name = "".join(sign if sign.isalnum() or sign in _SAFE else quote(sign, safe="") for sign in title)
    if name.startswith(".") or name.split(".")[0].strip().casefold() in _DEVICES:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return f"{name[:-1]}%2E" if name.endswith(".") else name


def _titled(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name))


def _key(title: str) -> str:
    """Two titles with the same key are one file to Windows and to a Mac."""
    return unicodedata.normalize("NFC", title).casefold()


def _file_of(folder: Path, title: str) -> Path | None:
    names = folder.glob("*.json") if folder.is_dir() else ()
    return next((path for path in names if _key(_titled(path.stem)) == _key(title)), None)


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _path(folder: Path, name: str) -> Path:
    """Return the file of a preset. A name from elsewhere leads to no other folder."""
    path = folder / f"{name}.json"
    if path.parent != folder or Path(name).name != name or name.startswith("."):
        raise WorkbenchError(f"There is no preset '{name}' in {folder}.")
    return path
