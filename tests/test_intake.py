import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.dicom_files import write_dicom
from workbench.data.reading import Decoding, read_image
from workbench.data.thumbnails import Thumbnails
from workbench.errors import WorkbenchError
from workbench.intake import Intake, add_folders, decoding_of, set_window
from workbench.jobs import Event, Noticed, Progress, Stop, drain, from_json, to_json
from workbench.project.images import Query
from workbench.project.project import Project

Images = Callable[..., Path]


def take(project: Path, *folders: Path, verify: bool = True) -> tuple[Intake, list[Event]]:
    events = list(add_folders(project, folders, verify=verify)(Stop()))
    assert isinstance(events[-1], Intake)
    return events[-1], events


def noticed(events: list[Event]) -> list[Noticed]:
    return [event for event in events if isinstance(event, Noticed)]


def test_classes_come_from_the_folders_in_natural_order(tiny_images: Images, tmp_path: Path) -> None:
    result, events = take(tmp_path / "project", tiny_images({"10": 2, "2": 3, "1": 4}))
    assert result == Intake(images=9, added=9, classes=["1", "2", "10"], corrupt=0, unlabelled=0, split={})
    assert not noticed(events)
    assert events[-2] == Progress(9, 9, "Checking images")
    assert from_json(to_json(result), (Intake,)) == result
    with Project.open(tmp_path / "project") as project:
        rows = project.images.page(project.images.ids())
        names = {row.id: row.name for row in project.labels.classes()}
    assert [names[row.class_id] for row in rows if row.class_id is not None] == [
        row.relative.split("/")[0] for row in rows
    ]
    assert {row.state for row in rows} == {"ok"}
    assert rows[0].content_hash == hashlib.sha256(rows[0].path.read_bytes()).hexdigest()


def test_a_second_intake_adds_what_is_new_and_keeps_labels(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 3, "bad": 2})
    take(tmp_path / "project", folder)
    with Project.open(tmp_path / "project") as project:
        first = project.images.ids()[0]
        good = next(row.id for row in project.labels.classes() if row.name == "good")
        project.labels.assign([first], good)
    tiny_images({"bad": 4})
    result, _ = take(tmp_path / "project", folder)
    assert (result.images, result.added) == (7, 2)
    with Project.open(tmp_path / "project") as project:
        assert project.images.get(first).class_id == good
        assert project.images.count() == 7


def test_corrupt_files_are_named_and_the_rest_comes_in(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 3, "bad": 3})
    (folder / "good" / "000.png").write_bytes(b"no image")
    cut = folder / "bad" / "001.png"
    cut.write_bytes(cut.read_bytes()[:-200])
    for _ in range(2):  # the second intake names them again
        result, events = take(tmp_path / "project", folder)
        assert (result.images, result.corrupt) == (6, 2)
        assert sorted(str(event.path) for event in noticed(events)) == [str(cut), str(folder / "good" / "000.png")]
        assert "cut off" in next(event.message for event in noticed(events) if event.path == str(cut))
    with Project.open(tmp_path / "project") as project:
        assert project.images.count(Query(state="corrupt")) == 2
        assert len(project.images.samples(None)) == 4


def test_a_corrupt_file_that_was_replaced_is_fine_again(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 2, "bad": 2})
    broken = folder / "good" / "000.png"
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    assert take(tmp_path / "project", folder)[0].corrupt == 1
    broken.write_bytes(whole)
    assert take(tmp_path / "project", folder)[0].corrupt == 0


def test_too_many_pixels_are_refused_by_name(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 2})
    with Project.create(tmp_path / "project") as project:
        project.settings.set("decoding", Decoding(max_pixels=1000).as_dict())
    result, events = take(tmp_path / "project", folder, verify=False)
    assert result.corrupt == 2
    assert "limit of 1,000" in noticed(events)[0].message


def test_a_tree_sets_the_split(tiny_images: Images, tmp_path: Path) -> None:
    tiny_images({"good": 3, "bad": 3}, name="tree/train")
    tiny_images({"good": 1, "bad": 2}, name="tree/valid")
    result, _ = take(tmp_path / "project", tmp_path / "tree")
    assert result.split == {"train": 6, "validation": 3}
    with Project.open(tmp_path / "project") as project:
        assert len(project.images.samples("validation")) == 3
        assert project.images.samples("test") == []


def test_empty_class_folders_are_noticed(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 1, "bad": 1})
    (folder / "scratch").mkdir()
    result, events = take(tmp_path / "project", folder)
    assert result.classes == ["bad", "good"]
    assert [event.path for event in noticed(events)] == [str(folder / "scratch")]


def test_a_folder_without_images_writes_nothing(tiny_images: Images, tmp_path: Path) -> None:
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    for folders in ([tmp_path / "empty"], [tiny_images({"good": 1}), tmp_path / "empty"], [tmp_path / "nowhere"]):
        with pytest.raises(WorkbenchError, match=r"empty holds no images|nowhere does not exist"):
            list(add_folders(tmp_path / "project", folders)(Stop()))
        assert not (tmp_path / "project").exists()


def test_an_image_that_is_gone_is_missing_until_it_is_back(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 2, "bad": 2})
    take(tmp_path / "project", folder)
    gone = folder / "good" / "001.png"
    gone.rename(tmp_path / "aside.png")
    _, events = take(tmp_path / "project", folder)
    assert [event.path for event in noticed(events)] == [str(gone)]
    with Project.open(tmp_path / "project") as project:
        assert project.images.count(Query(state="missing")) == 1
    (tmp_path / "aside.png").rename(gone)
    assert not noticed(take(tmp_path / "project", folder)[1])
    with Project.open(tmp_path / "project") as project:
        assert project.images.count(Query(state="missing")) == 0


def test_a_stopped_intake_goes_on_later(tiny_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.intake._CHUNK", 2)
    folder, stop = tiny_images({"good": 6}), Stop()
    for event in drain(add_folders(tmp_path / "project", [folder]), stop):
        if event == Progress(2, 6, "Checking images"):
            stop.stop()
    with Project.open(tmp_path / "project") as project:
        assert project.images.count() == 6
        assert len(project.images.unverified()) == 4
    take(tmp_path / "project", folder)
    with Project.open(tmp_path / "project") as project:
        assert len(project.images.unverified()) == 0


def test_deep_images_set_the_window_once(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for number in range(3):
        levels = np.random.default_rng(number).integers(1000, 5000, (64, 64)).astype(np.uint16)
        Image.fromarray(levels).save(folder / f"{number}.png")
    result, _ = take(tmp_path / "project", folder)
    assert result.unlabelled == 3
    with Project.open(tmp_path / "project") as project:
        decoding = decoding_of(project)
        assert 1000 <= decoding.window[0] < 1050
        assert 4950 < decoding.window[1] <= 5000
        assert np.ptp(read_image(folder / "0.png", decoding)) == 255
        project.settings.set("decoding", Decoding(window=(7, 9)).as_dict())
    take(tmp_path / "project", folder)
    with Project.open(tmp_path / "project") as project:
        assert decoding_of(project).window == (7, 9)


def test_dicom_brings_its_own_window_and_its_levels_may_be_negative(tmp_path: Path) -> None:
    folder = tmp_path / "ct"
    folder.mkdir()
    stored = np.random.default_rng(1).integers(0, 4000, (16, 12)).astype(np.uint16)
    tags = {"RescaleSlope": "1", "RescaleIntercept": "-1024"}
    for number in range(3):
        write_dicom(folder / f"{number}.dcm", stored, WindowCenter="-100", WindowWidth="401", **tags)
    write_dicom(folder / "without.dcm", stored, **tags)
    result, told = take(tmp_path / "project", folder)
    assert (result.images, result.corrupt, noticed(told)) == (4, 0, [])
    with Project.open(tmp_path / "project") as project:
        assert decoding_of(project).window == (-301, 100)
        rules = decoding_of(project)
    assert np.array_equal(read_image(folder / "0.dcm", rules), read_image(folder / "without.dcm", rules))


def test_dicom_without_a_window_takes_percentiles(tmp_path: Path) -> None:
    folder = tmp_path / "ct"
    folder.mkdir()
    stored = np.random.default_rng(1).integers(0, 4000, (40, 40)).astype(np.uint16)
    write_dicom(folder / "a.dcm", stored, RescaleSlope="1", RescaleIntercept="-1024")
    take(tmp_path / "project", folder)
    with Project.open(tmp_path / "project") as project:
        low, high = decoding_of(project).window
    assert -1024 <= low < -1000
    assert 2950 < high <= 2976


def test_a_window_is_set_and_taken_back_and_thumbnails_follow(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    Image.fromarray(np.arange(0, 6400, 100, dtype=np.uint16).reshape(8, 8)).save(folder / "a.png")
    take(tmp_path / "project", folder)
    with Project.open(tmp_path / "project") as project:
        first = decoding_of(project).window

        def thumbnail() -> np.ndarray:
            return Thumbnails(project.cache_folder, decoding_of(project)).get(folder / "a.png", 1, 64)

        before = thumbnail()
        assert set_window(project, -50, 1000) == first
        assert decoding_of(project).window == (-50, 1000)
        assert not np.array_equal(thumbnail(), before)
        set_window(project, *first)
        assert np.abs(thumbnail().astype(int) - before).max() <= 2  # from the disk, as JPEG
        for low, high in ((5, 5), (9, 2), (0, 2**40)):
            with pytest.raises(WorkbenchError, match="window cannot be set"):
                set_window(project, low, high)
        assert decoding_of(project).window == first


def test_many_missing_images_are_counted_not_listed(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 30, "bad": 1})
    take(tmp_path / "project", folder)
    shutil.rmtree(folder / "good")
    told = [event.message for event in noticed(take(tmp_path / "project", folder)[1])]
    assert len(told) == 21
    assert told[-1].startswith("10 further images are missing")


def test_without_deep_images_the_rules_are_the_defaults(tiny_images: Images, tmp_path: Path) -> None:
    take(tmp_path / "project", tiny_images({"good": 1}))
    with Project.open(tmp_path / "project") as project:
        assert project.settings.get("decoding") is None
        assert decoding_of(project) == Decoding()


def test_a_project_in_the_folder_of_its_images(tiny_images: Images, tmp_path: Path) -> None:
    folder = tiny_images({"good": 2, "bad": 2})
    take(folder, folder)
    (folder / "cache").mkdir(exist_ok=True)
    shutil.copy(folder / "good" / "000.png", folder / "cache" / "thumbnail.png")
    assert take(folder, folder)[0].images == 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "neu_cls",
            {
                "images": 600,
                "unlabelled": 0,
                "split": {},
                "classes": ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"],
            },
        ),
        (
            "ants_bees",
            {"images": 397, "unlabelled": 0, "split": {"train": 244, "validation": 153}, "classes": ["ants", "bees"]},
        ),
        ("idrid", {"images": 160, "unlabelled": 160, "split": {}, "classes": []}),
    ],
)
def test_real_images_come_in(name: str, expected: dict, shared_folder: Path, tmp_path: Path) -> None:
    result, events = take(tmp_path / "project", shared_folder / "data" / name)
    assert {key: getattr(result, key) for key in expected} == expected
    assert (result.added, result.corrupt) == (result.images, 0)
    assert not noticed(events)
