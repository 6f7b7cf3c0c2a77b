"""The classes of a published classifier are read by a child, once, and only where a config needs them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.jobs import Stop
from workbench.models import class_name_cache
from workbench.models.catalog import find
from workbench.training.config import TrainConfig
from workbench.ui.model.panel import ModelPanel
from workbench.ui.published_classes import PublishedClasses
from workbench.ui.session import Session
from workbench.ui.training.panel import TrainPanel

AS_IS = TrainConfig().with_settings(["preset=as-is"])
PROBLEM = "There is no published classifier: nobody recorded the names."


class Child:
    """Stands for the warm child: keeps ``names`` as the verb would, or fails with a sentence."""

    def __init__(self, names: list[str] | None) -> None:
        self.names = names
        self.silent = False
        self.asked: list[list[str]] = []

    def job(self, argv: list[str]) -> Any:
        self.asked.append(argv)

        def run(stop: Stop) -> Iterator[dict[str, Any]]:
            while self.silent and not stop.stopped:
                time.sleep(0.01)
            if stop.stopped:
                return
            class_name_cache.keep(find(argv[2]), self.names or [], "" if self.names else PROBLEM)
            if self.names is None:
                raise WorkbenchError(PROBLEM)
            yield {"event": "WeightsClasses", "name": argv[2], "tag": "", "classes": self.names}

        return run

    def close(self) -> None: ...


@pytest.fixture
def let_answer(session: Session, project_with_split: Path) -> Callable[[list[str] | None], Child]:
    def let(names: list[str] | None) -> Child:
        child = Child(names)
        session._warm = child  # type: ignore[assignment] # what it is asked for is all that matters
        session.open_project(project_with_split)
        return child

    return let


@pytest.mark.parametrize(
    "settings", [[], ["preset=baseline"], ["preset=as-is", "weights=none"], ["preset=as-is", "backbone=timm/no"]]
)
def test_nothing_is_asked_where_no_published_class_answers(
    session: Session, let_answer: Callable[..., Child], settings: list[str]
) -> None:
    child = let_answer(["bee"])
    PublishedClasses(session, session).ask(TrainConfig().with_settings(settings))
    assert child.asked == []


def test_each_backbone_is_asked_once(session: Session, let_answer: Callable[..., Child], qtbot: QtBot) -> None:
    child = let_answer(None)
    classes = PublishedClasses(session, session)
    with qtbot.waitSignal(classes.changed):
        classes.ask(AS_IS)
    classes.ask(AS_IS)
    assert child.asked == [["weights", "classes", AS_IS.backbone.name, "--tag", "IMAGENET1K_V2"]]
    assert session.jobs == []


def test_what_was_stopped_is_asked_again(session: Session, let_answer: Callable[..., Child]) -> None:
    child = let_answer(["bee"])
    child.silent = True
    classes = PublishedClasses(session, session)
    for _ in range(2):
        classes.ask(AS_IS)
        classes.ask(AS_IS)  # on its way
        session._background.join()
    assert len(child.asked) == 2


def test_an_answer_that_comes_after_who_asked_is_told_to_nobody(
    session: Session, let_answer: Callable[..., Child], qtbot: QtBot
) -> None:
    let_answer(["bee"])
    classes = PublishedClasses(session)
    classes.ask(AS_IS)
    (job,) = session.jobs
    shiboken6.delete(classes)
    with qtbot.waitSignal(job.ended):
        pass
    qtbot.waitUntil(lambda: session.jobs == [])


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["good", "scratcher, emmet"], "no class “scratch” (most alike: scratcher, emmet)"),
        (None, "nobody recorded the names"),
    ],
)
def test_a_class_without_an_answer_stands_in_the_way_before_start(
    session: Session,
    let_answer: Callable[..., Child],
    qtbot: QtBot,
    problems: list[tuple[str, str]],
    names: list[str] | None,
    words: str,
) -> None:
    let_answer(names)
    panel = TrainPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.set_config(AS_IS)
    qtbot.waitUntil(lambda: words in panel.controls.why.text())
    assert not panel.controls.start.isEnabled()
    session.start_training()
    assert (words if names is None else "is called 'scratch'") in problems[-1][1]
    assert session.project is not None
    assert session.project.runs.list() == []


def test_the_model_panel_says_it_where_the_answers_are_chosen(
    session: Session, let_answer: Callable[..., Child], qtbot: QtBot
) -> None:
    let_answer(["good", "ant, emmet"])
    panel = ModelPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.set_config(AS_IS)
    editor = panel.plan_side.method
    qtbot.waitUntil(lambda: "no class “scratch”" in panel.state()[1])
    assert editor._editor is not None
    assert "no class “scratch”: say which" in editor._editor.problem.text()
    editor._editor.fields["scratch"].setText("emmet")
    editor._editor.fields["scratch"].textEdited.emit("emmet")
    qtbot.waitUntil(lambda: not editor._editor.problem.text())
    assert "scratch" not in panel.state()[1]
    session.set_config(TrainConfig())
    assert "scratch" not in panel.state()[1]


def test_nobody_looks_so_no_child_starts(session: Session, let_answer: Callable[..., Child], qtbot: QtBot) -> None:
    child = let_answer(["good"])
    for panel in (ModelPanel(session), TrainPanel(session)):
        qtbot.addWidget(panel)
        session.set_config(AS_IS)
        session.set_config(TrainConfig())
    assert child.asked == []
