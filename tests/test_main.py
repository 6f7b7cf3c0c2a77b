"""Which words open the window, and on what."""

import sys
from pathlib import Path

import pytest

from workbench import __main__ as program
from workbench import cli


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Collect what the window would be opened on, on a machine with a display, and what the command line would run."""
    import workbench.ui.app

    found: list[list[str]] = []

    def window(words: list[str]) -> int:
        found.append(["window", *words])
        return 0

    def command_line(words: list[str]) -> int:
        found.append(["command line", *words])
        return 0

    monkeypatch.setattr(workbench.ui.app, "main", window)
    monkeypatch.setattr(cli, "main", command_line)
    monkeypatch.setattr(program, "_has_display", lambda: True)
    return found


@pytest.mark.parametrize(
    ("words", "out"),
    [(["--out", "there"], "there"), (["--out=there"], "there"), (["--ou", "there"], "there"), ([], "workbench-demo")],
)
def test_the_demo_opens_the_project_that_it_prepared(
    words: list[str], out: str, opened: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["workbench", "demo", *words])
    assert program.main() == 0
    assert opened == [
        ["command line", "demo", *words, "--prepare-only"],
        ["window", str(Path(out) / "surfaces")],
    ]


@pytest.mark.parametrize("words", [["--headless"], ["--headl", "--out=x"], ["--json"], ["--help"], ["--outside"]])
def test_the_demo_without_a_window(words: list[str], opened: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["workbench", "demo", *words])
    assert program.main() == 0
    assert opened == [["command line", "demo", *words]]


def test_a_folder_opens_the_window_and_a_verb_does_not(
    opened: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for words in ([], [str(tmp_path)], ["split", "project"]):
        monkeypatch.setattr(sys, "argv", ["workbench", *words])
        assert program.main() == 0
    assert opened == [
        ["window"],
        ["window", str(tmp_path)],
        ["command line", "split", "project"],
    ]


def test_a_word_that_is_neither_a_folder_nor_a_command_is_told_with_the_nearest(
    opened: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["workbench", "scna"])
    assert program.main() == 2
    assert opened == []
    assert "'scna' is neither a folder nor a command" in capsys.readouterr().err
