import json
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.models.classic import features, store
from workbench.models.classic.machine import Machine, Scaling
from workbench.models.classic.model import ClassicModel, Looks


@pytest.fixture
def bundle() -> store.ClassicBundle:
    rng = np.random.default_rng(0)
    vocabulary = rng.random((6, 128)).astype(np.float32)
    length = 5 * (features.HUES * features.SATURATIONS + features.VALUES) + 6
    scale = np.where(rng.random(length) < 0.1, np.inf, rng.random(length) + 0.1)
    machine = Machine("rbf", 0.5, rng.normal(size=(4, length)), rng.normal(size=(3, 4)), rng.normal(size=3))
    model = ClassicModel(Looks(True, False, vocabulary), Scaling(rng.random(length), scale), machine, temperature=0.7)
    return store.ClassicBundle(model, ["a", "ü/b", "c"], store.spec_of(Decoding().as_dict()), {"a": 0.4}, {"run": "r"})


def images(count: int = 3) -> torch.Tensor:
    return torch.randint(0, 255, (count, 40, 50, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_what_is_loaded_answers_as_what_was_saved(tmp_path: Path, bundle: store.ClassicBundle) -> None:
    expected = bundle.deployable(images())
    assert expected.sum(dim=1) == pytest.approx(torch.ones(3))
    store.save(tmp_path / "model", bundle)
    assert store.is_here(tmp_path / "model")
    loaded = store.load(tmp_path / "model")
    assert torch.equal(loaded.deployable(images()), expected)
    assert (loaded.classes, loaded.thresholds, loaded.extra) == (bundle.classes, bundle.thresholds, bundle.extra)
    assert loaded.spec == bundle.spec
    assert {path.name for path in (tmp_path / "model").iterdir()} == {store.ARRAYS, store.DESCRIPTION}


def test_its_probabilities_are_divided_by_the_temperature(bundle: store.ClassicBundle) -> None:
    model = bundle.deployable
    assert torch.allclose(model(images()), torch.softmax(model.logits(images()) / 0.7, dim=1))


def test_changed_arrays_are_refused(tmp_path: Path, bundle: store.ClassicBundle) -> None:
    store.save(tmp_path, bundle)
    with (tmp_path / store.ARRAYS).open("ab") as file:
        file.write(b"x")
    with pytest.raises(WorkbenchError, match="was changed or damaged"):
        store.load(tmp_path)


def test_a_pickle_among_the_arrays_is_never_opened(tmp_path: Path, bundle: store.ClassicBundle) -> None:
    import hashlib

    store.save(tmp_path, bundle)
    np.savez(tmp_path / store.ARRAYS, mean=np.array([{"a": 1}], dtype=object))
    said = json.loads((tmp_path / store.DESCRIPTION).read_text())
    said["hashes"][store.ARRAYS] = hashlib.sha256((tmp_path / store.ARRAYS).read_bytes()).hexdigest()
    (tmp_path / store.DESCRIPTION).write_text(json.dumps(said))
    with pytest.raises(WorkbenchError, match=r"cannot be loaded .*[Oo]bject arrays"):
        store.load(tmp_path)


def test_a_newer_one_says_so(tmp_path: Path, bundle: store.ClassicBundle) -> None:
    store.save(tmp_path, bundle)
    said = json.loads((tmp_path / store.DESCRIPTION).read_text())
    (tmp_path / store.DESCRIPTION).write_text(json.dumps({**said, "format": store.FORMAT + 1}))
    with pytest.raises(WorkbenchError, match="saved by a newer Workbench"):
        store.load(tmp_path)
