import pytest

from tests.ui.model.rows import backbone
from workbench.training.config import BackboneConfig
from workbench.ui.model import facts


def test_the_facts_in_a_line() -> None:
    row = backbone("timm/tiny", family="Tiny", year=2022, parameters=5.5, gmacs=0.4, licence="mit", top1=72.15)
    told = facts.told(row)
    assert told.startswith("timm · Tiny · 2022 · 5.5 M parameters · 0.40 GMACs · 224 px · top-1 72.2")
    assert told.endswith("licence mit · export not tried")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"note": "Small"}, "", ("Small", "secondary")),
        ({"note": "Small"}, "Quick: 0.3 GMACs, 3 M parameters.", ("Recommended. Quick.", "secondary")),
        ({"unsupported": "no head"}, "Quick", ("Not supported: no head. Choose another.", "error")),
        ({}, "", ("", "secondary")),
    ],
)
def test_what_there_is_to_say_beside_the_facts(fields: dict[str, str], reason: str, said: tuple[str, str]) -> None:
    assert facts.note(backbone("timm/tiny", **fields), reason) == said


def test_a_backbone_that_is_in_no_catalogue() -> None:
    assert facts.of(BackboneConfig(name="timm/there_is_no_such_backbone")) is None
    assert "choose another" in facts.told(None)
    assert facts.note(None, "") == ("", "secondary")
