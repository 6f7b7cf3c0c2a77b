from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.ids import SPLITS, STATES, ImageId
from workbench.project.images import Added, NewImage, Query
from workbench.project.project import Project


def paths(project: Project, query: Query) -> list[str]:
    return [row.relative for row in project.images.page(project.images.ids(query))]


def test_a_row_says_what_the_scan_found(project: Project, add, scan, images_folder: Path):
    root = add(scan("größe/图 1.png", width=7, height=9, channels=1, bits=16, bytes=77, modified_ns=5, split="test"))
    (row,) = project.images.page(project.images.ids())
    assert (row.relative, row.path, row.root) == ("größe/图 1.png", images_folder / "größe" / "图 1.png", root)
    assert (row.width, row.height, row.channels, row.bits, row.bytes, row.modified_ns) == (7, 9, 1, 16, 77, 5)
    assert (row.state, row.error, row.content_hash, row.split) == ("unverified", None, None, "test")
    assert row.class_id == project.labels.classes()[0].id
    assert project.images.get(row.id) == row


def test_a_page_keeps_the_order_and_repeats_of_its_ids(project: Project, add):
    add(good=300)
    wanted = np.random.default_rng(3).permutation(np.arange(1, 301))
    assert [row.id for row in project.images.page(wanted)] == wanted.tolist()
    assert [row.id for row in project.images.page([4, 2, 4])] == [4, 2, 4]
    assert project.images.page([]) == []
    with pytest.raises(ValueError, match="not the id of an image"):
        project.images.page([1, 301])


def test_a_rescan_adds_what_is_new_and_updates_what_has_changed(project: Project, images_folder: Path, scan):
    root = project.images.add_root(images_folder)
    assert project.images.add_root(images_folder) == root
    first, second = scan("good/1.png"), scan("good/2.png")
    assert project.images.add(root, [first, second, first]) == Added(added=2, updated=0, unchanged=0)
    project.images.set_verified([(ImageId(1), "aa", None), (ImageId(2), "bb", None)])
    changed = replace(second, bytes=2000, width=50)
    assert project.images.add(root, [first, changed, scan("pit/3.png")]) == Added(added=1, updated=1, unchanged=1)
    one, two, three = project.images.page([1, 2, 3])
    assert (one.state, one.content_hash) == ("ok", "aa")
    assert (two.state, two.content_hash, two.width, two.bytes) == ("unverified", None, 50, 2000)
    assert project.images.unverified().tolist() == [2, 3] == [two.id, three.id]


def test_a_rescan_never_overwrites_what_the_user_decided(project: Project, images_folder: Path, scan):
    root = project.images.add_root(images_folder)
    images = [scan(f"good/{n}.png", split="train") for n in range(4)]
    project.images.add(root, images)
    good, pit = project.labels.classes()[0].id, project.labels.add_class("pit")
    project.labels.assign([1], pit)
    project.labels.assign([2], None)
    project.splits.assign([1, 2], None)
    project.images.add(root, [replace(image, class_name="other", bytes=5) for image in images])
    other = project.labels.classes()[-1].id
    assert [row.class_id for row in project.images.page([1, 2, 3, 4])] == [pit, None, other, other]
    assert [row.split for row in project.images.page([1, 2, 3, 4])] == [None, None, "train", "train"]
    assert [(row.class_id, row.source) for row in project.labels.history(ImageId(3))] == [
        (good, "folder"),
        (other, "folder"),
    ]


def test_a_rescan_that_says_nothing_of_a_class_leaves_the_label(project: Project, images_folder: Path, scan):
    root = project.images.add_root(images_folder)
    project.images.add(root, [scan("good/1.png")])
    assert project.images.add(root, [scan("good/1.png", class_name=None)]).unchanged == 1
    assert project.images.get(ImageId(1)).class_id is not None


def test_missing_and_corrupt_files_come_back_when_they_are_found_whole(project: Project, images_folder: Path, scan):
    root = project.images.add_root(images_folder)
    images = [scan("good/1.png"), scan("good/2.png", error="torn"), scan("good/3.png")]
    project.images.add(root, images)
    project.images.set_verified([(ImageId(3), None, "decodes to nothing")])
    project.images.mark_missing([1])
    assert [row.state for row in project.images.page([1, 2, 3])] == ["missing", "corrupt", "corrupt"]
    assert [row.error for row in project.images.page([1, 2, 3])] == [None, "torn", "decodes to nothing"]
    assert project.images.samples() == []
    assert project.images.add(root, images) == Added(added=0, updated=1, unchanged=2)
    assert project.images.add(root, [scan("good/2.png", bytes=9), scan("good/3.png", bytes=9)]).updated == 2
    assert [row.state for row in project.images.page([1, 2, 3])] == ["unverified"] * 3
    assert [row.error for row in project.images.page([1, 2, 3])] == [None] * 3


def test_files_that_two_roots_share_are_there_once(project: Project, images_folder: Path, scan):
    (images_folder / "part" / "good").mkdir(parents=True)
    inner = project.images.add_root(images_folder / "part")
    project.images.add(inner, [scan("loose.png"), scan("good/1.png")])
    outer = project.images.add_root(images_folder)
    both = [scan("part/loose.png"), scan("part/good/1.png", class_name="good"), scan("other/2.png")]
    assert project.images.add(outer, both) == Added(added=1, updated=1, unchanged=1)
    assert project.images.get(ImageId(1)).class_id is not None  # the wider scan knew a class for it
    assert project.images.add(inner, [scan("good/1.png"), scan("good/new.png")]).added == 1
    assert project.images.count() == 4


def test_a_file_name_that_is_no_unicode_is_told_and_nothing_is_added(project: Project, images_folder: Path, scan):
    root = project.images.add_root(images_folder)
    with pytest.raises(WorkbenchError, match=r"'good/\\udce9.png' is not valid Unicode"):
        project.images.add(root, [scan("good/1.png"), scan("good/\udce9.png", class_name="good")])
    assert project.images.count() == 0
    assert project.labels.classes() == []


def test_samples_are_labelled_usable_images_by_path(project: Project, add, scan, images_folder: Path):
    add(scan("loose.png"), scan("b/2.png"), scan("a/1.png", split="test"), scan("a/0.png", error="torn"))
    project.images.set_verified([(ImageId(3), "cc", None)])
    samples = project.images.samples()
    assert [sample.path for sample in samples] == [images_folder / "a" / "1.png", images_folder / "b" / "2.png"]
    assert (samples[0].split, samples[0].content_hash, samples[0].width, samples[0].height) == ("test", "cc", 40, 30)
    assert [sample.id for sample in project.images.samples("test")] == [3]
    assert project.images.samples("validation") == []


def test_orders(project: Project, add, scan):
    add(
        scan("b/1.png", modified_ns=30, width=10, height=10),
        scan("a/2.png", modified_ns=10, width=30, height=10),
        scan("c.png", modified_ns=20, width=10, height=20),
    )
    a, b = [row.id for row in project.labels.classes()]
    expected = {"path": [2, 1, 3], "added": [1, 2, 3], "newest": [1, 3, 2], "largest": [2, 3, 1], "class": [2, 1, 3]}
    for order, ids in expected.items():
        assert project.images.ids(Query(order=order)).tolist() == ids  # type: ignore[arg-type]
        assert project.images.ids(Query(order=order, descending=True)).tolist() == ids[::-1]  # type: ignore[arg-type]
    project.labels.reorder([b, a])
    assert project.images.ids(Query(order="class")).tolist() == [1, 2, 3]
    add(scan("0.png"))
    assert project.images.ids().tolist() == [4, 2, 1, 3]


def test_ids_are_the_callers_own(project: Project, add):
    add(good=3)
    project.images.ids()[:] = 0
    assert project.images.ids().tolist() == [1, 2, 3]


def test_text_is_taken_literally_and_without_case(project: Project, add, scan):
    add(scan("a/50%_off.png"), scan("a/50 xoff.png"), scan("b/Größe\\1.PNG"))
    assert paths(project, Query(text="%_O")) == ["a/50%_off.png"]
    assert paths(project, Query(text="\\1.png")) == ["b/Größe\\1.PNG"]
    assert project.images.count(Query(text="50", split="none")) == 2


def test_another_connection_sees_new_images(project: Project, add, scan):
    add(good=2)
    with Project.open(project.folder) as other:
        assert len(other.images.ids()) == 2
        add(pit=2)
        assert [row.relative for row in other.images.page(other.images.ids())][-1] == "pit/001.png"


facts = st.tuples(
    st.sampled_from([None, "a", "b"]), st.sampled_from([None, *SPLITS]), st.sampled_from(STATES), st.integers(0, 9)
)


@settings(max_examples=20, deadline=None)
@given(st.lists(facts, max_size=30), st.data())
def test_every_query_finds_what_matches(tmp_path_factory: pytest.TempPathFactory, rows, data: st.DataObject):
    folder = tmp_path_factory.mktemp("query")
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder)
        images = [
            NewImage(
                f"{name or '_'}/{text}_{n}.png", 4, 4, 3, 8, 1, n, name, split, "torn" if state == "corrupt" else None
            )
            for n, (name, split, state, text) in enumerate(rows)
        ]
        known = project.labels.ensure_classes(["a", "b"])
        project.images.add(root, images)
        for n, (_, _, state, _) in enumerate(rows, 1):
            if state == "ok":
                project.images.set_verified([(ImageId(n), "hash", None)])
            elif state == "missing":
                project.images.mark_missing([n])
        for _ in range(5):
            query = Query(
                class_id=data.draw(st.sampled_from([None, *known.values()])),
                unlabelled=data.draw(st.booleans()),
                split=data.draw(st.sampled_from([None, "none", *SPLITS])),
                state=data.draw(st.sampled_from([None, *STATES])),
                text=data.draw(st.sampled_from(["", "1", "A/", "_"])),
            )
            expected = sorted(
                (images[n].relative, n + 1)
                for n, (name, split, state, _) in enumerate(rows)
                if (query.class_id is None or (name is not None and known[name] == query.class_id))
                and (not query.unlabelled or name is None)
                and (query.split is None or split == (None if query.split == "none" else query.split))
                and (query.state is None or state == query.state)
                and query.text.lower() in images[n].relative
            )
            assert project.images.ids(query).tolist() == [image_id for _, image_id in expected]
            assert project.images.count(query) == len(expected)


def test_disk_full_while_adding_is_one_sentence(project: Project, images_folder: Path, scan: Callable[..., NewImage]):
    root = project.images.add_root(images_folder)
    project.images.add(root, [scan("good/1.png")])
    pages = project._database.value("PRAGMA page_count")
    project._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(WorkbenchError, match="There is no space left"):
        project.images.add(root, [scan(f"pit/{n}.png") for n in range(2000)])
    assert project.images.count() == 1
    assert [row.name for row in project.labels.classes()] == ["good"]
