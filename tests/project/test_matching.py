"""Which lost file is which new one: pairs are certain, and no file is used twice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.project.ids import ImageId, RootId
from workbench.project.matching import Matched, NewFile, match, worth_hashing
from workbench.project.moving import LostFile

ROOT = RootId(1)


def lost(number: int, relative: str, content: str | None = "x", size: int = 5) -> LostFile:
    return LostFile(ImageId(number), ROOT, relative, size, content)


def new(relative: str, size: int = 5) -> NewFile:
    return NewFile(ROOT, relative, size)


def pairs(found: Matched) -> dict[str, str]:
    return {before.relative: after.relative for before, after in found.pairs}


def matched(gone: list[LostFile], came: dict[NewFile, str]) -> Matched:
    return match(gone, list(came), came, occupied=frozenset())


def test_content_decides_whatever_the_name() -> None:
    found = matched([lost(1, "a", "x"), lost(2, "b", "y")], {new("b"): "x", new("c"): "y", new("a"): "z"})
    assert pairs(found) == {"a": "b", "b": "c"}
    assert not found.unclear


def test_alike_files_are_told_apart_by_the_ends_of_their_paths() -> None:
    found = matched(
        [lost(1, "one/a/1.png"), lost(2, "one/b/1.png"), lost(3, "one/b/2.png")],
        {new("two/a/1.png"): "x", new("two/b/1.png"): "x", new("two/b/other.png"): "x"},
    )
    assert pairs(found) == {
        "one/a/1.png": "two/a/1.png",
        "one/b/1.png": "two/b/1.png",
        "one/b/2.png": "two/b/other.png",
    }


def test_what_is_alike_in_everything_is_unclear() -> None:
    found = matched([lost(1, "a"), lost(2, "b")], {new("c"): "x", new("d"): "x"})
    assert found.pairs == []
    assert [(len(gone), len(came)) for gone, came in found.unclear] == [(2, 2)]


def test_without_a_hash_size_and_name_decide_but_not_for_a_place_that_was_taken() -> None:
    gone = [lost(1, "a/1.png", None), lost(2, "a/2.png", None, size=6)]
    came = [new("b/1.png"), new("b/2.png")]
    assert pairs(match(gone, came, {}, occupied=frozenset())) == {"a/1.png": "b/1.png"}
    assert pairs(match(gone, came, {}, occupied=frozenset(came))) == {}
    assert worth_hashing(gone, came) == []
    assert worth_hashing([lost(3, "c")], [*came, new("long", size=99)]) == came


NAMES = st.sampled_from(["a/1", "a/2", "b/1", "b/2", "c/3", "d/1"])


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(NAMES, st.sampled_from(["x", "y", None]), max_size=5),
    st.dictionaries(NAMES.map("n/".__add__), st.sampled_from(["x", "y", "z"]), max_size=5),
)
def test_no_file_is_used_twice_and_every_pair_is_alike(before: dict[str, str | None], after: dict[str, str]) -> None:
    gone = [lost(number, name, content) for number, (name, content) in enumerate(before.items())]
    came = {new(name): content for name, content in after.items()}
    found = matched(gone, came)
    assert len({row.id for row, _ in found.pairs}) == len({file for _, file in found.pairs}) == len(found.pairs)
    for row, file in found.pairs:
        assert row.content_hash == came[file] or (
            row.content_hash is None and row.relative.split("/")[-1] == file.relative.split("/")[-1]
        )
