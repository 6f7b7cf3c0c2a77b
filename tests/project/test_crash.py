"""A process that is killed while it writes loses nothing that it had been told was stored."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.project.ids import ImageId
from workbench.project.images import NewImage
from workbench.project.project import Project

WRITER = """
import sys
from pathlib import Path
from workbench.project.project import Project

with Project.open(Path(sys.argv[1])) as project:
    classes = [row.id for row in project.labels.classes()]
    step = 0
    while True:
        for image in range(1, 201):
            step += 1
            chosen = classes[step % len(classes)]
            project.labels.assign([image], chosen)
            print(image, chosen, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal 9")
@pytest.mark.parametrize("labels", [1, 57, 400])
def test_kill_9_loses_no_label_that_was_told_to_be_stored(tmp_path: Path, labels: int):
    folder = tmp_path / "project"
    with Project.create(folder) as project:
        root = project.images.add_root(tmp_path)
        project.images.add(root, [NewImage(f"{n}.png", 4, 4, 3, 8, 1, 1) for n in range(200)])
        project.labels.ensure_classes(["a", "b", "c"])
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(labels)]
    writer.send_signal(signal.SIGKILL)
    told += writer.stdout.read().splitlines()
    writer.stdout.close()
    writer.wait()
    expected: dict[int, int] = {}
    decisions: dict[int, int] = {}
    for line in told:
        image, chosen = map(int, line.split())
        expected[image] = chosen
        decisions[image] = decisions.get(image, 0) + 1
    with Project.open(folder) as project:
        # One more label than was told may be there: the kill came between storing and telling.
        different = [n for n, chosen in expected.items() if project.images.get(ImageId(n)).class_id != chosen]
        assert len(different) <= 1
        for image, count in decisions.items():
            kept = project.labels.history(ImageId(image))
            assert count <= len(kept) <= count + 1
            assert kept[-1].class_id == project.images.get(ImageId(image)).class_id
            assert expected[image] in [row.class_id for row in kept[-2:]]
