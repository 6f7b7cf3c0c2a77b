import pytest

from workbench.data.dataset import Sample
from workbench.errors import WorkbenchError
from workbench.evaluation.samples import all_samples, changed, content_hash, in_test_set, read_samples, split_names

LISTED = """id,path,class,split,content_hash
4,/a/b.png,pit,test,
2,/a/c.png,good,train,ff
1,"/a/d,e.png",good,test,ee
"""


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text(LISTED, encoding="utf-8")
    return path


def test_a_split_is_read_in_order_with_the_classes_given(listed):
    assert read_samples(listed, "test", ["good", "pit"]) == [
        Sample(4, "/a/b.png", 1, None),
        Sample(1, "/a/d,e.png", 0, "ee"),
    ]
    assert read_samples(listed, "validation", ["good", "pit"]) == []
    assert split_names(listed) == ["train", "test"]


def test_an_unknown_class_is_named(listed):
    with pytest.raises(WorkbenchError, match="has the class pit"):
        read_samples(listed, "test", ["good"])


def test_a_missing_or_damaged_list_is_told(tmp_path):
    with pytest.raises(WorkbenchError, match="cannot be read"):
        split_names(tmp_path / "none.csv")
    damaged = tmp_path / "damaged.csv"
    damaged.write_text("id,path\nx,y\n", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="is damaged"):
        read_samples(damaged, "test", [])


def test_changed_compares_the_content(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    sample = Sample(1, str(path), 0, content_hash(path))
    assert not changed(sample)
    assert not changed(Sample(1, str(path), 0, None))
    path.write_bytes(b"two")
    assert changed(sample)


def test_a_list_of_before_knows_no_test_sets(listed):
    assert {sample.test_set for sample in all_samples(listed)} == {None}
    assert in_test_set(listed, "spring", {1, 2}) == {1}  # frozen later; image 2 was trained on
    with pytest.raises(WorkbenchError, match="no test images of the test set 'spring'; train again"):
        in_test_set(listed, "spring", {2})


def test_the_list_decides_which_images_a_test_set_had(listed):
    rows = LISTED.replace("content_hash", "content_hash,test_set").replace("test,\n", "test,,spring\n")
    listed.write_text(rows.replace("ff\n", "ff,\n").replace("ee\n", "ee,autumn\n"), encoding="utf-8")
    assert [sample.test_set for sample in all_samples(listed)] == ["spring", None, "autumn"]
    assert in_test_set(listed, "spring", {1, 4}) == {4}
    with pytest.raises(WorkbenchError, match="test set 'winter'; it has autumn, spring"):
        in_test_set(listed, "winter", ())
