import io

from workbench.intake import Intake
from workbench.jobs import Noticed, Progress
from workbench.project.split_outcome import SplitOutcome
from workbench.telling import Teller, Text
from workbench.training.events import FitEnded, FitStarted, Tick


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(*events: object, errors: io.StringIO | None = None) -> tuple[str, str, int]:
    out, errors = io.StringIO(), errors or io.StringIO()
    teller = Teller(out, errors)
    for event in events:
        teller(event)
    teller.close()
    return out.getvalue(), errors.getvalue(), teller.code


def test_results_go_to_stdout_and_notes_to_stderr():
    found = Intake(images=1200, added=3, classes=["good", "pit"], corrupt=1, unlabelled=2, split={"train": 4})
    out, errors, code = told(Noticed("The image a.png is cut off."), found, Text("as it is\n"))
    assert out.splitlines() == [
        "1,200 images, 3 new, 2 classes: good, pit. 1 cannot be read and are skipped. 2 without a label. "
        "Split from the folders: train 4.",
        "as it is",
    ]
    assert errors == "note: The image a.png is cut off.\n"
    assert code == 0


def test_a_log_gets_a_line_per_stage_and_a_terminal_one_that_moves():
    steps = [Progress(number, 3, "Reading headers") for number in range(4)]
    _, log, _ = told(*steps)
    assert log == "Reading headers\n"
    _, moving, _ = told(*steps, errors=Terminal())
    assert "\rReading headers 3 of 3" in moving
    assert "\n" not in moving
    assert moving.endswith("\r")


def test_a_failed_run_is_a_failure_and_a_tick_is_nothing():
    ended = FitEnded(reason="failed", message="No space is left.", best_epoch=0, live=-1, deployed=-1, seconds=3)
    out, _, code = told(Tick(1), ended)
    assert out == "No space is left. (3 s)\n"
    assert code == 1


def test_a_split_says_what_was_kept_together_and_which_fold_validates():
    out, errors = io.StringIO(), io.StringIO()
    counts = {"train": 4, "validation": 2, "test": 2}
    asked = {"train": 0.5, "validation": 0.25, "test": 0.25}
    Teller(out, errors)(
        SplitOutcome(asked, counts, {"dent": counts}, [], "column:part", groups=3, pinned=2, folds=5, fold=4)
    )
    said = out.getvalue()
    assert "3 groups were kept together by column:part." in said
    assert "Fold 4 of 5 validates." in said
    assert "2 images stayed where they were pinned." in said
    Teller(out := io.StringIO(), errors)(SplitOutcome(asked, counts, {"dent": counts}, []))
    assert "kept together" not in out.getvalue()
    assert "Fold" not in out.getvalue()


def test_what_a_run_sets_of_its_network_is_said():
    def started(epochs: int, trained: int, parameters: int) -> str:
        facts = FitStarted("r", "cpu", epochs, 4, 20, 8, ["a", "b"], trained, parameters, ["stem", "head"], [])
        return told(facts)[0]

    assert "2 classes, 10 of 1,000 parameters train, on cpu" in started(3, 10, 1000)
    assert "10 of 1,000 parameters are fitted at once" in started(0, 10, 1000)
    assert "nothing is trained" in started(0, 0, 1000)
    assert "no network" in started(0, 0, 0)
