"""What the command line offers about chains alone, without a project: list the presets, write a chain in another form."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.augment import exchange, presets
from workbench.augment.chain import Chain
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop


@dataclass(frozen=True)
class PresetListed:
    """A chain to start from; ``steps`` are the names of its transforms in order. ``own``: one that the user has saved."""

    name: str
    title: str
    help: str
    steps: list[str]
    own: bool


@dataclass(frozen=True)
class ChainWritten:
    """The end of `convert`."""

    path: str
    steps: int


def list_presets(folder: Path | None = None) -> Job:
    """Return the job that yields a PresetListed for each of ours, then for each of the user's own in ``folder``."""

    def job(stop: Stop) -> Iterator[PresetListed]:
        for found in _all(folder):
            steps = [step.transform for step in found.chain.steps]
            yield PresetListed(found.name, found.title, found.help, steps, found.own)

    return job


def convert(source: str, out: Path, *, side: int = 0, kind: exchange.Kind = "workbench") -> Job:
    """Return the job that reads a chain (a file, or a preset by name) and writes it in the form that ``out`` ends in.

    ``side`` and ``kind`` are those of `exchange.write`. A file that is there is never replaced. Raises WorkbenchError for a
    chain that cannot be read or run, and for a place that cannot be written.
    """

    def job(stop: Stop) -> Iterator[ChainWritten]:
        if out.exists():
            raise WorkbenchError(f"The file {out} is there already; choose another --out.")
        if not out.absolute().parent.is_dir():
            raise WorkbenchError(f"There is no folder {out.absolute().parent}; make it, or choose another --out.")
        chain = _read(source)
        exchange.check(chain, source)
        exchange.write(chain, out, side=side, kind=kind)
        yield ChainWritten(str(out), len(chain.steps))

    return job


def _read(source: str) -> Chain:
    path = Path(source)
    if not path.is_file():
        for found in _all(None):
            if source in (found.name, found.title):
                return found.chain
        if not path.suffix:
            names = ", ".join(found.name for found in presets.builtin())
            raise WorkbenchError(f"There is no preset and no file named '{source}'; the presets are {names}.")
    return exchange.read(path)


def _all(folder: Path | None) -> list[presets.Preset]:
    return [*presets.builtin(), *presets.own(folder or presets.user_folder())]
