from pathlib import Path

from workbench.curation import imbalance
from workbench.project.images import NewImage
from workbench.project.project import Project


def _found(folder: Path, counts: dict[str, int]) -> list:
    (folder / "images").mkdir()
    with Project.create(folder / "project") as project:
        root = project.images.add_root(folder / "images")
        project.labels.ensure_classes(list(counts))
        images = [
            NewImage(f"{name}/{n}.png", 9, 9, 3, 8, 50, 10**18, name)
            for name, count in counts.items()
            for n in range(count)
        ]
        project.images.add(root, images)
        return list(imbalance.find(project))


def test_small_classes_and_large_ratios_are_told_with_counts(tmp_path: Path):
    found = _found(tmp_path, {"good": 300, "crack": 40, "rust": 3, "dent": 0})
    assert {f.kind for f in found} == {"imbalance"}
    text = " ".join(f.message for f in found)
    assert "'rust' has 3 images" in text
    assert "'dent' has no images" in text
    assert "100 times" in text
    assert "'good' 300" in text
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)


def test_balanced_classes_give_nothing(tmp_path: Path):
    assert _found(tmp_path, {"good": 60, "crack": 30}) == []
