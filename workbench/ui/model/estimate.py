"""What a run of these settings will take: counted from the layers, then measured by a few real steps on this machine."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.few_lines import FewLines
from workbench.ui.job_widget import JobWidget
from workbench.ui.layouts import column, row
from workbench.ui.model.parts_tree import Counts
from workbench.ui.model.stage_tree import short_count
from workbench.ui.widgets import ElidedLabel, button, label

PLACES = ("learns", "memory", "epoch", "all", "batch", "speed")
"""The figures in the order in which they stand, two to a line."""


class EstimateBox(JobWidget):
    """Says what is counted, has a button that measures, and says what came of it."""

    batch_chosen = Signal(int)
    shown = Signal()
    """Something else is shown, which may need another height."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: Counts | None = None
        self._probed: dict[str, Any] | None = None
        self._stale = False
        self._batch = 0
        self._hindrance = ""
        captions = {
            "learns": self.tr("Learns"),
            "memory": self.tr("Memory"),
            "epoch": self.tr("Epoch"),
            "all": self.tr("Run"),
            "batch": self.tr("Batch"),
            "speed": self.tr("Speed"),
        }
        self._rows: dict[str, tuple[QLabel, ElidedLabel]] = {}
        self._grid = grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.HALF)
        for name in PLACES:
            caption, value = label(captions[name], "secondary"), ElidedLabel("")
            value.setObjectName(f"model.estimate.{name}")
            self._rows[name] = (caption, value)
        for side in (1, 3):
            grid.setColumnStretch(side, 1)
        self.go = button("", self._clicked, icon="clock", name="model.probe")
        self.go.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.what = label("", "secondary", wrap=True, name="model.probeSays")
        self.use = button("", self._use, role="link", name="model.useBatch")
        self.notes = FewLines(2, "secondary")
        self.notes.setObjectName("model.probeNotes")
        self.notes.cutChanged.connect(self._offer_more)
        self.more = button("", self._fold_notes, role="link", name="model.probeMore")
        line = row(self.go, self.what, self.use, self.more)
        line.setStretch(1, 1)
        self.setLayout(column(grid, self.notes, line, self.bar))
        self._show()

    def value(self, name: str) -> str:
        """Return what is shown for learns, epoch, all, memory, batch or speed."""
        return self._rows[name][1].text() if not self._rows[name][1].isHidden() else ""

    def show_counts(self, counts: Counts | None, batch_size: int) -> None:
        """Show what is counted of the chosen settings; None where the layers are not known."""
        self._counts, self._batch = counts, batch_size
        self._show()

    def show_probed(self, probed: dict[str, Any] | None, *, stale: bool = False) -> None:
        """Show what was measured; ``stale``: with settings that were changed since."""
        self._probed, self._stale = probed, stale
        self._show()

    def show_progress(self, what: str, share: float | None) -> None:
        self._take_progress(share)
        self.what.setText(what)
        self._show()

    def end_progress(self) -> None:
        self._running = False
        self._show()

    def show_hindrance(self, sentence: str) -> None:
        """Say why nothing can be measured; "" where it can."""
        self._hindrance = sentence
        self._show()

    def _show(self) -> None:
        probed, counts = self._probed, self._counts
        values: dict[str, str] = {}
        if counts is not None:
            values["learns"] = self.tr("{0} of {1}").format(
                short_count(counts.learning), short_count(counts.parameters)
            )
            values["memory"] = self.tr("about {0}").format(figures.size(counts.memory))
        if probed is not None:
            values |= self._measured(probed)
        self._place([name for name in PLACES if values.get(name)])
        for name, (caption, value) in self._rows.items():
            shown = bool(values.get(name))
            caption.setVisible(shown)
            value.setVisible(shown)
            value.setText(values.get(name, ""))
            dim = self._stale and probed is not None and name != "learns"
            theme.set_role(value, "secondary" if dim else "")
            value.set_tip(self._tip(name))
        largest = self._largest()
        theme.set_role(self.use, "link")
        # Larger ones than were asked for are said, not offered: they take fewer steps, and want another learning rate.
        too_large = 0 < largest < self._batch
        self.use.setVisible(too_large and not self._stale and not self._running)
        self.use.setText(self.tr("Use batches of {0}").format(figures.count(largest)))
        notes = list(probed.get("notes", ())) if probed is not None and not self._stale else []
        self.notes.setText("\n".join(str(note) for note in notes))
        self.notes.setVisible(bool(notes))
        self._offer_more()
        self.bar.setVisible(self._running)
        self.go.setText(self.tr("Stop") if self._running else self.tr("Measure"))
        # What runs can be stopped, whatever was found against starting it since.
        self.go.setEnabled(self._running or not self._hindrance)
        self.go.setToolTip(self._go_tip())
        self.go.setIcon(icons.icon("stop" if self._running else "clock", "secondary"))
        if not self._running:
            self.what.setText(self._advice())
        self.shown.emit()

    def _place(self, names: Sequence[str]) -> None:
        """Put these figures two to a line, without gaps for those that nobody knows."""
        for number, name in enumerate(names):
            for part, widget in enumerate(self._rows[name]):
                self._grid.addWidget(widget, number // 2, 2 * (number % 2) + part)

    def _tip(self, name: str) -> str:
        device = str((self._probed or {}).get("device", ""))
        return {
            "learns": self.tr("Parameters that learn in the phase that needs most memory, and all there are"),
            "memory": self._memory_tip(),
            "epoch": self.tr("Time for an epoch on {0}").format(device) if device else "",
            "all": self.tr("Time for the whole run, all phases"),
            "batch": self.tr("The largest batch that fits into the memory that was free when it was measured"),
            "speed": self.tr("Training images per second on {0}").format(device) if device else "",
        }[name]

    def _memory_tip(self) -> str:
        probed = self._probed or {}
        kind, batch = str(probed.get("memory_kind", "")), int(probed.get("batch_size") or 0)
        if not kind:
            return self.tr(
                "Counted from the layers, in 32-bit numbers, for the phase that needs most: weights, gradients, the "
                "optimizer and a batch. In five networks it was 0.7 to 1.4 times what real steps took. Python and torch "
                "themselves come on top."
            )
        if str(probed.get("device", "")) == "cpu":
            return self.tr(
                "Measured in the phase that needs most, in batches of {0}: the whole process, Python and torch included"
            ).format(figures.count(batch))
        return self.tr("Measured in the phase that needs most, in batches of {0}: {1}").format(
            figures.count(batch), kind
        )

    def _measured(self, probed: dict[str, Any]) -> dict[str, str]:
        minutes = float(probed["minutes"])
        memory = figures.size(float(probed["memory_bytes"])) if probed.get("memory_bytes") else ""
        largest = int(probed.get("largest_batch") or 0)
        speed = float(probed.get("images_per_second") or 0)
        return {
            "epoch": figures.duration(float(probed["seconds_per_epoch"])),
            "all": figures.duration(minutes * 60),
            "memory": memory,
            "batch": self.tr("up to {0}").format(figures.count(largest)) if largest else "",
            "speed": self.tr("{0} images/s").format(figures.figure(round(speed, 1))) if speed else "",
        }

    def _largest(self) -> int:
        """Return the largest usual batch (a power of two) that fits, 0 where that was not measured."""
        measured = int((self._probed or {}).get("largest_batch") or 0)
        return 1 << (measured.bit_length() - 1) if measured else 0

    def _go_tip(self) -> str:
        if self._running:
            return self.tr("End the measurement")
        return self._hindrance or self.tr("Take a few steps of the run on this machine, with your images")

    def _advice(self) -> str:
        if self._hindrance:
            return self._hindrance
        if self._probed is None:
            return self.tr("A few steps here tell minutes, memory and the largest batch.")
        if self._stale:
            return self.tr("The settings have changed since.")
        if self._largest() and self._largest() < self._batch:
            return self.tr("Batches of {0} do not fit.").format(figures.count(self._batch))
        return ""

    @Slot()
    def _offer_more(self) -> None:
        self.more.setVisible(bool(self.notes.text()) and self.notes.is_cut)
        self.more.setText(self.tr("Less") if self.notes.is_open else self.tr("More"))
        self.more.setToolTip(self.tr("Show a few lines") if self.notes.is_open else self.tr("Show every note"))

    @Slot()
    def _fold_notes(self) -> None:
        self.notes.set_open(not self.notes.is_open)
        self._offer_more()
        self.shown.emit()

    @Slot()
    def _use(self) -> None:
        self.batch_chosen.emit(self._largest())
