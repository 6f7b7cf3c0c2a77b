import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.project import among
from workbench.project.database import Database

IDS = st.sets(st.integers(1, 120)).map(lambda chosen: np.array(sorted(chosen), dtype=np.int64))


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = Database(tmp_path_factory.mktemp("among") / "project.sqlite")
    database.migrate()
    database.execute_many(
        "INSERT INTO image (id, class_id, state) VALUES (?, ?, 0)", ((n, 2 * n) for n in range(1, 121))
    )
    yield database
    database.close()


@settings(max_examples=50, deadline=None)
@given(ids=IDS)
@example(ids=np.arange(1, 121))
@example(ids=np.arange(1, 121, 2))
@example(ids=np.array([1, 120]))
@example(ids=np.array([*range(1, 5), *range(20, 24), *range(50, 54), *range(70, 74), *range(90, 94), *range(110, 114)]))
def test_neighbours_and_scattered_ids_are_read_and_changed_alike(database: Database, ids):
    assert among.column(database, "class_id", ids).tolist() == [2 * n for n in ids.tolist()]
    rest = "FROM image WHERE class_id > ? AND id BETWEEN ? AND ? ORDER BY id"
    read, classes = among.read_columns(database, ["id", "class_id"], rest, ids, (100,))
    assert read.tolist() == [n for n in ids.tolist() if n > 50]
    assert classes.tolist() == [2 * n for n in ids.tolist() if n > 50]
    with database.transaction():
        among.change(database, "UPDATE image SET split = ? WHERE id BETWEEN ? AND ?", ids, (1,))
        changed = database.integers("SELECT id AS value FROM image WHERE split = 1 ORDER BY id")
        database.execute("UPDATE image SET split = NULL")
    assert changed.tolist() == ids.tolist()


@pytest.mark.parametrize("ids", [[0], [121], [119, 120, 121], [0, *range(1, 120, 2)], [*range(2, 120, 7), 125]])
def test_an_id_that_is_no_image_is_noticed(database: Database, ids):
    with pytest.raises(ValueError, match="not the id of an image"):
        among.column(database, "class_id", np.array(ids))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5) | st.integers(0, 10**12)))
def test_codes_are_split_and_the_different_values_found(codes):
    array = np.array(codes, dtype=np.int64)
    found, places = among.distinct(array)
    assert found.tolist() == sorted(set(codes))
    assert found[places].tolist() == codes
    ids = np.arange(len(codes)) * 3
    parts = list(among.split(ids, array))
    assert [code for code, _ in parts] == sorted(set(codes))
    for code, part in parts:
        assert part.tolist() == [3 * n for n, value in enumerate(codes) if value == code]


def test_a_query_that_names_the_ids_in_the_middle(database: Database):
    sql = "SELECT id AS value FROM image WHERE id BETWEEN ? AND ? AND class_id > 20 ORDER BY id DESC"
    ids = np.arange(1, 100, 9)
    assert among.read(database, sql, ids).tolist() == [n for n in ids.tolist()[::-1] if n > 10]
