"""The verb about backbones: `models`. Parsers and lazy imports only; `cli` runs what they give."""

import argparse
import time
from functools import partial
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jobs import Job
from workbench.verb_parts import Verb, add_action, add_actions, add_project, add_settings, config_of


def add_verbs(verb: Verb) -> None:
    """Add every verb of this module."""
    models = verb("models", "List the backbones, look into one, measure a run's steps.", _models)
    action = partial(add_action, add_actions(models))

    listed = action("list", "List the backbones of timm, of torchvision and ours.")
    listed.add_argument("words", nargs="*", metavar="TEXT", help="what the name or the family holds")
    listed.add_argument("--library", default="", metavar="NAME", help="timm, torchvision or workbench")
    listed.add_argument("--family", default="", metavar="NAME", help="for example ResNet or Swin")
    listed.add_argument("--here", action="store_true", help="only those whose weights are on this machine")
    listed.add_argument("--recommended", action="store_true", help="only good first choices")
    listed.add_argument(
        "--most-gmacs", type=float, default=0.0, metavar="N", help="at most so many thousand million multiply-adds"
    )
    listed.add_argument(
        "--sort",
        default="name",
        choices=("name", "year", "parameters", "gmacs", "top1"),
        help="default: name",
    )

    show = action(
        "show",
        "All that is known of one backbone, and what it consists of.",
        "Multiply-adds and memory are those of one image.",
    )
    show.add_argument("name", metavar="NAME", help="timm/NAME, torchvision/NAME or workbench/NAME")
    show.add_argument("--size", type=int, default=0, metavar="PIXELS", help="side of the image (default: its own)")
    show.add_argument("--channels", type=int, default=3, metavar="N", help="of the image (default: 3)")
    show.add_argument("--classes", type=int, default=2, metavar="N", help="outputs of the head (default: 2)")
    show.add_argument("--layers", action="store_true", help="also each layer")

    probe = action(
        "probe",
        "Measure a few real steps of a run on this machine: minutes, memory, the largest batch.",
        "Changes nothing in the project and needs no weights.",
    )
    add_project(probe)
    add_settings(probe)
    probe.add_argument("--scratch", type=Path, default=None, help=argparse.SUPPRESS)


def _models(arguments: argparse.Namespace) -> Job:
    match arguments.action:
        case "list":
            return _list(arguments)
        case "probe":
            return _probe(arguments)
        case _:
            return _show(arguments)


def _list(arguments: argparse.Namespace) -> Job:
    if arguments.most_gmacs < 0:
        raise WorkbenchError(f"--most-gmacs is a number above 0, not {arguments.most_gmacs}.")
    from workbench.models.showing import list_backbones

    return list_backbones(
        arguments.words,
        library=arguments.library,
        family=arguments.family,
        here=arguments.here,
        recommended=arguments.recommended,
        most_gmacs=arguments.most_gmacs,
        sort=arguments.sort,
    )


def _show(arguments: argparse.Namespace) -> Job:
    if arguments.size < 0 or arguments.channels < 1 or arguments.classes < 2:
        raise WorkbenchError("--size is 0 or more pixels, --channels 1 or more, --classes 2 or more.")
    from workbench.models.showing import show_backbone

    return show_backbone(
        arguments.name,
        size=arguments.size,
        channels=arguments.channels,
        classes=arguments.classes,
        layers=arguments.layers,
    )


def _probe(arguments: argparse.Namespace) -> Job:
    config = config_of(arguments)
    began = time.monotonic()
    from workbench.training.probe import probe

    return probe(arguments.project, config, importing=time.monotonic() - began, scratch=arguments.scratch)
