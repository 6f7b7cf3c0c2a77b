import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.ui import icons
from workbench.ui.layouts import FlowLayout, column, row
from workbench.ui.session import Session
from workbench.ui.widgets import (
    Badge,
    ElidedLabel,
    EmptyState,
    Headline,
    KeyHint,
    Panel,
    Section,
    Segmented,
    label,
    tool_button,
    with_key,
)


def test_an_elided_label_shows_all_of_its_text_as_tooltip_only_when_cut(qtbot: QtBot) -> None:
    made = ElidedLabel("a rather long name of a class")
    qtbot.addWidget(made)
    made.resize(60, 20)
    made.show()
    assert made.shown_text().endswith("…")
    assert made.toolTip() == made.fullText() == "a rather long name of a class"
    made.set_tip("The class")
    made.resize(made.sizeHint())
    assert made.shown_text() == made.fullText()
    assert made.toolTip() == "The class"


def test_an_elided_label_whose_text_grows_shows_no_ellipsis_of_its_old_width(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    made = ElidedLabel("")
    window.setLayout(row(made, None))
    window.resize(400, 40)
    window.show()
    made.setText("603 images, all labelled")
    window.layout().activate()
    assert made.shown_text() == made.fullText()
    assert made.toolTip() == ""


class TestSegmented:
    @pytest.fixture
    def segmented(self, qtbot: QtBot) -> Segmented:
        made = Segmented([("fast", "Fast"), ("best", "Best")])
        qtbot.addWidget(made)
        made.show()
        return made

    def test_the_first_is_chosen_unless_said_otherwise(self, segmented: Segmented) -> None:
        assert segmented.value() == "fast"

    def test_a_click_chooses_once(self, segmented: Segmented, qtbot: QtBot) -> None:
        told: list[str] = []
        segmented.changed.connect(told.append)
        for _ in range(2):
            qtbot.mouseClick(segmented.button("best"), Qt.MouseButton.LeftButton)
        assert told == ["best"]
        assert segmented.value() == "best"


def test_a_section_folds(qtbot: QtBot) -> None:
    body = QLabel("inside")
    section = Section("Advanced", body, foldable=True)
    qtbot.addWidget(section)
    section.show()
    assert body.isVisible()
    section.set_open(False)
    assert not body.isVisible()


@pytest.mark.parametrize("foldable", [True, False])
def test_a_section_in_the_making_is_no_window(qtbot: QtBot, foldable: bool) -> None:
    body, corner = QLabel("inside"), QPushButton("All")
    section = Section("Advanced", body, foldable=foldable, corner=corner)
    qtbot.addWidget(section)
    assert not any(part.isVisible() for part in (section, body, corner))


def test_a_folded_section_says_what_is_set_inside(qtbot: QtBot) -> None:
    section = Section("Advanced", QLabel("inside"), foldable=True)
    qtbot.addWidget(section)
    section.summarize("linear")
    section.show()
    told: list[bool] = []
    section.toggled.connect(told.append)
    summary = next(each for each in section.findChildren(QLabel) if each.text() == "linear")
    assert not summary.isVisible()
    section.set_open(False)
    assert summary.isVisible()
    section.summarize("")
    assert not summary.isVisible()
    assert told == [False]
    assert not section.is_open()


def test_a_section_has_room_for_a_button_at_its_title(qtbot: QtBot) -> None:
    corner = QPushButton("All")
    section = Section("Parts", QLabel("inside"), corner=corner)
    qtbot.addWidget(section)
    section.resize(300, 80)
    section.show()
    assert corner.geometry().right() >= section.width() - 2
    assert section.is_open()


def test_a_headline_shows_number_and_note(qtbot: QtBot) -> None:
    made = Headline("balanced accuracy")
    qtbot.addWidget(made)
    made.show_number("0.93", "[0.90, 0.95] on 412 test images")
    assert made.number() == "0.93"


def test_an_empty_state_has_one_button(qtbot: QtBot) -> None:
    made = EmptyState("image", "Nothing here yet.", "Add a folder", name="dataset.first")
    qtbot.addWidget(made)
    made.show()
    assert made.button.objectName() == "dataset.first"
    with qtbot.waitSignal(made.clicked):
        qtbot.mouseClick(made.button, Qt.MouseButton.LeftButton)


def test_keys_and_badges(qtbot: QtBot) -> None:
    key, badge = KeyHint("Ctrl+K"), Badge("running", "accent")
    for made in (key, badge):
        qtbot.addWidget(made)
    assert key.text() == "Ctrl+K"
    badge.show_text("failed", "red")
    assert badge.property("role") == "badge-red"
    assert with_key("Undo", "Ctrl+Z") == "Undo (Ctrl+Z)"
    assert with_key("Quit", "") == "Quit"


def test_a_tool_button_has_a_name_for_who_does_not_see_its_icon(qtbot: QtBot) -> None:
    made = tool_button("close", "Close")
    qtbot.addWidget(made)
    assert made.accessibleName() == made.toolTip() == "Close"


def test_a_flow_wraps_and_leaves_no_gap_for_what_is_hidden(qtbot: QtBot) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    flow = FlowLayout(room, spacing=8)
    parts = [QLabel(str(number)) for number in range(3)]
    for part in parts:
        part.setFixedSize(40, 20)
        flow.addWidget(part)
    room.resize(100, 100)
    room.show()
    assert [part.geometry() for part in parts] == [QRect(0, 0, 40, 20), QRect(48, 0, 40, 20), QRect(0, 28, 40, 20)]
    assert flow.heightForWidth(100) == 48
    parts[0].hide()
    flow.activate()
    assert parts[1].geometry() == QRect(0, 0, 40, 20)


def test_rows_and_columns_take_spaces_and_stretches(qtbot: QtBot) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    first, second = label("a"), label("b", "secondary")
    room.setLayout(column(row(first, None, second, spacing=0), 12, None, margins=8))
    room.resize(200, 100)
    room.show()
    assert first.geometry().left() == 8
    assert second.geometry().right() == 191


def test_a_panel_lists_its_actions_and_their_keys_work_while_it_is_seen(qtbot: QtBot, session: Session) -> None:
    panel = Panel(session)
    qtbot.addWidget(panel)
    pressed: list[bool] = []
    action = panel.add_action("train.start.action", "Start a run", lambda: pressed.append(True), icon="play", key="S")
    assert panel.actions() == [action]
    assert action.toolTip() == "Start a run (S)"
    assert panel.inspector() is None
    assert panel.state()[0] == "empty"
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    qtbot.keyClick(panel, Qt.Key.Key_S)
    assert pressed == [True]


def test_text_of_labels_is_never_read_as_markup(qtbot: QtBot) -> None:
    made = label("<b>class</b>")
    qtbot.addWidget(made)
    assert made.textFormat() == Qt.TextFormat.PlainText
    assert "dataset" in icons.names()


def test_tab_stops_at_the_choice_of_a_segmented_alone(qtbot: QtBot) -> None:
    choice = Segmented([("a", "A"), ("b", "B"), ("c", "C")], "b")
    qtbot.addWidget(choice)

    def stops() -> list[str]:
        return [key for key in "abc" if choice.button(key).focusPolicy() & Qt.FocusPolicy.TabFocus]

    assert stops() == ["b"]
    choice.set_value("c")
    assert stops() == ["c"]
