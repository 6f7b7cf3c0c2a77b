from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.curation.made import scanned, scene
from workbench.curation.group_keys import GroupKeys
from workbench.curation.grouping import group_key
from workbench.curation.patterns import group_pattern
from workbench.embedding.embed import FOLDER
from workbench.embedding.store import EmbeddingStore
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Noticed
from workbench.project.project import Project


def grouped(project: Project, by: str) -> tuple[GroupKeys, list[Event]]:
    generator, events = group_key(project, by), []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as ended:
            return ended.value, events


def members(project: Project, keys: GroupKeys) -> dict[str, set[str]]:
    names = {row.id: row.relative for row in project.images.page(project.images.ids())}
    found: dict[str, set[str]] = {}
    for image_id, group in zip(keys.ids.tolist(), keys.group_ids.tolist(), strict=True):
        found.setdefault(keys.names[group], set()).add(names[image_id])
    return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    def draw(images: Path) -> None:
        for n in range(6):
            exif = Image.Exif()
            if n != 5:
                exif[0x0110] = f"Camera {n % 2}"
                exif.get_ifd(0x8769)[0x9003] = f"2026:01:0{1 + n // 2} 10:00:00"
            scene(n).save(images / f"p{n // 2}_{n}.jpg", exif=exif, quality=95)
        scene(0).resize((60, 60)).save(images / "other.png")

    return Project.open(scanned(tmp_path, draw))


@pytest.mark.parametrize("pattern", [r"^p(\d+)_", r"(?:^p)(?P<group>\d+)_(\d)"])
def test_a_pattern_groups_by_its_group_and_leaves_other_paths_alone(project: Project, pattern: str):
    with project:
        keys, events = grouped(project, f"path:{pattern}")
        assert members(project, keys) == {
            "0": {"p0_0.jpg", "p0_1.jpg"},
            "1": {"p1_2.jpg", "p1_3.jpg"},
            "2": {"p2_4.jpg", "p2_5.jpg"},
        }
        assert keys.how == f"path:{pattern}"
        assert any(isinstance(event, Noticed) and "1 images" in event.message for event in events)


def test_a_pattern_without_brackets_groups_by_what_it_matches(project: Project):
    with project:
        keys, _ = grouped(project, r"path:p\d")
        assert set(members(project, keys)) == {"p0", "p1", "p2"}


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("path:(", "no regular expression"),
        (r"path:(p)(\d)", "brackets"),
        ("path:(?:a+)+(b)", "repeats a repetition"),
        ("path:(zebra)", "occurs in no path"),
        ("column:patient", "no column 'patient'"),
        ("exif:Modell", "LensModel"),
        ("exif:ISOSpeedRatings", "no file carries"),
        ("dicom:PatientId", "PatientID"),
        ("dicom:PatientID", "no file carries"),
        ("patient", "names no way"),
        ("path:", "names no way"),
    ],
)
def test_what_cannot_group_is_refused_in_a_sentence(project: Project, by: str, sentence: str):
    with project, pytest.raises(WorkbenchError, match=sentence):
        grouped(project, by)


@pytest.mark.parametrize(
    ("by", "groups"),
    [("exif:Model", {"Camera 0": 3, "Camera 1": 2}), ("exif:datetimeoriginal", {"2026:01:01 10:00:00": 2})],
)
def test_exif_tags_group_wherever_the_file_keeps_them(project: Project, by: str, groups: dict[str, int]):
    with project:
        found = members(project, grouped(project, by)[0])
        assert groups.items() <= {name: len(images) for name, images in found.items()}.items()


def test_a_column_groups_and_empty_cells_stand_alone(project: Project):
    with project:
        ids = project.images.ids().tolist()
        project.fields.set("patient", {ids[0]: "A", ids[1]: "B", ids[2]: "A", ids[3]: " "})
        keys, _ = grouped(project, "column:Patient")
        assert {name: len(images) for name, images in members(project, keys).items()} == {"A": 2, "B": 1}


def test_a_dicom_tag_groups(tmp_path: Path):
    pytest.importorskip("pydicom")
    from tests.dicom_files import write_dicom

    def draw(images: Path) -> None:
        for n in range(4):
            write_dicom(images / f"{n}.dcm", np.full((8, 8), n, dtype=np.uint16), PatientID=f"P{n % 2}")

    with Project.open(scanned(tmp_path, draw)) as project:
        keys, _ = grouped(project, "dicom:PatientID")
        assert members(project, keys) == {"P0": {"0.dcm", "2.dcm"}, "P1": {"1.dcm", "3.dcm"}}


def test_near_duplicates_group_by_hash_and_say_so(project: Project):
    with project:
        keys, events = grouped(project, "near-duplicates")
        assert list(members(project, keys).values()) == [{"other.png", "p0_0.jpg"}]
        assert keys.how == "near-duplicates by hash"
        assert any(isinstance(event, Noticed) and "by hash" in event.message for event in events)


def test_near_duplicates_group_by_stored_embeddings_as_well(project: Project):
    with project:
        rows = project.images.page(project.images.ids())
        vectors = np.random.default_rng(0).normal(size=(len(rows), 64)).astype(np.float32)
        names = [row.relative for row in rows]
        vectors[names.index("p2_5.jpg")] = vectors[names.index("p1_2.jpg")] * 1.01
        with EmbeddingStore(project.cache_folder / FOLDER, "made") as store:
            store.describe({"title": "made up"})
            store.add([row.content_hash or "" for row in rows], vectors)
        keys, _ = grouped(project, "near-duplicates")
        assert {frozenset(group) for group in members(project, keys).values()} == {
            frozenset(("other.png", "p0_0.jpg")),
            frozenset(("p1_2.jpg", "p2_5.jpg")),
        }
        assert "made up" in keys.how


@pytest.mark.parametrize("pattern", [r"(a\d{1,3}b?)+?", r"([a-z]+_\d+)_", r"(?P<group>(?:ab){2,4}c*)"])
def test_ordinary_patterns_are_accepted(pattern: str):
    group: Callable[[str], str] = group_pattern(pattern)
    assert group("a1b" + "x" * 2000) == ""
    assert isinstance(group("a1b"), str)
