import json
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.project.runs import RunFolder
from workbench.training.events import FORMAT, Paused, Tick, Warned, read
from workbench.training.log import EventLog


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_events_are_lines_that_can_be_read_at_once(folder: RunFolder) -> None:
    log = EventLog(folder)
    log.write(Warned("Zeile\nmit Umbruch und Ümlaut"))
    log.write(Tick(step=1))
    header, line = folder.events.read_text(encoding="utf-8").splitlines()
    assert json.loads(header) == {"format": FORMAT, "run": folder.id}
    assert read(line) == Warned("Zeile\nmit Umbruch und Ümlaut")
    log.close()


def test_a_run_that_continues_appends_after_a_line_that_was_cut_off(folder: RunFolder) -> None:
    folder.events.write_text('{"format": 1}\n{"event": "Pau')
    log = EventLog(folder)
    log.write(Paused(step=3))
    log.close()
    assert folder.events.read_text().splitlines()[2:] == ['{"event": "Paused", "step": 3}']


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_no_space_for_an_event_is_a_sentence(folder: RunFolder) -> None:
    log = EventLog(folder)
    log.close()
    full = EventLog.__new__(EventLog)
    full._run = folder
    full._file = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115 - closed below
    with pytest.raises(WorkbenchError, match=r"events\.jsonl \(No space left on device\); make room"):
        full.write(Paused(step=1))
    full.close()
