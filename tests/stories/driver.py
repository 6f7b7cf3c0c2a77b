"""A window in a process of its own, so that a story can kill it: labels what it shows, starts a run, says so, goes on."""

import sys
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableView

from workbench.ui import app as program


def main() -> int:
    QStandardPaths.setTestModeEnabled(True)
    application = program.application([])
    window = program.create(Path(sys.argv[1]))
    window.resize(1280, 800)
    window.show()

    def act() -> None:
        session = window.session
        if session.project is None:
            QTimer.singleShot(50, act)
            return
        window.go("dataset")
        grid = window.findChild(QTableView, "dataset.grid")
        if grid.model().rowCount() == 0:
            QTimer.singleShot(50, act)
            return
        cell = grid.visualRect(grid.model().index(0, 0)).center()
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=cell)
        chosen = [int(number) for number in window.panel("dataset").selected_ids()]
        QTest.keyClick(grid, Qt.Key.Key_2)
        print("labelled", *chosen, flush=True)
        session.start_training()
        print("started", session.run.id if session.run else "none", flush=True)

    QTimer.singleShot(0, act)
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
