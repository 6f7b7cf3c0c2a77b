"""The verbs that curate a project: labels, rescan, split, curate. Parsers and lazy imports only; `cli` runs what they give."""

import argparse
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jobs import Job
from workbench.verb_parts import Verb, add_action, add_actions, add_project

CHECKS = (
    "duplicates",
    "quality",
    "outliers",
    "label-errors",
    "leakage",
    "shortcuts",
    "imbalance",
)
"""What `curate` looks for, in the order in which it does."""

FURTHER = ("map", "suggestions")
"""What `curate` does only when it is named: the map of the embeddings, and suggestions for images without a label."""

FORMATS = (
    "csv",
    "jsonl",
    "coco",
    "label-studio",
    "labelme",
    "yolo",
    "folders",
    "filename",
    "idx",
    "torchvision",
)
"""Label formats by name; the first four are also told from the file itself."""


def add_verbs(verb: Verb) -> None:
    """Add every verb of this module."""
    _add_labels(verb)
    rescan = verb("rescan", "Find new, changed, moved and missing files in the project's folders.", _rescan)
    add_project(rescan)
    rescan.add_argument("--no-verify", action="store_true", help="read headers only: no full decode, no content hash")
    rescan.add_argument("--relink", nargs=2, type=Path, metavar=("OLD", "NEW"), help="a folder that lies elsewhere now")
    _add_split(verb)
    curate = verb("curate", "Find copies, bad pictures, probable wrong labels, leaks and shortcuts.", _curate)
    add_project(curate)
    curate.add_argument("--only", type=_names, metavar="CHECKS", help=f"some of {','.join((*CHECKS, *FURTHER))}")
    curate.add_argument("--run", metavar="ID", help="the run whose model makes the suggestions (default: embeddings)")
    curate.add_argument(
        "--prompt", type=_prompt, action="append", default=[], metavar="CLASS=TEXT", help="suggest from a text (CLIP)"
    )
    curate.add_argument("--no-store", action="store_true", help=argparse.SUPPRESS)
    _backbone(curate)


def _add_labels(verb: Verb) -> None:
    labels = verb("labels", "Bring labels in, write them out, compare graders.", _labels)
    inner = add_actions(labels)

    def action(name: str, help_: str) -> argparse.ArgumentParser:
        added = add_action(inner, name, help_)
        add_project(added)
        return added

    import_ = action("import", "Bring labels from a file into the project.")
    import_.add_argument("file", type=Path, metavar="FILE")
    import_.add_argument("--task", choices=("single", "multi", "ordinal"), help="what a label is (default: as it is)")
    import_.add_argument(
        "--map", type=_mapping, default={}, metavar="image=COLUMN,label=COLUMN", help="name the columns"
    )
    import_.add_argument("--format", choices=FORMATS, help="default: told from the file")
    import_.add_argument("--pattern", metavar="REGEX", help="with --format filename: (?P<label>...) in the path")
    import_.add_argument("--grader", default="", metavar="NAME", help="whose labels these are")
    import_.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    export = action("export", "Write the project's labels to a file.")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--format", choices=FORMATS, help="default: told from the file name")

    agreement = action("agreement", "How far two graders agree (Cohen's kappa).")
    agreement.add_argument("--graders", nargs=2, metavar=("A", "B"), help="default: the two with the most in common")


def _add_split(verb: Verb) -> None:
    split = verb("split", "Divide the labelled images into train, validation and test.", _split)
    add_project(split)
    split.add_argument("--validation", type=float, default=0.15, metavar="SHARE", help="default: 0.15")
    split.add_argument("--test", type=float, default=0.2, metavar="SHARE", help="default: 0.2")
    split.add_argument("--seed", type=int, default=7, help="the same seed gives the same split (default: 7)")
    split.add_argument(
        "--group-by",
        metavar="path:REGEX|column:NAME|exif:TAG|dicom:TAG|near-duplicates",
        help="keep images that belong together on one side",
    )
    split.add_argument("--folds", type=int, default=0, metavar="K", help="divide what is not tested into K folds")
    split.add_argument("--fold", type=int, default=1, metavar="N", help="the fold that validates, from 1")
    keeping = split.add_mutually_exclusive_group()
    keeping.add_argument("--freeze-test", metavar="NAME", help="keep the test images of now as a test set of this name")
    keeping.add_argument("--repair", action="store_true", help="keep the split, but move what is on both sides to one")
    _backbone(split)


def _backbone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backbone", metavar="NAME[.TAG]", help="the backbone whose embeddings are used")
    parser.add_argument("--weights", default=None, metavar="FILE", help="its weights: a file, or hub")


def _mapping(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or any(not equals or not column.strip() for _, equals, column in pairs):
        raise argparse.ArgumentTypeError(f"'{text}' is not like image=id_code,label=diagnosis")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in (*CHECKS, *FURTHER)]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"'{text}' names no check; there are {', '.join((*CHECKS, *FURTHER))}")
    return names


def _prompt(text: str) -> tuple[str, str]:
    name, equals, prompt = text.partition("=")
    if not equals or not name.strip() or not prompt.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not like scratch='a scratch on steel'")
    return name.strip(), prompt.strip()


def _labels(arguments: argparse.Namespace) -> Job:
    match arguments.action:
        case "import":
            from workbench.exchange.importing import import_labels

            return import_labels(
                arguments.project,
                arguments.file,
                task=arguments.task,
                mapping=arguments.map,
                format=arguments.format,
                pattern=arguments.pattern,
                grader=arguments.grader,
                dry_run=arguments.dry_run,
            )
        case "export":
            from workbench.exchange.exporting import export_labels

            return export_labels(arguments.project, arguments.file, format=arguments.format)
        case _:
            from workbench.evaluation.agreement import agreement_of

            return agreement_of(arguments.project, graders=arguments.graders)


def _rescan(arguments: argparse.Namespace) -> Job:
    from workbench.rescan import rescan

    return rescan(
        arguments.project,
        verify=not arguments.no_verify,
        relink=tuple(arguments.relink) if arguments.relink else None,
    )


def _split(arguments: argparse.Namespace) -> Job:
    anew = arguments.group_by or arguments.folds or arguments.backbone or arguments.weights
    if anew and (arguments.repair or arguments.freeze_test is not None):
        raise WorkbenchError("--repair and --freeze-test keep the split as it is; split anew in a call of its own.")
    if (arguments.backbone or arguments.weights) and arguments.group_by != "near-duplicates":
        raise WorkbenchError("A split uses a backbone for near-duplicates alone; add --group-by near-duplicates.")
    if arguments.fold != 1 and not arguments.folds:
        raise WorkbenchError(f"Fold {arguments.fold} of how many? Say it as in --folds 5 --fold {arguments.fold}.")
    if arguments.folds and not 1 <= arguments.fold <= arguments.folds:
        raise WorkbenchError(f"There is no fold {arguments.fold} of {arguments.folds}; choose one from 1 on.")
    from workbench.curation.splitting import freeze_test, repair, split

    if arguments.repair:
        return repair(arguments.project)
    if arguments.freeze_test is not None:
        return freeze_test(arguments.project, arguments.freeze_test)
    return split(
        arguments.project,
        validation=arguments.validation,
        test=arguments.test,
        seed=arguments.seed,
        group_by=arguments.group_by,
        folds=arguments.folds,
        fold=arguments.fold,
        backbone=arguments.backbone,
        weights=arguments.weights,
    )


def _curate(arguments: argparse.Namespace) -> Job:
    from workbench.curation.curate import curate

    if arguments.weights and not arguments.backbone and not arguments.prompt:
        raise WorkbenchError("--weights belongs to a backbone; name it as well (--backbone NAME).")
    suggests = arguments.run or arguments.prompt
    return curate(
        arguments.project,
        only=arguments.only or [*CHECKS, *(["suggestions"] if suggests else [])],
        backbone=arguments.backbone,
        weights=arguments.weights,
        run=arguments.run,
        prompts=dict(arguments.prompt),
        store=not arguments.no_store,
        # The window, which stores what comes, names the backbone of its Model panel whether or not it can be had.
        required=not arguments.no_store,
    )
