import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.exchange.projects import bring, dump, labels, look, make, notices, write
from workbench.errors import WorkbenchError
from workbench.exchange.importing import guess
from workbench.project import listing
from workbench.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "project", tmp_path / "images", labelled=False)


def file(folder: Path, text: str, name: str = "labels.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def coco(**changes: Any) -> str:
    value = {
        "images": [{"id": 1, "file_name": "bad/001.png", "width": 40, "height": 30}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3}],
        "categories": [{"id": 3, "name": "pit"}],
    }
    return json.dumps(value | changes, indent=1)


BAD = {
    "no columns": ("labels.csv", "", None),
    "no rows": ("labels.csv", "image,label\n", None),
    "no image column": ("labels.csv", "colour,label\nred,a\n", 1),
    "two label columns": ("labels.csv", "image,class,target\nloose.png,a,b\n", 1),
    "a column twice": ("labels.csv", "image,label,label\nloose.png,a,b\n", 1),
    "short row": ("labels.csv", "image,label\nloose.png,a\nloose.png\n", 3),
    "long row": ("labels.csv", "image,label\nloose.png,a,b\n", 2),
    "no name": ("labels.csv", "image,label\n,a\n", 2),
    "open quote": ("labels.csv", 'image,label\nloose.png,a\n"bad/001.png,b\n', 3),
    "huge cell": ("labels.csv", "image,label\nloose.png," + "a" * 200_000 + "\n", 2),
    "NUL": ("labels.csv", "image,label\nloose.png,a\nbad/001.png,\0\n", 3),
    "split": ("labels.csv", "image,label,split\nloose.png,a,tomorrow\n", 2),
    "two labels": ("labels.csv", "image,label\nloose.png,a\nloose.png,b\n", 3),
    "two splits": ("labels.csv", "image,label,split\nloose.png,a,train\nloose.png,a,test\n", 3),
    "ambiguous": ("labels.csv", "image,label\n001.png,a\n", 2),
    "no label in it": ("labels.csv", "image,label\nloose.png,\x01\n", 2),
    "long label": ("labels.csv", "image,label\nloose.png," + "a" * 500 + "\n", 2),
    "not ours": ("labels.csv", "image,label\nnowhere.png,a\n", 2),
    "names only": ("labels.csv", "image,width,height\nloose.png,1,2\n", 1),
    "our list": ("labels.csv", "image,label,split,group,grader\nloose.png,|,,,\nbad/001.png,a,someday,,\n", 3),
    "no JSON line": ("labels.jsonl", '{"file_name": "loose.png", "label": "a"}\n{"file_name"\n', 2),
    "NaN": ("labels.jsonl", '{"file_name": "loose.png", "label": NaN}\n', 1),
    "no object": ("labels.jsonl", '{"file_name": "loose.png", "label": "a"}\n[1]\n', 2),
    "label is an object": ("labels.jsonl", '{"file_name": "loose.png", "label": {"a": [1]}, "x": 1}\n', 1),
    "no JSON": ("labels.json", '{"images": [\n{"id": 1,\n}]}', 3),
    "unknown JSON": ("labels.json", '{"a": 1}', 1),
    "deep": ("labels.json", "[" * 100_000, None),
    "image without id": ("labels.json", coco(images=[{"file_name": "loose.png"}]), 3),
    "image twice": ("labels.json", coco(images=[{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]), 7),
    "annotation of none": ("labels.json", coco(annotations=[{"image_id": 7, "category_id": 3}]), 11),
    "category of none": ("labels.json", coco(annotations=[{"image_id": 1, "category_id": 4}]), 11),
    "box": ("labels.json", coco(annotations=[{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3]}]), 14),
    "flat box": ("labels.json", coco(annotations=[{"image_id": 1, "category_id": 3, "bbox": [1, 2, -3, 4]}]), 14),
    "outline": (
        "labels.json",
        coco(annotations=[{"image_id": 1, "category_id": 3, "segmentation": [[1, 2, 3, 4]]}]),
        14,
    ),
    "box outside": ("labels.json", coco(annotations=[{"image_id": 1, "category_id": 3, "bbox": [90, 90, 5, 5]}]), 3),
    "images are no list": ("labels.json", coco(images={}), 2),
    "task without image": ("studio.json", '[\n{"data": {"image": "loose.png"}, "annotations": []},\n{"data": {}}]', 3),
    "studio box": (
        "studio.json",
        '[{"data": {"image": "loose.png"}, "annotations": [\n{"result": [\n{"type": "rectanglelabels",\n"value": {"x": 1}}]}]}]',
        3,
    ),
    "studio result": ("studio.json", '[{"data": {"image": "loose.png"}, "annotations": [\n{"result": 3}]}]', 2),
    "labelme flag": ("loose.json", '{"imagePath": "loose.png",\n"flags":\n{"a": 3}, "shapes": []}', 3),
    "labelme points": (
        "loose.json",
        '{"imagePath": "loose.png",\n"shapes": [\n{"label": "a", "points": [[1, "2"]]}]}',
        3,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_input_names_file_and_line_and_changes_nothing(project: Path, tmp_path: Path, name: str) -> None:
    called, text, line = BAD[name]
    before = dump(project)
    with pytest.raises(WorkbenchError) as refusal:
        bring(project, file(tmp_path, text, called))
    sentence = str(refusal.value)
    assert called in sentence
    assert "\n" not in sentence
    if line is not None:
        assert f"ine {line} " in sentence, sentence
    assert dump(project) == before


def test_a_thousand_values_are_no_label_unless_the_user_says_so(project: Path, tmp_path: Path) -> None:
    rows = "".join(f"loose{n}.png,{n / 7}\n" for n in range(1000)) + "loose.png,0.5\n"
    table = file(tmp_path, "image,target\n" + rows)
    with pytest.raises(WorkbenchError, match=r"1,001 different values in 1,001 rows .*--map label=target"):
        bring(project, table)
    assert "label" not in guess(table).mapping
    assert bring(project, table, mapping={"label": "target"}).labelled == 1


def test_grades_of_idrid_are_ordinal(tmp_path: Path, shared_folder: Path) -> None:
    source = shared_folder / "data" / "idrid" / "labels.csv"
    names = [line.split(",")[0] for line in source.read_text().splitlines()[1:]]
    project = make(tmp_path / "project", tmp_path / "images", [f"{name}.jpg" for name in names])
    dry = bring(project, source, task="ordinal", dry_run=True)
    assert (dry.labelled, dry.new_classes, labels(project)[f"{names[0]}.jpg"]) == (160, list("01234"), None)
    done = bring(project, source, task="ordinal")
    assert (done.matched, done.labelled, done.unmatched, done.task) == (160, 160, 0, "ordinal")
    seen = look(project)
    assert seen["classes"] == ["0", "1", "2", "3", "4"]
    assert seen["images"]["IDRiD_002.jpg"]["label"] == "3"
    assert seen["images"]["IDRiD_002.jpg"]["fields"] == {"macular_edema_risk": "2"}


def test_classes_of_a_scale_are_in_order_of_number(project: Path, tmp_path: Path) -> None:
    bring(project, file(tmp_path, "image,label\nloose.png,10\nbad/001.png,9\nbad/002.png,2\n"), task="ordinal")
    assert look(project)["classes"] == ["2", "9", "10"]


def test_names_are_matched_by_path_then_name_then_stem(project: Path, tmp_path: Path) -> None:
    text = "file;class\n.\\bad\\001.png;a\nsome/where/002.PNG;b\n010;c\n/data/good/001.png;d\nnope;e\n"
    done = bring(project, file(tmp_path, text))
    assert (done.rows, done.matched, done.unmatched, done.unnamed) == (5, 4, 1, 2)
    found = {path: label for path, label in labels(project).items() if label}
    assert found == {"bad/001.png": "a", "bad/002.png": "b", "good/010.png": "c", "good/001.png": "d"}
    assert notices(project, tmp_path / "labels.csv") == [
        "Line 6 of labels.csv names nope, which is no image of the project."
    ]


def test_a_row_of_a_folder_that_is_not_here_does_not_take_the_image_of_its_name(tmp_path: Path) -> None:
    project = make(tmp_path / "project", tmp_path / "train", ["1.png"])
    done = bring(project, file(tmp_path, "path,label\ntest/1.png,a\ntrain/1.png,b\n"))
    assert (labels(project), done.unmatched) == ({"1.png": "b"}, 1)


def test_a_bare_name_contradicts_the_path_of_the_same_image(project: Path, tmp_path: Path) -> None:
    rows = file(tmp_path, "image,label\nloose.png,a\nloose,b\n")
    with pytest.raises(WorkbenchError, match=r"Line 3 .* another label than line 2"):
        bring(project, rows)


def test_a_file_that_makes_the_project_one_of_several_labels_says_so(project: Path, tmp_path: Path) -> None:
    bring(project, file(tmp_path, "image,label\nloose.png,a|b\nbad/001.png,b\n"), dry_run=True)
    (notice,) = notices(project, tmp_path / "labels.csv")
    assert "the task multi (it was single)" in notice
    assert notices(project, tmp_path / "labels.csv", task="multi") == []


def test_a_name_may_begin_with_a_blank(tmp_path: Path) -> None:
    project = make(tmp_path / "project", tmp_path / "images", (" a.png", "b.png"))
    bring(project, file(tmp_path, "image,label,split,group,grader\n a.png,good,,,\nb.png,bad,,,\n"))
    for name, format in (("out.json", "coco"), ("studio.json", "label-studio")):
        write(project, tmp_path / name, format)
        fresh = make(tmp_path / f"of {name}", tmp_path / "images", (" a.png", "b.png"))
        bring(fresh, tmp_path / name)
        assert labels(fresh) == {" a.png": "good", "b.png": "bad"}


def test_several_labels_come_as_columns_lists_and_rows(project: Path, tmp_path: Path) -> None:
    bring(project, file(tmp_path, "ID,DR,MH\nbad/001,1,0\nbad/002,1,1\nloose,0,0\n"))
    found = labels(project)
    assert look(project)["task"] == "multi"
    assert [found[path] for path in ("bad/001.png", "bad/002.png", "loose.png")] == [["DR"], ["DR", "MH"], []]
    bring(project, file(tmp_path, "image,label\nbad/001.png,MH;x\nloose.png,DR\nloose.png,x\n"))
    assert [labels(project)[path] for path in ("bad/001.png", "loose.png")] == [["MH", "x"], ["DR", "x"]]


def test_graders_splits_groups_and_further_columns_are_kept(project: Path, tmp_path: Path) -> None:
    text = (
        "image,grade,annotator,set,patient_id,camera\n"
        "loose.png,1,Ann,Training,p1,A\nloose.png,2,Bob,Training,p1,A\nbad/001.png,2,Ann,val,p2,\n"
    )
    done = bring(project, file(tmp_path, text))
    seen = look(project)["images"]
    assert (done.graders, done.splits, done.groups) == (["Ann", "Bob"], {"train": 1, "validation": 1}, 2)
    assert seen["loose.png"]["grades"] == {"Ann": "1", "Bob": "2"}
    assert seen["loose.png"]["label"] == "1"
    assert (seen["loose.png"]["split"], seen["bad/001.png"]["split"]) == ("train", "validation")
    assert seen["loose.png"]["group"] == "p1"
    assert seen["loose.png"]["fields"] == {"camera": "A", "group": "p1", "patient_id": "p1"}


def test_a_frozen_test_set_stays_whatever_the_file_says(project: Path, tmp_path: Path) -> None:
    with Project.open(project) as opened:
        opened.splits.assign(opened.images.ids(), "test")
        opened.splits.freeze_test("held")
    table = file(tmp_path, "image,label,split\nloose.png,a,train\n")
    assert any("frozen" in notice for notice in notices(project, table))
    assert look(project)["images"]["loose.png"]["split"] == "test"


def test_labels_of_users_are_not_taken_away_by_an_empty_cell(project: Path, tmp_path: Path) -> None:
    bring(project, file(tmp_path, "image,label\nloose.png,a\n"))
    done = bring(
        project, file(tmp_path, "image,label,split,group,grader\nloose.png,,,,\nbad/001.png,b,,,\n", "own.csv")
    )
    assert (labels(project)["loose.png"], done.removed) == ("a", 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    project = make(tmp_path / "project", tmp_path / "images", ["größe.png"])
    rows = [["id_code", "diagnosis"], ["größe", "schön, ja"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + "\r\n"
    (tmp_path / "x.csv").write_bytes(text.encode(encoding))
    bring(project, tmp_path / "x.csv")
    assert labels(project) == {"größe.png": "schön, ja"}


def test_coco_regions_and_image_labels(project: Path, tmp_path: Path) -> None:
    placed = [
        {"image_id": 1, "category_id": 3, "bbox": [1, 2, 10, 5]},
        {"image_id": 1, "category_id": 3, "segmentation": [[0, 0, 5, 0, 5, 5]], "bbox": [0, 0, 5, 5]},
    ]
    done = bring(project, file(tmp_path, coco(annotations=placed), "x.json"))
    assert (done.format, done.regions, done.labelled) == ("coco", 2, 1)
    regions = look(project)["images"]["bad/001.png"]["regions"]
    assert ("box", ((1.0, 2.0), (11.0, 7.0)), "pit", "") in regions
    assert bring(project, tmp_path / "x.json").regions == 0, "they are there already"


def test_label_studio_upload_names_and_percent(project: Path, tmp_path: Path) -> None:
    result = [
        {"type": "choices", "value": {"choices": ["pit"]}},
        {
            "type": "rectanglelabels",
            "original_width": 40,
            "original_height": 30,
            "value": {"x": 25, "y": 10, "width": 50, "height": 20, "rotation": 0, "rectanglelabels": ["pit"]},
        },
        {"type": "brushlabels", "value": {"rle": []}},
    ]
    task = {
        "data": {"image": "/data/upload/1/0123abcd-loose.png"},
        "annotations": [{"completed_by": {"email": "a@b"}, "result": result}],
    }
    (tmp_path / "s.json").write_text(json.dumps([task]))
    assert any("brush" in notice for notice in notices(project, tmp_path / "s.json", dry_run=True))
    bring(project, tmp_path / "s.json")
    seen = look(project)["images"]["loose.png"]
    assert (seen["label"], seen["grades"]) == ("pit", {"a@b": "pit"})
    assert seen["regions"] == [("box", ((10.0, 3.0), (30.0, 9.0)), "pit", "a@b")]


def test_labelme_goes_out_and_comes_in(tmp_path: Path) -> None:
    first, second = (make(tmp_path / name, tmp_path / "images", labelled=False) for name in ("first", "second"))
    with Project.open(first) as project:
        a, b = project.labels.add_class("a"), project.labels.add_class("b")
        ids = project.images.ids()
        project.labels.assign(ids[:2], a)
        project.regions.add(int(ids[0]), "box", ((1, 2), (10, 12)), b)
    write(first, tmp_path / "out", "labelme")
    done = bring(second, tmp_path / "out")
    assert (done.format, done.regions) == ("labelme", 1)
    assert labels(second) == labels(first)


def test_a_pattern_on_the_name(tmp_path: Path) -> None:
    project = make(
        tmp_path / "project", tmp_path / "images", ["train/cat_p1_1.png", "test/dog_p2_1.png", "x.png"], labelled=False
    )
    pattern = r"^(?P<split>train|test)/(?P<label>[a-z]+)_(?P<group>p\d+)"
    done = bring(project, tmp_path / "images", pattern=pattern)
    seen = look(project)["images"]
    assert (done.labelled, done.splits, done.unnamed) == (2, {"train": 1, "test": 1}, 1)
    assert [seen["test/dog_p2_1.png"][key] for key in ("label", "split", "group")] == ["dog", "test", "p2"]
    before = dump(project)
    for wrong, why in (("(", "no regular expression"), ("[a-z]+", "no group"), (r"(?P<label>zzz\d)", "fits none")):
        with pytest.raises(WorkbenchError, match=why):
            bring(project, tmp_path / "images", format="filename", pattern=wrong)
    assert dump(project) == before


def test_class_folders_label_known_images_and_bring_new_ones(tmp_path: Path) -> None:
    for path in ("train/a/1.png", "train/b/2.png", "test/a/3.png"):
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(tmp_path / "tree" / path)
    project = make(tmp_path / "project", tmp_path / "images")
    before = dump(project)
    dry = bring(project, tmp_path / "tree", dry_run=True)
    assert (dry.added, dry.labelled, dry.splits, dump(project)) == (3, 3, {"train": 2, "test": 1}, before)
    done = bring(project, tmp_path / "tree")
    assert (done.added, done.splits) == (3, {"train": 2, "test": 1})
    assert labels(project)["test/a/3.png"] == "a"
    with Project.open(project) as opened:
        opened.labels.assign(opened.images.ids(), opened.labels.classes()[0].id)
    assert bring(project, tmp_path / "tree", format="yolo").changed == 3


def test_undo_takes_an_import_back(project: Path, tmp_path: Path) -> None:
    from workbench.exchange.applying import apply
    from workbench.exchange.planning import plan
    from workbench.exchange.reading import read

    table = file(tmp_path, "image,label\nloose.png,a\n")
    with Project.open(project) as opened:
        changes = apply(opened, plan(opened, read(table, "csv", mapping={}, task=None, several=False)))
        for change in reversed(changes):
            change.inverse().apply(opened, source="undo")
        assert opened.labels.of(opened.images.ids()) == [None] * listing.images(opened)
