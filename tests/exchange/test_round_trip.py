"""What is exported and imported into a fresh project over the same folder is all there again."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.exchange.projects import PATHS, bring, look, make, write
from workbench.project import listing
from workbench.project.project import Project

NAMES = st.text(st.sampled_from("aB1 ,;|\\\"'#=ä漢/\t"), min_size=1, max_size=6)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\0"), max_size=6)


def is_name(text: str) -> bool:
    return text.strip() != "" and " ".join(text.split()) == text


@st.composite
def decisions(draw: st.DrawFn) -> dict[str, Any]:
    classes = draw(st.lists(NAMES.filter(is_name), min_size=2, max_size=4, unique_by=str.casefold))
    task = draw(st.sampled_from(("single", "multi", "ordinal")))
    one = st.integers(0, len(classes) - 1)
    label = st.none() | (st.lists(one, unique=True, max_size=3) if task == "multi" else one)
    images = st.fixed_dictionaries(
        {
            "label": label,
            "grades": st.dictionaries(st.sampled_from(("Ann", "Bob|C", "Ci, D")), label, max_size=2),
            "split": st.sampled_from((None, "train", "validation", "test")),
            "test_set": st.sampled_from((None, None, "first", "second")),
            "pinned": st.booleans(),
            "tags": st.lists(NAMES.filter(is_name), max_size=2, unique=True),
            "note": TEXTS,
            "rejected": st.booleans(),
            "group": st.sampled_from(("", "p1", "p2", "p 10")),
            "fields": st.dictionaries(
                st.sampled_from(("camera", "label", "field:x")), NAMES.filter(is_name), max_size=2
            ),
            "regions": st.lists(st.tuples(st.booleans(), st.none() | one, st.sampled_from(("", "Ann"))), max_size=2),
        }
    )
    order = draw(st.permutations(range(len(classes))))
    return {"classes": classes, "task": task, "order": order, "images": draw(st.tuples(*[images] * len(PATHS)))}


def decide(folder: Path, decided: dict[str, Any], *, regions: bool) -> None:
    """Do all that with the project."""
    with Project.open(folder) as project, listing.transaction(project):
        given_ids = [row.id for row in project.labels.classes()]
        project.labels.set_task(decided["task"])
        ids = project.images.ids()
        project.labels.assign(ids, None)
        for class_id in given_ids:
            project.labels.remove_class(class_id)
        classes = [project.labels.add_class(name) for name in decided["classes"]]
        project.labels.reorder([classes[place] for place in decided["order"]])
        project.labels.recolour(classes[0], "#123456")

        def value(label: Any) -> Any:
            return (
                None
                if label is None
                else tuple(classes[n] for n in label)
                if isinstance(label, list)
                else classes[label]
            )

        groups: dict[int, str] = {}
        for image_id, image in zip(ids.tolist(), decided["images"], strict=True):
            for grader, label in image["grades"].items():
                if label is not None:
                    project.labels.assign([image_id], value(label), grader=grader)
            project.labels.assign([image_id], value(image["label"]))
            project.splits.assign([image_id], image["split"])
            if image["split"] is not None:
                project.splits.pin([image_id], image["pinned"])
            for tag in image["tags"]:
                project.tags.add([image_id], tag)
            project.notes.set(image_id, image["note"])
            for name, text in image["fields"].items():
                project.fields.set(name, {image_id: text})
            if image["group"]:
                groups[image_id] = image["group"]
            for box, label, grader in image["regions"] if regions else ():
                points = ((1.5, 2.0), (30.0, 20.25)) if box else ((1.0, 1.0), (9.5, 2.0), (4.0, 12.125))
                class_id = None if label is None else classes[label]
                project.regions.add(image_id, "box" if box else "freehand", points, class_id, grader=grader)
        for name in ("first", "second"):
            members = [i for i, image in zip(ids.tolist(), decided["images"], strict=True) if image["test_set"] == name]
            rows = project.images.page(project.images.ids())
            rest = [row.id for row in rows if row.split == "test" and row.test_set is None and row.id not in members]
            project.splits.assign(rest, None)
            free = [i for i in members if project.images.get(i).test_set is None]
            project.splits.assign(free, "test")
            if free:
                project.splits.freeze_test(name)
            project.splits.assign(rest, "test")
        for image_id, image in zip(ids.tolist(), decided["images"], strict=True):
            project.rejection.set([image_id], image["rejected"])
        if groups:
            project.fields.set("group", groups)
            names = sorted(set(groups.values()))
            numbers = np.array([names.index(name) + 1 for name in groups.values()])
            project.groups.set("column:group", list(groups), numbers, dict(enumerate(names, 1)))


def without(seen: dict[str, Any], *keys: str) -> dict[str, Any]:
    images = {
        path: {key: value for key, value in image.items() if key not in keys} for path, image in seen["images"].items()
    }
    return {key: value for key, value in seen.items() if key not in keys} | {"images": images}


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("labels.csv", ("colours", "regions")),
        ("metadata.jsonl", ("colours", "regions")),
        ("labels.json", ()),
        ("studio.json", ()),
    ],
)
@settings(deadline=None, max_examples=3, phases=[Phase.generate])
@given(decided=decisions())
def test_nothing_is_lost(name: str, lost: tuple[str, ...], decided: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as top:
        images = Path(top) / "images"
        first, second = make(Path(top) / "first", images), make(Path(top) / "second", images)
        decide(first, decided, regions="regions" not in lost)
        file = Path(top) / name
        write(first, file, "label-studio" if name == "studio.json" else None)
        bring(second, file)
        ours, theirs = without(look(first), *lost), without(look(second), *lost)
        for path, image in ours["images"].items():
            assert theirs["images"][path] == image
        assert theirs == ours
        # And once more: nothing is left to change.
        again = bring(second, file)
        assert (again.labelled, again.changed, again.removed, again.moved, again.new_classes) == (0, 0, 0, 0, [])


@pytest.mark.parametrize("name", ["labels.csv", "labels.json"])
def test_a_second_export_is_the_same_file(tmp_path: Path, name: str) -> None:
    first, second = make(tmp_path / "first", tmp_path / "images"), make(tmp_path / "second", tmp_path / "images")
    with Project.open(first) as project:
        ids = project.images.ids()
        project.labels.assign(ids[:2], project.labels.add_class("a|b"), grader="Ann")
        project.labels.assign(ids[1:3], project.labels.classes()[0].id, grader="Bob")
        project.splits.assign(ids[:3], "train")
        project.tags.add(ids[:1], "odd, one")
    write(first, tmp_path / name)
    bring(second, tmp_path / name)
    (tmp_path / "again").mkdir()
    write(second, tmp_path / "again" / name)
    assert (tmp_path / "again" / name).read_text() == (tmp_path / name).read_text()
