"""The Export panel: makes the package of a run in a child process, shows its parity and what is in it, tries it."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QStackedWidget, QTableView, QWidget

from workbench.jobs import Event, Job, Progress, Stop
from workbench.ui import figures, tables, theme
from workbench.ui.export import contents, verdict
from workbench.ui.export.bar import ExportBar
from workbench.ui.export.contents import Package, PartsModel
from workbench.ui.export.result_view import ResultView
from workbench.ui.layouts import column, rule
from workbench.ui.run_job import RunJobPanel
from workbench.ui.session import Session
from workbench.ui.widgets import EmptyState, PanelState, label

MOST_CLASSES = 4
"""Classes named in the summary of a try."""


class ExportPanel(RunJobPanel):
    """Wiring: a run and a folder, the job that exports, and the view of the package."""

    key = "export"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Export")
        self._package: Package | None = None
        self._predictions: Path | None = None
        self._notices: list[str] = []
        self.bar = ExportBar()
        self.result = ResultView()
        self.before = label("", "secondary", wrap=True, name="export.before")
        self.parts = PartsModel(self)
        self.nothing = EmptyState(
            "export",
            self.tr(
                "Here a trained run becomes a package that answers the same on another machine. Train a run first."
            ),
            self.tr("Open Train"),
            name="export.train",
        )
        self._put_together()
        self.add_action("export.run.action", self.tr("Export the run"), self._export, icon="export")
        self._connect()
        self._project_changed()

    def _put_together(self) -> None:
        self.table = self._table()
        self._heading = label("", "section")
        shown = QWidget()
        top = column(self.bar)
        top.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, theme.GRID)
        inner = column(
            self.before, self.result, column(self._heading, self.table), spacing=theme.GRID * 3, margins=theme.GRID * 2
        )
        inner.setStretch(2, 1)
        layout = column(top, rule(), inner, spacing=0)
        layout.setStretch(2, 1)
        shown.setLayout(layout)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(shown)
        self.setLayout(column(self.stack, spacing=0))

    def _table(self) -> QTableView:
        widths = {contents.NAME: 160, contents.SIZE: 80}
        table = tables.table_of(self.parts, "export.files", widths=widths, stretched=contents.PURPOSE)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return table

    def _connect(self) -> None:
        session = self.session
        session.projectChanged.connect(self._project_changed)
        session.runsChanged.connect(self._list_runs)
        self.bar.runChanged.connect(self._show)
        self.bar.asked.connect(self._export)
        self.bar.stopped.connect(self._stop)
        self.nothing.clicked.connect(self._go_train)
        self.result.folderAsked.connect(self._open_folder)
        self.result.reportAsked.connect(self._open_report)
        self.result.tryAsked.connect(self._choose_images)
        self.result.predictionsAsked.connect(self._open_predictions)

    # -- what the shell asks

    def state(self) -> tuple[PanelState, str]:
        run = self.bar.run.run()
        if self._job is not None:
            return "work", self.tr("A package is being written.")
        if run is None:
            return "empty", self.tr("There is no finished run to export yet.")
        if self._package is None:
            return "empty", self.tr("The run {0} is not exported yet.").format(run.id)
        found = verdict.of(self._package.parity)
        return ("ready" if found.tone == "green" else "attention"), found.sentence

    # -- what is shown

    @Slot()
    def _project_changed(self) -> None:
        self._job = self._predictions = None
        self.bar.show_idle()
        self._list_runs_quietly()
        self._show()

    @Slot()
    def _show(self) -> None:
        """Show the newest package of the chosen run, or what a package will hold."""
        run, project = self.bar.run.run(), self.session.project
        if run is None or project is None:
            self._package = None
            self.stack.setCurrentIndex(0)
            self.stateChanged.emit()
            return
        self.stack.setCurrentIndex(1)
        self.bar.suggest(contents.free_folder(project.exports_folder, run.id))
        self._show_package(contents.find(project.exports_folder, run.id), [])

    def _show_package(self, package: Package | None, notices: list[str]) -> None:
        self._package = package
        self.result.setVisible(package is not None)
        self.before.setVisible(package is None)
        if package is None:
            self.before.setText(
                self.tr(
                    "Export writes one ONNX file with the preprocessing inside, then sends every test image through it and "
                    "through the trained model, and shows here whether both say the same."
                )
            )
            self._heading.setText(self.tr("What the package will hold"))
            self.parts.show(contents.planned())
            self.table.hideColumn(contents.SIZE)
        else:
            self.result.show_package(package, notices)
            self._heading.setText(self.tr("What is in the package"))
            self.parts.show(package.parts)
            self.table.showColumn(contents.SIZE)
        self.stateChanged.emit()

    # -- exporting

    @Slot()
    def _export(self) -> None:
        run, project, out = self.bar.run.run(), self.session.project, self.bar.out()
        if run is None or project is None or out is None or self._job is not None or not self.bar.go.isEnabled():
            return
        argv = ["export", str(project.folder), "--run", run.id, "--out", str(out)]
        self._begin(self.tr("Exporting {0}").format(run.id), argv)

    @Slot()
    def _ended(self) -> None:
        job, self._job = self._job, None
        self._notices = list(job.notices) if job is not None else []
        self.bar.show_idle()
        self.stateChanged.emit()

    def _done(self, event: Any) -> None:
        run, project = self.bar.run.run(), self.session.project
        folder = Path(str(event["package"]))
        package = contents.read(folder)
        if package is None:
            self.session.problem.emit(
                "export", self.tr("The package {0} cannot be read; export it again.").format(folder)
            )
            return
        self._show_package(package, self._notices)
        if run is not None and project is not None:
            self.bar.suggest(contents.free_folder(project.exports_folder, run.id))
        self.session.toast.emit(self.tr("Exported to {0}").format(folder))

    # -- trying

    @Slot()
    def _choose_images(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("A folder of images to try the package on"))
        if chosen:
            self.try_on(Path(chosen))

    def try_on(self, folder: Path) -> None:
        """Classify the images of a folder with the package in view, as another machine would."""
        package, project = self._package, self.session.project
        if package is None or project is None:
            return
        out = project.exports_folder / f"{package.folder.name}-predictions.csv"
        argv = ["predict", str(package.folder), str(folder), "--out", str(out)]
        job = self.session.start_job(
            self.tr("Trying the package on {0}").format(folder.name),
            _predicting(self.session.warm.job(argv), out),
            on_event=self._tried_some,
            on_done=self._tried,
            on_failed=self._try_failed,
        )
        job.ended.connect(self.result.stop_trying)
        self.result.show_trying(self.tr("Starting"))

    def _tried_some(self, event: Any) -> None:
        if event.get("event") == "Progress" and event.get("total"):
            done = self.tr("{0} of {1} images")
            self.result.show_trying(done.format(figures.count(event["done"]), figures.count(event["total"])))

    def _tried(self, event: Any) -> None:
        self._predictions = Path(event["out"])
        self.result.show_tried(self._summary(event["counts"], event["errors"]), self._predictions)

    def _try_failed(self, sentence: str) -> None:
        self.session.problem.emit("export", sentence)

    def _summary(self, counts: list[tuple[str, int]], errors: int) -> str:
        parts = [f"{name} {figures.count(number)}" for name, number in counts[:MOST_CLASSES]]
        if len(counts) > MOST_CLASSES:
            rest = sum(number for _, number in counts[MOST_CLASSES:])
            parts.append(self.tr("other classes {0}").format(figures.count(rest)))
        if errors:
            parts.append(self.tr("{0} could not be read").format(figures.count(errors)))
        return " · ".join(parts)

    # -- ways out

    @Slot()
    def _open_folder(self) -> None:
        if self._package is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._package.folder)))

    @Slot()
    def _open_report(self) -> None:
        if self._package is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._package.folder / "report.html")))

    @Slot()
    def _open_predictions(self) -> None:
        if self._predictions is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._predictions)))


def _predicting(job: Job, out: Path) -> Job:
    """Return the job with a count of the predictions by class behind it."""

    def run(stop: Stop) -> Iterator[Event]:
        errors = 0
        for event in job(stop):
            errors = event.get("errors", errors)
            yield event
        yield {"event": "Progress", **vars(Progress(0, None, "Counting"))}
        with out.open(encoding="utf-8", newline="") as rows:
            counts = Counter(row["prediction"] for row in csv.DictReader(rows) if row["prediction"])
        yield {"event": "Tried", "out": str(out), "errors": errors, "counts": counts.most_common()}

    return run
