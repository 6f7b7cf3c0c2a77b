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
    assert json.loads(CHAIN.dumps())["format"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no chain"),
        ('{"format": 9, "steps": []}', "newer Workbench"),
        ('{"steps": [{"transform": "Affine", "p": 2}]}', "step 1: p: it should be 1 or less, not 2"),
        ('{"steps": [{"name": "Affine"}]}', "step 1: transform: it is missing"),
    ],
)
def test_what_is_no_chain_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        Chain.loads(text, source="my.json")


def nested() -> Chain:
    blur, noise = Step(transform="Blur", p=1), Step(transform="GaussNoise", p=0.5, enabled=False)
    inner = Step(transform="Sequential", p=1, steps=(Step(transform="CLAHE"),))
    return Chain(steps=(Step(transform="Rotate"), Step(transform="OneOf", p=0.3, steps=(blur, noise, inner))))


def test_groups_nest_and_survive_their_file(tmp_path: Path) -> None:
    chain = nested()
    chain.save(tmp_path / "chain.json")
    assert Chain.load(tmp_path / "chain.json") == chain
    assert [place for place, _ in chain.walk()] == [(0,), (1,), (1, 0), (1, 1), (1, 2), (1, 2, 0)]
    assert [place for place, _ in chain.walk(enabled=True)] == [(0,), (1,), (1, 0), (1, 2), (1, 2, 0)]
    assert chain.at((1, 2, 0)).transform == "CLAHE"
    for place in ((2,), (1, 3), (0, 0), (-1,), ()):
        with pytest.raises(IndexError):
            chain.at(place)


def test_what_is_off_or_empty_takes_no_part() -> None:
    off = Step(transform="OneOf", steps=(Step(transform="Blur", enabled=False),))
    assert Chain(steps=(off, Step(transform="Rotate"))).active() == Chain(steps=(Step(transform="Rotate"),))
    assert [step.transform for step in nested().active().at((1,)).steps] == ["Blur", "Sequential"]


def _deep(levels: int) -> str:
    text = '{"transform": "Rotate"}'
    for _ in range(levels):
        text = f'{{"transform": "OneOf", "steps": [{text}]}}'
    return f'{{"steps": [{text}]}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_deep(4), "nested 3 deep"),
        (_deep(5000), r"my\.json"),
        (json.dumps({"steps": [{"transform": "Rotate"}] * 65}), "at most 64 steps"),
        ('{"steps": [{"transform": "Rotate", "steps": [{"transform": "Blur"}]}]}', "Rotate cannot hold steps"),
        ('{"steps": [{"transform": "Rotate", "params": {"limit": NaN}}]}', "out of all bounds"),
        ('{"steps": [{"transform": "Rotate", "params": {"limit": 1e30}}]}', "out of all bounds"),
        ('{"steps": [{"transform": "Rotate", "params": {"limit": null}}]}', "holds NoneType"),
        ('{"steps": [{"transform": "Rotate", "params": {"limit": [[[[[[1]]]]]]}}]}', "nested too deeply"),
        (json.dumps({"steps": [{"transform": "Rotate", "params": {"limit": [0] * 300}}]}), "300 values"),
        (json.dumps({"steps": [{"transform": "Rotate", "params": {"limit": "x" * 2000}}]}), "2000 characters"),
        ('{"format": true, "steps": []}', "newer Workbench"),
    ],
)
def test_absurd_chains_are_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        Chain.loads(text, source="my.json")
