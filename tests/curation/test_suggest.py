from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.curation.embedded_project import clouds, embedded_project, returned, vectors_of
from tests.trained_run import TrainedRun, make_trained_run
from workbench.curation.priority import entropy, priorities
from workbench.curation.store import Suggested
from workbench.curation.suggest import by_embeddings, by_run
from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Event, Noticed, Stop
from workbench.project.ids import ClassId
from workbench.project.project import Project


def suggested(events: Iterator[Event]) -> tuple[Suggested, dict[str, np.ndarray], list[str]]:
    told = list(events)
    last = told[-1]
    assert isinstance(last, Suggested)
    with np.load(last.file) as content:
        columns = dict(content)
    return last, columns, [event.message for event in told if isinstance(event, Noticed)]


def test_every_image_gets_a_class_and_a_labelled_one_is_not_asked_about_itself(tmp_path: Path):
    truth = [n % 3 for n in range(90)]
    labels: list[int | None] = [t if n < 45 else None for n, t in enumerate(truth)]
    labels[4] = (truth[4] + 1) % 3
    with embedded_project(tmp_path, clouds(truth, spread=0.6), labels, classes=3) as project:
        names = {int(row.id): int(row.name[1:]) for row in project.labels.classes()}
        last, columns, _ = suggested(by_embeddings(project, vectors_of(project)))
    assert last.source == "embedding drawn"
    assert last.images == 90
    said = [names[class_id] for class_id in columns["class_ids"].tolist()]
    assert said == truth  # the wrong label of image 5 too: it disagrees
    assert (columns["priorities"][:45] == 0).all()
    assert sorted(columns["priorities"][45:].tolist()) == pytest.approx([(n + 1) / 45 for n in range(45)])
    assert columns["confidences"].min() > 0.3
    assert columns["confidences"].max() <= 1


def test_of_several_labels_the_likeliest_class_is_suggested(tmp_path: Path):
    truth = [n % 3 for n in range(60)]
    with embedded_project(tmp_path, clouds(truth, spread=0.4), [None] * 60, classes=3) as project:
        project.labels.set_task("multi")
        ids = [row.id for row in project.labels.classes()]
        project.labels.assign_each(range(1, 41), [(ClassId(ids[t]),) for t in truth[:40]])
        _, columns, _ = suggested(by_embeddings(project, vectors_of(project)))
    assert columns["class_ids"][40:].tolist() == [ids[t] for t in truth[40:]]


def test_too_little_to_learn_from_is_a_sentence(tmp_path: Path):
    with (
        embedded_project(tmp_path, clouds([0, 1] * 4), [0, 0, 0, 1, 1, None, None, None], classes=2) as project,
        pytest.raises(WorkbenchError, match="two classes with 3 labelled images"),
    ):
        suggested(by_embeddings(project, vectors_of(project)))


def test_a_class_with_two_images_is_not_suggested_and_told(tmp_path: Path):
    truth = [0] * 5 + [1] * 5 + [2] * 2 + [0] * 3
    with embedded_project(tmp_path, clouds(truth), [*truth[:12], None, None, None], classes=3) as project:
        _, columns, told = suggested(by_embeddings(project, vectors_of(project)))
        third = project.labels.classes()[2].id
    assert "c2" in told[0]
    assert third not in columns["class_ids"].tolist()


@pytest.fixture
def run(tmp_path: Path) -> TrainedRun:
    made = make_trained_run(tmp_path)
    list(add_folders(made.project, [made.images])(Stop()))
    return made


def test_a_run_is_asked_on_its_deployment_path(run: TrainedRun):
    with Project.open(run.project) as project:
        known = project.labels.ensure_classes([*reversed(run.classes)])
        first = project.images.page(project.links.usable()[:1])[0]
        first.path.write_bytes(b"broken")
        last, columns, told = suggested(by_run(project, run.run.id))
        rows = project.images.page(columns["ids"])
    assert last.source == f"run {run.run.id}"
    assert last.images == 35
    assert str(first.path) in told[0]
    expected = [known[run.classes[int(row.relative.split("_")[1])]] for row in rows]
    assert columns["class_ids"].tolist() == expected
    assert len(set(columns["priorities"].tolist())) == 35


def test_a_run_of_other_classes_is_told(run: TrainedRun):
    with Project.open(run.project) as project:
        with pytest.raises(WorkbenchError, match="none of the classes of the run"):
            suggested(by_run(project, "last"))
        project.labels.ensure_classes(run.classes[:2])
        _, columns, told = suggested(by_run(project, "last"))
        assert "no longer has these classes" in told[0]
        assert set(columns["class_ids"].tolist()) <= {row.id for row in project.labels.classes()}
        with pytest.raises(WorkbenchError, match="no run 'x'"):
            suggested(by_run(project, "x"))


@given(count=st.integers(0, 60), seed=st.integers(0, 50), width=st.integers(1, 4))
@settings(deadline=None, max_examples=25)
def test_priorities_are_a_ranking(count: int, seed: int, width: int):
    random = np.random.default_rng(seed)
    found = returned(priorities(random.random(count), random.normal(size=(count, width))))
    assert sorted(found.tolist()) == pytest.approx([(n + 1) / max(1, count) for n in range(count)])


def test_the_first_ones_are_unsure_and_of_different_sorts():
    sorts = np.repeat(np.arange(4), 10)
    features = np.eye(4)[sorts] * 10 + np.random.default_rng(0).normal(0, 0.01, (40, 4))
    uncertainty = np.where(sorts == 0, 0.9, 0.5) + np.arange(40) % 10 / 100
    order = np.argsort(-returned(priorities(uncertainty, features)))
    assert 9 in order[:2]  # the most uncertain of all comes first, but for another cluster of its sort
    assert set(sorts[order[:10]].tolist()) == {0, 1, 2, 3}


def test_entropy_is_between_sure_and_unsure():
    assert entropy(np.array([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])).tolist() == pytest.approx([0, 1], abs=1e-9)
    assert entropy(np.ones((2, 1))).tolist() == [0, 0]
