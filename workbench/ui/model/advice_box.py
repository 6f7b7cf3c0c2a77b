"""Where to begin with these images: a question, the textbook's answer with its reasons, and a short list of backbones."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from workbench.models import catalog
from workbench.models.advice import Advice, DataFacts, Recommendation, advise, recommend
from workbench.ui import figures, icons, theme
from workbench.ui.header import Devices
from workbench.ui.layouts import column, row
from workbench.ui.model import data_facts
from workbench.ui.model.data_facts import NOTHING, ProjectFacts
from workbench.ui.widgets import ElidedLabel, Segmented, button, label

if TYPE_CHECKING:
    from workbench.ui.session import Session

WAIT_MS = 250
ROOMY = 420
"""In less width, in pixels, the folded advice is the tooltip of its head."""
MOST = 4
"""So many backbones are named here; the switch Recommended shows all of the short list."""
OPEN = "model_advice"
"""The preference that says whether the advice is unfolded."""


class AdviceBox(QWidget):
    """Reads the project when it changes; sets nothing by itself."""

    wayChosen = Signal(str)
    """A key of `WAYS`: the user takes the advice."""
    backboneChosen = Signal(str)
    recommended = Signal(object)
    """The short list by name, best first, each with its reason: a dictionary."""

    def __init__(self, session: "Session", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts = NOTHING
        self._devices = Devices()
        self._device = self._devices.kind("auto")
        self.advice: Advice | None = None
        self._short: dict[str, str] = {}
        self._head = QPushButton(self.tr("Where to begin") + "\u2002")
        self._head.setProperty("role", "fold")
        self._head.setObjectName("model.advice")
        self._head.setCheckable(True)
        self._head.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.sentence = ElidedLabel("")
        self.sentence.setObjectName("model.adviceSays")
        self.take = button(self.tr("Set up so"), self._take, name="model.takeAdvice")
        self.take.setToolTip(self.tr("Set the way that is advised; the rest of the settings stays"))
        self.similar = Segmented(
            [
                ("similar", self.tr("Yes")),
                ("different", self.tr("No")),
                ("unknown", self.tr("Not sure")),
            ],
            "unknown",
            parent=self,
        )
        self.similar.setObjectName("model.similar")
        self.why = label("", "secondary", wrap=True, name="model.adviceWhy")
        self.says = label("", wrap=True, name="model.adviceInFull")
        self._list = QWidget()
        self._rows = QGridLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(theme.GRID)
        self._rows.setVerticalSpacing(theme.HALF)
        self._rows.setColumnStretch(1, 1)
        self._body = self._unfolded()
        head = row(self._head, self.sentence, None, self.take)
        head.setStretch(1, 100)
        self.setLayout(column(head, self._body))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._ask)
        self.similar.changed.connect(self._answered)
        for signal in (session.imagesChanged, session.labelsChanged, session.classesChanged):
            signal.connect(self._timer.start)
        session.projectChanged.connect(self._ask)
        self._head.setChecked(session.preferences.switch(OPEN, False))
        self._head.toggled.connect(self._unfold)
        self._ask()

    def _unfolded(self) -> QWidget:
        question = label(self.tr("Do the images look like photographs of everyday things?"), "secondary", wrap=True)
        question.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        asked = row(question, self.similar)
        asked.setStretch(0, 1)
        self._suits = label(self.tr("Backbones that suit"), "section")
        made = QWidget()
        made.setLayout(column(self.says, self.why, asked, column(self._suits, self._list, spacing=2)))
        return made

    def show_device(self, device: str) -> None:
        """Say on which device the config wants to train."""
        found = self._devices.kind(device)
        if found != self._device:
            self._device = found
            self._advise()

    def set_open(self, is_open: bool) -> None:
        """Unfold or fold the reasons and the short list."""
        self._head.setChecked(is_open)

    def is_head_focused(self) -> bool:
        return self._head.hasFocus()

    # -- asking

    @Slot()
    def _ask(self) -> None:
        self._timer.stop()
        if self._session.project is None:
            self._tell(NOTHING)
        else:
            self._session.reader.ask("model advice", data_facts.gather, self._tell)

    def _tell(self, facts: ProjectFacts) -> None:
        if facts == self._facts and self.advice is not None:
            return
        self._facts = facts
        with QSignalBlocker(self.similar):
            self.similar.set_value(facts.similar if facts.similar in ("similar", "different") else "unknown")
        self._advise()

    @Slot(str)
    def _answered(self, similar: str) -> None:
        project = self._session.project
        if project is not None and not project.read_only:
            project.settings.set(data_facts.SIMILAR, similar)
            self._session.was_saved()
        self._facts = self._facts._replace(similar=similar)
        self._advise()

    # -- telling

    def _advise(self) -> None:
        facts = self._facts
        if not facts.images or not facts.classes:
            self.advice = None
            self.sentence.setText(self.tr("Advice follows once images are labelled."))
            self.take.hide()
            self._show_open()
            self._tell_list([])
            return
        data = DataFacts(
            images=facts.images,
            classes=facts.classes,
            smallest_class=facts.smallest,
            width=facts.width,
            height=facts.height,
            device=self._device,
            similar=self.similar.value(),
        )
        self.advice = advise(data)
        self.sentence.setText(self.advice.sentence)
        self.says.setText(self.advice.sentence)
        self.take.show()
        self._show_open()
        said = [self._data_words(facts), *self.advice.why]
        self.why.setText("\n".join(f"· {line}" for line in said))
        self._show_list(recommend(data, catalog.backbones()))

    def _data_words(self, facts: ProjectFacts) -> str:
        return self.tr("{0} labelled, {1}, the smallest with {2}; {3} × {4} px.").format(
            figures.counted(facts.images, self.tr("image"), self.tr("images")),
            figures.counted(facts.classes, self.tr("class"), self.tr("classes")),
            figures.count(facts.smallest),
            facts.width,
            facts.height,
        )

    def _show_list(self, found: list[Recommendation]) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, each in enumerate(found[:MOST]):
            name = button(each.name.partition("/")[2] or each.name, self._row_clicked, role="entry")
            name.setObjectName(f"model.suits.{each.name}")
            name.setToolTip(self.tr("Choose {0}").format(each.name))
            self._rows.addWidget(name, number, 0, Qt.AlignmentFlag.AlignLeft)
            reason = label(each.reason, "secondary", wrap=True)
            reason.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            self._rows.addWidget(reason, number, 1)
        self._suits.setVisible(bool(found))
        self._tell_list(found)

    def _tell_list(self, found: list[Recommendation]) -> None:
        self._short = {each.name: each.reason for each in found}
        self.recommended.emit(self._short)

    def short_list(self) -> dict[str, str]:
        """Return the recommended backbones, best first, each with its reason."""
        return dict(self._short)

    @Slot()
    def _row_clicked(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.backboneChosen.emit(sender.objectName().removeprefix("model.suits."))

    @Slot()
    def _take(self) -> None:
        if self.advice is not None:
            self.wayChosen.emit(self.advice.way)

    @Slot(bool)
    def _unfold(self, is_open: bool) -> None:
        self._session.preferences.set(OPEN, is_open)
        self._show_open()

    def _show_open(self) -> None:
        is_open = self._head.isChecked()
        self._head.setIcon(icons.icon("chevron-down" if is_open else "chevron-right"))
        self._body.setVisible(is_open and self.advice is not None)
        folded = not self._body.isVisibleTo(self)
        self.sentence.setVisible(folded and (self.width() >= ROOMY or self.advice is None))
        self._head.setToolTip(
            self.advice.sentence
            if folded and self.advice is not None
            else self.tr("The reasons, and backbones that suit")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_open()
