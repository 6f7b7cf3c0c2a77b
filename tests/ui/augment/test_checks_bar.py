"""The line of the checks: what it says before, while and after a check, and where a click leads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.training.config import TrainConfig
from workbench.ui.augment.checks_bar import ChecksBar
from workbench.ui.session import Session

CHAIN = Chain(
    steps=(
        Step(transform="HorizontalFlip", p=0.5),
        Step(transform="OneOf", p=0.5, steps=(Step(transform="ElasticTransform", p=0.5),)),
    )
)
STARVED: dict[str, Any] = {
    "event": "Feeding",
    "place": [1, 0],
    "severity": "warning",
    "message": "This chain feeds 310 images/s, the model eats 900: 8 loader processes or drop Elastic.",
    "note": "Measured: one process.",
    "loader_rate": 312.0,
    "model_rate": 903.0,
    "rare": False,
}


def cost(place: list[int], ms: float, *, rare: bool = False) -> dict[str, Any]:
    fields = {"event": "StepCost", "place": place, "severity": "info", "message": "", "ms": ms, "rare": rare}
    return fields


FOUND: list[dict[str, Any]] = [
    {"event": "Progress", "done": 1, "total": 2, "what": "Timing the chain"},
    {
        "event": "Noticed",
        "message": "The image x.png cannot be read; the chain is checked without it.",
        "path": "x.png",
    },
    {"event": "BorderLoss", "place": [], "severity": "info", "message": "Nothing is cut off.", "rare": False},
    cost([0], 0.02),
    cost([1, 0], 4.5),
    STARVED,
    {"event": "Laterality", "place": [0], "severity": "warning", "message": "Mirrors eyes.", "rare": True},
    {"event": "ChainChecked", "place": [], "severity": "warning", "message": "2 warnings.", "rare": False},
]


class Warm:
    """The warm child: remembers its words and the config it was handed, and says what it is told to."""

    def __init__(self) -> None:
        self.argv: list[str] = []
        self.config: TrainConfig | None = None
        self.events: list[dict[str, Any]] = FOUND
        self.error = ""
        self.waits = False

    def job(self, argv: list[str]) -> Job:
        self.argv = argv
        self.config = TrainConfig.load(Path(argv[argv.index("--config") + 1]))

        def run(stop: Stop) -> Iterator[dict[str, Any]]:
            yield from self.events
            while self.waits and not stop.stopped:
                stop._stopped.wait(0.01)
            if self.error:
                raise WorkbenchError(self.error)

        return run

    def close(self) -> None:
        pass


@pytest.fixture
def warm(session: Session, project_folder: Path) -> Warm:
    made = Warm()
    session._warm = made  # type: ignore[assignment]
    session.open_project(project_folder)
    return made


@pytest.fixture
def bar(session: Session, warm: Warm, qtbot: QtBot) -> ChecksBar:
    made = ChecksBar(session)
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    made.show_config(session.config.model_copy(update={"augment": CHAIN}))
    return made


def finished(qtbot: QtBot, bar: ChecksBar) -> None:
    qtbot.mouseClick(bar.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running)
    qtbot.wait(50)


def test_a_check_is_asked_of_the_child_with_the_config_that_is_shown(
    bar: ChecksBar, warm: Warm, qtbot: QtBot, project_folder: Path
) -> None:
    assert "Not checked" in bar.text.text()
    assert bar.costs() == {}
    finished(qtbot, bar)
    assert warm.argv[:3] == ["augment", "check", str(project_folder)]
    assert warm.config is not None
    assert warm.config.augment == CHAIN
    assert not Path(warm.argv[-1]).exists(), "the file that carried the config is gone"


def test_rate_warnings_and_findings_are_shown(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    assert bar.text.text() == "Feeds 310, model eats 900 images/s"
    assert bar.count.text() == "2 warnings"
    assert bar.gauge.isVisible()
    assert STARVED["message"] in bar.gauge.toolTip()
    assert bar.list.isVisible(), "warnings are shown without a further click"
    sentences = [bar.list.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(bar.list.count())]
    assert sentences[:2] == [STARVED["message"], "Mirrors eyes."]
    assert len(sentences) == 4
    bar.count.click()
    assert not bar.list.isVisible()


def test_a_narrow_bar_says_the_rates_in_fewer_words(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    bar.resize(390, 300)
    qtbot.waitUntil(lambda: bar.text.text() == "Feeds 310, eats 900/s")
    assert not bar.gauge.isVisible()
    bar.resize(600, 300)
    qtbot.waitUntil(bar.gauge.isVisible)


def test_the_findings_are_had_as_they_came(bar: ChecksBar, qtbot: QtBot) -> None:
    assert bar.findings() == []
    finished(qtbot, bar)
    assert STARVED in bar.findings()
    assert [finding["severity"] for finding in bar.findings()].count("warning") == 2


def test_many_findings_take_what_they_may_and_no_more(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    bar.list.show_findings([STARVED] * 20)
    bar.list.set_most(240)
    assert bar.list.sizeHint().height() == bar.list.minimumSizeHint().height() == 240
    bar.list.show_findings([STARVED])
    assert bar.list.sizeHint().height() < 100


def test_a_click_on_a_finding_picks_its_step_in_its_chain(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    picked: list[tuple[str, object]] = []
    bar.stepPicked.connect(lambda place: picked.append(("all", place)))
    bar.rareStepPicked.connect(lambda place: picked.append(("rare", place)))
    for row in (0, 1, 2):
        where = bar.list.visualItemRect(bar.list.item(row)).center()
        qtbot.mouseClick(bar.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert picked == [("all", (1, 0)), ("rare", (0,))]


def test_another_chain_makes_it_out_of_date_and_the_same_one_brings_it_back(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    config = bar._config
    assert config is not None
    moved = Chain(steps=(CHAIN.steps[1], CHAIN.steps[0].model_copy(update={"p": 0.9})))
    bar.show_config(config.model_copy(update={"augment": moved}))
    assert bar.out_of_date
    assert bar.text.text().startswith("Out of date")
    assert bar.costs() == {(0, 0): 4.5}, "a step that only moved keeps its cost, one that changed has none"
    picked: list[object] = []
    bar.stepPicked.connect(picked.append)
    qtbot.mouseClick(
        bar.list.viewport(), Qt.MouseButton.LeftButton, pos=bar.list.visualItemRect(bar.list.item(0)).center()
    )
    assert picked == [], "the place may be another step's by now"
    bar.show_config(config)
    assert not bar.out_of_date
    assert bar.costs() == {(0,): 0.02, (1, 0): 4.5}


def test_a_later_phase_makes_it_out_of_date(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    config = bar._config
    assert config is not None
    bar.show_config(config.with_settings(["preset=gradual", "freeze=" + config.freeze.kind, f"epochs={config.epochs}"]))
    assert bar.out_of_date, "what the model eats is measured in the phases of the run"


def test_what_no_check_depends_on_leaves_it_up_to_date(bar: ChecksBar, qtbot: QtBot) -> None:
    finished(qtbot, bar)
    assert bar._config is not None
    bar.show_config(bar._config.model_copy(update={"epochs": 99}))
    assert not bar.out_of_date


def test_it_can_be_stopped_and_then_shows_what_it_showed_before(bar: ChecksBar, warm: Warm, qtbot: QtBot) -> None:
    warm.waits = True
    qtbot.mouseClick(bar.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.text.text() == "Timing the chain")
    assert bar.go.text() == "Stop"
    assert bar.progress.isVisible()
    qtbot.mouseClick(bar.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running)
    assert "Not checked" in bar.text.text()
    assert not bar.count.isVisible()


def test_a_check_that_fails_says_why(bar: ChecksBar, warm: Warm, qtbot: QtBot) -> None:
    warm.error, warm.events = "The transform Broken cannot be used: it is broken.", []
    finished(qtbot, bar)
    assert bar.text.text() == warm.error
    assert bar._config is not None
    bar.show_config(bar._config.model_copy(update={"augment": Chain()}))
    assert "Not checked" in bar.text.text()


def test_without_a_project_there_is_nothing_to_check(session: Session, qtbot: QtBot) -> None:
    made = ChecksBar(session)
    qtbot.addWidget(made)
    made.check()
    assert not made.running
    assert not made.go.isEnabled()
