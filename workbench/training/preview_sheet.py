"""A sheet of what a chain does to one image: the prepared original with variants, or with the image after each step.

The pixels come by the call that training uses (`samples.TrainPixels`), at the model's size and unscaled. Mixing, which takes
a second image, is left out.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from workbench.augment import catalog
from workbench.augment.chain import Chain, Step
from workbench.data.dataset import Sample
from workbench.data.reading import Pixels, file_of
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.jobs import Job, Noticed, Progress, Stop
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.training.checks import unknown_rare
from workbench.training.config import TrainConfig
from workbench.training.preview import variant_seed
from workbench.training.samples import TrainPixels

MOST_TILES = 400
GAP = 8
HEADING = 32
CAPTION = 20
_INK, _PAPER = (40, 40, 40), (255, 255, 255)
_MADE_BY = "workbench augment preview"
_ADVICE = "name one by its path, or by its name in the project"


@dataclass(frozen=True)
class SheetWritten:
    """The end of `preview_sheet`: ``variants`` of the ``image`` (or its steps) beside the original; ``size`` the model's."""

    path: str
    image: str
    variants: int
    steps: bool
    size: int
    prepared: int


def preview_sheet(
    project_folder: Path,
    config: TrainConfig,
    *,
    image: str,
    out: Path,
    seed: int = 7,
    count: int = 16,
    steps: bool = False,
) -> Job:
    """Return the job that writes the sheet as PNG: Progress, then SheetWritten.

    ``image`` is an image of the project by path, relative path or file name, or any image file. An image of a rare class
    goes through the chain of the rare classes. ``seed`` draws the same variants as in the window. Raises WorkbenchError for
    an image that is not there or not one, a chain that cannot run, and an ``out`` that is not ours to replace. Rare classes
    that the project does not have are Noticed. A project that cannot be written will do.
    """

    def job(stop: Stop) -> Iterator[Progress | Noticed | SheetWritten]:
        _check_out(out)
        with Project.open_as_it_is(project_folder) as project:
            if unknown := unknown_rare(project, config):
                yield Noticed(unknown)
            row = _row_of(project, image)
            classes = [found.name for found in project.labels.classes()]
            numbers = {found.id: index for index, found in enumerate(project.labels.classes())}
            pixels = TrainPixels(
                config,
                classes,
                decoding_of(project),
                largest=project.images.largest_side(),
                cache=project.cache_folder,
            )
        if row is None:
            sample, name = Sample(0, image, -1), Path(image).name
        else:
            target = numbers.get(row.class_id, -1) if row.class_id is not None else -1
            sample, name = Sample(row.id, str(row.path), target, row.content_hash), row.relative
        chain = pixels.chain_of(sample)
        tiles = [("original", pixels.variant(sample, 0, chain=Chain()))]
        wanted = _steps(chain) if steps else [(str(variant_seed(seed, n)), chain) for n in range(count)]
        for number, (caption, made) in enumerate(wanted):
            yield Progress(number, len(wanted), "Making tiles")
            tile = pixels.variant(sample, seed if steps else variant_seed(seed, number), chain=made)
            if steps and (tile == tiles[-1][1]).all():
                caption += ": no change"
            tiles.append((caption, tile))
        yield Progress(len(wanted), len(wanted), "Making tiles")
        _write(
            _drawn(tiles, f"{name}  |  {pixels.size} pixels, prepared at {pixels.prepared_side}  |  seed {seed}"), out
        )
        yield SheetWritten(str(out), name, len(wanted), steps, pixels.size, pixels.prepared_side)

    if not 1 <= count < MOST_TILES:
        raise WorkbenchError(f"A sheet holds 1 to {MOST_TILES - 1} variants, not {count}; choose another --count.")
    return job


def _steps(chain: Chain) -> list[tuple[str, Chain]]:
    """Return each step that takes part by its title, with the chain that ends with it: the same seed, the same dice."""
    taking = chain.active().steps
    return [(_title(step), Chain(steps=taking[: number + 1])) for number, step in enumerate(taking)]


def _title(step: Step) -> str:
    try:
        return catalog.find(step.transform).title
    except WorkbenchError:
        return step.transform  # not on offer, but albumentations may know it


def _row_of(project: Project, image: str) -> ImageRow | None:
    """Return the project's image of that name or path; None for a file elsewhere. Raises WorkbenchError for neither."""
    name = Path(image).name
    rows = project.images.page(project.images.ids(Query(text=name))) if name else []
    path = Path(image).absolute()
    for same in (
        lambda row: row.relative == image or row.path == path,
        lambda row: row.path.name == image,
        lambda row: _same_file(row.path, path),
    ):
        found = [row for row in rows if same(row)]
        if len(found) > 1:
            examples = " and ".join(row.relative for row in found[:2])
            raise WorkbenchError(
                f"The project holds {len(found)} images named {image} ({examples}); name one by its path."
            )
        if found:
            return found[0]
    if file_of(image).is_file():
        return None
    raise WorkbenchError(f"There is no image {image} in the project, and no file of that name; {_ADVICE}.")


def _same_file(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _check_out(out: Path) -> None:
    """Raise WorkbenchError for a file that is no sheet of ours: an image must never be lost to one."""
    if out.suffix.lower() != ".png":
        raise WorkbenchError(f"The sheet is a PNG file; let the name {out} end in .png.")
    if out.is_dir():
        raise WorkbenchError(f"{out} is a folder; name a file in it.")
    if not out.absolute().parent.is_dir():
        raise WorkbenchError(f"There is no folder {out.absolute().parent}; make it, or choose another --out.")
    if not out.exists():
        return
    try:
        with Image.open(out) as there:
            ours = there.format == "PNG" and there.info.get("Software") == _MADE_BY
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        ours = False
    if not ours:
        raise WorkbenchError(f"The file {out} is there already and is no sheet of Workbench; choose another --out.")


def _drawn(tiles: Sequence[tuple[str, Pixels]], heading: str) -> Image.Image:
    side = tiles[0][1].shape[0]
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = -(-len(tiles) // columns)
    width = max(columns * (side + GAP) + GAP, 240)
    sheet = Image.new("RGB", (width, HEADING + rows * (side + CAPTION + GAP)), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    draw.text((GAP, GAP), _cut(draw, font, heading, width - 2 * GAP), _INK, font)
    for number, (caption, pixels) in enumerate(tiles):
        row, column = divmod(number, columns)
        left, top = place_of(column, row, side)
        sheet.paste(Image.fromarray(pixels), (left, top))
        draw.text((left, top + side + 2), _cut(draw, font, caption, side), _INK, font)
    return sheet


def place_of(column: int, row: int, side: int) -> tuple[int, int]:
    """Return the left and top pixel of a tile on the sheet."""
    return GAP + column * (side + GAP), HEADING + row * (side + CAPTION + GAP)


def _cut(draw: ImageDraw.ImageDraw, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont", text: str, width: int) -> str:
    """Return as much of the text as fits; what the font lacks or half a character becomes a question mark."""
    text = text.encode("utf-8", "replace").decode()
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "…", font) > width:
        text = text[:-1]
    return text + "…"


def _write(sheet: Image.Image, out: Path) -> None:
    """Write the file whole or not at all."""
    about = PngInfo()
    about.add_text("Software", _MADE_BY)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        sheet.save(unfinished, "PNG", pnginfo=about)
        os.replace(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)
