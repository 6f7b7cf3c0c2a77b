"""From a text field back to the images, so that the keys label again without the mouse."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


class WayBack(QObject):
    """Esc in one of ``fields`` gives the keyboard to what ``images`` returns; so does Enter in one of ``entered``.

    What stands in the field stays, and is what counts.
    """

    def __init__(
        self,
        fields: Iterable[QWidget],
        *,
        images: Callable[[], QWidget],
        entered: Iterable[QWidget] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._images, self._entered = images, set(entered)
        for field in {*fields, *self._entered}:
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and watched in self._entered
            if event.key() == Qt.Key.Key_Escape or enter:
                self._images().setFocus()
                return event.key() == Qt.Key.Key_Escape
        return super().eventFilter(watched, event)
