import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.formats import csv_table, json_lines, tables
from workbench.data.formats.records import Extent, Head, Record
from workbench.errors import WorkbenchError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=6)
NAME = st.text(st.sampled_from("aB|\\;, \"'ä"), min_size=1, max_size=5).filter(lambda text: text == text.strip())
RECORDS = st.lists(
    st.builds(
        Record,
        image=st.text(st.sampled_from("ab/ .png\\"), min_size=1, max_size=8).filter(str.strip),
        labels=st.none() | st.lists(NAME, unique=True, max_size=3).map(tuple),
        split=st.sampled_from((None, "train", "validation", "test")),
        group=st.sampled_from(("", "p1")),
        grader=st.sampled_from(("", "Ann, B")),
        tags=st.lists(NAME, unique=True, max_size=2).map(tuple),
        note=TEXT,
        rejected=st.booleans(),
        pinned=st.booleans(),
        test_set=st.sampled_from(("", "t")),
        fields=st.dictionaries(st.sampled_from(("camera", "label", "field:x")), NAME, max_size=2),
    ),
    min_size=1,
    max_size=4,
)
EXTENT = Extent(
    several=True,
    tags=True,
    note=True,
    rejected=True,
    pinned=True,
    test_set=True,
    fields=("camera", "label", "field:x"),
)
HEAD = Head(("b|c", "a"), "multi")


@settings(deadline=None, max_examples=25)
@given(records=RECORDS, name=st.sampled_from(("x.csv", "x.tsv", "metadata.csv", "x.jsonl")))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[Record], name: str) -> None:
    stream = io.StringIO(newline="")
    if name == "x.jsonl":
        json_lines.write(stream, records, head=HEAD, extent=EXTENT)
    else:
        delimiter = "\t" if name == "x.tsv" else ","
        csv_table.write(stream, records, head=HEAD, extent=EXTENT, delimiter=delimiter, hugging=name == "metadata.csv")
    file = tmp_path_factory.mktemp("out") / name
    file.write_bytes(stream.getvalue().encode())
    found = tables.document(json_lines.read(file) if name == "x.jsonl" else csv_table.read(file), {})
    assert found.complete
    assert (found.head.classes, found.head.task) == (HEAD.classes, HEAD.task)
    for before, after in zip(records, found.records, strict=True):
        for part in ("image", "labels", "split", "group", "grader", "tags", "note", "rejected", "pinned", "test_set"):
            assert getattr(after, part) == getattr(before, part), part
        assert dict(after.fields) == dict(before.fields)


def read(folder: Path, text: str, **mapping: str) -> list[tuple[str, tuple[str, ...] | None]]:
    (folder / "x.csv").write_text(text)
    found = tables.document(csv_table.read(folder / "x.csv"), mapping)
    return [(record.image, record.labels) for record in found.records]


@pytest.mark.parametrize(
    "text",
    [
        "id_code,diagnosis\nx,a\n",
        "image_id;level;x\nx;a;3\n",
        "filename\tclass\nx\ta\n",
        "Image ID,Label\nx,a\n",
        "x.png,a\n",
        "x.png a\ny.png b\n",
        ",image,label\n0,x,a\n",
        "image|label\nx|a\n",
        "ImageName,dx,patient_id,split\nx,a,p,train\n",
        "# of row,file,target\n1,x,a\n",
        "img_path,target,side\nx,a,left\n",
        "sep=;\nimage;label\nx;a\n",
        "annotator,choice,image\n1,a,/data/upload/1/x\n",
    ],
)
def test_columns_are_found_by_their_names(tmp_path: Path, text: str) -> None:
    (image, labels), *_ = read(tmp_path, text)
    assert (image.rpartition("/")[2].removesuffix(".png"), labels) == ("x", ("a",))


def test_columns_are_named_by_the_user(tmp_path: Path) -> None:
    text = "one,two,three,cam\nx.png,a,0,9\ny.png,b,1,8\n"
    assert read(tmp_path, text, image="1", label="two")[0] == ("x.png", ("a",))
    (tmp_path / "x.csv").write_text(text)
    found = tables.document(csv_table.read(tmp_path / "x.csv"), {"label": "two", "camera": "cam"})
    assert found.records[0].fields == {"camera": "9", "three": "0"}
    with pytest.raises(WorkbenchError, match=r"Line 1 of the file .* has no column four; choose one of one, two"):
        read(tmp_path, text, label="four")


def test_a_column_that_is_left_over_beside_named_ones_is_no_label(tmp_path: Path) -> None:
    text = "image,patient,site\nx.png,p,s\n"
    assert read(tmp_path, text, patient="patient") == [("x.png", None)]
    assert read(tmp_path, "one,two\nx.png,a\n", image="one") == [("x.png", ("a",))]


def test_columns_of_0_and_1_are_classes(tmp_path: Path) -> None:
    assert read(tmp_path, "image,MEL,NV\nx,1.0,0.0\ny,0.0,1.0\n") == [("x", ("MEL",)), ("y", ("NV",))]
    assert read(tmp_path, "image,a,b,c\nx,1,1,0\ny,0,1,1\n", label="a+b") == [("x", ("a", "b")), ("y", ("b",))]
    with pytest.raises(WorkbenchError, match=r"Line 3 .* has 'maybe' in the column b"):
        read(tmp_path, "image,a,b\nx,1,1\ny,0,maybe\n", label="a+b")


def test_a_cell_is_a_list_only_beyond_doubt(tmp_path: Path) -> None:
    assert read(tmp_path, "image,label\nx,a|b\ny,b\n")[0] == ("x", ("a", "b"))
    assert read(tmp_path, "image,label\nx,a|b\ny,c\n")[0] == ("x", ("a|b",))


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (('"a,b"', "b"), ("a", "b")),
        (('"a,b"', "c"), ("a,b",)),
        (("a b", "b", "a"), ("a", "b")),
        (("0 16", "7"), ("0", "16")),
        (("small crack", "small hole", "crack"), ("small crack",)),
    ],
)
def test_lists_by_commas_and_blanks_are_taken_where_several_labels_are_asked_for(
    tmp_path: Path, cells: tuple[str, ...], first: tuple[str, ...]
) -> None:
    (tmp_path / "x.csv").write_text("image,label\n" + "".join(f"{n}.png,{cell}\n" for n, cell in enumerate(cells)))
    table = csv_table.read(tmp_path / "x.csv")
    assert tables.document(table, {}, task="multi").records[0].labels == first
    assert len(tables.document(table, {}).records[0].labels or ()) == 1


def test_the_line_of_the_delimiter_counts(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="Line 3 of the file"):
        read(tmp_path, "sep=;\nimage;label\nx\n")


def test_whole_numbers_that_pandas_wrote_as_fractions(tmp_path: Path) -> None:
    assert read(tmp_path, "image,label\nx,1.0\ny,\nz,2.0\n") == [("x", ("1",)), ("y", None), ("z", ("2",))]
    assert read(tmp_path, "image,label\nx,1.5\ny,2.0\n")[1] == ("y", ("2.0",))


def test_the_beginning_of_a_large_table_is_enough_for_a_glance(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("image,label\n" + "".join(f"{n}.png,a\n" for n in range(10_000)))
    table = csv_table.read(tmp_path / "x.csv", most=1000)
    assert 50 < len(table.rows) < 200
    assert tables.guessed(table) == {"image": "image", "label": "label"}
