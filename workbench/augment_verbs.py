"""The verb that looks at a chain before training: `augment`. Parsers and lazy imports only; `cli` runs what they give."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import verb_parts
from workbench.errors import WorkbenchError
from workbench.jobs import Job
from workbench.verb_parts import Verb, add_action, add_actions, add_project, add_settings

if TYPE_CHECKING:
    from workbench.training.config import TrainConfig

MOST_IMAGES = 256
"""All of them are in memory at the size at which they are prepared."""


def add_verbs(verb: Verb) -> None:
    """Add every verb of this module."""
    augment = verb("augment", "Look at a chain of augmentation: what it does to the project's images.", _augment)
    inner = add_actions(augment)

    def action(name: str, help_: str) -> argparse.ArgumentParser:
        added = add_action(inner, name, help_)
        add_project(added)
        added.add_argument("--chain", metavar="FILE|PRESET", help="the chain (default: that of the config)")
        add_settings(added)
        return added

    preview = action("preview", "A sheet of one image's variants, or of the image after each step.")
    preview.add_argument(
        "--image", required=True, metavar="NAME|PATH", help="an image of the project, or any image file"
    )
    preview.add_argument(
        "--out", type=Path, default=Path("sheet.png"), metavar="FILE", help="the PNG file to write (default: sheet.png)"
    )
    preview.add_argument("--seed", type=int, default=7, metavar="N", help="the same seed, the same dice (default: 7)")
    preview.add_argument("--count", type=int, default=16, metavar="N", help="variants (default: 16)")
    preview.add_argument("--steps", action="store_true", help="the image after each step of the chain instead")

    check = action("check", "Speed, marks that leave the picture, sides, decisions that flip, borders.")
    check.add_argument(
        "--run", default="", metavar="ID", help="the trained run that is asked, last or none (default: the newest)"
    )
    check.add_argument("--images", type=int, default=24, metavar="N", help="images that are looked at (default: 24)")
    check.add_argument(
        "--smallest", type=int, default=8, metavar="PIXELS", help="a mark below it is too small (default: 8)"
    )
    _add_chain_actions(inner)


def _add_chain_actions(inner: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add what is about chains alone, and takes no project."""
    add_action(inner, "presets", "List the chains to start from.")
    convert = add_action(
        inner,
        "convert",
        "Write a chain as a file of Workbench or albumentations, or as Python code.",
        "The file ends in .json, .yaml or .py; albumentations reads the first two.",
    )
    convert.add_argument("chain", metavar="FILE|PRESET", help="the chain")
    convert.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .json, .yaml or .py")
    convert.add_argument(
        "--size", type=int, default=0, metavar="PIXELS", help="the model's input size, to which albumentations resizes"
    )
    convert.add_argument(
        "--for", dest="kind", choices=("workbench", "albumentations"), default="workbench", help="whose .json it is"
    )


def config_of(arguments: argparse.Namespace) -> "TrainConfig":
    """Return the config that the words ask for: by default the project's draft, which the window edits.

    A chain that is named holds for every class. Raises WorkbenchError for a file or a setting that cannot be used.
    """
    chain = [f"augment={arguments.chain}", "rare.classes=[]"] if arguments.chain else []
    config = verb_parts.config_of(arguments, *chain)
    if arguments.chain:
        from workbench.augment import exchange

        exchange.check(config.augment, arguments.chain)
    return config


def _augment(arguments: argparse.Namespace) -> Job:
    match arguments.action:
        case "preview":
            return _preview(arguments)
        case "presets":
            from workbench.augment.commands import list_presets

            return list_presets()
        case "convert":
            return _convert(arguments)
        case _:
            return _check(arguments)


def _convert(arguments: argparse.Namespace) -> Job:
    if not 0 <= arguments.size <= 2048:
        raise WorkbenchError("--size is 0 (as the chain leaves the image) to 2048 pixels.")
    from workbench.augment.commands import convert

    return convert(arguments.chain, arguments.out, side=arguments.size, kind=arguments.kind)


def _preview(arguments: argparse.Namespace) -> Job:
    if arguments.seed < 0:
        raise WorkbenchError(f"--seed is a whole number, 0 or more, not {arguments.seed}.")
    config = config_of(arguments)
    from workbench.training.preview_sheet import preview_sheet

    return preview_sheet(
        arguments.project,
        config,
        image=arguments.image,
        out=arguments.out,
        seed=arguments.seed,
        count=arguments.count,
        steps=arguments.steps,
    )


def _check(arguments: argparse.Namespace) -> Job:
    if not 1 <= arguments.images <= MOST_IMAGES:
        raise WorkbenchError(f"--images is a number from 1 to {MOST_IMAGES}, not {arguments.images}.")
    if arguments.smallest < 1:
        raise WorkbenchError(f"--smallest is a number of pixels, 1 at least, not {arguments.smallest}.")
    config = config_of(arguments)
    from workbench.training.chain_check import check_chain

    return check_chain(
        arguments.project, config, run=arguments.run, images=arguments.images, smallest=arguments.smallest
    )
