import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.formats.lists import joined, parted
from workbench.data.formats.text import line_of, lines_of, read_json, read_text
from workbench.errors import WorkbenchError

NAMES = st.lists(st.text(st.sampled_from("ab|\\ ,"), min_size=1).filter(str.strip), unique=True).map(tuple)


@settings(deadline=None, max_examples=50)
@given(names=NAMES)
def test_a_list_in_a_cell_comes_back(names: tuple[str, ...]) -> None:
    assert parted(joined(names)) == names


def test_nothing_said_is_not_none_of_them() -> None:
    assert (joined(None), parted("")) == ("", None)
    assert (joined(()), parted("|")) == ("|", ())


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(values=st.lists(VALUES, min_size=1, max_size=5), indent=st.sampled_from((None, 1)))
def test_the_line_of_an_element(values: list[Any], indent: int | None) -> None:
    text = json.dumps({"before": [1, {"a": 2}], "here": values, "after": 3}, indent=indent)
    lines = lines_of(text, "here")
    assert lines == [line_of(text, "here", place) for place in range(len(values))]
    # Up to its line the text holds what is before the element, and no more than that on earlier lines.
    for place, line in enumerate(lines):
        above = "\n".join(text.split("\n")[: line - 1])
        assert above.count("\n") == max(0, line - 2)
        if indent:
            start = text.split("\n")[line - 1].strip().rstrip(",")
            assert json.dumps(values[place], indent=1).split("\n")[0] == start


def test_the_line_of_what_is_not_there_is_that_of_what_holds_it() -> None:
    text = '{\n"a": [\n1,\n{"b": 2}]}'
    assert [line_of(text, "a", 1, "b"), line_of(text, "a", 7), line_of(text, "x")] == [4, 2, 1]
    assert lines_of(text, "x") == []


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a\n\0b", 2), ("a\nb".encode("utf-16")[:-1], 2), (b"\xef\xbb\xbfa\n\xff", 2)],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(WorkbenchError, match=rf"Line {line} of the file .*x\.csv"):
        read_text(tmp_path / "x.csv")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no.json", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(WorkbenchError, match=why):
            read_json(path)


def test_a_number_of_many_digits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[" + "9" * 10_000 + "]")
    with pytest.raises(WorkbenchError, match=r"x\.json holds a number"):
        read_json(tmp_path / "x.json")


def test_a_number_that_json_has_not_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[1,\n "NaN",\n NaN]')
    with pytest.raises(WorkbenchError, match=r"Line 3 .* \(NaN\)"):
        read_json(tmp_path / "x.json")
