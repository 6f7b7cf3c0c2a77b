import re

import pytest

from tests.trained_run import draw
from workbench.data.reading import Decoding
from workbench.evaluation.results import Evaluated
from workbench.report.html import interval, picture, render, share, thousands

NASTY = "<script>alert('x')</script>"


def evaluated(split="test", classes=("good", NASTY)):
    row = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    bounds = {name: [0.1, 0.9] for name in ("precision", "recall", "f1")}
    return Evaluated(
        run="r",
        split=split,
        images=12345,
        accuracy=0.93,
        balanced_accuracy=0.91,
        macro_f1=0.9,
        per_class=[{"class": name, **row, "intervals": bounds} for name in classes],
        confusion=[[2, 0], [1, 1]],
        classes=list(classes),
        intervals={name: [0.85, 0.96] for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        reliability=[{"low": 0.9, "high": 1.0, "images": 3, "confidence": 0.95, "accuracy": 0.9}],
        thresholds={"good": 0.4},
    )


PARITY = {
    "passed": True,
    "images": 4,
    "split": "test",
    "flips": 0,
    "max_abs_diff": 2e-7,
    "tolerance": 1e-4,
    "worst": [{"image": NASTY, "diff": 2e-7}],
}


def report(**changes):
    values = {"title": f"Castings {NASTY}", "parity": PARITY, "mistakes": [], "facts": [("From", [("Run", NASTY)])]}
    return render(changes.pop("evaluated", evaluated()), **{**values, **changes})


def test_names_are_escaped_wherever_they_appear(tmp_path):
    shown = picture(draw(tmp_path / "a.png", 0), Decoding(), name=NASTY, true=NASTY, predicted="good", confidence=0.7)
    page = report(mistakes=[shown])
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8


def test_it_is_one_file_that_needs_nothing_else_and_knows_light_and_dark():
    page = report()
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!data:)", page)
    assert "url(" not in page
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page


def test_the_headline_has_its_interval_and_number_of_images():
    page = report()
    assert "0.91" in page
    assert "[0.85, 0.96]" in page
    assert "12\u202f345 test images" in page
    assert "took no part in that" in page


def test_validation_figures_say_that_they_are_too_good():
    assert "the figures are too good" in report(evaluated=evaluated("validation"))


def test_a_failed_parity_is_marked():
    page = report(parity={**PARITY, "passed": False, "flips": 3})
    assert "differs" in page
    assert "3 decisions differ" in page
    assert "same answers" not in page


def test_a_picture_is_small_and_one_that_is_gone_is_left_out(tmp_path):
    path = draw(tmp_path / "a.png", 0, side=(900, 600))
    shown = picture(path, Decoding(), name="a", true="x", predicted="y", confidence=0.7)
    assert shown is not None
    assert shown.source.startswith("data:image/jpeg;base64,")
    assert len(shown.source) < 60_000
    path.unlink()
    assert picture(path, Decoding(), name="a", true="x", predicted="y", confidence=0.7) is None


@pytest.mark.parametrize(
    ("value", "text"), [(0.93333, "0.93"), (1.0, "1.00"), (0.9964, "0.996"), (0.0, "0.00"), (0.004, "0.004")]
)
def test_shares_have_the_digits_that_make_sense(value, text):
    assert share(value) == text


def test_intervals_and_thousands():
    assert interval([0.9, 0.951]) == "[0.90, 0.95]"
    assert thousands(1234567) == "1\u202f234\u202f567"
