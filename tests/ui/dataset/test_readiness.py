import pytest

from workbench.ui.dataset.readiness import Counts, readiness


@pytest.mark.parametrize(
    ("counts", "state", "words"),
    [
        (Counts(), "empty", "add a folder"),
        (Counts({None: 1200}, {}), "work", "None of the 1\u202f200 images"),
        (Counts({1: 5, 2: 0, None: 0}, {None: 5}), "attention", "one class"),
        (Counts({1: 5, 2: 5}, {None: 10}), "work", "not split"),
        (Counts({1: 5, 2: 5}, {"train": 10, None: 0}), "attention", "no validation"),
        (Counts({1: 5, 2: 5}, {"train": 6, "validation": 2, None: 2}), "attention", "2 labelled images"),
        (Counts({1: 5, 2: 5, None: 3}, {"train": 6, "validation": 2, "test": 2}), "ready", "3 images without"),
        (Counts({1: 5, 2: 5}, {"train": 6, "validation": 2, "test": 2}), "ready", "Ready: 6 to train"),
    ],
)
def test_the_state_says_what_is_missing(counts: Counts, state: str, words: str) -> None:
    found, why = readiness(counts, str)
    assert found == state
    assert words in why
