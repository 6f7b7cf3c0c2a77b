import pytest

from workbench.ui import figures


def test_counts_have_their_thousands_apart() -> None:
    assert figures.count(12480) == "12\u202f480"
    assert figures.counted(1, "image", "images") == "1 image"
    assert figures.counted(0, "image", "images") == "0 images"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (8.4, "8 s"), (59.6, "1 min"), (360, "6 min"), (3599, "1 h"), (7800, "2 h 10 min"), (-3, "0 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


def test_scores_have_two_digits() -> None:
    assert figures.score(0.9333333) == "0.93"
    assert figures.interval(0.9333333, 0.9, 0.9512) == "0.93 [0.90, 0.95]"
    assert figures.percent(0.413) == "41\u202f%"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (912, "912 B"), (8_912_345, "8.9 MB"), (145_000_000, "145 MB"), (5.2e12, "5200 GB")],
)
def test_sizes(number: float, text: str) -> None:
    assert figures.size(number) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5.0, "5"), (0.03123, "0.0312"), (1.23456, "1.235"), (12480, "12\u202f480")]
)
def test_figures_have_few_digits(value: float, text: str) -> None:
    assert figures.figure(value) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.01, "0.01"),
        (1.0, "1"),
        (12.0, "12"),
        (0.00025, "0.00025"),
        (2e-5, "0.00002"),
        (2.34e-6, "2.3e-6"),
        (1e-7, "1e-7"),
        (0.0, "0"),
    ],
)
def test_rates_are_written_out_as_far_as_they_can_be_read(rate: float, text: str) -> None:
    assert figures.rate(rate) == text
