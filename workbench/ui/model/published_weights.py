"""The choice among the published weights of a backbone."""

from collections.abc import Collection

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.models.catalog import BackboneInfo, TagInfo
from workbench.ui import theme
from workbench.ui.elided_choice import ElidedChoice
from workbench.ui.model.backbone_words import top1


class PublishedWeights(ElidedChoice):
    """One line for each: its name, what it reached, its licence, whether it is here; the rest in its tooltip."""

    chosen = Signal(str)
    """The name of the weights that the user picks; "" for the default ones."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._default = ""
        self.setObjectName("model.tag")
        self.setAccessibleName(self.tr("Published weights"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.activated.connect(self._activated)

    def show_tags(self, info: BackboneInfo | None, here: Collection[str], chosen: str) -> None:
        """Show the weights of a backbone, of which those in ``here`` are on this machine; ``chosen`` is "" for the default."""
        tags = info.tags if info is not None else ()
        self._default = tags[0].name if tags else ""
        with QSignalBlocker(self):
            self.clear()
            for place, tag in enumerate(tags):
                self.addItem(self._text(tag, here, default=place == 0 and len(tags) > 1), tag.name)
                self.setItemData(place, self._tip(tag, here), Qt.ItemDataRole.ToolTipRole)
            wanted = self.findData(chosen) if chosen else 0
            self.setCurrentIndex(wanted if tags else -1)
            self.setToolTip(self._tip(tags[wanted], here) if tags and wanted >= 0 else "")
        self.setEnabled(bool(tags))
        if not tags:
            self.setToolTip(self.tr("Nobody publishes weights for this backbone"))
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 4 * theme.GRID)

    def _text(self, tag: TagInfo, here: Collection[str], *, default: bool) -> str:
        parts = [tag.name or self.tr("published weights")]
        if tag.top1 is not None:
            parts.append(top1(tag.top1))
        if tag.licence:
            parts.append(tag.licence)
        if tag.name in here:
            parts.append(self.tr("here"))
        elif default:
            parts.append(self.tr("default"))
        return " · ".join(parts)

    def _tip(self, tag: TagInfo, here: Collection[str]) -> str:
        said = [
            self.tr("Learnt from: {0}").format(tag.dataset) if tag.dataset else "",
            self.tr("ImageNet top-1: {0}").format(top1(tag.top1)) if tag.top1 is not None else "",
            self.tr("Images of {0} px").format(tag.input_size),
            self.tr("Licence: {0}").format(tag.licence or self.tr("not recorded")),
            self.tr("On this machine") if tag.name in here else self.tr("Not on this machine"),
        ]
        return "\n".join(part for part in said if part)

    @Slot(int)
    def _activated(self, _index: int) -> None:
        tag = str(self.currentData())
        self.chosen.emit("" if tag == self._default else tag)
