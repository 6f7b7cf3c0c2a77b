import pytest

from workbench.project.findings import NewFinding
from workbench.project.ids import ImageId
from workbench.project.images import Query
from workbench.project.project import Project


def found(kind: str, score: float, *ids: int) -> NewFinding:
    return NewFinding(kind, score, f"{kind} of {len(ids)}", ids)


@pytest.fixture
def filled(project: Project, add):
    add(good=10)
    project.findings.replace(
        ["exact-copy", "quality"],
        [found("quality", 0.3, 4), found("exact-copy", 1.0, 7, 2), found("quality", 0.9, 2), found("quality", 0.5, 9)],
    )
    return project


def test_findings_are_listed_strongest_first_in_pages(filled: Project):
    listed = filled.findings.list()
    assert [(row.kind, row.score, row.ids) for row in listed] == [
        ("exact-copy", 1.0, (7, 2)),
        ("quality", 0.9, (2,)),
        ("quality", 0.5, (9,)),
        ("quality", 0.3, (4,)),
    ]
    assert listed[0].message == "exact-copy of 2"
    assert not listed[0].dismissed
    assert filled.findings.list("quality", start=1, limit=1) == [listed[2]]
    assert filled.findings.list("leakage") == []
    assert filled.findings.get(listed[2].id) == listed[2]
    assert filled.findings.get(999) is None
    assert filled.findings.counts() == {"exact-copy": 1, "quality": 3}
    assert [row.kind for row in filled.findings.of(ImageId(2))] == ["exact-copy", "quality"]
    assert filled.images.get(ImageId(2)).findings == ("exact-copy", "quality")


def test_only_the_asked_kinds_are_replaced(filled: Project):
    filled.findings.replace(["quality", "outlier"], [found("outlier", 0.2, 1)])
    assert filled.findings.counts() == {"exact-copy": 1, "outlier": 1}
    assert filled.images.ids(Query(finding="any")).tolist() == [1, 2, 7]
    with pytest.raises(ValueError, match="none of the kinds"):
        filled.findings.replace(["quality"], [found("outlier", 0.2, 1)])
    assert filled.findings.counts() == {"exact-copy": 1, "outlier": 1}


def test_what_was_dismissed_stays_so_when_it_is_found_again(filled: Project):
    copy, blurred, *_ = filled.findings.list()
    filled.findings.dismiss([copy.id, blurred.id])
    assert filled.findings.counts() == {"quality": 2}
    assert [row.id for row in filled.findings.list(dismissed=True)] == [copy.id, blurred.id]
    assert filled.findings.of(ImageId(2)) == []
    assert filled.images.get(ImageId(2)).findings == ()
    again = [found("exact-copy", 0.8, 2, 7), found("quality", 0.7, 2, 3), found("quality", 0.6, 2)]
    filled.findings.replace(["exact-copy", "quality"], again)
    assert [(row.kind, row.ids) for row in filled.findings.list()] == [("quality", (2, 3))]
    dismissed = filled.findings.list(dismissed=True)
    assert [(row.kind, row.ids, row.dismissed) for row in dismissed] == [
        ("exact-copy", (2, 7), True),
        ("quality", (2,), True),
    ]
    filled.findings.dismiss([row.id for row in dismissed], on=False)
    assert filled.findings.counts() == {"exact-copy": 1, "quality": 2}


def test_a_dismissal_is_taken_back_from_the_same_finding_after_another_look(filled: Project) -> None:
    kinds = {found.kind for found in filled.findings.list()}
    strongest = filled.findings.list()[0]
    change = filled.findings.dismiss([strongest.id, strongest.id])
    assert change.ids == strongest.ids
    others = [NewFinding("quality", 1.0, "another one", (strongest.ids[-1],))]
    again = [NewFinding(strongest.kind, 0.5, strongest.message, strongest.ids)]
    filled.findings.replace({*kinds, "quality"}, [*others, *again])
    assert not [found for found in filled.findings.list() if found.kind == strongest.kind]
    change.inverse().apply(filled, source="undo")
    assert [found.ids for found in filled.findings.list(strongest.kind)] == [strongest.ids]
    assert [found.message for found in filled.findings.list("quality")] == ["another one"]
