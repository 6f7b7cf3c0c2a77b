import json
from pathlib import Path

import pytest

from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError

CHAIN = Chain(
    steps=(Step(transform="Affine", p=0.3, params={"rotate": [-5, 5]}), Step(transform="CLAHE", enabled=False))
)


def test_a_chain_survives_its_file(tmp_path: Path) -> None:
    CHAIN.save(tmp_path / "chain.json")
    assert Chain.load(tmp_path / "chain.json") == CHAIN
    assert json.loads(CHAIN.dumps())["format"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no chain"),
        ('{"format": 9, "steps": []}', "newer Workbench"),
        ('{"steps": [{"transform": "Affine", "p": 2}]}', r"steps\.0\.p"),
        ('{"steps": [{"name": "Affine"}]}', "steps"),
    ],
)
def test_what_is_no_chain_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        Chain.loads(text, source="my.json")
