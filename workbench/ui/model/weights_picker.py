"""Which weights a backbone starts from: published ones, a file's, those of a run of the project, or none."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QProgressBar, QStackedWidget, QWidget

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.models.catalog import BackboneInfo, TagInfo
from workbench.training.config import BackboneConfig, TrainConfig
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.model.backbone_words import top1
from workbench.ui.model.presence import Presence
from workbench.ui.model.weights_check import WeightsCheck
from workbench.ui.model.weights_jobs import WeightsJobs, Wish
from workbench.ui.model.weights_sources import SourcesEditor, SourceSettings
from workbench.ui.run_choice import RunChoice, with_model
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, Section, Segmented, button, label, tool_button

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
RUN = "run:"
MOST_NAMES = 12
"""So many names of tensors of a kind stand in the tooltip of the report."""


def source_of(weights: str) -> str:
    """Return which of the four choices a config's ``weights`` are: hub, file, run or none."""
    if weights in ("hub", "none"):
        return weights
    return "run" if weights.startswith(RUN) else "file"


def with_backbone(config: BackboneConfig, name: str) -> BackboneConfig:
    """Return the config with another backbone: names of weights and runs belong to the one of before."""
    weights = "hub" if config.weights.startswith(RUN) else config.weights
    return BackboneConfig.model_validate({**config.model_dump(), "name": name, "tag": "", "weights": weights})


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
        self._pages = QStackedWidget()
        self._pages.setSizePolicy(self._pages.sizePolicy().horizontalPolicy(), self.sizePolicy().verticalPolicy())
        for page in (self._published_page(), self._file_page(), self._run_page(), QWidget()):
            self._pages.addWidget(page)
        self.says = label("", "secondary", wrap=True, name="model.weightsSays")
        self.check = button(self.tr("Check what fits"), self._check, name="model.checkWeights")
        self.check.setToolTip(self.tr("Load the weights now and tell what fits, what is left over and what is new"))
        self.report = label("", "secondary", wrap=True, name="model.weightsReport")
        self.report.hide()
        self.sources = SourcesEditor(SourceSettings(session.preferences))
        self._more = Section(self.tr("Packs, proxy and mirrors"), self.sources, foldable=True)
        self._more.set_open(False)
        self.setLayout(
            column(
                self.source,
                self._pages,
                self.says,
                self._progress,
                row(self.fetch, self.check, None),
                self.report,
                self._more,
            )
        )
        self.source.changed.connect(self._source_changed)
        self.jobs.changed.connect(self._say)
        self.checks.changed.connect(self._show_check)
        self.jobs.arrived.connect(self._arrived)
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

    def _published_page(self) -> QWidget:
        self.tag = QComboBox()
        self.tag.setObjectName("model.tag")
        self.tag.setAccessibleName(self.tr("Published weights"))
        self.tag.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.tag.setMinimumContentsLength(12)
        self.fetch = button(self.tr("Download"), self._fetch, icon="download", name="model.fetch")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bytes = ElidedLabel("", "secondary")
        self._stop = tool_button("stop", self.tr("Stop the download; what has come is kept"), self._stop_fetching)
        self._stop.setObjectName("model.stopFetching")
        self._progress = QWidget()
        self._progress.setLayout(row(self._bar, self._bytes, self._stop))
        self._progress.hide()
        page = QWidget()
        page.setLayout(column(self.tag, spacing=0))
        self.tag.activated.connect(self._tag_chosen)
        return page

    def _file_page(self) -> QWidget:
        self.path = QLineEdit()
        self.path.setObjectName("model.weights")
        self.path.setPlaceholderText(self.tr("Drop a weights file, or paste its path"))
        self.path.setClearButtonEnabled(True)
        self.browse = tool_button("folder", self.tr("Choose a weights file"), self._browse, name="model.browseWeights")
        page = QWidget()
        page.setLayout(row(self.path, self.browse, spacing=theme.HALF))
        self.path.textChanged.connect(self._text_changed)
        self.path.editingFinished.connect(self._editing_finished)
        return page

    def _run_page(self) -> QWidget:
        self.run = RunChoice()
        self.run.setObjectName("model.run")
        self.run.setMinimumContentsLength(16)
        self.run.setPlaceholderText(self.tr("No run has a model yet"))
        page = QWidget()
        page.setLayout(column(self.run, spacing=0))
        self.run.activated.connect(self._run_chosen)
        return page

    def open_sources(self, is_open: bool) -> None:
        """Unfold or fold where published weights come from."""
        self._more.set_open(is_open)

    # -- the config, shown

    def show_config(self, config: TrainConfig, info: BackboneInfo | None) -> None:
        """Show what the config says, without announcing it. ``info`` is the catalogue's row of its backbone."""
        if info is not self._info:
            self._here = Presence().tags(info) if info is not None else []
        self._config, self._info = config.backbone, info
        self._show()

    def _show(self) -> None:
        weights = self._config.weights
        source = source_of(weights)
        with QSignalBlocker(self.source), QSignalBlocker(self.path):
            self.source.set_value(source)
            if source == "file" and self.path.text().strip() != weights:
                self.path.setText(weights)
                self.path.setCursorPosition(len(weights))
        self._show_tags()
        self._list_runs()
        self._say()

    def _show_tags(self) -> None:
        tags = self._info.tags if self._info is not None else ()
        with QSignalBlocker(self.tag):
            self.tag.clear()
            for place, tag in enumerate(tags):
                self.tag.addItem(self._tag_text(tag, default=place == 0), tag.name)
                self.tag.setItemData(place, self._tag_tip(tag), Qt.ItemDataRole.ToolTipRole)
            wanted = self.tag.findData(self._config.tag) if self._config.tag else 0
            self.tag.setCurrentIndex(wanted if tags else -1)
            self.tag.setToolTip(self._tag_tip(tags[wanted]) if tags and wanted >= 0 else "")
        self.tag.setEnabled(bool(tags))
        view = self.tag.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 4 * theme.GRID)

    def _tag_text(self, tag: TagInfo, *, default: bool) -> str:
        parts = [tag.name or self.tr("published weights")]
        if tag.top1 is not None:
            parts.append(top1(tag.top1))
        if tag.name in self._here:
            parts.append(self.tr("here"))
        elif default and self._info is not None and len(self._info.tags) > 1:
            parts.append(self.tr("default"))
        return " · ".join(parts)

    def _tag_tip(self, tag: TagInfo) -> str:
        said = [
            self.tr("Learnt from: {0}").format(tag.dataset) if tag.dataset else "",
            self.tr("ImageNet top-1: {0}").format(top1(tag.top1)) if tag.top1 is not None else "",
            self.tr("Images of {0} px").format(tag.input_size),
            self.tr("Licence: {0}").format(tag.licence or self.tr("not recorded")),
            self.tr("On this machine") if tag.name in self._here else self.tr("Not on this machine"),
        ]
        return "\n".join(part for part in said if part)

    @Slot()
    def _list_runs(self) -> None:
        """The runs of the same backbone first: the others bring their own."""
        name = self._config.name
        rows = sorted(with_model(self._session), key=lambda each: each.backbone != name)
        with QSignalBlocker(self.run):
            self.run.show_runs(rows)
            self.run.setCurrentIndex(-1)
            self.run.choose(self._config.weights.removeprefix(RUN))

    # -- the config, edited

    @Slot(str)
    def _source_changed(self, source: str) -> None:
        if source == "file":
            text = self.path.text().strip()
            if text:
                self._choose(text)
            else:
                self._say()
                self.path.setFocus()
        elif source == "run":
            row = next((each for each in with_model(self._session) if each.backbone == self._config.name), None)
            if row is not None:
                self._choose(f"{RUN}{row.id}")
            else:
                self._say()
        else:
            self._choose(source)

    @Slot()
    def _tag_chosen(self, *_index: object) -> None:
        tag = str(self.tag.currentData())
        default = self._info is not None and self._info.weights[:1] == (tag,)
        self._change(weights="hub", tag="" if default else tag)

    @Slot()
    def _run_chosen(self, *_index: object) -> None:
        row = self.run.row()
        if row is not None:
            # A run knows its backbone: its weights fit no other.
            self._change(name=row.backbone, weights=f"{RUN}{row.id}", tag="")

    @Slot(str)
    def _text_changed(self, text: str) -> None:
        """A path that is complete counts at once; a part of one waits until the field is left."""
        text = text.strip()
        if text and source_of(text) == "file" and Path(text).expanduser().is_file():
            self._choose(text)

    @Slot()
    def _editing_finished(self) -> None:
        text = self.path.text().strip()
        if text:
            self._choose(text)
        elif source_of(self._config.weights) == "file":
            self._choose("hub")

    @Slot()
    def _browse(self) -> None:
        start = self._config.weights if source_of(self._config.weights) == "file" else ""
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _kind = QFileDialog.getOpenFileName(
            self, self.tr("Choose a weights file"), start, self.tr("Weights ({0});;All files (*)").format(kinds)
        )
        if path:
            self._choose(path)

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

    # -- the sentence

    @Slot()
    def _say(self) -> None:
        sentence, role = self._sentence()
        self.says.setText(sentence)
        self.says.setVisible(bool(sentence))
        theme.set_role(self.says, role)
        source = self.source.value()
        self._pages.setCurrentIndex(["hub", "file", "run", "none"].index(source))
        self._pages.setVisible(source != "none")
        self._more.setVisible(source == "hub")
        self.path.setProperty("invalid", "true" if source == "file" and role == "error" else "false")
        self.path.style().unpolish(self.path)
        self.path.style().polish(self.path)
        self._show_fetching()
        self._show_check()

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
        problem, found = self.checks.problem(self._config), self.checks.report(self._config)
        self.report.setText(problem or (self._reported(found) if found is not None else ""))
        self.report.setToolTip("" if found is None else self._reported_names(found))
        self.report.setVisible(bool(self.report.text()))
        theme.set_role(self.report, "error" if problem else "secondary")

    def _reported(self, found: dict[str, Any]) -> str:
        said = [self.tr("{0} fit").format(figures.counted(found["matched"], self.tr("tensor"), self.tr("tensors")))]
        if found["adapted"]:
            said.append(self.tr("{0} of them adapted to the channels or the size").format(len(found["adapted"])))
        if found["left_out"]:
            named = ", ".join(found["dropped"][:2])
            said.append(self.tr("{0} left over ({1})").format(figures.count(found["left_out"]), named))
        if found["new"]:
            said.append(self.tr("new: {0}").format(", ".join(found["new"][:2])))
        return "; ".join(said) + "."

    def _reported_names(self, found: dict[str, Any]) -> str:
        parts = [(self.tr("Left over:"), found["dropped"]), (self.tr("New:"), found["new"])]
        parts.append((self.tr("Adapted:"), list(found["adapted"])))
        lines = [" ".join((title, ", ".join(names[:MOST_NAMES]))) for title, names in parts if names]
        return "\n".join(lines)

    def _show_fetching(self) -> None:
        wish = self._wish()
        fetching = wish is not None and self.jobs.is_fetching(wish)
        here = wish is not None and wish.tag in self._here
        self.fetch.setVisible(wish is not None and not here and not fetching and self.source.value() == "hub")
        self._progress.setVisible(fetching and self.source.value() == "hub")
        if wish is None or not fetching:
            return
        done, total = self.jobs.progress(wish)
        self._bar.setRange(0, 1000 if total else 0)
        if total:
            self._bar.setValue(round(1000 * done / total))
            self._bytes.setText(self.tr("{0} of {1}").format(figures.size(done), figures.size(total)))
        else:
            self._bytes.setText(figures.size(done) if done else self.tr("Connecting"))
        self._stop.setEnabled(not self.jobs.is_stopping(wish))

    def _sentence(self) -> tuple[str, str]:
        match self.source.value():
            case "none":
                return self.tr(
                    "Starts from random numbers. Needs many images and epochs; do not freeze the backbone."
                ), "warning"
            case "file":
                return self._file_sentence()
            case "run":
                return self._run_sentence()
        return self._published_sentence()

    def _published_sentence(self) -> tuple[str, str]:
        info, wish = self._info, self._wish()
        if info is None:
            return "", "secondary"
        if wish is None:
            return self.tr("Nobody publishes weights for this backbone: choose a file, or none."), "error"
        try:
            catalog.with_tag(info, wish.tag)
        except WorkbenchError as error:
            return str(error), "error"
        if self.jobs.is_fetching(wish):
            return self.tr("On the way. Everything else can go on meanwhile."), "secondary"
        if wish.tag in self._here:
            return self.tr("On this machine already."), "secondary"
        if problem := self.jobs.problem(wish):
            return problem, "error"
        if self._here:
            return self.tr("Not on this machine, but {0} is: choose it above, or download these.").format(
                " · ".join(self._here)
            ), "warning"
        return self.tr(
            "Not on this machine: download them now, or the start of a run does. Without a network choose a file or a pack."
        ), "warning"

    def _run_sentence(self) -> tuple[str, str]:
        rows = {each.id: each for each in with_model(self._session)}
        chosen = self._config.weights.removeprefix(RUN) if source_of(self._config.weights) == "run" else ""
        if not chosen and not rows:
            return self.tr("No run of this project has a model yet."), "secondary"
        if not chosen:
            return self.tr("No run of this backbone yet: choose one above, it brings its own backbone."), "secondary"
        found = rows.get(chosen)
        if found is None:
            return self.tr("The run {0} is not there, or has no model: choose another.").format(chosen), "error"
        if found.backbone != self._config.name:
            return self.tr("The run {0} is of {1}: choose that backbone, or other weights.").format(
                chosen, found.backbone
            ), "error"
        return self.tr(
            "Starts from what the run {0} has learnt; its head is kept where the classes are the same."
        ).format(chosen), "secondary"

    def _file_sentence(self) -> tuple[str, str]:
        text = self.path.text().strip()
        if not text:
            return self.tr(
                "Choose a .safetensors file, or a PyTorch checkpoint. Nothing in it is ever run."
            ), "secondary"
        path = Path(text).expanduser()
        if not path.is_file():
            return self.tr("There is no file at this path."), "error"
        if self._file_for not in ("", self._config.name):
            return self.tr("Chosen for {0}; another backbone needs its own file.").format(self._file_for), "warning"
        return self.tr("{0}: it has to fit completely, and the run reports what was loaded.").format(
            path.name
        ), "secondary"

    # -- dropping a file

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData().urls()):
            event.acceptProposedAction()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        path = _dropped(event.mimeData().urls())
        if path:
            event.acceptProposedAction()
            self._choose(path)

    def _light(self, on: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, on)
        self.setProperty("surface", "raised" if on else "")
        self.style().unpolish(self)
        self.style().polish(self)


def _dropped(urls: list[QUrl]) -> str:
    paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return next((path for path in paths if Path(path).is_file() and Path(path).suffix.lower() in SUFFIXES), "")
