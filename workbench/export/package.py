"""The files of a package, written into a folder that becomes the package when it is complete."""

import os
import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from workbench import resources
from workbench.data.raster import HEIC_SUFFIXES
from workbench.data.reading import FORMATS, SUFFIXES, Decoding, read_image
from workbench.evaluation.results import Evaluated, Result, load_evaluated, mistakes, splits_with_results, write_json
from workbench.export import manifest
from workbench.export.origin import Origin
from workbench.export.parity import Parity, short_names
from workbench.export.session import INPUT, OUTPUT, Session
from workbench.models.bundle import Bundle
from workbench.report.html import PICTURES, Facts, environment_for, interval, picture, render, share, thousands
from workbench.training.config import AsIs, FeaturesOnce, FreezeNothing, FreezeParts, FreezeStages, TrainConfig
from workbench.training.parts import Freeze, FreezeBackbone

FORMAT = 1

PAGES = "stack.tif#page=2 is the second page of stack.tif, a.dcm#page=2 the second frame; the first is the file itself"
DICOM = (
    "grey of more than 8 bits, signed or rescaled: v = slope * stored + intercept, rounded half up, with stored turned round "
    "in its range for MONOCHROME1; then the window, as grey16. Needs pydicom."
)
"""How stacks and DICOM files are read, in words: a package that reads neither is none the worse."""

SAMPLES = 12

_COPIED = SUFFIXES - {".dcm", *HEIC_SUFFIXES}
"""Endings of the files that go into a package as they are."""


@dataclass(frozen=True)
class Checked:
    """What was found out about ``model.onnx``: the parity, its figures, its exporter and those that failed before it."""

    parity: Parity
    result: Result
    exporter: str
    failed: list[str]
    random_max_abs_diff: float


def write_package(folder: Path, run_folder: Path, *, origin: Origin, bundle: Bundle, checked: Checked) -> None:
    """Write everything beside ``folder/model.onnx``, the manifest last."""
    decoding = Decoding.from_dict(dict(bundle.spec.decoding))
    result = checked.result
    samples = _copy_samples(folder, result, decoding)
    parity = {
        "format": FORMAT,
        **asdict(checked.parity),
        "exporter": checked.exporter,
        "failed_exporters": checked.failed,
        "random_max_abs_diff": checked.random_max_abs_diff,
        "versions": origin.versions,
        "samples": samples,
    }
    write_json(folder / "parity.json", parity)
    write_json(
        folder / "labels.json",
        {"format": FORMAT, "classes": list(bundle.classes), "thresholds": dict(bundle.thresholds)},
    )
    write_json(folder / "preprocess.json", preprocess(bundle, decoding))
    write_json(folder / "metrics.json", _metrics(run_folder, result.evaluated))
    shutil.copyfile(run_folder / "config.toml", folder / "config.toml")
    shutil.copyfile(resources.path("package", "demo.py"), folder / "demo.py")
    (folder / "LICENSES").mkdir()
    shutil.copyfile(resources.path("package", "LICENSES", "Apache-2.0.txt"), folder / "LICENSES" / "Apache-2.0.txt")
    _write_text(folder / "LICENSES" / "model.txt", "LICENSES/model.txt.j2", asdict(origin))
    _write_text(folder / "README.md", "README.md.j2", _readme(origin, checked))
    report = render(
        result.evaluated,
        title=f"{origin.title}, run {origin.run}",
        parity=asdict(checked.parity),
        mistakes=_pictures(result, decoding),
        facts=_facts(origin, bundle, checked),
    )
    (folder / "report.html").write_text(report, encoding="utf-8")
    manifest.write(folder)


def preprocess(bundle: Bundle, decoding: Decoding) -> dict[str, Any]:
    """Return ``preprocess.json``: the decoding rules as data, and what the model itself does with the pixels."""
    spec = bundle.spec
    return {
        "format": FORMAT,
        "decoding": decoding.as_dict(),
        "formats": list(FORMATS),
        "suffixes": sorted(SUFFIXES - HEIC_SUFFIXES),
        "pages": PAGES,
        "dicom": DICOM,
        "input": {
            "name": INPUT,
            "type": "uint8",
            "layout": "NHWC",
            "channels": "RGB",
            "shape": ["batch", "height", "width", 3],
        },
        "inside_the_model": {
            "size": spec.size,
            "resize": spec.resize,
            "interpolation": "bilinear, antialiased",
            "mean": list(spec.mean),
            "std": list(spec.std),
            "softmax": True,
        },
        "output": {"name": OUTPUT, "type": "float32", "shape": ["batch", len(bundle.classes)]},
    }


def _metrics(run_folder: Path, evaluated: Evaluated) -> dict[str, Any]:
    others = [split for split in splits_with_results(run_folder) if split not in (evaluated.split, "train")]
    return {
        "format": FORMAT,
        **asdict(evaluated),
        "others": {split: asdict(load_evaluated(run_folder, split)) for split in others},
    }


def _copy_samples(folder: Path, result: Result, decoding: Decoding) -> list[dict[str, Any]]:
    """Copy some images, one class after the other, and return them with the answers of the model in ``folder``."""
    (folder / "samples").mkdir()
    session = Session(folder / "model.onnx")
    classes = result.evaluated.classes
    answers = []
    for number, row in enumerate(choose_samples(result.targets.tolist(), len(classes)), start=1):
        source = Path(result.paths[row])
        name = classes[result.targets[row]]
        target = folder / "samples" / f"{number:02}_{slug(name)}{source.suffix.lower()}"
        if source.suffix.lower() in _COPIED:
            shutil.copyfile(source, target)
        else:
            # A page of a stack, or a file that names its patient: only the pixels that the model sees leave the house.
            target = target.with_suffix(".png")
            Image.fromarray(read_image(source, decoding)).save(target)
        (shares,) = session.run(read_image(target, decoding)[None])
        answers.append(
            {
                "image": target.relative_to(folder).as_posix(),
                "class": name,
                "prediction": classes[int(shares.argmax())],
                "probabilities": {label: round(float(p), 7) for label, p in zip(classes, shares, strict=True)},
            }
        )
    return answers


def choose_samples(targets: Sequence[int], classes: int, limit: int = SAMPLES) -> list[int]:
    """Return rows to show: the first of each class, then the second of each, up to ``limit``."""
    rows: dict[int, list[int]] = {index: [] for index in range(classes)}
    for row, target in enumerate(targets):
        rows[target].append(row)
    turns = [(turn, target, row) for target, found in rows.items() for turn, row in enumerate(found)]
    return [row for _, _, row in sorted(turns)[:limit]]


def slug(name: str) -> str:
    """Return a class name as a part of a file name that every system takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_")[:40] or "class"


def _pictures(result: Result, decoding: Decoding) -> list[Any]:
    classes = result.evaluated.classes
    names = dict(zip(result.paths, short_names(result.paths), strict=True))
    found = []
    for image in mistakes(result, PICTURES):
        found.append(
            picture(
                image.path,
                decoding,
                name=names[str(result.paths[result.ids.tolist().index(image.id)])],
                true=classes[image.target],
                predicted=classes[image.prediction],
                confidence=image.confidence,
            )
        )
    return [shown for shown in found if shown is not None]


def _readme(origin: Origin, checked: Checked) -> dict[str, Any]:
    evaluated, parity = checked.result.evaluated, checked.parity
    return {
        "title": origin.title,
        "version": origin.versions["workbench"],
        "created": origin.created,
        "run": origin.run,
        "classes": evaluated.classes,
        "balanced": f"{share(evaluated.balanced_accuracy)} {interval(evaluated.intervals['balanced_accuracy'])}",
        "accuracy": f"{share(evaluated.accuracy)} {interval(evaluated.intervals['accuracy'])}",
        "images": thousands(evaluated.images),
        "split": evaluated.split,
        "parity": f"{parity.images} images, {parity.flips} decisions differ, largest difference {parity.max_abs_diff:.1e}",
        "backbone": origin.backbone,
    }


def _trained(config: TrainConfig) -> str:
    """Return what trained in which phase, and for how long."""
    if isinstance(config.method, FeaturesOnce):
        return f"the head, by {config.method.classifier} on features seen once"
    if isinstance(config.method, AsIs):
        return "nothing, the published classifier as it is"
    return "; then ".join(f"{_plan(phase.freeze)}, {phase.epochs} epochs" for phase in config.phases)


def _plan(freeze: Freeze) -> str:
    match freeze:
        case FreezeBackbone():
            return "the head"
        case FreezeNothing():
            return "everything"
        case FreezeStages():
            return f"the last {freeze.train_last} stages"
        case FreezeParts():
            return ", ".join(["the head", *freeze.trained])


def _facts(origin: Origin, bundle: Bundle, checked: Checked) -> Facts:
    config, spec = origin.config, bundle.spec
    window = Decoding.from_dict(spec.decoding).window
    return [
        (
            "The model",
            [
                ("Backbone", origin.backbone),
                ("Starting weights", origin.weights),
                ("Licence of these", origin.licence),
                ("Trained", f"{_trained(config)}, seed {config.seed}"),
                ("Optimizer", f"{config.optimizer.name}, learning rate {config.optimizer.learning_rate:g}"),
                ("Augmentation", ", ".join(step.transform for step in config.augment.steps if step.enabled) or "none"),
                ("Image size", f"{spec.size} pixels, {spec.resize}"),
                *([("Window of 16-bit images", f"{window[0]} to {window[1]}")] if window != Decoding().window else []),
            ],
        ),
        (
            "Where it comes from",
            [
                ("Run", origin.run),
                ("Exported", origin.created),
                ("Exporter", checked.exporter),
                *(
                    (name.replace("_sha256", "").capitalize() + ", SHA-256", value)
                    for name, value in origin.hashes.items()
                ),
                ("Programs", ", ".join(f"{name} {version}" for name, version in origin.versions.items())),
            ],
        ),
    ]


def _write_text(path: Path, template: str, values: Mapping[str, Any]) -> None:
    path.write_text(environment_for("text").get_template(template).render(**values), encoding="utf-8")


def package_size(folder: Path) -> int:
    """Return the bytes of all files under a folder."""
    return sum(os.path.getsize(path) for path in folder.rglob("*") if path.is_file())
