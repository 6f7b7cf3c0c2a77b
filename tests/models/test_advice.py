import subprocess
import sys
from dataclasses import replace

import pytest

from workbench.models.advice import DataFacts, advise, amount, most_gmacs, recommend
from workbench.models.catalog import BackboneInfo, backbones, find, row_to_info
from workbench.training.parts import WAYS

FEW = DataFacts(240, 2, 110, 500, 400, "cpu", "similar")
SOME = replace(FEW, images=4_000, classes=5, smallest_class=400)
MUCH = replace(FEW, images=80_000, classes=10, smallest_class=5_000, device="cuda")


def backbone(name: str, gmacs: float | None, top1: float | None = None, **fields: object) -> BackboneInfo:
    tag = ["W", None, top1, "ImageNet-1k", 1000]
    row = {
        "name": name,
        "library": "torchvision",
        "family": "F",
        "title": name,
        "gmacs": gmacs,
        "tags": [tag],
        **fields,
    }
    return row_to_info({**row, "parameters": 5.0})


def test_amount_counts_the_rarest_class_too() -> None:
    assert [amount(facts) for facts in (FEW, SOME, MUCH)] == ["little", "some", "much"]
    assert amount(replace(SOME, smallest_class=5)) == "some"
    assert amount(replace(SOME, classes=400, smallest_class=5)) == "little"
    assert amount(replace(MUCH, smallest_class=50)) == "some"


def test_the_four_cases_of_the_textbook() -> None:
    assert advise(FEW).way == "features-once"
    assert advise(replace(FEW, similar="different")).way == "frozen"
    assert advise(MUCH).way == "full"
    assert advise(replace(SOME, similar="different")).way == "gradual"


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize("similar", ["similar", "different", "unknown"])
@pytest.mark.parametrize("facts", [FEW, SOME, MUCH])
def test_every_case_names_a_preset_and_gives_reasons(facts, similar, device) -> None:
    advice = advise(replace(facts, similar=similar, device=device))
    assert advice.way in WAYS
    assert advice.sentence.endswith(".")
    assert len(advice.why) >= 2
    assert all(reason.endswith(".") or reason.endswith(").") for reason in advice.why)


def test_more_data_never_trains_less() -> None:
    order = ["features-once", "frozen", "partial", "gradual", "full"]
    for similar in ("similar", "different", "unknown"):
        ways = [advise(replace(facts, similar=similar, device="cuda")).way for facts in (FEW, SOME, MUCH)]
        assert ways == sorted(ways, key=order.index)


def test_a_processor_is_spared_the_whole_network_on_many_images() -> None:
    advice = advise(replace(MUCH, device="cpu"))
    assert advice.way == "partial"
    assert any("with a GPU" in reason for reason in advice.why)


def test_a_rare_class_is_named() -> None:
    for facts in (SOME, MUCH):
        advice = advise(replace(facts, smallest_class=1))
        assert any("smallest class has 1 image:" in reason for reason in advice.why)
        assert not any("so few images" in reason for reason in advice.why)
    assert "With so few images of each class," in advise(replace(SOME, classes=400, smallest_class=9)).why[0]
    assert "With so few images," in advise(replace(FEW, smallest_class=9)).why[0]


def test_only_one_is_called_the_quickest() -> None:
    for facts in (FEW, SOME, MUCH):
        for device in ("cpu", "cuda"):
            reasons = [each.reason for each in recommend(replace(facts, device=device), backbones())]
            assert sum("quickest" in reason.lower() or "least work" in reason for reason in reasons) <= 1


def test_the_list_holds_only_what_can_be_used() -> None:
    known = [
        backbone("good", 1.0, 75.0),
        backbone("heavy", 400.0, 99.0),
        backbone("not measured", None, 98.0),
        backbone("broken", 1.0, 97.0, unsupported="it fails"),
        backbone("no export", 1.0, 96.0, exports="no: why"),
        backbone("no weights", 1.0, 95.0, tags=[]),
    ]
    assert [each.name for each in recommend(FEW, known)] == ["good"]


def test_the_reason_says_what_the_catalogue_says() -> None:
    found = recommend(FEW, [backbone("quick", 0.06, 67.67), backbone("fine", 4.0, 80.9), backbone("fair", 1.2, 77.0)])
    assert [each.name for each in found] == ["fair", "fine", "quick"]
    assert "4 GMACs, 5.0 M parameters, 80.9 % on ImageNet" in found[1].reason
    assert "processor" in found[0].reason


def test_more_images_and_a_processor_ask_for_less_work() -> None:
    limits = [most_gmacs(facts) for facts in (FEW, SOME, replace(MUCH, device="cpu"))]
    assert limits == sorted(limits, reverse=True)
    assert most_gmacs(MUCH) > limits[0]


def test_tiny_images_are_told_of_the_small_network() -> None:
    tiny = replace(SOME, width=28, height=28)
    assert recommend(tiny, backbones())[-1].name == "workbench/small_cnn"
    assert any("small_cnn" in reason for reason in advise(tiny).why)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("facts", [FEW, SOME, MUCH])
def test_the_real_catalogue_gives_a_short_list(facts, device) -> None:
    facts = replace(facts, device=device)
    found = recommend(facts, backbones())
    assert 3 <= len(found) <= 6
    assert len({each.name for each in found}) == len(found)
    assert all((find(each.name).gmacs or 0) <= most_gmacs(facts) for each in found)


def test_unlike_images_on_a_gpu_are_told_of_self_supervised_features() -> None:
    found = recommend(replace(FEW, similar="different", device="cuda"), backbones())
    assert found[0].name == "timm/vit_small_patch14_dinov2"


def test_no_torch_is_imported() -> None:
    code = (
        "import sys; from workbench.models import advice, resolution, catalog\n"
        "advice.recommend(advice.DataFacts(10, 2, 5, 0, 0, 'cpu', 'unknown'), catalog.backbones())\n"
        "sys.exit(bool({'torch', 'numpy', 'timm'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
