import math
from typing import get_args

import pytest

from workbench.jobs import to_json
from workbench.training import events
from workbench.training.events import FitEnded, StepEnded, TrainingEvent, read


def test_every_event_of_the_union_can_be_read_back() -> None:
    assert set(get_args(TrainingEvent)) == set(events.TYPES)


def test_an_event_stays_exact() -> None:
    event = StepEnded(3, 1, 0.1 + 0.2, 1e-3, 1 / 3, 0.0, 12.5)
    assert read(to_json(event)) == event
    assert "\n" not in to_json(FitEnded("failed", "a\nb", 0, -1.0, -1.0, 1.0))


def test_a_number_that_json_lacks_is_never_written() -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant|Out of range"):
        to_json(StepEnded(3, 1, math.nan, 1e-3, 1.0, 0.0, 12.5))


def test_a_field_of_a_later_version_is_ignored_and_a_later_event_is_told() -> None:
    assert read('{"event": "Paused", "step": 3, "who": "me"}') == events.Paused(3)
    with pytest.raises(ValueError, match="Melted"):
        read('{"event": "Melted"}')
