import pytest

from workbench.ui.export import verdict

GOOD = {"split": "test", "images": 412, "max_abs_diff": 3.1e-6, "flips": 0, "tolerance": 1e-4, "skipped": 0}


def test_the_same_answers() -> None:
    found = verdict.of(GOOD)
    assert found.tone == "green"
    assert found.sentence == "Answers as the trained model does, on all 412 test images."
    assert found.details == "412 test images · largest difference in probability 0.000003 · no decision differs"


def test_flips_are_never_green() -> None:
    found = verdict.of({**GOOD, "flips": 2})
    assert found.tone == "red"
    assert "2 of 412" in found.sentence


def test_a_difference_above_the_tolerance() -> None:
    assert verdict.of({**GOOD, "max_abs_diff": 0.02}).tone == "amber"


def test_no_images_and_images_that_could_not_be_read() -> None:
    assert verdict.of({**GOOD, "images": 0}).tone == "amber"
    assert "3 could not be read" in verdict.of({**GOOD, "skipped": 3}).details


def test_validation_images_are_called_so() -> None:
    assert "validation images" in verdict.of({**GOOD, "split": "validation"}).sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.250"), (3.1e-6, "0.000003"), (9.7e-6, "0.00001"), (1e-12, "under 0.000000001")],
)
def test_small_differences_without_exponents(value: float, text: str) -> None:
    assert verdict.small(value) == text
