"""The verb that looks at a chain before training: `augment`. Parsers and lazy imports only; `cli` runs what they give."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.jobs import Job

if TYPE_CHECKING:
    from workbench.training.config import TrainConfig

Verb = Callable[..., argparse.ArgumentParser]
"""``verb(name, help, job)`` adds a verb to the command line and returns its parser."""


def add_verbs(verb: Verb) -> None:
    """Add every verb of this module."""
    augment = verb("augment", "Look at a chain of augmentation: what it does to the project's images.", _augment)
    inner = augment.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = inner.add_parser(name, help=help_, description=help_)
        added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print events as JSON lines")
        added.add_argument("project", type=Path, metavar="PROJECT", help="the project folder")
        added.add_argument("--chain", metavar="FILE|PRESET", help="the chain (default: that of the config)")
        added.add_argument("--config", type=Path, metavar="FILE", help="a run's config as TOML")
        added.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="change a field of the config"
        )
        return added

    check = action("check", "Speed, marks that leave the picture, sides, decisions that flip, borders.")
    check.add_argument(
        "--run", default="", metavar="ID", help="the trained run that is asked, last or none (default: the newest)"
    )
    check.add_argument("--images", type=int, default=24, metavar="N", help="images that are looked at (default: 24)")
    check.add_argument(
        "--smallest", type=int, default=8, metavar="PIXELS", help="a mark below it is too small (default: 8)"
    )


def config_of(arguments: argparse.Namespace) -> "TrainConfig":
    """Return the config that the words ask for. Raises WorkbenchError for a file or a setting that cannot be used."""
    from workbench.training.config import TrainConfig

    config = TrainConfig.load(arguments.config) if arguments.config else TrainConfig()
    chain = [f"augment={arguments.chain}"] if arguments.chain else []
    return config.with_settings([*arguments.set, *chain])


def _augment(arguments: argparse.Namespace) -> Job:
    return _check(arguments)


def _check(arguments: argparse.Namespace) -> Job:
    if arguments.images < 1 or arguments.smallest < 1:
        raise WorkbenchError("--images and --smallest are at least 1.")
    config = config_of(arguments)
    from workbench.training.chain_check import check_chain

    return check_chain(
        arguments.project, config, run=arguments.run, images=arguments.images, smallest=arguments.smallest
    )
