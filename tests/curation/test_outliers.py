from pathlib import Path

import numpy as np

from tests.curation.embedded_project import clouds, embedded_project, returned, vectors_of
from tests.curation.made import findings
from workbench.curation import outliers
from workbench.curation.outliers import distances, find
from workbench.jobs import Noticed


def test_what_is_unlike_its_class_is_found_labelled_or_not(tmp_path: Path):
    truth = [0] * 40 + [1] * 40
    vectors = clouds(truth, spread=0.3)
    vectors[3] = clouds([1] * 4, spread=0.3)[3]  # of the other class by its look
    vectors[50] *= -1
    labels: list[int | None] = [*truth]
    labels[50] = None
    with embedded_project(tmp_path, vectors, labels, classes=2) as project:
        found = findings(find(project, vectors_of(project)))
    assert {finding.ids[0] for finding in found[:2]} == {4, 51}
    by_id = {finding.ids[0]: finding for finding in found}
    assert by_id[4].message.startswith("unlike the other images of 'c0': ")
    assert by_id[51].message.startswith("unlike the other images: ")
    assert all(0.5 <= finding.score <= 1 for finding in found)
    assert found == sorted(found, key=lambda finding: -finding.score)


def test_an_even_cloud_has_no_outliers(tmp_path: Path):
    with embedded_project(tmp_path, clouds([0] * 60), [0] * 60, classes=1) as project:
        assert len(findings(find(project, vectors_of(project)))) <= 1


def test_copies_alone_are_no_outliers_and_a_few_images_are_a_sentence(tmp_path: Path):
    vectors = np.tile(clouds([0]), (30, 1))
    assert (returned(distances(vectors, np.zeros(30, dtype=np.int64))) < outliers.LIMIT).all()
    with embedded_project(tmp_path, vectors[:5], [0] * 5, classes=1) as project:
        (told,) = [event for event in find(project, vectors_of(project)) if isinstance(event, Noticed)]
    assert "there are 5" in told.message


def test_features_that_hardly_move_are_told_apart_all_the_same():
    """A network of random weights in eval mode gives nearly the same vector for every image."""
    vectors = 1 + 1e-4 * clouds([0] * 40, spread=0.3)
    vectors[7] = 1 + 1e-4 * clouds([1] * 2)[1]
    assert returned(distances(vectors, np.zeros(40, dtype=np.int64))).argmax() == 7
