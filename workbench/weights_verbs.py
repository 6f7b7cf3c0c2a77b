"""The verb about published weights: `weights`. Parsers and lazy imports only; `cli` runs what they give."""

import argparse
from functools import partial
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jobs import Job
from workbench.verb_parts import Verb, add_action, add_actions

WEIGHTS = "NAME[.TAG]"
NAMES_HELP = "timm/NAME or torchvision/NAME, with .TAG for other than the default weights"


def add_verbs(verb: Verb) -> None:
    """Add every verb of this module."""
    weights = verb("weights", "List, download, pack and check weights, and say where they lie.", _weights)
    action = partial(add_action, add_actions(weights))

    listed = action("list", "List the weights that are on this machine, or all of some backbones.")
    listed.add_argument("names", nargs="*", metavar="NAME", help="timm/NAME or torchvision/NAME")
    listed.add_argument("--all", action="store_true", help="also those that are not on this machine")

    fetch = action(
        "fetch",
        "Download weights into the libraries' caches.",
        "What was stopped goes on from there. HTTPS_PROXY names a proxy, HF_ENDPOINT a mirror of the hub, "
        "WORKBENCH_TORCH_MIRROR one of https://download.pytorch.org.",
    )
    fetch.add_argument("names", nargs="+", metavar=WEIGHTS, help=NAMES_HELP)

    pack = action(
        "pack",
        "Put weights into a folder for machines without a network.",
        "Copy the folder there and name it in WORKBENCH_WEIGHTS, or put it where `workbench weights where` says.",
    )
    pack.add_argument("names", nargs="+", metavar=WEIGHTS, help=NAMES_HELP)
    pack.add_argument("--out", required=True, type=Path, metavar="DIR", help="the pack; what is in it stays")
    pack.add_argument("--from", dest="file", type=Path, metavar="FILE", help="a weights file of the one backbone named")

    check = action("check", "Load weights into a backbone and tell what fits, what is left over and what is new.")
    check.add_argument("name", metavar="NAME", help="timm/NAME or torchvision/NAME")
    check.add_argument("--weights", default="hub", metavar="WHAT", help="hub (default), run:ID or a file")
    check.add_argument("--tag", default="", help="which of the published weights (default: the default ones)")
    check.add_argument("--project", type=Path, metavar="DIR", help="the project whose run it is, for run:ID")
    check.add_argument("--channels", type=int, default=3, metavar="N", help="of the image (default: 3)")
    check.add_argument("--size", type=int, default=0, metavar="PIXELS", help="side of the image (default: its own)")
    check.add_argument("--head", default="linear", choices=("linear", "hidden", "cosine"), help="default: linear")
    check.add_argument("--head-width", type=int, default=256, metavar="N", help="of a hidden head (default: 256)")

    classes = action(
        "classes",
        "List the classes that published weights tell apart, for the way as-is.",
        "method.classes says which of them mean the project's.",
    )
    classes.add_argument("name", metavar="NAME", help="timm/NAME or torchvision/NAME")
    classes.add_argument("--tag", default="", help="which of the published weights (default: the default ones)")

    action("where", "Tell the folders and servers that weights come from, and how to change them.")


def named(words: list[str]) -> tuple[list[str], list[str]]:
    """Divide words as ``timm/resnet50.a1_in1k`` into names and tags."""
    from workbench.models.catalog import divided

    parts = [divided(word) for word in words]
    return [name for name, _ in parts], [tag for _, tag in parts]


def _weights(arguments: argparse.Namespace) -> Job:
    match arguments.action:
        case "list":
            from workbench.models.listing import list_weights

            return list_weights(arguments.names, all_=arguments.all)
        case "where":
            from workbench.models.listing import places

            return places()
        case "fetch":
            names, tags = named(arguments.names)
            _find(names, tags)
            from workbench.models.downloads import fetch

            return fetch(names, tags)
        case "check":
            return _check(arguments)
        case "classes":
            _find([arguments.name], [arguments.tag])
            from workbench.models.class_listing import list_classes

            return list_classes(arguments.name, arguments.tag)
        case _:
            names, tags = named(arguments.names)
            _find(names, tags)
            from workbench.models.packing import pack

            return pack(names, arguments.out, tags=tags, file=arguments.file)


def _check(arguments: argparse.Namespace) -> Job:
    from workbench.models.load_check import check_load

    _find([arguments.name], [arguments.tag])
    weights, head = arguments.weights, (arguments.head, arguments.head_width)
    check = partial(check_load, arguments.name, channels=arguments.channels, size=arguments.size, head=head)
    if not weights.startswith("run:"):
        return check(weights=weights, tag=arguments.tag)
    from workbench.training.run_weights import keep_head

    file, classes = _of_run(arguments.project, weights.removeprefix("run:"), arguments.name)
    kept = partial(keep_head, classes=classes)
    return check(weights=str(file), classes=max(2, len(classes)), then=kept)


def _of_run(folder: Path | None, run: str, name: str) -> tuple[Path, list[str]]:
    """Return the file of a run's weights, and the classes that a run would have now."""
    from workbench.project.project import Project
    from workbench.training.inputs import classes_of
    from workbench.training.run_weights import weights_of_run

    if folder is None:
        raise WorkbenchError(f"run:{run} is a run of a project; name it with --project DIR.")
    with Project.open(folder, read_only=True) as project:
        classes = classes_of(project) or [known.name for known in project.labels.classes()]  # no split yet
        return weights_of_run(project, run, name), classes


def _find(names: list[str], tags: list[str]) -> None:
    """Say at once what is unknown: the next import is torch's, and takes seconds."""
    from workbench.models.catalog import find, with_tag

    for name, tag in zip(names, tags, strict=True):
        with_tag(find(name), tag)
