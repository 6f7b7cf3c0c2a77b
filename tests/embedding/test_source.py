import subprocess
import sys
from pathlib import Path

import pytest

import tests.tiny_backbone  # noqa: F401
from workbench.data.reading import Decoding
from workbench.embedding.source import choose, find_backbone
from workbench.errors import WorkbenchError


def test_a_short_name_is_enough_where_only_one_library_has_it():
    assert find_backbone("mobilenet_v2").name == "torchvision/mobilenet_v2"
    assert find_backbone("tiny").name == "tests/tiny"
    assert find_backbone("timm/resnet18").name == "timm/resnet18"


def test_a_short_name_of_two_libraries_names_both():
    with pytest.raises(
        WorkbenchError, match=r"timm/resnet18 or torchvision/resnet18|torchvision/resnet18 or timm/resnet18"
    ):
        find_backbone("resnet18")
    with pytest.raises(WorkbenchError, match="did you mean"):
        find_backbone("mobilnet_v2")


def test_the_key_follows_all_that_changes_a_vector(tmp_path: Path):
    file, other = tmp_path / "a.pt", tmp_path / "b.pt"
    file.write_bytes(b"one")
    other.write_bytes(b"one")
    plain = choose("tests/tiny", str(file), decoding=Decoding())
    assert choose("tests/tiny", str(other), decoding=Decoding()).key == plain.key
    other.write_bytes(b"two")
    keys = {
        plain.key,
        choose("tests/tiny", str(other), decoding=Decoding()).key,
        choose("tests/tiny", "none", decoding=Decoding()).key,
        choose("tests/tiny", "none", decoding=Decoding(window=(1, 2))).key,
        choose("torchvision/mobilenet_v2", "none", decoding=Decoding()).key,
    }
    assert len(keys) == 5
    assert plain.key.startswith("tiny-")


def test_the_tag_of_published_weights_leads_to_them_and_to_their_pixels():
    default = choose("timm/vit_small_patch16_224", "hub", decoding=Decoding())
    tagged = choose("timm/vit_small_patch16_224.augreg_in1k", "hub", decoding=Decoding())
    assert tagged.info.weights[0] == "augreg_in1k" != default.info.weights[0]
    assert tagged.key != default.key
    assert tagged.title == "timm/vit_small_patch16_224, hub weights augreg_in1k"
    dino = choose("timm/vit_small_patch16_224.dino", "none", decoding=Decoding())
    assert (dino.info.mean, default.info.mean) == ((0.485, 0.456, 0.406), (0.5, 0.5, 0.5))
    with pytest.raises(WorkbenchError, match=r"no weights named 'augreg_in2k'; did you mean augreg_in"):
        find_backbone("timm/vit_small_patch16_224.augreg_in2k")
    assert find_backbone("mobilenet_v2.IMAGENET1K_V1").weights[0] == "IMAGENET1K_V1"


def test_weights_that_are_not_here_are_told_at_once(tmp_path: Path):
    with pytest.raises(WorkbenchError, match=r"absent\.pt cannot be read"):
        choose("tests/tiny", str(tmp_path / "absent.pt"), decoding=Decoding())
    with pytest.raises(WorkbenchError, match="no weights of torchvision/mobilenet_v2 on this machine"):
        choose("mobilenet_v2", None, decoding=Decoding())


def test_the_window_may_import_what_reads_embeddings():
    code = (
        "import sys, workbench.embedding.store, workbench.curation.similar, workbench.curation.store; "
        "names = 'torch timm onnx sklearn scipy faiss imagehash openTSNE albumentations PySide6'.split(); "
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
