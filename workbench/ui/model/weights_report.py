"""What was loaded of weights, in words: what fits, what is left over, what is new."""

from typing import Any

from PySide6.QtWidgets import QLabel, QWidget

from workbench.ui import figures, theme

MOST_NAMES = 12
"""So many names of tensors of a kind stand in the tooltip."""


class WeightsReport(QLabel):
    """A sentence, and the names in its tooltip; hidden where there is nothing to tell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.weightsReport")
        self.setProperty("role", "secondary")
        self.setWordWrap(True)
        self.hide()

    def show_report(self, found: dict[str, Any] | None, problem: str) -> None:
        """Show the fields of `WeightsChecked`, or why the weights do not fit."""
        self.setText(problem or (self._told(found) if found is not None else ""))
        self.setToolTip("" if found is None else self._names(found))
        self.setVisible(bool(self.text()))
        theme.set_role(self, "error" if problem else "secondary")

    def _told(self, found: dict[str, Any]) -> str:
        tensors = figures.counted(found["matched"], self.tr("tensor"), self.tr("tensors"))
        said = [self.tr("They fit: {0} loaded").format(tensors)]
        if found["adapted"]:
            said.append(self.tr("{0} of them adapted to the channels or the size").format(len(found["adapted"])))
        if found["left_out"]:
            named = ", ".join(found["dropped"][:2])
            said.append(self.tr("{0} left over ({1})").format(figures.count(found["left_out"]), named))
        if found["new"]:
            said.append(self.tr("new, to be learnt: {0}").format(", ".join(found["new"][:2])))
        return "; ".join(said) + "."

    def _names(self, found: dict[str, Any]) -> str:
        parts = [(self.tr("Left over:"), found["dropped"]), (self.tr("New:"), found["new"])]
        parts.append((self.tr("Adapted:"), list(found["adapted"])))
        lines = [" ".join((title, ", ".join(names[:MOST_NAMES]))) for title, names in parts if names]
        return "\n".join(lines)
