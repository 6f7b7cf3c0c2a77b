from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QAbstractItemModelTester

from workbench.ui.export import contents
from workbench.ui.export.contents import PartsModel


def test_reads_a_package(tmp_path: Path, write_package: Callable[..., Path]) -> None:
    package = contents.read(write_package(tmp_path / "p"))
    assert package is not None
    sizes = {part.name: part.size for part in package.parts}
    assert sizes["samples"] == 200
    assert package.parts[0].name == "model.onnx"
    assert package.size == sum(path.stat().st_size for path in (tmp_path / "p").rglob("*") if path.is_file())
    assert package.exporter == "dynamo"


def test_what_is_no_package_is_none(tmp_path: Path, write_package: Callable[..., Path]) -> None:
    assert contents.read(tmp_path) is None
    incomplete = write_package(tmp_path / "p")
    (incomplete / "manifest.json").unlink()
    assert contents.read(incomplete) is None


def test_finds_the_newest_package_of_a_run_and_a_free_name(tmp_path: Path, write_package: Callable[..., Path]) -> None:
    import os

    assert contents.find(tmp_path, "run-1") is None
    assert contents.free_folder(tmp_path, "run-1") == tmp_path / "run-1"
    first, second = write_package(tmp_path / "run-1"), write_package(tmp_path / "run-1-2")
    os.utime(first / "parity.json", (1, 1))
    found = contents.find(tmp_path, "run-1")
    assert found is not None
    assert found.folder == second
    assert contents.free_folder(tmp_path, "run-1") == tmp_path / "run-1-3"


def test_the_model_passes_the_tester(qtbot, tmp_path: Path, write_package: Callable[..., Path]) -> None:
    model = PartsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show(contents.planned())
    model.show(contents.read(write_package(tmp_path / "p")).parts)
    assert [model.index(0, column).data() for column in range(2)] == ["model.onnx", "5.0 kB"]
    model.show([])
    del tester
