import time
from pathlib import Path

from workbench.training.control import Control, write_command


def test_commands_arrive_once_and_in_order(tmp_path: Path) -> None:
    control = Control(tmp_path / "control")
    assert control.poll() == []
    write_command(tmp_path / "control", "pause")
    write_command(tmp_path / "control", "resume")
    assert control.poll() == ["pause", "resume"]
    assert control.poll() == []
    write_command(tmp_path / "control", "stop")
    assert control.poll() == ["stop"]


def test_a_command_for_a_process_that_died_does_not_stop_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "control").write_text(f"stop {time.time() - 1e6:.3f}\n")
    assert Control(tmp_path / "control").poll() == []


def test_a_command_written_by_hand_counts(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("checkpoint\n")
    assert Control(tmp_path / "control").poll() == ["checkpoint"]


def test_half_a_line_is_waited_for_and_nonsense_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("dance\nsto")
    control = Control(path)
    assert control.poll() == []
    with path.open("a") as file:
        file.write("p\n")
    assert control.poll() == ["stop"]


def test_clear_forgets_what_was_written(tmp_path: Path) -> None:
    control = Control(tmp_path / "control")
    write_command(tmp_path / "control", "stop")
    control.poll()
    control.clear()
    assert not (tmp_path / "control").exists()
    write_command(tmp_path / "control", "pause")
    assert control.poll() == ["pause"]
