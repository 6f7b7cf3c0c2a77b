"""What the verbs' parsers have in common: actions of a verb, a project, a config. No import beyond argparse's at start."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.training.config import TrainConfig

SETTINGS = (
    "preset=, applied before the others, is a recipe (fast, balanced, best) or a way (features-once, frozen, partial, "
    "full, gradual, scratch, as-is, baseline); weights= takes hub, none, run:ID or a file; repeat --set for more fields"
)

Verb = Callable[..., argparse.ArgumentParser]
"""``verb(name, help, job)`` adds a verb to the command line and returns its parser."""


def add_actions(verb: argparse.ArgumentParser) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """Let a verb have actions; `add_action` adds each."""
    return verb.add_subparsers(dest="action", required=True, metavar="ACTION")


def add_action(
    inner: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str, more: str = ""
) -> argparse.ArgumentParser:
    """Add an action that knows ``--json``; ``more`` is said after the help, in the action's own."""
    added = inner.add_parser(name, help=help_, description=f"{help_} {more}".strip())
    added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print events as JSON lines")
    return added


def add_project(parser: argparse.ArgumentParser) -> None:
    """Add the project folder."""
    parser.add_argument("project", type=Path, metavar="PROJECT", help="the project folder")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add what says which config is meant; `config_of` reads it."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="a run's config as TOML (default: the project's draft, which the window edits)",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=f"change a field of the config; {SETTINGS}"
    )


def config_of(arguments: argparse.Namespace, *more: str) -> "TrainConfig":
    """Return the config that is named, else the project's draft, which the window edits, else the defaults.

    ``--set`` changes it, then ``more``. Raises WorkbenchError for a file or a setting that cannot be used.
    """
    from workbench.training.config import TrainConfig

    draft = arguments.project / "draft.toml"
    source = arguments.config or (draft if draft.is_file() else None)
    config = TrainConfig.load(source) if source else TrainConfig()
    return config.with_settings([*arguments.set, *more])
