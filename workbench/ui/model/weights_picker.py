"""Which weights a backbone starts from: published ones, a file's, those of a run of the project, or none."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.models.catalog import BackboneInfo
from workbench.training.config import BackboneConfig, TrainConfig
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.model import weights_words
from workbench.ui.model.download_bar import DownloadBar
from workbench.ui.model.presence import Presence
from workbench.ui.model.published_weights import PublishedWeights
from workbench.ui.model.weights_check import WeightsCheck
from workbench.ui.model.weights_file import WeightsFile, dropped_file
from workbench.ui.model.weights_jobs import WeightsJobs, Wish
from workbench.ui.model.weights_report import WeightsReport
from workbench.ui.model.weights_sources import SourcesEditor, SourceSettings
from workbench.ui.model.weights_start import RUN, source_of
from workbench.ui.run_choice import RunChoice, with_model
from workbench.ui.session import Session
from workbench.ui.widgets import FoldButton, Segmented, button, label


class WeightsPicker(QWidget):
    """A choice of four, what belongs to it, and a sentence on what will happen. A file can be dropped on all of it."""

    changed = Signal(object)
    """The new `BackboneConfig`."""
    presenceChanged = Signal(str)
    """Weights came to this machine: of this backbone, or of any where the name is empty."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._config = BackboneConfig()
        self._info: BackboneInfo | None = None
        self._here: list[str] = []
        self._file_for = ""
        self.jobs = WeightsJobs(session, self)
        self.checks = WeightsCheck(session, self)
        self.setAcceptDrops(True)
        self.source = self._choice()
        self.published = PublishedWeights()
        self.file = WeightsFile()
        self.run = self._run_choice()
        self._pages = QStackedWidget()
        self._pages.setSizePolicy(self._pages.sizePolicy().horizontalPolicy(), self.sizePolicy().verticalPolicy())
        for page in (self.published, self.file, self.run, QWidget()):
            self._pages.addWidget(page)
        self.says = label("", "secondary", wrap=True, name="model.weightsSays")
        self.download = DownloadBar()
        self.download.hide()
        self.fetch = button(self.tr("Download"), self._fetch, icon="download", name="model.fetch")
        self.fetch.setToolTip(self.tr("Fetch them now. It can be stopped, and goes on from there the next time"))
        self.check = button(self.tr("Check what fits"), self._check, name="model.checkWeights")
        self.check.setToolTip(self.tr("Load the weights now and tell what fits, what is left over and what is new"))
        self.report = WeightsReport()
        self.sources = SourcesEditor(SourceSettings(session.preferences))
        self.more = FoldButton(self.tr("Packs, proxy, mirrors"), self.sources)
        self.more.setObjectName("model.moreSources")
        buttons = row(self.fetch, self.check, None, self.more)
        self.setLayout(column(self.source, self._pages, self.says, self.download, buttons, self.report, self.sources))
        self.source.changed.connect(self._source_changed)
        self.published.chosen.connect(self._tag_chosen)
        self.file.chosen.connect(self._file_chosen)
        self.run.activated.connect(self._run_chosen)
        self.download.stopped.connect(self._stop_fetching)
        self.jobs.changed.connect(self._say)
        self.jobs.arrived.connect(self._arrived)
        self.checks.changed.connect(self._show_check)
        self.sources.changed.connect(self._sources_changed)
        session.runsChanged.connect(self._list_runs)

    # -- putting it together

    def _choice(self) -> Segmented:
        made = Segmented(
            [
                ("hub", self.tr("Published")),
                ("file", self.tr("File")),
                ("run", self.tr("Run")),
                ("none", self.tr("None")),
            ],
            parent=self,
        )
        made.setObjectName("model.weightsSource")
        for key, tip in (
            ("hub", self.tr("Weights that others trained, downloaded once and then kept on this machine")),
            ("file", self.tr("A weights file on this machine")),
            ("run", self.tr("What a run of this project has learnt")),
            ("none", self.tr("Random numbers: training starts from nothing")),
        ):
            made.button(key).setToolTip(tip)
        return made

    def _run_choice(self) -> RunChoice:
        made = RunChoice()
        made.setObjectName("model.run")
        made.setMinimumContentsLength(16)
        made.setPlaceholderText(self.tr("No run has a model yet"))
        return made

    def open_sources(self, is_open: bool) -> None:
        """Unfold or fold where published weights come from."""
        self.more.setChecked(is_open)

    # -- the config, shown

    def show_config(self, config: TrainConfig, info: BackboneInfo | None) -> None:
        """Show what the config says, without announcing it. ``info`` is the catalogue's row of its backbone."""
        if info is not self._info:
            self._here = Presence().tags(info) if info is not None else []
        self._config, self._info = config.backbone, info
        self._show()

    def _show(self) -> None:
        weights = self._config.weights
        with QSignalBlocker(self.source):
            self.source.set_value(source_of(weights))
        if source_of(weights) == "file":
            self.file.show_path(weights)
        self.published.show_tags(self._info, self._here, self._config.tag)
        self._list_runs()
        self._say()

    @Slot()
    def _list_runs(self) -> None:
        """The runs of the same backbone first: the others bring their own."""
        name = self._config.name
        rows = sorted(with_model(self._session), key=lambda each: each.backbone != name)
        with QSignalBlocker(self.run):
            self.run.show_runs(rows)
            self.run.setCurrentIndex(-1)
            self.run.choose(self._config.weights.removeprefix(RUN))

    def summary(self) -> str:
        """Return in a few words what is chosen."""
        weights = self._config.weights
        match source_of(weights):
            case "none":
                return self.tr("random numbers")
            case "file":
                return Path(weights).name
            case "run":
                return self.tr("run {0}").format(weights.removeprefix(RUN))
        wish = self._wish()
        if wish is None:
            return self.tr("no published weights")
        name = wish.tag or self.tr("published weights")
        return self.tr("{0}, here").format(name) if wish.tag in self._here else self.tr("{0}, not here").format(name)

    # -- the config, edited

    @Slot(str)
    def _source_changed(self, source: str) -> None:
        if source == "file":
            if self.file.text():
                self._choose(self.file.text())
            else:
                self._say()
                self.file.path.setFocus()
        elif source == "run":
            row = next((each for each in with_model(self._session) if each.backbone == self._config.name), None)
            if row is not None:
                self._choose(f"{RUN}{row.id}")
            else:
                self._say()
        else:
            self._choose(source)

    @Slot(str)
    def _tag_chosen(self, tag: str) -> None:
        self._change(weights="hub", tag=tag)

    @Slot(str)
    def _file_chosen(self, path: str) -> None:
        if path:
            self._choose(path)
        elif source_of(self._config.weights) == "file":
            self._choose("hub")

    @Slot()
    def _run_chosen(self, *_index: object) -> None:
        row = self.run.row()
        if row is not None:
            # A run knows its backbone: its weights fit no other.
            self._change(name=row.backbone, weights=f"{RUN}{row.id}", tag="")

    def _choose(self, weights: str) -> None:
        self._change(weights=weights, tag=self._config.tag if weights == "hub" else "")

    def _change(self, **fields: str) -> None:
        config = BackboneConfig.model_validate({**self._config.model_dump(), **fields})
        if config == self._config:
            self._say()
            return
        if source_of(config.weights) == "file" and config.weights != self._config.weights:
            self._file_for = config.name
        self._config = config
        self._show()
        self.changed.emit(config)

    # -- downloads

    def _wish(self) -> Wish | None:
        tag = self._config.tag or (self._info.weights[0] if self._info is not None and self._info.weights else None)
        return Wish(self._config.name, tag) if tag is not None else None

    @Slot()
    def _fetch(self) -> None:
        wish = self._wish()
        if wish is not None:
            self.jobs.fetch(wish)

    @Slot()
    def _check(self) -> None:
        self.checks.check(self._config)

    @Slot()
    def _stop_fetching(self) -> None:
        wish = self._wish()
        if wish is not None:
            self.jobs.stop(wish)

    @Slot(str)
    def _arrived(self, name: str) -> None:
        if self._info is not None and name in ("", self._info.name):
            self._here = Presence().tags(self._info)
            self._show()
        self.presenceChanged.emit(name)

    @Slot()
    def _sources_changed(self) -> None:
        self._arrived("")

    # -- what is said of them

    @Slot()
    def _say(self) -> None:
        sentence, role = self._sentence()
        self.says.setText(sentence)
        self.says.setVisible(bool(sentence))
        theme.set_role(self.says, role)
        source = self.source.value()
        self._pages.setCurrentIndex(["hub", "file", "run", "none"].index(source))
        self._pages.setVisible(source != "none")
        self.more.setVisible(source == "hub")
        self.sources.setVisible(source == "hub" and self.more.isChecked())
        self.file.show_wrong(source == "file" and role == "error")
        self._show_fetching()
        self._show_check()

    def _sentence(self) -> weights_words.Said:
        match self.source.value():
            case "none":
                return weights_words.of_none()
            case "file":
                return weights_words.of_file(self.file.text(), self._file_for, self._config)
            case "run":
                return weights_words.of_run(self._config, with_model(self._session))
        wish = self._wish()
        return weights_words.of_published(
            self._info,
            wish.tag if wish is not None else None,
            self._here,
            fetching=wish is not None and self.jobs.is_fetching(wish),
            problem=self.jobs.problem(wish) if wish is not None else "",
        )

    def _show_fetching(self) -> None:
        wish, published = self._wish(), self.source.value() == "hub"
        fetching = wish is not None and self.jobs.is_fetching(wish)
        here = wish is not None and wish.tag in self._here
        self.fetch.setVisible(published and wish is not None and not here and not fetching)
        self.download.setVisible(published and fetching)
        if wish is not None and fetching:
            done, total = self.jobs.progress(wish)
            self.download.show_progress(done, total, stopping=self.jobs.is_stopping(wish))

    @Slot()
    def _show_check(self) -> None:
        """Offer the check where there is something to load, and show what the last one found of these weights."""
        source = source_of(self._config.weights)
        wish = self._wish()
        there = {
            "hub": wish is not None and wish.tag in self._here,
            "file": Path(self._config.weights).expanduser().is_file(),
            "run": self.says.property("role") != "error",
        }.get(source, False)
        self.check.setVisible(there and source == self.source.value() and self._session.project is not None)
        self.check.setEnabled(not self.checks.running)
        self.check.setText(self.tr("Checking …") if self.checks.running else self.tr("Check what fits"))
        self.report.show_report(self.checks.report(self._config), self.checks.problem(self._config))

    # -- dropping a file

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event.mimeData().urls()):
            event.acceptProposedAction()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        path = dropped_file(event.mimeData().urls())
        if path:
            event.acceptProposedAction()
            self._choose(path)

    def _light(self, on: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, on)
        self.setProperty("surface", "raised" if on else "")
        self.style().unpolish(self)
        self.style().polish(self)
