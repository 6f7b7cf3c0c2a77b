from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import tests.tiny_backbone  # noqa: F401
from workbench.data.reading import Decoding, read_image
from workbench.embedding import embed as module
from workbench.embedding.embed import Vectors, embedded, embeddings_folder, source_of
from workbench.embedding.network import Extractor
from workbench.embedding.source import choose
from workbench.embedding.store import newest
from workbench.intake import add_folders
from workbench.jobs import Noticed, Progress, Stop
from workbench.models.backbones import create
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.project import Project


def run(events: Generator[Any, None, Vectors | None]) -> tuple[Vectors | None, list[Any]]:
    told = []
    while True:
        try:
            told.append(next(events))
        except StopIteration as end:
            return end.value, told


@pytest.fixture
def weights(tmp_path: Path) -> str:
    network, _ = create("tests/tiny", weights="none", classes=2)
    save_file(
        {key: value.contiguous() for key, value in network.backbone.state_dict().items()}, tmp_path / "w.safetensors"
    )
    return str(tmp_path / "w.safetensors")


@pytest.fixture
def project_folder(tiny_images: Callable[..., Path], tmp_path: Path) -> Path:
    list(add_folders(tmp_path / "project", [tiny_images({"a": 6, "b": 5})], verify=False)(Stop()))
    return tmp_path / "project"


def test_each_content_once_and_the_hash_is_kept_on_the_way(
    project_folder: Path, weights: str, monkeypatch: pytest.MonkeyPatch
):
    with Project.open(project_folder) as project:
        ids = project.links.usable()
        source = source_of(project, "tests/tiny", weights)
        assert source is not None
        vectors, told = run(embedded(project, ids, source))
        assert vectors is not None
        assert vectors.ids.tolist() == ids.tolist()
        assert vectors.vectors.shape == (11, 16)
        assert vectors.missing == 0
        assert any(isinstance(event, Progress) and event.what == module.WHAT for event in told)
        rows = project.images.page(ids)
        assert [row.content_hash for row in rows] == vectors.hashes
        assert {row.state for row in rows} == {"ok"}
        monkeypatch.setattr(module, "embed", None)  # nothing is left to embed
        again, _ = run(embedded(project, ids[::-1], source))
        stored, _ = run(embedded(project, ids, None))
    assert again is not None
    assert again.vectors.tolist() == vectors.vectors[::-1].tolist()
    assert stored is not None
    assert stored.vectors.tolist() == vectors.vectors.tolist()
    assert stored.source == "tests/tiny, w.safetensors"


def test_vectors_are_those_of_the_deployment_path(project_folder: Path, weights: str):
    network, _ = create("tests/tiny", weights=weights, classes=2)
    from workbench.models.catalog import find

    deployable = Deployable(PreprocessSpec.for_backbone(find("tests/tiny")), network)
    with Project.open(project_folder) as project:
        vectors, _ = run(embedded(project, project.links.usable(), source_of(project, "tests/tiny", weights)))
        assert vectors is not None
        row = project.images.page(vectors.ids[3:4])[0]
    with torch.inference_mode():
        pixels = torch.from_numpy(read_image(row.path, Decoding())[None])
        expected = network.features(deployable.preprocess(pixels)).numpy()
    assert np.allclose(vectors.vectors[3], expected[0], atol=1e-6)


def test_unreadable_images_are_named_and_left_out(project_folder: Path):
    with Project.open(project_folder) as project:
        ids = project.links.usable()
        broken, gone, copied, twin = (row for row in project.images.page(ids[:4]))
        broken.path.write_bytes(b"no image")
        gone.path.unlink()
        twin.path.write_bytes(copied.path.read_bytes())
        vectors, told = run(embedded(project, ids, source_of(project, "tests/tiny", "none")))
        assert vectors is not None
        assert vectors.ids.tolist() == ids[2:].tolist()
        assert vectors.missing == 2
        assert vectors.hashes[0] == vectors.hashes[1]
        assert vectors.vectors[0].tolist() == vectors.vectors[1].tolist()
        named = [event.path for event in told if isinstance(event, Noticed)]
        assert named == [str(broken.path), str(gone.path)]
        assert project.images.get(broken.id).state == "corrupt"
        store = newest(embeddings_folder(project))
    assert store is not None
    assert len(store) == 8


def test_a_changed_file_is_embedded_anew(project_folder: Path):
    with Project.open(project_folder) as project:
        ids = project.links.usable()
        source = source_of(project, "tests/tiny", "none")
        before, _ = run(embedded(project, ids, source))
        first, second = project.images.page(ids[:2])
        first.path.write_bytes(second.path.read_bytes())
        list(add_folders(project_folder, [first.path.parents[1]], verify=False)(Stop()))
        after, _ = run(embedded(project, ids, source))
    assert before is not None
    assert after is not None
    assert after.vectors[0].tolist() == before.vectors[1].tolist()


def test_stopped_in_the_middle_it_keeps_what_it_has(project_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Extractor, "batch_size", property(lambda self: 3, lambda self, value: None), raising=False)
    with Project.open(project_folder) as project:
        ids = project.links.usable()
        events = embedded(project, ids, source_of(project, "tests/tiny", "none"))
        for event in events:
            if isinstance(event, Progress) and event.what == module.WHAT and event.done >= 6:
                break
        events.close()
        known, _ = run(embedded(project, ids, None))
        assert known is not None
        assert 6 <= len(known.ids) < len(ids)
        assert sum(row.content_hash is not None for row in project.images.page(ids)) == len(known.ids)


def test_without_a_backbone_and_without_a_store_there_is_nothing(project_folder: Path):
    with Project.open(project_folder) as project:
        assert source_of(project, None, None) is None
        assert run(embedded(project, project.links.usable(), None))[0] is None


def test_the_batch_grows_while_it_is_fast_and_shrinks_when_slow(monkeypatch: pytest.MonkeyPatch):
    extractor = Extractor(torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()), PreprocessSpec(8))
    clock = iter([0.0, 0.01, 10.0, 14.0])
    monkeypatch.setattr("workbench.embedding.network.time.perf_counter", lambda: next(clock))
    pixels = np.zeros((9, 7, 3), dtype=np.uint8)
    assert extractor.features([extractor.prepare(pixels)] * 8).shape == (8, 3)
    assert extractor.batch_size == 16
    extractor.features([extractor.prepare(pixels)] * 16)
    assert extractor.batch_size == 2


def test_a_batch_too_large_for_the_device_is_halved(monkeypatch: pytest.MonkeyPatch):
    class Small(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if len(images) > 3:
                raise torch.OutOfMemoryError("too much")
            return images.mean(dim=(2, 3))

    extractor = Extractor(Small(), PreprocessSpec(8))
    prepared = [extractor.prepare(np.full((8, 8, 3), n, dtype=np.uint8)) for n in range(8)]
    found = extractor.features(prepared)
    assert np.allclose(found[:, 0], [one.mean(dim=(2, 3))[0, 0] for one in prepared])
    assert extractor.batch_size <= 4


def test_published_weights_of_a_tag_are_those_that_embed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def created(name: str, **options: Any) -> Any:
        asked.append((options["weights"], options["tag"]))
        return create(name, weights="none", classes=2)

    monkeypatch.setattr("workbench.embedding.network.create", created)
    choose("torchvision/squeezenet1_1", "hub", decoding=Decoding()).extractor()
    choose("timm/test_vit.r160_in1k", "hub", decoding=Decoding()).extractor()
    choose("tests/tiny", "none", decoding=Decoding()).extractor()
    assert asked == [("hub", "IMAGENET1K_V1"), ("hub", "r160_in1k"), ("none", "")]
