from pytestqt.qtbot import QtBot

from workbench.ui.model.weights_report import MOST_NAMES, WeightsReport


def test_what_fits_what_is_left_over_and_what_is_new(qtbot: QtBot) -> None:
    report = WeightsReport()
    qtbot.addWidget(report)
    dropped = [f"fc.{number}" for number in range(MOST_NAMES + 5)]
    found = {"matched": 312, "left_out": len(dropped), "dropped": dropped, "new": ["head.weight"], "adapted": {}}
    report.show_report(found, "")
    assert report.text() == "They fit: 312 tensors loaded; 17 left over (fc.0, fc.1); new, to be learnt: head.weight."
    assert report.toolTip().startswith("Left over: fc.0, ")
    assert f"fc.{MOST_NAMES}" not in report.toolTip()
    report.show_report(None, "The weights do not fit.")
    assert (report.text(), report.property("role")) == ("The weights do not fit.", "error")
    assert report.toolTip() == ""
    report.show_report(None, "")
    assert report.isHidden()
