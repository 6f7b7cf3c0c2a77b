import json

import pytest

from workbench.curation.finding import Finding
from workbench.jobs import to_json
from workbench.telling import SENTENCES


def test_a_finding_is_a_line_of_json_with_what_the_command_promises():
    fields = json.loads(to_json(Finding("exact-copy", ["a/1.png", "b/2.png"], 1.0, "Two files.", [1, 2])))
    assert fields["kind"] == "exact-copy"
    assert fields["images"] == ["a/1.png", "b/2.png"]
    assert (fields["score"], fields["message"]) == (1.0, "Two files.")


@pytest.mark.parametrize(
    ("kind", "score"), [("copies", 0.5), ("quality", 1.5), ("quality", -0.1), ("quality", float("nan"))]
)
def test_what_is_no_kind_or_no_score_is_refused(kind: str, score: float):
    with pytest.raises(ValueError, match=r"kind|score"):
        Finding(kind, [], score, "")  # type: ignore[arg-type]


def test_a_finding_is_told_with_a_few_of_its_images():
    text = SENTENCES["Finding"](Finding("quality", [f"{n}.png" for n in range(9)], 0.5, "It is dark."))
    assert "It is dark." in text
    assert "0.png" in text
    assert "5 more" in text
