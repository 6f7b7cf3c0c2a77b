"""The command line: one verb, one job. Never imports Qt, and imports torch only inside the verbs that need it.

With ``--json`` stdout carries one JSON object per line and nothing else; what libraries print goes to stderr. Without it,
progress and results are told in words. The exit code is 0 only when the verb did what it was asked.
"""

import argparse
import contextlib
import io
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import platformdirs

from workbench import __version__, augment_verbs, dataset_verbs, model_verbs, telling, weights_verbs
from workbench.errors import WorkbenchError, told
from workbench.jobs import Event, Job, Stop, drain, to_json
from workbench.verb_parts import add_project, add_settings

VERBS = (
    "scan",
    "labels",
    "rescan",
    "split",
    "curate",
    "augment",
    "models",
    "weights",
    "train",
    "evaluate",
    "export",
    "predict",
    "demo",
    "doctor",
    "serve",
)
STOPPED = 130
"""The exit code of a verb that was interrupted, as shells expect it."""


def main(argv: Sequence[str]) -> int:
    """Run the verb in ``argv``. Returns the exit code: 0 done, 1 failed with a sentence, 2 wrong words, 130 stopped."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    if arguments.verb == "serve":
        return _serve(sys.stdin, sys.stdout)
    _widen(sys.stdout, json_=arguments.json)
    stop = Stop()
    with _interruptible(stop):
        return _run(arguments, stop, sys.stdout)


def _widen(out: IO[str], *, json_: bool) -> None:
    """Let every name be written: JSON is UTF-8 whatever the terminal is, and a terminal gets escapes for what it lacks."""
    if isinstance(out, io.TextIOWrapper):
        # Half a character, as an invalid file name holds it, is escaped as JSON does it.
        out.reconfigure(encoding="utf-8" if json_ else None, errors="backslashreplace")


def demo_for_window(words: Sequence[str]) -> Path | None:
    """Return the folder of ``demo`` where these words ask for its window; None where the command line does it all."""
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            arguments = _parser().parse_args(words)
    except SystemExit:  # help, or wrong words: `main` says so
        return None
    if arguments.verb != "demo" or arguments.headless or arguments.prepare_only or arguments.json:
        return None
    return Path(arguments.out)


def _run(arguments: argparse.Namespace, stop: Stop, out: IO[str]) -> int:
    """Run a parsed verb, tell its events on ``out``. Libraries that print are sent to stderr meanwhile."""
    write: Callable[[Event], None] = _JsonWriter(out) if arguments.json else telling.Teller(out, sys.stderr)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            job: Job = arguments.job(arguments)
            for event in drain(job, stop):
                write(event)
    except WorkbenchError as error:
        _fail(str(error), out if arguments.json else None)
        return 1
    except BrokenPipeError:
        _let_go(out)  # whoever read the output has gone; nobody is left to tell
        return 1
    except KeyboardInterrupt:
        return STOPPED
    except OSError as error:
        _fail(str(told(error, doing=arguments.verb)), out if arguments.json else None)
        return 1
    except Exception as error:
        _fail(_defect(error, arguments.verb), out if arguments.json else None)
        return 1
    finally:
        if isinstance(write, telling.Teller):
            write.close()
    return STOPPED if stop.stopped else getattr(write, "code", 0)


class _JsonWriter:
    """Writes each event as a line; ``code`` becomes 1 with an event that tells of a failure."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.code = 0

    def __call__(self, event: Event) -> None:
        name = type(event).__name__
        if name == "Tick":
            return
        self.code |= telling.is_failure(event)
        self.out.write(to_json(event) + "\n")
        self.out.flush()


def _fail(message: str, out: IO[str] | None) -> None:
    try:
        if out is not None:
            out.write(json.dumps({"event": "Failed", "message": message}, ensure_ascii=False) + "\n")
            out.flush()
    except OSError:
        _let_go(out)  # where the output itself is full or gone, stderr still tells
    print(f"workbench: {message}", file=sys.stderr)


def _let_go(out: IO[str] | None) -> None:
    """Send what is left in a broken output nowhere: Python would complain of it when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # type: ignore[union-attr]


def _defect(error: Exception, verb: str) -> str:
    """Write a bug's trace to a file; return the sentence for the user, who can do nothing with a trace but send it."""
    log = Path(platformdirs.user_log_dir("workbench")) / "defects.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {verb}\n{''.join(traceback.format_exception(error))}\n")
    except OSError:
        where = "; no details could be written"
    else:
        where = f"; please report it with what is in {log}"
    first = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return f"'{verb}' met a defect of Workbench ({type(error).__name__}: {first}){where}."


@contextlib.contextmanager
def _interruptible(stop: Stop) -> Iterator[None]:
    """Turn the first Ctrl+C, or a request to end, into a stop of the job; the second Ctrl+C ends at once."""

    def ask(number: int, _: object) -> None:
        if stop.stopped:
            raise KeyboardInterrupt
        print("workbench: stopping", file=sys.stderr)
        stop.stop()

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _serve(requests: IO[str], out: IO[str]) -> int:
    """Run one verb after another in this process, so that its imports stay warm. Ends with its input.

    Each line of ``requests`` is a JSON list of words; the verb's events follow as JSON lines, then
    ``{"event": "Done", "code": 0|1}``.
    """
    for line in requests:
        words = json.loads(line)
        try:
            arguments = _parser().parse_args([*words, "--json"])
            code = _run(arguments, Stop(), out)
        except SystemExit:
            _fail(f"'{' '.join(words)}' is not a command of Workbench.", out)
            code = 2
        out.write(json.dumps({"event": "Done", "code": code}) + "\n")
        out.flush()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="From a folder of images to a tested ONNX package. Without a verb it opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, help_: str, job: Callable[[argparse.Namespace], Job] | None) -> argparse.ArgumentParser:
        # Without any help text argparse leaves a verb out of its listing: `serve` is for the window, not for people.
        added = verbs.add_parser(name, help=help_, description=help_) if help_ else verbs.add_parser(name)
        added.add_argument(
            "--json", action="store_true", help="print events as JSON lines on stdout, nothing else there"
        )
        added.set_defaults(job=job)
        return added

    scan = verb("scan", "Bring folders of images into a project (made where it does not exist).", _scan)
    add_project(scan)
    scan.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    scan.add_argument("--no-verify", action="store_true", help="read headers only: no full decode, no content hash")

    dataset_verbs.add_verbs(verb)
    augment_verbs.add_verbs(verb)
    model_verbs.add_verbs(verb)
    weights_verbs.add_verbs(verb)

    train = verb("train", "Train a model; the run folder holds everything about it.", _train)
    add_project(train)
    add_settings(train)
    train.add_argument("--print-config", action="store_true", help="show every field of the config and stop")
    train.add_argument("--run", metavar="ID", help="start or continue this run instead of making a new one")

    evaluate = verb("evaluate", "Measure a run on the deployment path.", _evaluate)
    add_project(evaluate)
    evaluate.add_argument("--run", default="last", metavar="ID")
    evaluate.add_argument("--split", default="test", choices=("train", "validation", "test"))
    evaluate.add_argument("--test-set", default="", metavar="NAME", help="only the images of this frozen test set")
    evaluate.add_argument(
        "--views",
        default="none",
        metavar="NAME",
        help="none, flip, turns, d4, crops or chain:4: also average over so many views of each image; tells gain and cost",
    )

    export = verb("export", "Write a run's model as an ONNX package and prove it equal.", _export)
    add_project(export)
    export.add_argument("--run", default="last", metavar="ID")
    export.add_argument("--out", required=True, type=Path, metavar="DIR", help="the package; absent or empty before")

    predict = verb("predict", "Classify a folder of images with a package.", _predict)
    predict.add_argument("package", type=Path, metavar="PACKAGE")
    predict.add_argument("folder", type=Path, metavar="FOLDER")
    predict.add_argument("--out", required=True, type=Path, metavar="FILE", help="the CSV file to write")

    demo = verb("demo", "Draw a sample set and do the whole job on it, without network or download.", _demo)
    demo.add_argument("--headless", action="store_true", help="without the window, also where there is a display")
    demo.add_argument("--prepare-only", action="store_true", help=argparse.SUPPRESS)
    demo.add_argument("--out", type=Path, default=Path("workbench-demo"), metavar="DIR")

    verb("doctor", "Versions, devices, what would fail on this machine and why.", _doctor)
    verb("serve", "", None)
    return parser


# Each verb imports what it needs when it runs: `split` must not wait for torch, nor `predict` for anything but onnxruntime.


def _scan(arguments: argparse.Namespace) -> Job:
    from workbench.intake import add_folders

    return add_folders(arguments.project, arguments.folders, verify=not arguments.no_verify)


def _train(arguments: argparse.Namespace) -> Job:
    from workbench.training.config import TrainConfig

    if arguments.run and (arguments.config or arguments.set):
        raise WorkbenchError("A run that exists keeps its config; leave out --config and --set, or leave out --run.")
    config = TrainConfig.load(arguments.config) if arguments.config else TrainConfig()
    config = config.with_settings(arguments.set)
    if arguments.print_config:
        return lambda _: iter([telling.Text(config.dumps())])

    def job(stop: Stop) -> Iterator[Event]:
        if not arguments.run:
            # What cannot succeed is said at once: the next import is torch's, and takes seconds.
            from workbench.project.project import Project
            from workbench.training.checks import check

            with Project.open(arguments.project) as project:
                check(project, config)
        from workbench.training.run import prepare, train

        run = arguments.run or prepare(arguments.project, config).id
        yield from train(arguments.project, run)(stop)

    return job


def _evaluate(arguments: argparse.Namespace) -> Job:
    from workbench.evaluation.evaluate import evaluate_run

    return evaluate_run(
        arguments.project, arguments.run, arguments.split, test_set=arguments.test_set, views=arguments.views
    )


def _export(arguments: argparse.Namespace) -> Job:
    from workbench.export.export import export_run

    return export_run(arguments.project, arguments.run, arguments.out)


def _predict(arguments: argparse.Namespace) -> Job:
    from workbench.export.predict import predict_package

    return predict_package(arguments.package, arguments.folder, arguments.out)


def _demo(arguments: argparse.Namespace) -> Job:
    from workbench.demo import demo, prepare

    return prepare(arguments.out) if arguments.prepare_only else demo(arguments.out)


def _doctor(_: argparse.Namespace) -> Job:
    from workbench.doctor import examine

    return examine()
