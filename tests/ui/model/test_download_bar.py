from pytestqt.qtbot import QtBot

from workbench.ui.model.download_bar import DownloadBar


def test_from_connecting_to_stopping(qtbot: QtBot) -> None:
    bar = DownloadBar()
    qtbot.addWidget(bar)
    bar.show_progress(0, None, stopping=False)
    assert bar.bytes.fullText() == "Connecting"
    assert bar.bar.maximum() == 0  # moves without an end
    bar.show_progress(5_000_000, 20_000_000, stopping=False)
    assert bar.bytes.fullText() == "5.0 MB of 20.0 MB"
    assert bar.bar.value() * 4 == bar.bar.maximum()
    with qtbot.waitSignal(bar.stopped):
        bar.stop.click()
    bar.show_progress(5_000_000, 20_000_000, stopping=True)
    assert not bar.stop.isEnabled()
