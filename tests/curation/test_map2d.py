from pathlib import Path

import numpy as np

from tests.curation.embedded_project import clouds, embedded_project, returned, vectors_of
from workbench.curation import map2d
from workbench.curation.map2d import make, places
from workbench.curation.store import MapMade
from workbench.jobs import Progress


def test_classes_lie_apart_the_same_each_time(tmp_path: Path):
    truth = [n % 3 for n in range(90)]
    with embedded_project(tmp_path, clouds(truth), truth, classes=3) as project:
        *told, last = list(make(project, vectors_of(project)))
    assert isinstance(last, MapMade)
    assert last.images == 90
    assert all(isinstance(event, Progress) for event in told)
    with np.load(last.file) as content:
        ids, xy = content["ids"], content["xy"]
    assert ids.tolist() == list(range(1, 91))
    assert xy.dtype == np.float32
    assert 0 <= xy.min() <= 1e-6
    assert 1 - 1e-6 <= xy.max() <= 1
    near = ((xy[:, None] - xy[None]) ** 2).sum(axis=2) + np.eye(90)
    assert (np.array(truth)[near.argmin(axis=1)] == truth).mean() > 0.95
    assert returned(places(clouds(truth))).tolist() == xy.tolist()


def test_a_few_images_and_copies_have_places_too():
    assert returned(places(np.zeros((0, 4), dtype=np.float32))).shape == (0, 2)
    assert returned(places(np.ones((1, 4), dtype=np.float32))).tolist() == [[0.5, 0.5]]
    assert returned(places(np.ones((6, 4), dtype=np.float32))).tolist() == [[0.5, 0.5]] * 6
    few = returned(places(clouds([0, 1] * 3)))
    assert few.shape == (6, 2)
    assert len(np.unique(few, axis=0)) == 6
    assert np.isfinite(returned(places(np.ones((20, 4), dtype=np.float32)))).all()


def test_beyond_the_landmarks_images_go_to_their_nearest_ones(monkeypatch):
    monkeypatch.setattr(map2d, "LANDMARKS", 60)
    truth = [n % 3 for n in range(150)]
    xy = returned(places(clouds(truth)))
    near = ((xy[:, None] - xy[None]) ** 2).sum(axis=2) + np.eye(150)
    assert (np.array(truth)[near.argmin(axis=1)] == truth).mean() > 0.95
