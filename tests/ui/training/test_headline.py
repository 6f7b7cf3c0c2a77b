from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from workbench.training.events import FitEnded, FitStarted, Preparing
from workbench.ui.training.headline import Headline
from workbench.ui.training.history import RunHistory

STARTED = FitStarted("r", "cpu", 0, 0, 90, 20, ["a", "b"], 2562, 2_226_434, ["stem", "head"], ["stem"])
ENDED = FitEnded("finished", "", 0, -1.0, 0.94, 8.0)


def history(*events: object) -> RunHistory:
    made = RunHistory()
    for event in events:
        made.apply(event)
    return made


def test_a_run_without_epochs_shows_what_is_known_and_nothing_of_epochs(qtbot: QtBot) -> None:
    headline = Headline()
    qtbot.addWidget(headline)
    going = history(STARTED, Preparing("Features of the frozen backbone", 30, 90))
    headline.show_run("r", "preparing", going, what="", resumable=False)
    assert (headline.number.text(), headline.origin.fullText()) == ("–", "known when it is measured")
    assert headline.bar.value() == 333
    headline.show_run("r", "finished", history(STARTED, ENDED), what="", resumable=False)
    assert (headline.number.text(), headline.origin.fullText()) == ("0.94", "as deployed")
    assert headline.facts.fullText() == "took 8 s · cpu · 2.6 k of 2.2 M weights are fitted at once"


@pytest.mark.parametrize(
    ("trained", "parameters", "words"),
    [(0, 2_226_434, "none of 2.2 M weights are trained"), (0, 0, "without a network")],
)
def test_a_run_that_learns_no_weights_says_so(qtbot: QtBot, trained: int, parameters: int, words: str) -> None:
    headline = Headline()
    qtbot.addWidget(headline)
    started = replace(STARTED, trainable_parameters=trained, parameters=parameters)
    headline.show_run("r", "finished", history(started, ENDED), what="", resumable=False)
    assert words in headline.facts.fullText()
