from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from workbench.training.events import FitEnded, FitStarted, Preparing, StageChanged
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


def test_a_plan_of_several_phases_says_what_trains_now(qtbot: QtBot) -> None:
    headline = Headline()
    qtbot.addWidget(headline)
    stages = ["stem", "layer1", "head"]
    started = replace(STARTED, epochs=6, steps_per_epoch=4, stages=stages, frozen_stages=stages[:2])
    second, third = StageChanged(3, ["layer1", "head"]), StageChanged(5, stages)

    def facts(state: str, *events: object) -> str:
        headline.show_run("r", state, history(started, *events), what="", resumable=False)
        return headline.facts.fullText().rpartition(" · ")[2]

    assert facts("training") == "2.6 k of 2.2 M weights train"
    assert facts("training", second) == "phase 2: layer1, head train"
    assert facts("training", second, third) == "phase 3: all of it trains"
    assert facts("finished", second, third) == "3 phases"
    # Gone on with in the second phase, after its first epoch: the third is told again when it comes.
    again = replace(started, first_epoch=3, frozen_stages=stages[:1])
    assert facts("training", second, third, again) == "phase 2: layer1, head train"
    assert facts("training", second, third, again, third) == "phase 3: all of it trains"
