from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.curation.made import findings, scanned
from workbench.curation import shortcuts
from workbench.jobs import Noticed
from workbench.project.project import Project


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcuts, "TREES", 12)


def _draw(images: Path, count: int, *, frame: bool = False, camera: bool = False, wide: bool = False) -> None:
    for n in range(count):
        kind = n % 2
        random = np.random.default_rng(n)
        pixels = random.integers(60, 190, (40, 44 if wide and kind else 40, 3), dtype=np.uint8)
        if frame and kind:
            pixels[:3] = 20
        exif = Image.Exif()
        if camera:
            exif[0x0110] = "Alpha" if kind == (n % 10 < 9) else "Beta"
        (images / f"c{kind}").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(images / f"c{kind}" / f"{n:03}.jpg", exif=exif, quality=90)


def _found(folder: Path, count: int = 48, **how: bool) -> dict[str, object]:
    with Project.open(scanned(folder, lambda images: _draw(images, count, **how))) as project:
        return {finding.message: finding for finding in findings(shortcuts.find(project))}


def test_noise_raises_no_alarm(tmp_path: Path):
    assert _found(tmp_path) == {}


@pytest.mark.parametrize(
    ("how", "sentence"), [("frame", "The border"), ("camera", "The camera"), ("wide", "The width")]
)
def test_a_planted_shortcut_is_named_with_its_figure_and_images_of_each_class(tmp_path: Path, how: str, sentence: str):
    found = _found(tmp_path, **{how: True})
    (message,) = [message for message in found if message.startswith(sentence)]
    assert "chance 50%" in message
    assert "tell" in message
    finding = found[message]
    assert finding.kind == "shortcut"
    assert {image[:2] for image in finding.images} == {"c0", "c1"}
    assert finding.score > 0.5


def test_labels_at_random_raise_no_alarm_however_telling_the_border_is(tmp_path: Path):
    with Project.open(scanned(tmp_path, lambda images: _draw(images, 60, frame=True, camera=True))) as project:
        first, second = (row.id for row in project.labels.classes())
        ids = np.random.default_rng(1).permutation(project.images.ids())
        project.labels.assign(np.sort(ids[:30]), first)
        project.labels.assign(np.sort(ids[30:]), second)
        assert findings(shortcuts.find(project)) == []


def test_a_figure_that_only_knows_the_patient_is_no_shortcut(tmp_path: Path):
    """The height tells the patient and so the class of the images seen; of new patients it tells nothing."""
    random = np.random.default_rng(0)
    asked = shortcuts.Asked(
        ids=np.arange(1, 121),
        targets=np.repeat(np.arange(12) % 2, 10),
        groups=np.repeat(np.arange(12), 10),
        classes=2,
    )
    columns = np.repeat(random.permutation(12), 10)[:, None].astype(float)
    by_patient = _answer(columns, asked)
    alone = _answer(columns, shortcuts.Asked(asked.ids, asked.targets, np.arange(120), 2))
    assert alone.accuracy > 0.9
    assert by_patient.accuracy < 0.8
    assert by_patient.by_chance > 3 * alone.by_chance


def _answer(columns: np.ndarray, asked: shortcuts.Asked) -> shortcuts.Answer:
    events = shortcuts.ask(columns, asked, what="")
    while True:
        try:
            next(events)
        except StopIteration as ended:
            return ended.value


def test_too_few_labels_are_said(tmp_path: Path):
    with Project.open(scanned(tmp_path, lambda images: _draw(images, 8))) as project:
        (event,) = shortcuts.find(project)
    assert isinstance(event, Noticed)
    assert "label more" in event.message
