"""The set-up of the environment, without installing one."""

import ast
import os
import re
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from workbench import cli

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = REPOSITORY / "packaging" / "tasks.py"


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a checkout and a place for environments of the test's own."""
    spec = spec_from_file_location("packaging_tasks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "a checkout").mkdir()
    monkeypatch.setattr(module, "LINK", tmp_path / "a checkout" / ".venv")
    monkeypatch.setattr(module, "_check_system_libraries", lambda _: None)
    monkeypatch.setenv("WORKBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    return module


@pytest.fixture
def installed(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Collect the environments that were installed."""
    found: list[Path] = []

    def install(environment: Path) -> None:
        found.append(environment)
        python = tasks._python(environment)
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)

    monkeypatch.setattr(tasks, "_install", install)
    return found


def test_an_environment_is_installed_once_and_linked(tasks: ModuleType, installed: list[Path]) -> None:
    tasks.set_up()
    tasks.set_up()
    (environment,) = installed
    assert tasks.LINK.resolve() == environment.resolve()


def test_a_changed_pin_installs_afresh_and_moves_the_link(
    tasks: ModuleType, installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.set_up()
    changed = tmp_path / "constraints.txt"
    changed.write_text(tasks.CONSTRAINTS.read_text(encoding="utf-8").replace("==", "==1", 1), encoding="utf-8")
    monkeypatch.setattr(tasks, "CONSTRAINTS", changed)
    tasks.set_up()
    first, second = installed
    assert first != second
    assert tasks.LINK.resolve() == second.resolve()


def test_what_a_killed_set_up_left_is_installed_again(tasks: ModuleType, installed: list[Path]) -> None:
    tasks.set_up()
    (installed[0] / "complete").unlink()
    tasks.set_up()
    assert len(installed) == 2


def test_an_environment_whose_python_is_gone_is_installed_again(tasks: ModuleType, installed: list[Path]) -> None:
    tasks.set_up()
    python = tasks._python(installed[0])
    python.unlink()
    python.symlink_to("/nowhere/python3")
    tasks.set_up()
    assert len(installed) == 2


def test_somebodys_own_folder_is_refused_before_anything_is_installed(tasks: ModuleType, installed: list[Path]) -> None:
    (tasks.LINK / "bin").mkdir(parents=True)
    with pytest.raises(SystemExit, match="folder of your own"):
        tasks.set_up()
    assert not installed
    assert (tasks.LINK / "bin").is_dir()


def test_a_junction_is_a_link_though_python_3_11_cannot_tell(
    tasks: ModuleType, installed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.set_up()
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)  # as a junction of Windows answers
    tasks.set_up()
    assert tasks._is_link(tasks.LINK)
    assert not tasks._is_link(tasks.LINK.parent)


def test_a_place_that_cannot_be_written_is_a_sentence(
    tasks: ModuleType, installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_ENVIRONMENTS", str(tmp_path / "file"))
    with pytest.raises(SystemExit, match="WORKBENCH_ENVIRONMENTS"):
        tasks.set_up()


def test_a_relative_place_is_one_of_the_working_folder(
    tasks: ModuleType, installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_ENVIRONMENTS", "here")
    tasks.set_up()
    assert tasks.LINK.resolve().parent == (tmp_path / "here").resolve()


def test_one_set_up_at_a_time_holds_the_lock_and_its_end_frees_it(tasks: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "environments" / "x.lock"
    with tasks._opened(path) as first, tasks._opened(path) as second:
        assert tasks._locked(first)
        assert not tasks._locked(second)
        first.close()
        assert tasks._locked(second)


def test_an_older_python_is_told_in_a_sentence(
    tasks: ModuleType, installed: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))
    assert all(isinstance(hint, str) for hint in tasks.__annotations__.values()), "evaluated, which 3.8 cannot"
    monkeypatch.setattr(sys, "version_info", (3, 8, 10))
    assert tasks.main(["test"]) == 1
    assert "needs Python 3.11" in capsys.readouterr().err
    assert not installed


@pytest.mark.parametrize(("codes", "expected"), [([0, 0], 0), ([0, -11], -11), ([3, 0], 3)])
def test_a_benchmark_that_fails_or_crashes_is_a_failure(
    codes: list[int], expected: int, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(codes)
    run: Callable[..., int] = lambda *_: next(answers)  # noqa: E731
    monkeypatch.setattr(tasks, "_run", run)
    assert tasks._benchmarks(["one", "other"]) == expected


def test_what_the_demo_leaves_in_the_checkout_is_no_part_of_it() -> None:
    """The package of the demo holds Python: left in the checkout unignored, it would fail the next `make test`."""
    out = cli._parser().parse_args(["demo"]).out
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{out}/" in ignored


def test_the_makefile_offers_what_the_script_offers(tasks: ModuleType) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^TASKS = (.*)$", makefile, re.MULTILINE)
    assert found is not None
    assert set(found[1].split()) == set(tasks.TASKS) - {"pin"}
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)
