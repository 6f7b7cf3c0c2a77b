"""Set up the environment and run a task in it: ``python packaging/tasks.py demo|test|test-long|setup|run|...``.

Needs nothing but Python >= 3.11. The Makefile calls it; on Windows call it directly (``py packaging\\tasks.py demo``).

The environment holds about 6 GB. It lives outside the checkout, in the user's cache folder (or ``WORKBENCH_ENVIRONMENTS``),
under a name that holds the hash of the pins, so that a second checkout reuses it and a changed pin installs afresh.
``.venv`` in the checkout is a link to it. The package itself is not installed there: a ``.pth`` file puts the checkout that
holds the ``.venv`` link on the path, so one environment serves many checkouts.
"""

from __future__ import annotations  # an older Python gets as far as the sentence that says so

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
WINDOWS = os.name == "nt"
LINK = ROOT / ".venv"
RECIPE = "1"
"""Counts up when `_install` does something else with the same pins."""

PTH = """\
import os, sys; _p = os.path.dirname(sys.prefix); \
os.path.isfile(os.path.join(_p, "workbench", "__main__.py")) and _p not in sys.path and sys.path.append(_p)
"""
LAUNCHER = '#!/bin/sh\nexec "$(dirname "$0")/python" -m workbench "$@"\n'
LAUNCHER_WINDOWS = '@"%~dp0python.exe" -m workbench %*\r\n'

DEBIAN = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""The shared libraries that Qt's plug-ins ask the system for, and the Debian package of each."""


def main(arguments: list[str]) -> int:
    """Run the task that ``arguments`` name, the environment first. Returns its exit code."""
    task = arguments[0] if arguments else "setup"
    if task not in TASKS:
        print(f"There is no task '{task}'; choose one of {', '.join(TASKS)}.", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - this file meets whatever Python the user has
        print(f"Workbench needs Python 3.11 or newer, this is {platform.python_version()}.", file=sys.stderr)
        return 1
    set_up()
    return TASKS[task](arguments[1:])


def set_up() -> None:
    """Make sure that the environment of the present pins exists, that ``.venv`` is it, and that Qt finds its libraries."""
    environment = _environments() / f"workbench-{_fingerprint()}"
    _require_link()
    if not _complete(environment):
        with _opened(environment.with_name(environment.name + ".lock")) as lock:
            _wait_for(lock)
            if not _complete(environment):
                shutil.rmtree(environment, ignore_errors=True)
                _install(environment)
                (environment / "complete").write_text("", encoding="utf-8")
    _link(environment)
    _check_system_libraries(environment)


def _complete(environment: Path) -> bool:
    """Return whether it can be used. Its interpreter is a link to the system's, which may be gone since."""
    return (environment / "complete").is_file() and _python(environment).is_file()


def _opened(lock: Path) -> IO[str]:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("a", encoding="utf-8")
    except OSError as error:
        raise SystemExit(
            f"The environment cannot be kept in {lock.parent} ({error.strerror}); "
            "name another folder in WORKBENCH_ENVIRONMENTS."
        ) from error


def _environments() -> Path:
    chosen = os.environ.get("WORKBENCH_ENVIRONMENTS")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "workbench" / "environments"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "workbench" / "environments"


def _requirements() -> list[str]:
    import tomllib  # new in 3.11; an older Python gets as far as the sentence that says so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]


def _fingerprint() -> str:
    parts = [RECIPE, CONSTRAINTS.read_text(encoding="utf-8"), *_requirements(), sys.version, platform.machine()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if WINDOWS else "bin/python")


def _install(environment: Path, *, constrained: bool = True) -> None:
    print(f"Installing the environment (about 6 GB, some minutes): {environment.name}", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(environment)], check=False)
    if made.returncode:
        raise SystemExit("Python cannot make a virtual environment here; on Debian: apt-get install python3-venv")
    pip = [str(_python(environment)), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if constrained:
        pip += ["--constraint", str(CONSTRAINTS)]
    if subprocess.run([*pip, *_requirements()], check=False).returncode:
        raise SystemExit("The packages could not be installed; pip's message above says which one and why.")
    library = subprocess.run(
        [str(_python(environment)), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(library) / "workbench-checkout.pth").write_text(PTH, encoding="utf-8")
    if WINDOWS:
        (environment / "Scripts" / "workbench.cmd").write_text(LAUNCHER_WINDOWS, encoding="utf-8")
    else:
        launcher = environment / "bin" / "workbench"
        launcher.write_text(LAUNCHER, encoding="utf-8")
        launcher.chmod(0o755)


def _is_link(path: Path) -> bool:
    """Return whether the path leads elsewhere: a symbolic link, or a junction, which Python 3.11 has no question for."""
    return path.is_symlink() or os.path.realpath(path) != os.path.join(os.path.realpath(path.parent), path.name)


def _require_link() -> None:
    """Refuse a ``.venv`` that is somebody's own, before anything is installed."""
    if os.path.lexists(LINK) and not _is_link(LINK):
        raise SystemExit(f"{LINK.name} is a folder of your own; move it away so that it can link to the environment.")


def _link(environment: Path) -> None:
    if os.path.lexists(LINK):
        if LINK.resolve() == environment.resolve():
            return
        LINK.rmdir() if WINDOWS else LINK.unlink()
    if WINDOWS:
        subprocess.run(
            ["cmd", "/c", "mklink", "/J", str(LINK), str(environment)], check=True, stdout=subprocess.DEVNULL
        )
    else:
        LINK.symlink_to(environment, target_is_directory=True)


def _wait_for(lock: IO[str]) -> None:
    """Lock the file for this process: one set-up at a time installs. The system frees it however the process ends."""
    told = False
    while not _locked(lock):
        if not told:
            print("Another set-up installs this environment; waiting for it.", flush=True)
            told = True
        time.sleep(1)


def _locked(lock: IO[str]) -> bool:
    try:
        if WINDOWS:
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: as good as one set-up at a time
    return True


def _check_system_libraries(environment: Path) -> None:
    """Name what Qt needs from a Linux system and does not find; install it where that is allowed (root on Debian)."""
    if not sys.platform.startswith("linux"):
        return
    missing = _missing_libraries(environment)
    if not missing:
        return
    packages = sorted({DEBIAN[name] for name in missing if name in DEBIAN})
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing system libraries that Qt needs: {' '.join(packages)}", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=False, **quiet)
        missing = _missing_libraries(environment)
    if missing:
        names = ", ".join(f"{name} ({DEBIAN[name]})" if name in DEBIAN else name for name in sorted(missing))
        print(f"The window will not open: the system lacks {names}. The command line works without them.", flush=True)


def _missing_libraries(environment: Path) -> set[str]:
    """Return the shared libraries that Qt's own libraries and platform plug-ins do not find on this system."""
    found = sorted(environment.glob("lib/python*/site-packages/PySide6"))
    if not found or not shutil.which("ldd"):
        return set()
    qt = found[0]
    asked = [
        *qt.glob("Qt/plugins/platforms/libq*.so"),
        qt / "QtGui.abi3.so",
        qt / "QtWidgets.abi3.so",
        qt / "QtSvg.abi3.so",
    ]
    listing = subprocess.run(
        ["ldd", *[str(path) for path in asked if path.exists()]], check=False, capture_output=True, text=True
    ).stdout
    missing = {line.split("=>")[0].strip() for line in listing.splitlines() if "not found" in line}
    return {name for name in missing if name in DEBIAN}


def _run(*arguments: str, **environment: str) -> int:
    """Run Python of the environment in the checkout. Returns the exit code."""
    command = [str(_python(LINK)), *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


def _workbench(*arguments: str) -> int:
    return _run("-m", "workbench", *arguments)


def _lint() -> int:
    scripts = LINK / ("Scripts" if WINDOWS else "bin")
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]):
        print("$", *command, flush=True)
        code = subprocess.run([str(scripts / command[0]), *command[1:]], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


def _pytest(*arguments: str) -> int:
    return _run("-m", "pytest", *arguments, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"))


def _test(arguments: list[str]) -> int:
    coverage = ["--cov", "--cov-report=term:skip-covered", "--cov-report=xml"]
    return _lint() or _pytest("-n", "2", "--dist", "loadfile", *coverage, *arguments)


def _test_long(arguments: list[str]) -> int:
    return _pytest("-m", "long", "--durations=0", "--table", "tests/long_results.md", *arguments)


def _benchmarks(arguments: list[str]) -> int:
    chosen = arguments or sorted(path.stem for path in (ROOT / "tests" / "benchmarks").glob("[a-z]*.py"))
    codes = [_run(str(ROOT / "tests" / "benchmarks" / f"{name}.py")) for name in chosen]
    return next((code for code in codes if code), 0)  # one that a signal ended has a negative code


def _pin(_: list[str]) -> int:
    """Resolve the ranges of pyproject afresh and write what came out as the new constraints."""
    fresh = _environments() / "workbench-pin"
    fresh.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    _install(fresh, constrained=False)
    listing = subprocess.run(
        [str(_python(fresh)), "-m", "pip", "list", "--format=freeze", "--exclude", "pip", "--exclude", "setuptools"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    head = "# Every package of the environment at the version it was tested with: names and versions, no addresses.\n"
    head += "# Made by: python packaging/tasks.py pin\n"
    # A local build (torch 2.15.0+cu132) is pinned by its public version, so that every platform finds its own.
    pins = [line.partition("+")[0] for line in listing.splitlines()]
    CONSTRAINTS.write_text(head + "\n".join(sorted(pins, key=str.lower)) + "\n", encoding="utf-8")
    shutil.rmtree(fresh)
    return 0


TASKS: dict[str, Callable[[list[str]], int]] = {
    "setup": lambda _: 0,
    "demo": lambda arguments: _workbench("demo", *arguments),
    "run": lambda arguments: _workbench(*arguments),
    "lint": lambda _: _lint(),
    "test": _test,
    "test-long": _test_long,
    "benchmarks": _benchmarks,
    "pictures": lambda arguments: _run("tests/pictures.py", *arguments),
    "pin": _pin,
}

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
