from pathlib import Path

import numpy as np
import pytest

from workbench.data.reading import Decoding
from workbench.embedding.clip import choose_clip
from workbench.errors import WorkbenchError

open_clip = pytest.importorskip("open_clip")


def test_images_and_texts_are_in_one_space(tiny_clip: str):
    source = choose_clip(f"open_clip/{tiny_clip}", "none", decoding=Decoding())
    directions, scale = source.texts(["a scratch", "a dent"])
    extractor = source.extractor()
    vectors = extractor.features([extractor.prepare(np.zeros((40, 30, 3), dtype=np.uint8))])
    assert directions.shape == (2, 32)
    assert np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-5)
    assert not np.allclose(directions[0], directions[1])
    assert vectors.shape == (1, 32)
    assert scale > 1
    assert source.texts(["a scratch"])[0].tolist() == directions[:1].tolist()


def test_weights_of_a_file_are_used_and_have_a_key_of_their_own(tiny_clip: str, tmp_path: Path):
    import torch

    torch.manual_seed(3)
    torch.save(open_clip.create_model(tiny_clip).state_dict(), tmp_path / "clip.pt")
    from_file = choose_clip(tiny_clip, str(tmp_path / "clip.pt"), decoding=Decoding())
    random = choose_clip(tiny_clip, "none", decoding=Decoding())
    assert from_file.key != random.key
    assert from_file.title == f"open_clip/{tiny_clip}, clip.pt"
    assert not np.allclose(from_file.texts(["a"])[0], random.texts(["a"])[0])


def test_what_is_missing_is_a_sentence(tiny_clip: str, tmp_path: Path):
    with pytest.raises(WorkbenchError, match="weights of a CLIP model, and none are on this machine"):
        choose_clip("torchvision/mobilenet_v2", "hub", decoding=Decoding())
    with pytest.raises(WorkbenchError, match=r"absent\.pt cannot be read"):
        choose_clip(tiny_clip, str(tmp_path / "absent.pt"), decoding=Decoding())
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    with pytest.raises(WorkbenchError, match=r"bad\.pt cannot be used"):
        choose_clip(tiny_clip, str(tmp_path / "bad.pt"), decoding=Decoding()).extractor()
