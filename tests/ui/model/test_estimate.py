import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.model.estimate import EstimateBox
from workbench.ui.model.parts_tree import Counts

PROBED = {
    "event": "Probed",
    "device": "cpu",
    "seconds_per_epoch": 42.0,
    "minutes": 7.0,
    "memory_bytes": 1_300_000_000,
    "memory_kind": "main memory",
    "largest_batch": 100,
    "images_per_second": 31.4,
    "trainable_parameters": 2562,
    "notes": ["Phase 2 is the slowest."],
}

NOTES = [
    "Batches of 256 images do not fit into memory; measured with 64.",
    "The memory is reckoned from batches of up to 32 images, as larger ones take long here.",
    "Preparing the images takes about 96 s of it, once.",
]


@pytest.fixture
def box(qtbot: QtBot) -> EstimateBox:
    made = EstimateBox()
    qtbot.addWidget(made)
    made.show()
    return made


def test_before_a_probe_it_says_what_is_counted_only(box: EstimateBox) -> None:
    box.show_counts(Counts(2562, 2_226_434, 276_000_000), 16)
    assert box.value("learns") == "2.6 k of 2.2 M"
    assert box.value("memory") == "about 276 MB"
    assert box.value("epoch") == ""
    box.show_counts(None, 16)
    assert box.value("learns") == ""


def test_after_a_probe_it_says_what_was_measured(box: EstimateBox) -> None:
    box.show_counts(Counts(2562, 2_226_434, 276_000_000), 16)
    box.show_probed(PROBED)
    said = {name: box.value(name) for name in ("learns", "epoch", "all", "memory", "batch", "speed")}
    assert said == {
        "learns": "2.6 k of 2.2 M",
        "epoch": "42 s",
        "all": "7 min",
        "memory": "1.3 GB",
        "batch": "up to 100",
        "speed": "31.4 images/s",
    }
    assert box.notes.text() == "Phase 2 is the slowest."


def test_a_larger_batch_is_said_but_not_offered(box: EstimateBox) -> None:
    box.show_counts(None, 16)
    box.show_probed(PROBED)
    assert box.value("batch") == "up to 100"
    assert not box.use.isVisible()


def test_a_batch_that_does_not_fit_is_said_and_one_that_does_is_offered(box: EstimateBox, qtbot: QtBot) -> None:
    box.show_counts(None, 128)
    box.show_probed(PROBED)
    assert "do not fit" in box.what.text()
    with qtbot.waitSignal(box.batch_chosen) as told:
        box.use.click()
    assert told.args == [64]


def test_after_a_change_the_figures_are_doubted(box: EstimateBox) -> None:
    box.show_counts(None, 16)
    box.show_probed(PROBED, stale=True)
    assert "changed" in box.what.text()
    assert not box.use.isVisible()


def test_the_button_stops_what_it_started(box: EstimateBox, qtbot: QtBot) -> None:
    with qtbot.waitSignal(box.asked):
        box.go.click()
    box.show_progress("Steps", 0.5)
    assert box.bar.isVisible()
    with qtbot.waitSignal(box.stopped):
        box.go.click()
    box.end_progress()
    assert not box.bar.isVisible()


def test_why_nothing_can_be_measured_is_said(box: EstimateBox) -> None:
    box.show_hindrance("Add images first.")
    assert not box.go.isEnabled()
    assert box.go.toolTip() == "Add images first."
    assert box.what.text() == "Add images first."
    box.show_hindrance("")
    assert box.go.isEnabled()
    assert "Add images" not in box.what.text()


def test_what_runs_can_be_stopped_whatever_is_found_against_it(box: EstimateBox, qtbot: QtBot) -> None:
    box.show_progress("Steps", 0.5)
    box.show_hindrance("The baseline has no network.")
    assert box.what.text() == "Steps"
    with qtbot.waitSignal(box.stopped):
        box.go.click()


def test_of_many_notes_two_lines_are_shown_until_more_is_asked_for(box: EstimateBox, qtbot: QtBot) -> None:
    box.resize(344, 300)
    box.show_probed(PROBED)
    assert not box.more.isVisible()
    box.show_probed({**PROBED, "notes": NOTES})
    qtbot.waitUntil(box.more.isVisible)
    assert len(box.notes.shown_lines()) == 2
    assert box.notes.toolTip() == "\n".join(NOTES)
    box.more.click()
    assert " ".join(box.notes.shown_lines()) == " ".join(NOTES)
    assert box.more.text() == "Less"
    box.more.click()
    assert len(box.notes.shown_lines()) == 2
    box.show_probed({**PROBED, "notes": NOTES}, stale=True)
    assert not box.more.isVisible()


def test_it_says_what_memory_was_counted_or_measured(box: EstimateBox) -> None:
    box.show_counts(Counts(2562, 2_226_434, 276_000_000), 16)
    assert "come on top" in box._tip("memory")
    box.show_probed({**PROBED, "batch_size": 16})
    assert "in batches of 16: the whole process" in box._tip("memory")
    box.show_probed({**PROBED, "batch_size": 16, "device": "cuda:0", "memory_kind": "memory of cuda:0"})
    assert "in batches of 16: memory of cuda:0" in box._tip("memory")
