from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from workbench.training.config import FreezeBackbone, FreezeStages, OptimizerConfig, TrainConfig
from workbench.ui.forms import Form, form_for


class Small(BaseModel):
    kind: Literal["small"] = "small"


class Large(BaseModel):
    kind: Literal["large"] = "large"
    rooms: int = Field(3, ge=1, le=9, title="Rooms")


class House(BaseModel):
    floors: int = Field(2, ge=1, le=100, title="Floors", description="Counted from the ground")
    height: float = Field(6.0, gt=0, le=400, title="Height")
    garden: bool = Field(False, title="Garden")
    owner: str = Field("", title="Owner")
    roof: Literal["flat", "steep"] = "flat"
    style: Literal["plain_style", "decorated_style", "brutalist_style"] = "plain_style"
    size: Annotated[Small | Large, Field(discriminator="kind")] = Small()


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(House)
    qtbot.addWidget(made)
    made.show()
    return made


def line(form: Form, path: str) -> QLineEdit:
    found = form.editor(path).inner
    assert isinstance(found, QLineEdit)
    return found


def test_bounds_title_and_help_come_from_the_field(form: Form) -> None:
    box = form.editor("floors").inner
    assert isinstance(box, QSpinBox)
    assert (box.minimum(), box.maximum(), box.value()) == (1, 100, 2)
    assert box.accessibleName() == "Floors"
    assert form.editor("floors").toolTip() == "Counted from the ground"


def test_a_change_is_told_as_a_whole_valid_model(form: Form, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed) as told:
        line(form, "owner").clear()
        qtbot.keyClicks(line(form, "owner"), "A")
    assert told.args == [House(owner="A")]
    assert form.value() == House(owner="A")


def test_a_wrong_number_is_marked_at_its_field_and_not_told(form: Form, qtbot: QtBot) -> None:
    field = line(form, "height")
    field.clear()
    qtbot.keyClicks(field, "90")
    with qtbot.assertNotEmitted(form.changed):
        qtbot.keyClicks(field, "0")
    assert form.error("height") == "Must be at most 400."
    assert field.property("invalid")
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    assert form.error("height") == ""
    assert form.value() == House(height=90)


def test_text_that_is_no_number_is_refused_in_words(form: Form, qtbot: QtBot) -> None:
    line(form, "height").clear()
    qtbot.keyClicks(line(form, "height"), "tall")
    assert form.error("height") == "Must be a number."
    assert form.value() == House()


def test_the_arrow_keys_step_the_leading_digit(qtbot: QtBot) -> None:
    form = Form(OptimizerConfig, OptimizerConfig(learning_rate=0.003))
    qtbot.addWidget(form)
    field = line(form, "learning_rate")
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert form.value().learning_rate == pytest.approx(0.004)
    for _ in range(4):
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert form.value().learning_rate == pytest.approx(0.0009)


def test_a_union_shows_only_what_applies(form: Form, qtbot: QtBot) -> None:
    kind = form.editor("size")
    with pytest.raises(KeyError):
        form.editor("size.rooms")
    with qtbot.waitSignal(form.changed):
        kind.inner.set_value("large")
    assert form.value() == House(size=Large())
    rooms = form.editor("size.rooms").inner
    assert isinstance(rooms, QSpinBox)
    with qtbot.waitSignal(form.changed):
        rooms.setValue(7)
    assert form.value().size == Large(rooms=7)


def test_a_union_remembers_what_was_set_for_a_kind(form: Form) -> None:
    kind = form.editor("size").inner
    kind.set_value("large")
    form.editor("size.rooms").inner.setValue(8)
    kind.set_value("small")
    kind.set_value("large")
    assert form.value().size == Large(rooms=8)


def test_few_short_choices_are_all_in_sight_and_long_ones_in_a_list(form: Form) -> None:
    assert form.editor("roof").inner.value() == "flat"
    style = form.editor("style").inner
    assert isinstance(style, QComboBox)
    assert style.itemText(1) == "Decorated style"


def test_set_value_shows_without_telling(form: Form, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.set_value(House(floors=5, garden=True, size=Large(rooms=4), style="decorated_style"))
    assert form.editor("floors").value() == 5
    assert form.editor("garden").value() is True
    assert form.editor("size.rooms").value() == 4
    assert form.editor("style").value() == "decorated_style"


def test_the_train_config_has_a_form(qtbot: QtBot) -> None:
    form = Form(TrainConfig)
    qtbot.addWidget(form)
    assert form.value() == TrainConfig()
    form.set_value(TrainConfig(freeze=FreezeStages(train_last=3)))
    assert form.editor("freeze.train_last").value() == 3
    form.editor("optimizer.weight_decay")
    form.set_value(TrainConfig(freeze=FreezeBackbone()))
    assert form.set_error("optimizer.learning_rate", "Too high for this backbone.")
    assert form.error("optimizer.learning_rate") == "Too high for this backbone."
    assert not form.set_error("augment.steps", "no such field here")


def test_only_and_skip_choose_the_fields(qtbot: QtBot) -> None:
    got: list[object] = []
    form = form_for(TrainConfig, TrainConfig(), got.append, only=("epochs", "seed"), skip=("seed",))
    qtbot.addWidget(form)
    form.editor("epochs").inner.setValue(3)
    assert got == [TrainConfig(epochs=3)]
    with pytest.raises(KeyError):
        form.editor("seed")


def test_the_wheel_scrolls_the_page_and_changes_no_number(form: Form) -> None:
    box = form.editor("floors").inner
    box.clearFocus()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPointF(0, 0).toPoint(), QPointF(0, 120).toPoint(),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, event)
    assert box.value() == 2
