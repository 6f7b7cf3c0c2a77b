"""Above the chain: which one is edited, that for all classes or that for rare ones, and which classes are rare."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem, QSizePolicy, QWidget

from workbench.ui import figures, theme
from workbench.ui.augment.editor import Target
from workbench.ui.augment.rare_classes import suggested
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, Segmented, button, label

MOST_NAMED = 4
NAME = Qt.ItemDataRole.UserRole


class RareClassList(QFrame):
    """Opens under a button: every class with its count, rarest first, to be ticked. ``chosen`` carries names."""

    chosen = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._suggested: tuple[str, ...] = ()
        self._title = label(self.tr("Classes with a chain of their own"), "section")
        self._why = label("", "secondary", wrap=True)
        self._take = button(self.tr("Take the suggestion"), self._take_suggestion, name="augment.rare.suggestion")
        self.list = QListWidget()
        self.list.setObjectName("augment.rare.list")
        self.list.setAccessibleName(self.tr("Classes"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._ticked)
        self.setLayout(column(self._title, self._why, self._take, self.list, margins=12))

    def show_classes(self, counts: Mapping[str, int], chosen: Sequence[str]) -> None:
        """Show the classes of the project; one that was chosen and is no more is shown with that."""
        self._suggested = suggested(counts)
        if self._suggested:
            text = self.tr("Suggested, less than a third of the median count: {names}")
            many = len(self._suggested) > MOST_NAMED
            names = (
                self.tr("{count} classes").format(count=len(self._suggested)) if many else ", ".join(self._suggested)
            )
            self._why.setText(text.format(names=names))
        elif counts:
            self._why.setText(self.tr("No class has less than a third of the median count."))
        else:
            self._why.setText(self.tr("There are no classes yet: label some images in the Dataset panel."))
        self._take.setVisible(bool(self._suggested) and set(self._suggested) != set(chosen))
        self.list.blockSignals(True)
        self.list.clear()
        gone = [name for name in chosen if name not in counts]
        for name in [*sorted(counts, key=counts.__getitem__), *gone]:
            told = figures.counted(counts[name], self.tr("image"), self.tr("images")) if name in counts else ""
            shown = QListWidgetItem(
                f"{name}  ·  {told}" if told else self.tr("{name}  ·  no such class").format(name=name)
            )
            shown.setData(NAME, name)
            shown.setToolTip(shown.text())
            shown.setSizeHint(QSize(0, theme.CONTROL))
            shown.setCheckState(Qt.CheckState.Checked if name in chosen else Qt.CheckState.Unchecked)
            self.list.addItem(shown)
        self.list.blockSignals(False)

    def open_at(self, anchor: QWidget) -> None:
        """Show the list below ``anchor``."""
        self.resize(380, min(440, 130 + theme.CONTROL * max(1, self.list.count())))
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + theme.HALF)))
        self.show()
        self.list.setFocus()
        self.list.setCurrentRow(0)

    def names(self) -> tuple[str, ...]:
        """Return the classes that are ticked, rarest first."""
        items = [self.list.item(number) for number in range(self.list.count())]
        return tuple(item.data(NAME) for item in items if item.checkState() == Qt.CheckState.Checked)

    @Slot()
    def _take_suggestion(self) -> None:
        for number in range(self.list.count()):
            item = self.list.item(number)
            self.list.blockSignals(True)
            on = item.data(NAME) in self._suggested
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.list.blockSignals(False)
        self._ticked()

    @Slot()
    def _ticked(self) -> None:
        self._take.setVisible(bool(self._suggested) and set(self._suggested) != set(self.names()))
        self.chosen.emit(self.names())


class RareBar(QWidget):
    """The switch between the two chains, and for the second a button with its classes."""

    targetChosen = Signal(str)
    classesChosen = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: dict[str, int] = {}
        self._chosen: tuple[str, ...] = ()
        self._target: Target = "all"
        self._has_something = False
        self.switch = Segmented([("all", self.tr("All classes")), ("rare", self.tr("Rare classes"))])
        self.switch.setObjectName("augment.target")
        self.switch.setToolTip(self.tr("Chosen rare classes can have a chain of their own, usually a stronger one"))
        self.switch.changed.connect(self.targetChosen)
        self.classes = button("", self.open_list, name="augment.rare.classes")
        self.classes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.classes.setProperty("role", "choice")
        self._names = ElidedLabel("", "secondary")
        self.note = label("", "warning", wrap=True)
        self.list = RareClassList(self)
        self.list.chosen.connect(self.classesChosen)
        self.setLayout(column(row(self.switch, None), self.classes, self._names, self.note, spacing=theme.HALF))
        self.show_target("all")

    def show_target(self, target: Target) -> None:
        if self.switch.value() != target:
            self.switch.blockSignals(True)
            self.switch.set_value(target)
            self.switch.blockSignals(False)
        self._target = target
        self._show()

    def show_classes(self, counts: Mapping[str, int], chosen: Sequence[str], *, has_chain: bool = False) -> None:
        """Show the classes and those that are chosen; ``has_chain``: there is a chain for them."""
        self._counts, self._chosen = dict(counts), tuple(chosen)
        if self._chosen:
            images = sum(counts.get(name, 0) for name in self._chosen)
            classes = figures.counted(len(self._chosen), self.tr("class"), self.tr("classes"))
            self.classes.setText(f"{classes}  ·  {figures.counted(images, self.tr('image'), self.tr('images'))}")
        else:
            self.classes.setText(self.tr("Choose the classes…"))
        self.classes.setToolTip(self.tr("The classes that get this chain in place of the other"))
        self._names.setText(", ".join(self._chosen))
        unused = has_chain and not self._chosen
        self.note.setText(self.tr("No class gets this chain: choose the classes.") if unused else "")
        self._has_something = bool(self._chosen) or has_chain
        if set(self.list.names()) != set(self._chosen):
            self.list.show_classes(self._counts, self._chosen)
        self._show()

    def _show(self) -> None:
        rare = self._target == "rare"
        # Without classes and steps the room of the chain says what is to be done, with the same button.
        self.classes.setVisible(rare and self._has_something)
        self._names.setVisible(rare and bool(self._chosen))
        self.note.setVisible(rare and bool(self.note.text()))

    @Slot()
    def open_list(self) -> None:
        self.list.show_classes(self._counts, self._chosen)
        self.list.open_at(self.classes if self.classes.isVisible() else self.switch)
