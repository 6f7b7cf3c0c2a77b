"""The freeze plan as a picture: the stages from stem to head, frozen or training."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.training.config import Freeze, FreezeBackbone, FreezeNothing, FreezeStages
from workbench.ui import theme

BAR = 28
GAP = 2


@dataclass(frozen=True)
class Stage:
    """One stage in the bar. ``name`` is empty where only the place of the stage is known."""

    name: str
    trains: bool


def plan(names: Sequence[str], freeze: Freeze) -> list[Stage]:
    """Return which of the stages (stem first, head last) train. The head always does."""
    match freeze:
        case FreezeBackbone():
            training = 1
        case FreezeStages():
            training = 1 + freeze.train_last
        case FreezeNothing():
            training = len(names)
    first = max(0, len(names) - training)
    return [Stage(name, number >= first) for number, name in enumerate(names)]


def short_names(names: Sequence[str]) -> list[str]:
    """Return the names without the path that most of them share: features.2–3 and features.18 become 2–3 and 18."""
    dotted = [name.partition(".")[0] for name in names if "." in name]
    shared = max(set(dotted), key=dotted.count, default="")
    return [name.removeprefix(f"{shared}.") if dotted.count(shared) > 1 else name for name in names]


class StageBar(QWidget):
    """One cell per stage, left to right as the image passes them; frozen cells are hatched, training ones filled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: list[Stage] = []
        self._certain = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_stages(self, stages: Sequence[Stage], *, certain: bool) -> None:
        """Show the plan. Without ``certain`` the number of stages is a guess, and the bar is drawn open in the middle."""
        self._stages, self._certain = list(stages), certain
        self.setAccessibleName(self.words())
        self.update()

    def stages(self) -> list[Stage]:
        return list(self._stages)

    def words(self) -> str:
        """Return the picture in words, for those who cannot see it."""
        parts = (
            self.tr("{0} trains").format(stage.name) if stage.trains else self.tr("{0} frozen").format(stage.name)
            for stage in self._stages
        )
        return ", ".join(parts)

    def sizeHint(self) -> QSize:
        return QSize(240, BAR + theme.HALF + QFontMetrics(theme.font(theme.BADGE)).height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = next((n for n, rect in enumerate(self._cells()) if rect.contains(event.pos())), None)
            if at is not None:
                stage = self._stages[at]
                words = self.tr("trains") if stage.trains else self.tr("frozen: stays exactly as it is")
                QToolTip.showText(event.globalPos(), f"{stage.name}: {words}", self)
                return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(theme.BADGE)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        names = short_names([stage.name for stage in self._stages])
        for name, stage, cell in zip(names, self._stages, self._cells(), strict=True):
            self._paint_cell(painter, stage, cell)
            painter.setPen(theme.colour("text" if stage.trains else "secondary"))
            room = QRectF(cell.left(), BAR + theme.HALF, cell.width(), metrics.height())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
            if text == name or room.width() > 32:
                painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_cell(self, painter: QPainter, stage: Stage, cell: QRectF) -> None:
        bar = QRectF(cell.left(), 0.5, cell.width(), BAR - 1)
        pen = QPen(theme.colour("accent" if stage.trains else "disabled"), 1)
        if not self._certain and not stage.trains:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        if stage.trains:
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(bar, 4, 4)
            return
        painter.setBrush(theme.colour("hover"))
        painter.drawRoundedRect(bar, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("disabled", 0.45))
        painter.save()
        painter.setClipRect(bar.adjusted(1, 1, -1, -1))
        painter.setPen(QPen(theme.colour("disabled", 0.55), 1))
        x = bar.left() - bar.height()
        while x < bar.right():
            painter.drawLine(int(x), int(bar.bottom()), int(x + bar.height()), int(bar.top()))
            x += 7
        painter.restore()

    def _cells(self) -> list[QRectF]:
        count = len(self._stages)
        if not count:
            return []
        width = (self.width() - 1 - GAP * (count - 1)) / count
        return [QRectF(0.5 + number * (width + GAP), 0, width, BAR) for number in range(count)]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.update()
