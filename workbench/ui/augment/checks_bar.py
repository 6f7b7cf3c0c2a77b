"""The line under the preview that tells what a check of the chain found, and starts one in a child process."""

import hashlib
import json
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from workbench.augment.chain import Chain, Place, Step
from workbench.jobs import Event, Job, Stop
from workbench.training.config import TrainConfig
from workbench.ui import figures, icons, theme
from workbench.ui.augment.checks_list import ChecksList
from workbench.ui.layouts import column, row, rule
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, button
from workbench.ui.worker import JobHandle

NARROW = 460
"""Pixels of the bar below which the gauge gives its room to the figures."""
KEPT = 16
"""Results that are kept, one for each chain and model."""


@dataclass
class Result:
    """What one check found, and of what: the chains it looked at, by whose steps costs are found again."""

    chain: Chain
    rare: Chain
    findings: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    feeding: dict[str, Any] | None = None

    @property
    def warnings(self) -> int:
        return sum(finding.get("severity") == "warning" for finding in self.findings)

    def take(self, event: Mapping[str, Any]) -> None:
        """Keep an event of the check."""
        name, fields = event.get("event"), dict(event)
        if name == "StepCost":
            self.costs.append(fields)
        elif name == "Noticed":
            self.findings.append({"severity": "info", "message": fields["message"]})
        elif name in ("Feeding", "MarkLoss", "Laterality", "DecisionFlips", "BorderLoss", "DetailLoss"):
            self.findings.append(fields)
        if name == "Feeding":
            self.feeding = fields

    def costs_of(self, chain: Chain, *, rare: bool) -> dict[Place, float]:
        """Return milliseconds per image by place in ``chain``, of the steps that are as they were when it was checked."""
        known: dict[str, list[float]] = {}
        for cost in self.costs:
            if bool(cost["rare"]) == rare:
                step = (self.rare if rare else self.chain).at(tuple(cost["place"]))
                known.setdefault(_looks(step), []).append(float(cost["ms"]))
        found: dict[Place, float] = {}
        for place, step in chain.walk(enabled=True):
            left = known.get(_looks(step), []) if not step.is_group else []
            if left:
                found[place] = left.pop(0)
        return found


class ChecksBar(QWidget):
    """Says whether the loader keeps up and how many warnings there are; opens the findings; starts and stops the check."""

    stepPicked = Signal(object)
    """The place of a step of the common chain, a tuple."""
    rareStepPicked = Signal(object)
    costsChanged = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.checks")
        self.session = session
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._shown: Result | None = None
        self._key = ""
        self._config: TrainConfig | None = None
        self._job: JobHandle | None = None
        self._failed_with = ""
        self.list = ChecksList()
        self.list.hide()
        self.list.stepPicked.connect(self.stepPicked)
        self.list.rareStepPicked.connect(self.rareStepPicked)
        self.gauge = RateGauge()
        self.text = ElidedLabel("", "secondary")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(64)
        self.count = button("", role="quiet", name="augment.checks.warnings")
        self.count.setCheckable(True)
        self.count.toggled.connect(self._toggle_list)
        self.go = button(
            self.tr("Check the chain"),
            self._clicked,
            name="augment.checks.run",
            tip=self.tr(
                "Measure speed, marks that leave the picture, sides, decisions and borders on the project's images"
            ),
        )
        line = row(self.gauge, self.progress, self.text, self.count, self.go)
        line.setContentsMargins(theme.GRID, theme.HALF, theme.GRID, theme.HALF)
        line.setStretch(2, 1)
        self._rule = rule()
        self.setLayout(column(self._rule, self.list, line, spacing=0))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        session.projectChanged.connect(self._project_changed)
        self._refresh()

    @Slot(object)
    def show_config(self, config: TrainConfig) -> None:
        """Show what is known of this config's chains and model; what was found of other ones is out of date."""
        key = _key_of(config, self.session)
        if key == self._key:
            self._config = config
            return
        self._key, self._config, self._failed_with = key, config, ""
        if key in self._results:
            self._show(self._results[key])
        self._refresh()
        self.costsChanged.emit()

    @property
    def out_of_date(self) -> bool:
        """True where what is shown was found of another chain or model."""
        return self._shown is not None and self._results.get(self._key) is not self._shown

    def findings(self) -> list[dict[str, Any]]:
        """Return what is shown, as the dictionaries that the check's events are; empty where nothing was checked."""
        return list(self._shown.findings) if self._shown is not None else []

    @property
    def running(self) -> bool:
        return self._job is not None

    def costs(self, *, rare: bool = False) -> dict[Place, float]:
        """Return what each step costs in milliseconds per image, by its place now; steps that have changed have none."""
        if self._shown is None or self._config is None:
            return {}
        return self._shown.costs_of(self._config.rare.chain if rare else self._config.augment, rare=rare)

    @Slot()
    def check(self) -> None:
        """Check the config that is shown, in the warm child. Nothing happens while a check runs or without a project."""
        project, config = self.session.project, self._config
        if project is None or config is None or self._job is not None:
            return
        self._failed_with = ""
        result, key = Result(config.augment, config.rare.chain), self._key

        def take(event: Any) -> None:
            result.take(event)
            self._show_progress()

        def done(_last: Any) -> None:
            self._results[key] = result
            self._results.move_to_end(key)
            while len(self._results) > KEPT:
                self._results.popitem(last=False)
            self._show(result)
            self.count.setChecked(bool(result.warnings) or self.count.isChecked())

        self._job = self.session.start_job(
            self.tr("Checking the chain"),
            _with_config(self.session, project.folder, config),
            on_event=take,
            on_done=done,
            on_failed=self._failed,
        )
        self._job.ended.connect(self._ended)
        self._refresh()

    @Slot()
    def stop(self) -> None:
        """Ask the check to end; what it has found so far is dropped."""
        if self._job is not None:
            self._job.stop()

    @Slot()
    def _clicked(self) -> None:
        if self._job is not None:
            self.stop()
        else:
            self.check()

    @Slot(bool)
    def _toggle_list(self, _open: bool) -> None:
        self._refresh()

    def _show(self, result: Result) -> None:
        self._shown = result
        self.list.show_findings(result.findings)
        self._refresh()
        self.costsChanged.emit()

    def _failed(self, sentence: str) -> None:
        self._failed_with = sentence
        self._refresh()

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self._refresh()

    @Slot()
    def _project_changed(self) -> None:
        self._results.clear()
        self._shown, self._key, self._failed_with = None, "", ""
        self.list.show_findings([])
        self.count.setChecked(False)
        if self.session.project is not None:
            self.show_config(self.session.config)
        self._refresh()
        self.costsChanged.emit()

    def _show_progress(self) -> None:
        if self._job is None:
            return
        share = self._job.share
        self.progress.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.progress.setValue(round(1000 * share))
        self.text.setText(self._job.what or self.tr("Starting"))

    def _refresh(self) -> None:
        """Bring every part up to what is known."""
        running, shown, stale = self._job is not None, self._shown, self.out_of_date
        self.progress.setVisible(running)
        self.gauge.setVisible(not running and shown is not None and shown.feeding is not None and not self._narrow)
        self.go.setText(self.tr("Stop") if running else self.tr("Check again") if shown else self.tr("Check the chain"))
        self.go.setEnabled(running or self.session.project is not None)
        self.count.setVisible(shown is not None)
        self.list.setVisible(shown is not None and self.count.isChecked() and self.list.count() > 0)
        theme.set_role(self.text, "error" if self._failed_with and not running else "secondary")
        if running:
            self._show_progress()
        elif self._failed_with:
            self.text.setText(self._failed_with)
        elif shown is None:
            self.text.setText(self.tr("Not checked: can it feed the model, does it lose findings?"))
        else:
            self.text.setText(self._summary(shown, stale=stale))
        if shown is not None:
            self._show_count(shown, stale=stale)
            self.gauge.show_rates(shown.feeding, stale=stale)

    @property
    def _narrow(self) -> bool:
        return self.width() < NARROW

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < NARROW) != self._narrow:
            self._refresh()

    def _summary(self, shown: Result, *, stale: bool) -> str:
        feeding = shown.feeding
        if stale:
            return self.tr("Out of date: the chain has changed")
        if feeding is None:
            return self.tr("Checked")
        if feeding["model_rate"] > 0:
            text = self.tr("Feeds {0}, model eats {1} images/s")
            if self._narrow:
                text = self.tr("Feeds {0}, eats {1}/s")
            return text.format(_rate(feeding["loader_rate"]), _rate(feeding["model_rate"]))
        return self.tr("Feeds {0} images/s").format(_rate(feeding["loader_rate"]))

    def _show_count(self, shown: Result, *, stale: bool) -> None:
        number = shown.warnings
        text = figures.counted(number, self.tr("warning"), self.tr("warnings")) if number else self.tr("No warnings")
        self.count.setText(text)
        tone = "disabled" if stale else "amber" if number else "green"
        self.count.setIcon(icons.icon("warning" if number else "check", tone))
        is_open = self.count.isChecked()
        self.count.setToolTip(self.tr("Hide the findings") if is_open else self.tr("Show the findings"))
        self.list.set_stale(stale)


class RateGauge(QWidget):
    """What the loader feeds as a bar, what the model eats as a mark on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.checks.gauge")
        self.setFixedSize(64, 16)
        self._fed, self._need, self._enough, self._stale = 0.0, 0.0, True, False

    def show_rates(self, feeding: Mapping[str, Any] | None, *, stale: bool) -> None:
        """Show a Feeding event; grey where it is out of date."""
        if feeding is None:
            return
        self._fed, self._need = float(feeding["loader_rate"]), float(feeding["model_rate"])
        self._enough, self._stale = feeding["severity"] != "warning", stale
        self.setToolTip(f"{feeding['message']}\n{feeding['note']}")
        self.setAccessibleName(str(feeding["message"]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(64, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        most = max(self._fed, self._need, 1e-9)
        track = QRectF(0, 5, self.width(), 6)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(track, 3, 3)
        tone = "disabled" if self._stale else "green" if self._enough else "amber"
        fed = QRectF(track)
        fed.setWidth(max(6.0, track.width() * self._fed / most))
        painter.setBrush(theme.colour(tone))
        painter.drawRoundedRect(fed, 3, 3)
        if self._need > 0:
            at = min(track.width() - 2, max(0.0, track.width() * self._need / most - 1))
            painter.fillRect(QRectF(at, 1, 2, 14), theme.colour("text"))


def _with_config(session: Session, folder: Path, config: TrainConfig) -> Job:
    """Return the job that checks ``config``, handed to the child as a file."""

    def run(stop: Stop) -> Iterator[Event]:
        with tempfile.TemporaryDirectory(prefix="workbench-check-") as scratch:
            path = Path(scratch, "config.toml")
            path.write_text(config.dumps(), encoding="utf-8")
            yield from session.warm.job(["augment", "check", str(folder), "--config", str(path)])(stop)

    return run


def _key_of(config: TrainConfig, session: Session) -> str:
    """Name everything that the findings depend on."""
    parts = config.model_dump(mode="json", include={"augment", "rare", "preprocess", "freeze", "then"})
    parts["backbone"] = config.backbone.name
    compute = config.compute
    parts["compute"] = [compute.device, compute.precision, compute.batch_size, compute.workers, compute.prepared_cache]
    parts["project"] = str(session.project.folder) if session.project is not None else ""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _looks(step: Step) -> str:
    """Name what a step's cost depends on."""
    return json.dumps([step.transform, step.p, step.params], sort_keys=True, default=str)


def _rate(per_second: float) -> str:
    if per_second < 10:
        return f"{per_second:.1f}".removesuffix(".0")
    whole = round(per_second, -1) if per_second >= 100 else round(per_second)
    return figures.count(int(whole))
