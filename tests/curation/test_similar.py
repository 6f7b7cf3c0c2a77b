from pathlib import Path

import pytest

from tests.curation.embedded_project import clouds, embedded_project
from tests.curation.made import row_project
from workbench.curation.similar import SimilarFound, most_similar, similar
from workbench.errors import WorkbenchError
from workbench.jobs import Stop


def test_images_of_the_same_look_come_first_and_the_selection_does_not(tmp_path: Path):
    truth = [0, 1, 2] * 10
    with embedded_project(tmp_path, clouds(truth, spread=0.5), [None] * 30, classes=1) as project:
        ids, likeness = most_similar(project, [1, 4], 8)
        assert {truth[number - 1] for number in ids.tolist()} == {0}
        assert not {1, 4} & set(ids.tolist())
        assert likeness.tolist() == sorted(likeness.tolist(), reverse=True)
        assert likeness[0] > 0.8
        project.rejection.set([int(ids[0])], True)
        again, _ = most_similar(project, [1, 4], 100)
        assert int(ids[0]) not in again.tolist()
        assert len(again) == 27
    *_, last = similar(tmp_path / "project", [1, 4], count=3)(Stop())
    assert isinstance(last, SimilarFound)
    assert last.ids == again[:3].tolist()


def test_without_embeddings_it_says_what_is_needed(tmp_path: Path):
    with (
        row_project(tmp_path, ["a" * 64]) as project,
        pytest.raises(WorkbenchError, match="no embeddings yet; choose a back"),
    ):
        most_similar(project, [1], 3)


def test_a_selection_that_was_not_embedded_is_told(tmp_path: Path):
    with embedded_project(tmp_path, clouds([0] * 4), [None] * 4, classes=1) as project:
        project.images.set_verified([(project.images.page([1])[0].id, "b" * 64, None)])
        with pytest.raises(WorkbenchError, match="have no embeddings by drawn"):
            most_similar(project, [1], 3)
