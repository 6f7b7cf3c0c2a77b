"""What is known about one image, as parts of the inspector: its findings, decisions, columns and file."""

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from workbench.project.decisions import Decision
from workbench.project.findings import FindingRow
from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, button, label

MOST_FINDINGS = 6
MOST_HISTORY = 20
LONGEST = 300


class Facts(QLabel):
    """Names and values in two columns; the values can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setProperty("role", "secondary")
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def show_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Show these, in their order."""
        lines = []
        for name, value in facts:
            short = value if len(value) <= LONGEST else value[:LONGEST] + "…"
            lines.append(
                f"<tr><td style='padding-right: 12px; white-space: nowrap'>{html.escape(name)}</td>"
                f"<td style='color: {theme.colour('text').name()}'>{html.escape(short)}</td></tr>"
            )
        self.setText(f"<table cellspacing='0' cellpadding='1'>{''.join(lines)}</table>" if lines else "")


def file_facts(shown: ImageRow, tr: object) -> dict[str, str]:
    """Return what the project knows of an image's file."""
    assert callable(tr)
    facts = {}
    if shown.width:
        facts[tr("Size")] = f"{shown.width} × {shown.height} px"
        kind = tr("grey") if shown.channels == 1 else tr("colour")
        facts[tr("Depth")] = tr("{bits} bit {kind}").format(bits=shown.bits, kind=kind)
    facts[tr("File")] = figures.size(shown.bytes)
    if shown.modified_ns:
        changed = datetime.fromtimestamp(shown.modified_ns / 1e9, UTC).astimezone()
        facts[tr("Changed")] = changed.strftime("%Y-%m-%d %H:%M")
    facts[tr("Path")] = str(shown.path)
    if shown.content_hash:
        facts[tr("Content")] = shown.content_hash[:16]
    return facts


class FindingLine(QWidget):
    """One finding of the image, with what can be done about it."""

    showAsked = Signal(int)
    dismissAsked = Signal(int)

    def __init__(self, finding: FindingRow, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._id = finding.id
        strength = self.tr("{0} · {1}").format(title, figures.score(finding.score))
        head = ElidedLabel(strength, "warning")
        links = row(None, spacing=theme.GRID)
        if len(finding.ids) > 1:
            images = figures.counted(len(finding.ids), self.tr("image"), self.tr("images"))
            tip = self.tr("Show the images of this finding")
            links.insertWidget(0, _link(button(self.tr("Show {0}").format(images), self._show, role="link", tip=tip)))
        tip = self.tr("This is in order: show the finding no more, also when it is found again")
        dismiss = button(self.tr("Dismiss"), self._dismiss, role="link", name="dataset.dismiss", tip=tip)
        links.insertWidget(links.count() - 1, _link(dismiss))
        # Below each other: beside the title the links would make the inspector wider than it is.
        self.setLayout(column(head, label(finding.message, "secondary", wrap=True), links, spacing=0))

    @Slot()
    def _show(self) -> None:
        self.showAsked.emit(self._id)

    @Slot()
    def _dismiss(self) -> None:
        self.dismissAsked.emit(self._id)


def _link(made: QPushButton) -> QPushButton:
    made.setStyleSheet("padding: 0;")  # its words begin where those above do
    return made


class ImageFindings(QWidget):
    """The open findings that the image is part of, strongest first."""

    showAsked = Signal(int)
    dismissAsked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[int, ...] = ()
        self._more = label("", "secondary")
        self._lines = column(spacing=theme.GRID)
        self.setLayout(column(self._lines, self._more, spacing=theme.HALF))
        self.show_findings([])

    def show_findings(self, findings: Sequence[FindingRow]) -> None:
        """Show the strongest of these, and how many more there are."""
        wanted = tuple(finding.id for finding in findings)
        if wanted == self._shown and wanted:
            return
        self._shown = wanted
        while self._lines.count():
            self._lines.takeAt(0).widget().deleteLater()
        for finding in findings[:MOST_FINDINGS]:
            line = FindingLine(finding, self.title(finding.kind))
            line.showAsked.connect(self.showAsked)
            line.dismissAsked.connect(self.dismissAsked)
            self._lines.addWidget(line)
        more = len(findings) - MOST_FINDINGS
        self._more.setText(self.tr("and {count} more").format(count=figures.count(more)) if more > 0 else "")
        self._more.setVisible(more > 0)

    def title(self, kind: str) -> str:
        """Return the name of a kind of finding."""
        names = {
            "exact-copy": self.tr("Exact copy"),
            "near-duplicate": self.tr("Near-duplicate"),
            "quality": self.tr("Quality"),
            "outlier": self.tr("Outlier"),
            "label-error": self.tr("Probable wrong label"),
            "leakage": self.tr("On both sides of the split"),
            "shortcut": self.tr("Shortcut"),
            "imbalance": self.tr("Imbalance"),
        }
        return names.get(kind, kind)


class DecisionList(Facts):
    """Every decision about the image, newest first: when, and what was decided by whom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.history")
        self.lines: list[tuple[str, str]] = []

    def show_decisions(self, decisions: Sequence[Decision]) -> None:
        self.lines = [self._line(decision) for decision in list(reversed(decisions))[:MOST_HISTORY]]
        if len(decisions) > MOST_HISTORY:
            earlier = figures.count(len(decisions) - MOST_HISTORY)
            self.lines.append(("", self.tr("and {count} earlier").format(count=earlier)))
        self.show_facts(self.lines)

    def _line(self, decision: Decision) -> tuple[str, str]:
        tr = self.tr
        what = {
            "tag": tr("tag"),
            "note": tr("note"),
            "region": tr("region"),
            "pin": tr("split"),
            "suggestion": tr("suggestion"),
        }.get(decision.what, "")
        detail = " ".join(decision.detail.split())
        said = f"{what}: {detail}" if what else detail
        source = {
            "folder": tr("from the folder"),
            "user": "",
            "suggestion": tr("as suggested"),
            "undo": tr("undone"),
            "redo": tr("redone"),
        }.get(decision.source, decision.source)
        when = decision.when.astimezone()
        shown = when.strftime("%H:%M" if when.date() == datetime.now().astimezone().date() else "%Y-%m-%d")
        return shown, " · ".join(part for part in (said, source, decision.grader) if part)
