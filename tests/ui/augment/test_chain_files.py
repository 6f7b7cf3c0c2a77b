from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.augment import catalog, exchange
from workbench.augment.chain import Chain
from workbench.ui.augment.chain_files import ChainFiles
from workbench.ui.session import Session

CHAIN = Chain(steps=(catalog.find("HorizontalFlip").step(), catalog.find("CLAHE").step()))
DIALOG = "workbench.ui.augment.chain_files.QFileDialog"


@pytest.fixture
def files(session: Session, qtbot: QtBot) -> ChainFiles:
    window = QWidget()
    qtbot.addWidget(window)
    made = ChainFiles(session, window)
    made.setProperty("window", window)  # keeps it alive as long
    return made


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    def chosen(path: Path, kind: str) -> None:
        monkeypatch.setattr(f"{DIALOG}.getSaveFileName", lambda *_: (str(path), kind))
        monkeypatch.setattr(f"{DIALOG}.getOpenFileName", lambda *_: (str(path), ""))

    return chosen


@pytest.mark.parametrize(
    ("kind", "name", "written"),
    [
        ("Workbench chain (*.json)", "chain.json", "chain.json"),
        ("albumentations JSON (*.json)", "chain", "chain.json"),
        ("albumentations YAML (*.yaml)", "chain.json", "chain.yaml"),
        ("", "chain.yml", "chain.yml"),
    ],
)
def test_a_chain_goes_to_a_file_and_back(
    files: ChainFiles,
    choose: Callable[[Path, str], None],
    tmp_path: Path,
    qtbot: QtBot,
    kind: str,
    name: str,
    written: str,
) -> None:
    choose(tmp_path / name, kind)
    with qtbot.waitSignal(files._session.toast):
        files.save(CHAIN, 224)
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == [written]
    choose(tmp_path / written, "")
    with qtbot.waitSignal(files.opened) as told:
        files.open()
    assert [step.transform for step in told.args[0].steps] == ["HorizontalFlip", "CLAHE"]
    assert told.args[1] == written


def test_the_kind_of_json_is_the_chosen_one(
    files: ChainFiles, choose: Callable[[Path, str], None], tmp_path: Path
) -> None:
    choose(tmp_path / "ours.json", "Workbench chain (*.json)")
    files.save(CHAIN, 224)
    choose(tmp_path / "theirs.json", "albumentations JSON (*.json)")
    files.save(CHAIN, 224)
    assert Chain.load(tmp_path / "ours.json") == CHAIN
    assert "__class_fullname__" in (tmp_path / "theirs.json").read_text(encoding="utf-8")
    assert exchange.read(tmp_path / "theirs.json").steps[0].transform == "HorizontalFlip"


def test_python_code_is_written_and_never_read(
    files: ChainFiles, choose: Callable[[Path, str], None], tmp_path: Path, problems: list[tuple[str, str]]
) -> None:
    choose(tmp_path / "chain.json", "Python code (*.py)")
    files.save(CHAIN, 224)
    assert "import albumentations" in (tmp_path / "chain.py").read_text(encoding="utf-8")
    files.read(tmp_path / "chain.py")
    assert problems[-1][0] == "augment"
    assert "does not run" in problems[-1][1]


def test_a_file_that_the_dialog_did_not_ask_about_is_not_overwritten(
    files: ChainFiles, choose: Callable[[Path, str], None], tmp_path: Path, qtbot: QtBot
) -> None:
    there = tmp_path / "chain.yaml"
    there.write_text("precious", encoding="utf-8")
    choose(tmp_path / "chain.json", "albumentations YAML (*.yaml)")
    with qtbot.waitSignal(files._session.decision) as told:
        files.save(CHAIN, 224)
    assert there.read_text(encoding="utf-8") == "precious"
    told.args[3]()
    assert exchange.read(there).steps


def test_where_nothing_can_be_written_it_is_said(
    files: ChainFiles, tmp_path: Path, problems: list[tuple[str, str]]
) -> None:
    files.write(CHAIN, tmp_path / "no such folder" / "chain.json", kind="workbench", side=224)
    assert "chain.json" in problems[-1][1]


def test_nothing_happens_where_nothing_is_chosen(
    files: ChainFiles, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, problems: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(f"{DIALOG}.getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(f"{DIALOG}.getOpenFileName", lambda *_: ("", ""))
    with qtbot.assertNotEmitted(files.opened):
        files.open()
        files.save(CHAIN, 224)
    assert not problems
