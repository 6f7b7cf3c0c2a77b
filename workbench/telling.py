"""What a job says on a terminal: one line that moves for its progress, one line for each thing worth keeping."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from workbench.jobs import Event, Noticed, Progress


@dataclass(frozen=True)
class Text:
    """A text to print as it is."""

    text: str


class Teller:
    """Writes events for people: results on ``out``, what moves and what went wrong on ``errors``."""

    def __init__(self, out: IO[str], errors: IO[str]) -> None:
        self.out, self.errors = out, errors
        self.code = 0
        self._moving = errors.isatty()
        self._shown = ""
        self._last = 0.0
        self._stage = ""

    def __call__(self, event: Event) -> None:
        name = type(event).__name__
        if isinstance(event, Progress):
            self._progress(event.what, event.done, event.total)
        elif name == "Preparing":
            self._progress(event.what, event.done, event.total or None)
        elif isinstance(event, Noticed) or name == "Warned":
            self._line(f"note: {event.message}", self.errors)
        elif isinstance(event, Text):
            self._line(event.text.rstrip("\n"), self.out)
        elif name == "StepEnded":
            self._progress(f"epoch {event.epoch}, step {event.step}: loss {event.loss:.3f}", None, None)
        elif name in SENTENCES:
            text = SENTENCES[name](event)
            if text:
                self._line(text, self.out)
            self.code |= is_failure(event)
        elif dataclasses.is_dataclass(event) and name != "Tick":
            fields = dataclasses.asdict(event)  # type: ignore[arg-type]
            self._line(f"{name}: {', '.join(f'{key} {value}' for key, value in fields.items())}", self.out)

    def close(self) -> None:
        """Finish the moving line."""
        if self._shown:
            self.errors.write("\r" + " " * len(self._shown) + "\r")
            self.errors.flush()
            self._shown = ""

    def _line(self, text: str, stream: IO[str]) -> None:
        self.close()
        stream.write(text + "\n")
        stream.flush()

    def _progress(self, what: str, done: int | None, total: int | None) -> None:
        count = "" if done is None else f" {done:,} of {total:,}" if total else f" {done:,}" if done else ""
        text = what + count
        now = time.monotonic()
        if self._moving:
            if now - self._last < 0.05 and done != total:
                return
            padding = " " * max(0, len(self._shown) - len(text))
            self.errors.write("\r" + text + padding)
            self.errors.flush()
            self._shown = text
        elif (what.split(":")[0] if done is None else what) != self._stage and done is not None:
            # In a log, one line per stage is enough.
            self._stage = what
            self.errors.write(what + "\n")
        self._last = now


def is_failure(event: Event) -> bool:
    """Return whether a job that ended with this event did not do what it was asked."""
    match type(event).__name__:
        case "FitEnded":
            return bool(event.reason == "failed")
        case "Examined":
            return bool(event.failed)
        case "DemoDone":
            return bool(event.package_agrees != event.test_images or event.flips)
    return False


def _scanned(event: Any) -> str:
    split = ", ".join(f"{name} {count:,}" for name, count in event.split.items() if count)
    classes = f", {len(event.classes)} classes: {', '.join(event.classes)}" if event.classes else ", no classes"
    text = f"{event.images:,} images, {event.added:,} new{classes}."
    if event.corrupt:
        text += f" {event.corrupt:,} cannot be read and are skipped."
    if event.unlabelled:
        text += f" {event.unlabelled:,} without a label."
    return text + (f" Split from the folders: {split}." if split else "")


def _split(event: Any) -> str:
    width = max((len(name) for name in event.per_class), default=5)
    lines = [f"{'':{width}}  {'train':>10} {'validation':>10} {'test':>10}"]
    for name, counts in event.per_class.items():
        lines.append(f"{name:{width}}  " + " ".join(f"{counts.get(split, 0):>10,}" for split in SPLITS))
    total = sum(event.got.values()) or 1
    lines.append(f"{'all':{width}}  " + " ".join(f"{event.got.get(split, 0):>10,}" for split in SPLITS))
    lines.append(f"{'share':{width}}  " + " ".join(f"{event.got.get(split, 0) / total:>10.3f}" for split in SPLITS))
    lines.append(f"{'asked':{width}}  " + " ".join(f"{event.asked.get(split, 0):>10.3f}" for split in SPLITS))
    if event.grouped_by:
        lines.append(f"{event.groups:,} groups were kept together by {event.grouped_by}.")
    if event.folds:
        lines.append(f"Fold {event.fold} of {event.folds} validates.")
    if event.pinned:
        lines.append(f"{event.pinned:,} images stayed where they were pinned.")
    return "\n".join([*lines, *(f"note: {warning}" for warning in event.warnings)])


def _epoch(event: Any) -> str:
    best = "  best so far" if event.best else ""
    return (
        f"epoch {event.epoch}: train loss {event.train_loss:.3f}, accuracy {event.train_accuracy:.3f}; "
        f"validation loss {event.validation_loss:.3f}, balanced accuracy {event.validation_balanced_accuracy:.3f}{best}"
    )


def _fit_started(event: Any) -> str:
    learnt = f"{event.trainable_parameters:,} of {event.parameters:,} parameters train"
    if not event.epochs:
        learnt = f"{event.trainable_parameters:,} of {event.parameters:,} parameters are fitted at once"
    if not event.trainable_parameters:
        learnt = "nothing is trained" if event.parameters else "no network"
    return (
        f"run {event.run}: {event.train_images:,} training and {event.validation_images:,} validation images of "
        f"{len(event.classes)} classes, {learnt}, on {event.device}"
    )


def _fit_ended(event: Any) -> str:
    return f"{event.message} ({event.seconds:.0f} s)"


def _evaluated(event: Any) -> str:
    low, high = event.intervals["balanced_accuracy"]
    frozen = f" (test set '{event.test_set}')" if event.test_set else ""
    lines = [
        f"{event.balanced_accuracy:.3f} [{low:.3f}, {high:.3f}] balanced accuracy, {event.accuracy:.3f} accuracy "
        f"on {event.images:,} {event.split} images{frozen} of run {event.run}, chosen on {event.chosen_on}"
    ]
    width = max((len(str(row["class"])) for row in event.per_class), default=5)
    lines.append(f"{'':{width}}  precision  recall      F1  images")
    for row in event.per_class:
        figures = f"{row['precision']:>9.3f} {row['recall']:>7.3f} {row['f1']:>7.3f} {row['support']:>7,}"
        lines.append(f"{row['class']:{width}}  {figures}")
    return "\n".join(lines)


def _views(event: Any) -> str:
    low, high = event.interval
    down, up = event.gain_interval
    times = event.seconds / event.plain_seconds if event.plain_seconds > 0 else event.count
    return (
        f"with {event.count} views of each image ({event.views}) {event.balanced_accuracy:.3f} [{low:.3f}, {high:.3f}], "
        f"{event.gain:+.3f} [{down:+.3f}, {up:+.3f}], {times:.1f} times as long "
        f"({event.seconds * 1000:.1f} ms in place of {event.plain_seconds * 1000:.1f} ms per image); an exported package "
        "looks at each image once and does not do this."
    )


def _agreement(event: Any) -> str:
    def shown(kappa: float | None, low: float | None, high: float | None) -> str:
        return "not defined" if kappa is None else f"{kappa:.3f} [{low:.3f}, {high:.3f}]"

    text = (
        f"{event.a} and {event.b} agree on {event.agreeing:,} of {event.images:,} images; "
        f"kappa {shown(event.kappa, event.low, event.high)}"
    )
    if event.per_class:
        kappas = [
            f"{row['class']} {'-' if row['kappa'] is None else format(row['kappa'], '.3f')}" for row in event.per_class
        ]
        return f"{text} on average, by class: {', '.join(kappas)}"
    text += f", weighted {shown(event.weighted_kappa, event.weighted_low, event.weighted_high)}"
    width = max((len(name) for name in event.classes), default=5)
    cell = max((len(f"{count:,}") for row in event.confusion for count in row), default=1)
    rows = zip(event.classes, event.confusion, strict=True)
    table = [f"{name:{width}}  " + " ".join(f"{count:>{cell},}" for count in row) for name, row in rows]
    return "\n".join([text, f"rows {event.a}, columns {event.b}, in the order of the classes:", *table])


def _exported(event: Any) -> str:
    parity = event.parity
    return (
        f"package {event.package} ({event.size_bytes / 1e6:.1f} MB, {event.exporter} exporter): ONNX against torch on "
        f"{parity['images']:,} images: largest difference {parity['max_abs_diff']:.1e}, decisions that flip {parity['flips']}"
    )


def _leaky(event: Any) -> str:
    groups = f"{event.groups:,} group{'s' if event.groups > 1 else ''}"
    return (
        f"{groups} of images that belong together ({event.images:,} images) are on both sides of the split, so a score on "
        "it cannot be trusted; `workbench split PROJECT --repair` moves each of them to one side."
    )


def _repaired(event: Any) -> str:
    if not event.groups:
        return "No group of images is on both sides of the split; nothing was changed."
    text = f"{event.groups - len(event.left):,} of {event.groups:,} groups now lie on one side: {event.moved:,} images moved."
    if event.left:
        shown = ", ".join(event.left[:5]) + (f" and {len(event.left) - 5:,} more" if len(event.left) > 5 else "")
        text += (
            f" The groups of these stay on both sides: {shown}; pinned or frozen images hold them there (release them, then "
            "repair again), or they are too large for one side (split anew with --group-by)."
        )
    return text


def _finding(event: Any) -> str:
    shown = ", ".join(event.images[:4]) + (f" and {len(event.images) - 4:,} more" if len(event.images) > 4 else "")
    return f"{event.kind} {event.score:.2f}  {event.message}" + (f"  [{shown}]" if shown else "")


def _rescanned(event: Any) -> str:
    counts = [
        (event.new, "new"),
        (event.changed, "changed"),
        (event.moved, "moved"),
        (event.missing, "missing"),
        (event.found_again, "found again"),
    ]
    found = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f"{event.images:,} images: {found or 'nothing has changed'}."


def _imported(event: Any) -> str:
    get, have = ("would get", "would have") if event.dry_run else ("got", "have")
    text = f"{event.matched:,} of {event.rows:,} rows of {event.file} ({event.format}) name an image"
    if event.added:
        text = (
            f"{event.added:,} images from {event.file} ({event.format}) {'would be' if event.dry_run else 'were'} added"
        )
    text += f": {event.labelled:,} {get} a label, {event.changed:,} another one, {event.unchanged:,} {have} the same."
    if event.removed:
        text += f" {event.removed:,} labels of folders {'would go' if event.dry_run else 'are gone'}."
    if event.new_classes:
        more = f" and {len(event.new_classes) - 20:,} more" if len(event.new_classes) > 20 else ""
        text += f" New classes: {', '.join(event.new_classes[:20])}{more}."
    split = ", ".join(f"{name} {count:,}" for name, count in event.splits.items())
    text += f" Split: {split}; {event.moved:,} moved from another one." if split else ""
    beside = (
        (event.groups, "groups"),
        (event.tags, "images with tags"),
        (event.notes, "with notes"),
        (event.rejected, "newly rejected"),
        (event.regions, "regions"),
    )
    named = [f"{count:,} {what}" for count, what in beside if count]
    text += f" Also {', '.join(named)}." if named else ""
    text += f" Graders: {', '.join(event.graders)}." if event.graders else ""
    text += f" {event.unnamed:,} images of the project are not in it." if event.unnamed else ""
    return text + (" Nothing was changed: this was a dry run." if event.dry_run else "")


def _labels_exported(event: Any) -> str:
    text = f"{event.images:,} images with {event.labels:,} labels written to {event.file} ({event.format})."
    return "\n".join([text, *(f"note: {sentence}" for sentence in event.lost)])


def _found(event: Any) -> str:
    """Tell a finding of a chain's check, with where the step stands, counted from 1."""
    chain = "rare classes, " if event.rare else ""
    where = f"{chain}step {'.'.join(str(at + 1) for at in event.place)}: " if event.place else chain.replace(", ", ": ")
    mark = "!" if event.severity == "warning" else " "
    note = getattr(event, "note", "")
    return f"{mark} {where}{event.message}" + (f"\n    {note}" if note else "")


def _weights_listed(event: Any) -> str:
    where = f"in the {event.where}, {event.bytes / 1e6:.0f} MB: {event.path}" if event.where else "not on this machine"
    return (
        f"{_weights(event)}{' (default)' if event.default else ''}, {event.licence or 'licence not recorded'}, {where}"
    )


def _weights_counted(event: Any) -> str:
    if not event.listed:
        return "No weights are on this machine; `workbench weights fetch NAME` downloads some."
    return f"{_counted(event.listed, 'set')} of weights, {event.here:,} on this machine."


def _weights_packed(event: Any) -> str:
    return f"{_weights(event)}: {event.bytes / 1e6:.0f} MB in {event.path} ({event.licence or 'licence not recorded'})"


def _weights_place(event: Any) -> str:
    text = f"{event.kind}: {event.place} ({event.setting} changes it)"
    if event.weights is None:
        return text
    count = f"{_counted(event.weights, 'file')}" if event.exists else "not there yet"
    return f"{text}, {count}" + (f", {event.free / 1e9:.0f} GB free" if event.free is not None else "")


def _weights(event: Any) -> str:
    return f"{event.name}.{event.tag}" if event.tag else str(event.name)


def _backbone_listed(event: Any) -> str:
    parts = [
        f"{event.name:44}",
        f"{event.family:18}",
        f"{event.year or '–':>4}",
        f"{_or_dash(event.parameters, '.1f'):>7} M",
        f"{_or_dash(event.gmacs, '.2f'):>7} GMACs",
        f"{event.input_size:>4} px",
        f"{_or_dash(event.top1, '.1f'):>5} %",
        f"{'here' if event.here else ''}",
    ]
    return "  ".join(parts).rstrip() + (f"  not supported: {event.unsupported}" if event.unsupported else "")


def _backbone_shown(event: Any) -> str:
    facts = event.facts
    known = [
        f"{facts['family']} ({facts['year']})" if facts["year"] else facts["family"],
        f"{_or_dash(facts['parameters'], '.1f')} M parameters",
        f"{_or_dash(facts['gmacs'], '.2f')} GMACs at {facts['input_size']} pixels",
        f"{facts['features'] or '–'} features",
    ]
    lines = [f"{event.name}: {', '.join(known)}"]
    lines += [f"not supported: {facts['unsupported']}"] if facts["unsupported"] else []
    lines += [f"exports: {facts['exports']} (the smallest of its family)"] if facts["exports"] != "not tried" else []
    lines += [facts["note"]] if facts["note"] else []
    lines += [_tag_line(tag) for tag in event.tags] or ["No weights are published."]
    return "\n".join([*lines, f"Its default weights are {'' if event.here else 'not '}on this machine."])


def _tag_line(tag: dict[str, Any]) -> str:
    accuracy = f"{tag['top1']:.1f} % on ImageNet-1k" if tag["top1"] else ""
    parts = [tag["dataset"], accuracy, tag["licence"] or "licence not recorded"]
    return f"weights {tag['name'] or '(only)'}: {', '.join(part for part in parts if part)}"


def _anatomy(event: Any) -> str:
    width = max(len(stage.name) for stage in event.stages)
    lines = [f"{'':{width}}  {'parameters':>13}  {'GMACs':>8}  {'MB kept':>8}"]
    rows = [(stage.name, stage) for stage in event.stages] + [("all", event)]
    lines += [
        f"{name:{width}}  {part.parameters:>13,}  {part.macs / 1e9:>8.3f}  {part.memory / 1e6:>8.1f}"
        for name, part in rows
    ]
    return "\n".join(lines)


def _layer_shown(event: Any) -> str:
    shape = " x ".join(map(str, event.output))
    name = "  " * event.depth + event.path
    return f"{name:56}  {event.kind:20}  {shape:16}  {event.parameters:>12,}  {event.macs / 1e6:>10.2f} MMACs"


def _probed(event: Any) -> str:
    lines = [
        f"{event.minutes:.1f} minutes in all, {event.seconds_per_epoch:.1f} s per epoch, {event.images_per_second:.1f} "
        f"images/s on {event.device}; {event.trainable_parameters:,} parameters train"
    ]
    if len(event.phases) > 1:
        lines += [
            f"phase {number}: {_counted(phase.epochs, 'epoch')} of {phase.seconds_per_epoch:.1f} s, "
            f"{phase.images_per_second:.1f} images/s, {phase.trainable_parameters:,} parameters train"
            for number, phase in enumerate(event.phases, 1)
        ]
    batch = f"{event.memory_bytes / 1e9:.1f} GB of {event.memory_kind} with batches of {event.batch_size}"
    lines.append(batch + (f"; batches of {event.largest_batch:,} fit" if event.largest_batch else ""))
    return "\n".join([*lines, *(f"note: {note}" for note in event.notes)])


def _or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


SPLITS = ("train", "validation", "test")
SENTENCES: dict[str, Callable[[Any], str]] = {
    "Intake": _scanned,
    "Rescanned": _rescanned,
    "SplitOutcome": _split,
    "Leaky": _leaky,
    "Repaired": _repaired,
    "TestFrozen": lambda event: f"{event.images:,} test images are frozen as '{event.name}'.",
    "Finding": _finding,
    "CheckEnded": lambda event: "" if event.findings or not event.kinds else f"{event.check}: nothing found",
    "Suggested": lambda event: f"suggestions for {event.images:,} images by {event.source}",
    "MapMade": lambda event: f"map of {event.images:,} images: {event.file}",
    **dict.fromkeys(
        ("StepCost", "Feeding", "MarkLoss", "Laterality", "DecisionFlips", "BorderLoss", "DetailLoss"), _found
    ),
    "PresetListed": lambda event: f"{event.name}: {event.help or event.title} ({', '.join(event.steps) or 'no steps'})",
    "ChainWritten": lambda event: f"{_counted(event.steps, 'step')}: {event.path}",
    "SheetWritten": lambda event: (
        f"{event.image}: {_counted(event.variants, 'step' if event.steps else 'variant')} at {event.size} pixels: "
        f"{event.path}"
    ),
    "ChainChecked": lambda event: f"{event.message} ({event.seconds:.0f} s)",
    "BackboneListed": _backbone_listed,
    "BackbonesCounted": lambda event: f"{event.listed:,} of {_counted(event.of, 'backbone')}.",
    "BackboneShown": _backbone_shown,
    "Anatomy": _anatomy,
    "LayerShown": _layer_shown,
    "Probed": _probed,
    "WeightsListed": _weights_listed,
    "WeightsCounted": _weights_counted,
    "WeightsFetched": lambda event: (
        f"{_weights(event)}: {event.bytes / 1e6:.0f} MB {'were here already' if event.here else 'fetched'}: {event.path}"
    ),
    "WeightsPacked": _weights_packed,
    "WeightsChecked": lambda event: f"{event.sentence}.",
    "WeightsClasses": lambda event: "\n".join(event.classes),
    "WeightsPlace": _weights_place,
    "FitStarted": _fit_started,
    "EpochEnded": _epoch,
    "FitEnded": _fit_ended,
    "Evaluated": _evaluated,
    "ViewsMeasured": _views,
    "Exported": _exported,
    "Agreement": _agreement,
    "LabelsImported": _imported,
    "LabelsExported": _labels_exported,
    "Predicted": lambda event: f"{event.images:,} images, {event.errors:,} unreadable: {event.out}",
    "Paused": lambda event: f"paused at step {event.step:,}",
    "Resumed": lambda event: f"resumed at step {event.step:,}",
    "CheckpointSaved": lambda event: "",
    "StageChanged": lambda event: f"from epoch {event.epoch} on these train: {', '.join(event.training_stages)}",
    "DemoDone": lambda event: (
        f"done: test accuracy {event.test_accuracy:.3f} on {event.test_images:,} images; "
        f"the package {event.package} decides as the evaluation on {event.package_agrees:,} of them, without torch"
    ),
    "Examined": lambda event: (
        f"{event.failed} of {event.checks} checks failed" if event.failed else f"all {event.checks} checks passed"
    ),
    "Checked": lambda event: f"{'ok  ' if event.ok else 'FAIL'}  {event.what}: {event.message}",
}
"""How each result event reads; an empty string where a person need not see it."""
