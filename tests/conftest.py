"""What every test gets: isolation, tiny images, the shared real images, and the guards against what a test leaves behind."""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from PySide6.QtCore import QThread

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers that each use every core spin for each other's threads: a step of Swin took 30 seconds in place of two.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--table", default=None, help="write a table of the outcomes to this file (make test-long)")


def pytest_configure(config: pytest.Config) -> None:
    table = config.getoption("--table")
    if table and not hasattr(config, "workerinput"):
        from importlib.util import module_from_spec, spec_from_file_location

        spec = spec_from_file_location("outcome_table", Path(__file__).parent / "outcome_table.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        config.pluginmanager.register(module.OutcomeTable(REPOSITORY / table, REPOSITORY))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and the user's folders of a test are its own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HF_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home


_qt_threads: "weakref.WeakSet[QThread]" = weakref.WeakSet()
"""Every Qt thread that was started. To look for them among all objects takes 0.1 s in a large process, for each test."""


@cache
def _follow_qt_threads() -> None:
    from PySide6.QtCore import QThread

    start = QThread.start

    def followed(thread: QThread, *rest: Any) -> None:
        _qt_threads.add(thread)
        start(thread, *rest)

    QThread.start = followed  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a thread, a Qt thread or a child process running fails."""
    threads = set(threading.enumerate())
    if "qtbot" in request.fixturenames:
        _follow_qt_threads()
    yield
    deadline = (
        time.monotonic() + 20
    )  # a run that has said its last word takes a while to unload torch on a busy machine
    while (left := _left(threads, "qtbot" in request.fixturenames)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        pytest.fail(f"left running: {', '.join(left)}")


def _left(before: set[threading.Thread], qt: bool) -> list[str]:
    left = [
        thread.name for thread in threading.enumerate() if thread not in before and not _belongs_to_a_library(thread)
    ]
    if qt:
        import shiboken6

        left += [repr(thread) for thread in list(_qt_threads) if shiboken6.isValid(thread) and thread.isRunning()]
    import psutil

    children = psutil.Process().children()
    left += [" ".join(child.cmdline()) for child in children if _is_ours(child)]
    return left


def _belongs_to_a_library(thread: threading.Thread) -> bool:
    if isinstance(thread, threading._DummyThread):
        return True  # a record of a thread that Qt made, kept by Python after its end; Qt's threads are counted below
    # tqdm's monitor, execnet's receiver and Python's own pools of torch live as long as the process.
    return thread.daemon and type(thread).__module__.split(".")[0] in {"tqdm", "execnet", "xdist"}


def _is_ours(child: object) -> bool:
    import psutil

    try:
        assert isinstance(child, psutil.Process)
        if child.status() == psutil.STATUS_ZOMBIE:
            return False
        command = " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return False
    return "workbench" in command and "resource_tracker" not in command and "forkserver" not in command


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The real images and weights beside the checkout. Skips where they are absent; under CI that is a failure."""
    if not SHARED.is_dir():
        reason = "../shared with the real images is not beside this checkout"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


def draw_image(seed: int, *, side: int = 32, hue: int = 0) -> np.ndarray:
    """Return a noisy side x side RGB image whose ``hue`` (0 to 2) is the channel that stands out."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 90, (side, side, 3), dtype=np.uint8)
    image[..., hue % 3] += np.uint8(120)
    return image


@pytest.fixture
def tiny_images(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes PNGs into ``<class>/<number>.png`` and returns their folder.

    ``tiny_images({"good": 6, "scratch": 6}, side=32)``; the classes differ by colour, so that a tiny model learns them.
    """
    from PIL import Image

    def write(classes: dict[str, int], *, side: int = 32, name: str = "images") -> Path:
        root = tmp_path / name
        for hue, (label, count) in enumerate(classes.items()):
            (root / label).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                image = draw_image(hue * 1000 + number, side=side, hue=hue)
                Image.fromarray(image).save(root / label / f"{number:03}.png")
        return root

    return write
