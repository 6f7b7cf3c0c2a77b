"""Looks at this machine: versions, devices, and what would fail here and why, in words."""

import importlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from workbench.jobs import Event, Job, Stop

PACKAGES = (
    "PySide6-Essentials",
    "pyqtgraph",
    "torch",
    "torchvision",
    "timm",
    "lightning-fabric",
    "albumentations",
    "opencv-python-headless",
    "pillow",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "scikit-learn",
    "safetensors",
    "pydantic",
    "imagehash",
    "faiss-cpu",
    "opentsne",
)

EXTRAS = {
    "pydicom": "DICOM images; install the extra 'dicom'",
    "open_clip_torch": "suggestions from text prompts; install the extra 'clip'",
}
"""Packages that need not be there, and what is missing without them."""

ENOUGH_SPACE = 2_000_000_000


@dataclass(frozen=True)
class Checked:
    """One thing looked at: whether it works, and in a sentence what was found or what to do."""

    what: str
    ok: bool
    message: str


@dataclass(frozen=True)
class Examined:
    """The end: how many checks failed."""

    checks: int
    failed: int


def examine() -> Job:
    """Return a job that yields a `Checked` per thing and ends with `Examined`. Imports torch; opens no window."""

    def job(_: Stop) -> Iterator[Event]:
        count = failed = 0
        for check in _checks():
            count += 1
            failed += not check.ok
            yield check
        yield Examined(checks=count, failed=failed)

    return job


def _checks() -> Iterator[Checked]:
    yield Checked("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        yield _package(name)
    for name, use in EXTRAS.items():
        found = _package(name)
        yield found if found.ok else Checked(name, True, f"not installed, so without {use}")
    yield _pyside()
    for what, look in LOOKS.items():
        try:
            yield Checked(what, True, look())
        except Exception as error:
            # Whatever a broken installation raises is what the user came here to learn.
            yield Checked(what, False, f"{_first_line(error)}")


def _package(name: str) -> Checked:
    try:
        return Checked(name, True, version(name))
    except PackageNotFoundError:
        return Checked(name, False, "is not installed; set the environment up again with `make setup`")


def _pyside() -> Checked:
    try:
        found = tuple(int(part) for part in version("PySide6-Essentials").split(".")[:2])
    except PackageNotFoundError:
        return Checked("window", False, "PySide6 is not installed; only the command line works")
    if found >= (6, 12):
        return Checked(
            "window", False, "PySide6 6.12 aborts the interpreter while plotting; install a version below it"
        )
    missing = _missing_qt_libraries()
    if missing:
        return Checked("window", False, f"the system lacks {', '.join(missing)}; install them, or use the command line")
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return Checked("window", True, "there is no display here; the command line works without one")
    return Checked("window", True, "Qt finds its libraries and a display")


def _missing_qt_libraries() -> list[str]:
    """Return the shared libraries that Qt's platform plug-in for X11 does not find. Only Linux can lack any."""
    if not sys.platform.startswith("linux") or not shutil.which("ldd"):
        return []
    import subprocess
    from importlib.util import find_spec

    spec = find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return []
    plugin = Path(spec.submodule_search_locations[0]) / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    listing = subprocess.run(["ldd", str(plugin)], check=False, capture_output=True, text=True).stdout
    return sorted({line.split("=>")[0].strip() for line in listing.splitlines() if "not found" in line})


def _torch() -> str:
    torch = importlib.import_module("torch")
    one = torch.ones(2, 2)
    if float((one @ one).sum()) != 8.0:
        raise ArithmeticError("torch computes wrongly on this processor; install another build")
    return f"{torch.__version__} computes on the processor with {torch.get_num_threads()} threads"


def _torchvision() -> str:
    torchvision = importlib.import_module("torchvision")
    torch = importlib.import_module("torch")
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    torchvision.ops.nms(boxes, torch.ones(1), 0.5)  # fails where torchvision was built for another torch
    return f"{torchvision.__version__} matches torch"


def _accelerator() -> str:
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        names = []
        for number in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(number)
            float(torch.ones(8, device=f"cuda:{number}").sum())  # a GPU too new or too old for this build fails here
            names.append(f"{torch.cuda.get_device_name(number)} ({free / 1e9:.0f} of {total / 1e9:.0f} GB free)")
        return "; ".join(names)
    if torch.backends.mps.is_available():
        return "Apple GPU"
    return "no GPU found; training runs on the processor, which is slower but gives the same model"


def _onnx() -> str:
    runtime = importlib.import_module("onnxruntime")
    importlib.import_module("onnxscript")
    return f"onnxruntime {runtime.__version__} with {', '.join(runtime.get_available_providers())}"


def _augmentation() -> str:
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    from workbench.augment import pipeline
    from workbench.augment.chain import Chain, Step

    pipeline.check(Chain(steps=(Step(transform="HorizontalFlip"),)))
    return "chains compose"


def _disk() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    if free < ENOUGH_SPACE:
        raise OSError(f"only {free / 1e9:.1f} GB are free here; a run needs about 2 GB for its checkpoints and cache")
    return f"{free / 1e9:.0f} GB free in this folder"


def _temporary() -> str:
    with tempfile.NamedTemporaryFile(prefix="workbench-") as file:
        file.write(b"x")
    return "temporary files can be written"


def _hub() -> str:
    if os.environ.get("HF_HUB_OFFLINE"):
        return "HF_HUB_OFFLINE is set: weights come from local files only"
    import socket

    # A name look-up only: nothing is asked of the hub.
    try:
        socket.getaddrinfo("huggingface.co", 443)
    except OSError:
        return "the hub cannot be reached: choose local weights files (weights=FILE), or weights=none"
    return "the hub can be reached for weights"


LOOKS: dict[str, Callable[[], str]] = {
    "torch": _torch,
    "torchvision": _torchvision,
    "accelerator": _accelerator,
    "export": _onnx,
    "augmentation": _augmentation,
    "disk": _disk,
    "temporary files": _temporary,
    "weights": _hub,
}


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
