import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.data.surfaces import SampleSet, draw, surface

SMALL = SampleSet(
    seed=1,
    sides=(48, 64),
    classes={"good": 6, "scratch": 6, "pit": 6, "crack": 6, "stain": 6},
    exact_copies=2,
    near_duplicates=2,
    wrong_labels=3,
    corrupt="pit",
)


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_definition_draws_the_same_files(tmp_path: Path):
    for name in ("a", "b"):
        assert list(draw(tmp_path / name, SMALL))[-1].done == 35
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_what_is_planted_is_there(tmp_path: Path):
    list(draw(tmp_path, SMALL))
    found = hashes(tmp_path)
    planted = json.loads((tmp_path / "planted.json").read_text(encoding="utf-8"))
    assert len(planted["wrong_labels"]) == 3
    assert all(entry["image"].split("/")[0] != entry["true"] for entry in planted["wrong_labels"])
    assert all(found[original] == found[copy] for original, copy in planted["exact_copies"])
    assert all(found[original] != found[copy] for original, copy in planted["near_duplicates"])
    with pytest.raises(OSError, match="truncated"), Image.open(tmp_path / planted["corrupt"][0]) as broken:
        broken.load()


@pytest.mark.parametrize("name", ["scratch", "pit", "crack", "stain"])
def test_a_defect_changes_a_part_of_the_surface_and_not_its_mean(name: str):
    differences, changed = [], []
    for seed in range(20):
        defect = surface(name, np.random.default_rng(seed), (96,)).astype(float)
        good = surface("good", np.random.default_rng(seed), (96,)).astype(float)
        differences.append(abs(defect.mean() - good.mean()))
        changed.append(np.mean(np.abs(defect - good).mean(axis=2) > 30))
    assert np.mean(differences) < 15
    assert 0.001 < np.mean(changed) < 0.4


def test_a_thumbnail_and_the_mean_colour_do_not_give_the_class_away(tmp_path: Path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    list(draw(tmp_path))
    features, classes = [], []
    for path in sorted(tmp_path.rglob("*.png")):
        try:
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"), float)
                small = np.asarray(image.convert("RGB").resize((16, 16), Image.Resampling.BOX), float).ravel()
        except OSError:
            continue  # the planted corrupt file
        features.append(np.concatenate([small, pixels.mean((0, 1)), pixels.shape[:2]]))
        classes.append(path.parent.name)
    assert len(classes) >= 590
    best = max(
        cross_val_score(
            make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=300)), np.array(features), classes, cv=3
        ).mean()
        for c in (0.003, 0.03)
    )
    assert best < 0.6
