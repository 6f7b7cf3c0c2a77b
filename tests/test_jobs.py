import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from workbench.jobs import Event, Progress, Stop, drain, from_json, to_json


def counting(closed: list[bool]):
    def job(_: Stop) -> Iterator[Event]:
        try:
            for number in range(1000):
                yield Progress(number, 1000, "counting")
        finally:
            closed.append(True)

    return job


def test_drain_yields_everything_of_a_job_that_nobody_stops():
    closed: list[bool] = []
    assert len(list(drain(counting(closed), Stop()))) == 1000
    assert closed == [True]


def test_a_stopped_job_is_closed_after_the_event_at_hand():
    closed: list[bool] = []
    stop = Stop()
    seen = []
    for event in drain(counting(closed), stop):
        seen.append(event)
        if len(seen) == 3:
            stop.stop()
    assert len(seen) == 3
    assert closed == [True]


def test_a_paused_job_waits_and_goes_on():
    stop = Stop()
    seen: list[Event] = []
    third = threading.Event()

    def run() -> None:
        for event in drain(counting([]), stop):
            seen.append(event)
            if len(seen) == 3:
                stop.pause()
                third.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert third.wait(5)
    thread.join(0.05)
    assert stop.paused
    assert len(seen) == 3
    stop.resume()
    thread.join(5)
    assert len(seen) == 1000


def test_stop_ends_a_pause():
    stop = Stop()
    stop.pause()
    stop.stop()
    assert not stop.paused
    stop.pause()
    assert not stop.paused


@dataclass(frozen=True)
class Measured:
    name: str
    values: list[float]


def test_an_event_goes_round_through_json():
    event = Measured(name="Gussstück", values=[0.1, 2.0])
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line, (Progress, Measured)) == event


def test_a_field_of_a_later_version_is_left_out():
    assert from_json(
        '{"event": "Progress", "done": 1, "total": null, "what": "x", "later": 2}', (Progress,)
    ) == Progress(1, None, "x")


@pytest.mark.parametrize("line", ["[]", "{}", '{"event": "Nothing"}', "not json"])
def test_what_is_no_event_is_refused(line: str):
    with pytest.raises(ValueError, match=r"event|Expecting"):
        from_json(line, (Progress,))


def test_numbers_that_json_lacks_are_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(Measured(name="", values=[float("nan")]))
