from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.chain import Chain, Step
from workbench.training.config import MixConfig, RareConfig
from workbench.training.preview import Request
from workbench.ui.augment.preview_area import PreviewArea
from workbench.ui.session import Session

FLIP = Step(transform="HorizontalFlip", p=1.0)
TURN = Step(transform="Rotate", p=1.0, params={"limit": [-20, 20]})


@pytest.fixture
def area(session: Session, project_folder: Path, child: Any, qtbot: QtBot) -> Iterator[PreviewArea]:
    made = PreviewArea(session, str, child)
    qtbot.addWidget(made)
    made.resize(700, 640)
    session.open_project(project_folder)
    chain = Chain(steps=(FLIP, TURN))
    session.set_config(session.config.model_copy(update={"augment": chain}))
    made.show_chain(chain)
    with qtbot.waitSignal(made.engine.ended):
        made.show()
    yield made
    made.engine.close()


@pytest.fixture
def asked(area: PreviewArea, child: Any, qtbot: QtBot) -> Callable[[Callable[[], object]], Request]:
    """Gives what the child was asked for by what a function does."""

    def after(act: Callable[[], object]) -> Request:
        with qtbot.waitSignal(area.engine.ended):
            act()
        request: Request = child.jobs[-1]
        return request

    return after


Asked = Callable[[Callable[[], object]], Request]


def boards(area: PreviewArea) -> list[bool]:
    return [tile.image is not None for tile in area.current.board.tiles]


@pytest.mark.parametrize("mode", ["variants", "classes", "steps", "sweep", "compare"])
def test_every_mode_paints_its_tiles(area: PreviewArea, mode: str, qtbot: QtBot) -> None:
    area.select((1,))
    if mode != "variants":
        with qtbot.waitSignal(area.engine.ended):
            area.mode.set_value(mode)
    assert area.current.key == mode
    assert len(boards(area)) > 1
    assert all(boards(area))
    assert area.current.board.isVisible()
    assert area.problem() == ""
    area.grab()


def test_what_is_asked_decides_about_pixels_as_training_does(area: PreviewArea, session: Session, child: Any) -> None:
    request = child.jobs[-1]
    assert request.config == session.config
    assert request.classes == ("good", "scratch")
    assert request.cache == str(session.project.cache_folder)
    assert request.largest > 0
    assert request.pictures[0].path == str(area.image.path)
    assert request.pictures[0].target == 0
    assert request.pictures[0].content_hash == area.image.content_hash is not None
    assert request.side == area.variants.tile_side()
    assert area.picture() == request.pictures[0]


def test_the_wipe_is_asked_at_the_model_s_pixels(area: PreviewArea, asked: Asked) -> None:
    request = asked(lambda: area.mode.set_value("wipe"))
    assert request.side == 0
    assert [tile.prepared for tile in request.tiles] == [True, False]


def test_one_image_of_each_class_the_rare_one_by_its_chain(area: PreviewArea, session: Session, asked: Asked) -> None:
    rare = Chain(steps=(FLIP, FLIP))
    with_rare = RareConfig(classes=("scratch",), chain=rare)
    session.set_config(session.config.model_copy(update={"rare": with_rare}))
    area.show_rare(rare, ["scratch"])
    request = asked(lambda: area.mode.set_value("classes"))
    assert [picture.target for picture in request.pictures] == [0, 1]
    used = [request.chains[tile.chain] for tile in request.tiles if tile.picture == 1 and not tile.prepared]
    assert used == [rare] * 3
    assert area.current.board.names == [("good", ""), ("scratch", "rare chain")]
    drawn = {asked(area.random_image).pictures for _ in range(4)}
    assert len(drawn) > 1


def test_without_labels_it_is_said_what_to_do(
    session: Session, area: PreviewArea, qtbot: QtBot, child: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = session.project.images.ids()
    session.project.labels.assign(ids, None)
    session.labelsChanged.emit()
    area.mode.set_value("classes")
    assert "label some in the Dataset panel" in area._hints[True].sentence.text()
    assert area._hints[True].isVisible()
    with qtbot.waitSignal(session.navigate) as went:
        area._hints[True].button.click()
    assert went.args[0] == "dataset"
    session.project.labels.assign(ids[:3], session.project.labels.classes()[1].id)
    with qtbot.waitSignal(area.engine.ended):
        session.labelsChanged.emit()
    assert area.current.board.isVisible()
    assert area.current.board.names == [("scratch", "")]


def test_mixing_without_labels_is_said(session: Session, area: PreviewArea, qtbot: QtBot) -> None:
    session.project.labels.assign(session.project.images.ids(), None)
    session.labelsChanged.emit()
    session.set_config(session.config.model_copy(update={"mix": MixConfig(kind="mixup", p=1.0)}))
    area.modes["variants"].mixed.setChecked(True)
    qtbot.waitUntil(lambda: "no image has a label yet" in area.facts.text())
    area.mode.set_value("wipe")
    qtbot.waitUntil(lambda: "no image has a label yet" not in area.facts.text())


@pytest.mark.parametrize("mode", ["classes", "steps", "compare"])
def test_tiles_are_laid_out_for_the_room_that_they_have(area: PreviewArea, mode: str, asked: Asked) -> None:
    area.select((1,))
    area.resize(420, 900)
    sides = []
    for _ in range(2):
        sides.append(asked(lambda: area.mode.set_value(mode)).side)
        asked(lambda: area.mode.set_value("variants"))
    assert sides[0] == sides[1], "as large at the first look as at the second"


def test_forty_classes_are_seen_page_by_page(area: PreviewArea, session: Session, asked: Asked, qtbot: QtBot) -> None:
    labels = session.project.labels
    names = [f"class {n:02d} with a name that is longer than its pictures are wide" for n in range(38)]
    made = labels.ensure_classes(names)
    ids = [int(image) for image in session.project.images.ids()]
    labels.set_task("multi")
    for n, class_id in enumerate(made.values()):
        labels.toggle([ids[n % len(ids)]], class_id, True)
    session.classesChanged.emit()
    session.labelsChanged.emit()
    first = asked(lambda: area.mode.set_value("classes"))
    shown = len(first.pictures)
    assert 4 <= shown < 40
    assert area.modes["classes"].where.text().endswith("of 40 classes")
    second = asked(lambda: qtbot.keyClick(area.current.board, Qt.Key.Key_PageDown))
    assert second.pictures != first.pictures
    for _ in range(40):
        area.modes["classes"].page_forth()
    assert not area.modes["classes"].forth.isEnabled()
    area.grab()


def test_steps_say_what_changed_nothing_and_what_a_group_holds(area: PreviewArea, asked: Asked) -> None:
    never = Step(transform="GaussianBlur", p=0.0)
    group = Step(transform="OneOf", p=0.3, steps=(FLIP, TURN))
    area.mode.set_value("steps")
    asked(lambda: area.show_chain(Chain(steps=(FLIP, never, group))))
    original, flip, blur, grouped = area.current.board.tiles
    assert original.caption == "original"
    assert (flip.caption, flip.quiet, flip.note) == ("1  HorizontalFlip", False, "")
    assert blur.quiet
    assert blur.note == "not drawn"
    assert grouped.note.startswith("HorizontalFlip or Rotate")
    asked(lambda: area.show_chain(Chain()))
    assert [tile.caption for tile in area.current.board.tiles] == ["original: no step is on"]


def test_a_click_on_a_step_selects_it_and_the_selected_one_is_framed(
    area: PreviewArea, asked: Asked, qtbot: QtBot
) -> None:
    asked(lambda: area.mode.set_value("steps"))
    with qtbot.waitSignal(area.stepPicked) as picked:
        qtbot.mouseClick(
            area.current.board, Qt.MouseButton.LeftButton, pos=area.current.board.places()[2].center().toPoint()
        )
    assert picked.args == [(1,)]
    asked(lambda: area.select((1,)))
    assert [tile.marked for tile in area.current.board.tiles] == [False, False, True]


def test_the_form_asks_for_a_sweep_and_a_tile_sets_the_value(area: PreviewArea, asked: Asked, qtbot: QtBot) -> None:
    request = asked(lambda: area.select((1,), "limit"))
    assert area.mode.value() == "sweep"
    assert len(request.chains) == len(request.tiles) == 9
    assert all(len(chain.steps) == 1 for chain in request.chains)
    tiles = area.current.board.tiles
    assert [tile.caption for tile in tiles if tile.marked] == ["−20°", "20°"]
    last = area.current.board.places()[8].center().toPoint()
    with qtbot.waitSignal(area.valuePicked) as picked:
        qtbot.mouseClick(area.current.board, Qt.MouseButton.LeftButton, pos=last)
    place, param, value = picked.args
    assert (place, param, value[0]) == ((1,), "limit", -20)
    assert value[1] > 20
    request = asked(lambda: area.modes["sweep"].alone.set_value("chain"))
    assert all(len(chain.steps) == 2 for chain in request.chains)


def test_without_a_step_the_sweep_says_to_select_one(area: PreviewArea) -> None:
    area.mode.set_value("sweep")
    assert "Select a step" in area._hints[False].sentence.text()
    area.select((0,))
    assert "no parameter" in area._hints[False].sentence.text()


def test_chains_are_compared_with_the_same_dice(area: PreviewArea, asked: Asked, tmp_path: Path) -> None:
    area.show_chain(Chain(steps=(TURN,)))
    request = asked(lambda: area.mode.set_value("compare"))
    assert request.chains == (Chain(steps=(TURN,)), Chain(steps=(FLIP, TURN)))
    half = len(request.tiles) // 2
    assert [tile.seed for tile in request.tiles[:half]] == [tile.seed for tile in request.tiles[half:]]
    place = tmp_path / "other.json"
    Chain(steps=(FLIP,)).save(place)
    request = asked(lambda: area.modes["compare"].use_file(place))
    assert request.chains[1] == Chain(steps=(FLIP,))
    assert area.current.board.titles == ("This chain", "other.json")
    place.write_text("no chain", encoding="utf-8")
    told: list[str] = []
    area.modes["compare"].problem.connect(told.append)
    area.modes["compare"].use_file(place)
    assert len(told) == 1
    assert str(place) in told[0]


def test_mixed_variants_show_shares_and_classes(area: PreviewArea, session: Session, asked: Asked) -> None:
    mixed = area.modes["variants"].mixed
    assert mixed.isHidden()
    mix = MixConfig(kind="mixup", p=1.0)
    asked(lambda: session.set_config(session.config.model_copy(update={"mix": mix})))
    assert not mixed.isHidden()
    request = asked(mixed.click)
    assert all(tile.mix_with > 0 for tile in request.tiles[1:])
    assert len({request.pictures[tile.mix_with].id for tile in request.tiles[1:]}) > 4
    # The stub's tiles keep three quarters of their own label.
    tile = area.variants.tiles[1]
    assert tile.caption == "75\u202f% good"
    assert tile.note in ("25\u202f% good", "25\u202f% scratch")
    asked(mixed.click)
    assert area.variants.tiles[1].caption == area.variants.tiles[1].note == ""


def test_a_failure_names_its_step_but_not_for_a_value_that_is_only_swept(
    area: PreviewArea, qtbot: QtBot, session: Session
) -> None:
    with qtbot.waitSignal(area.failed) as told:
        area.show_chain(Chain(steps=(Step(transform="Broken"),)))
    assert told.args[1:] == [(0,), "limit"]
    assert "broken" in area.problem()
    faint = area.variants.grab().toImage()
    with qtbot.waitSignal(area.engine.ended):
        area.show_chain(Chain(steps=(FLIP,)))
    assert area.problem() == ""
    assert area.variants.grab().toImage() != faint


def test_pictures_that_are_not_what_was_asked_for_are_faint(area: PreviewArea, qtbot: QtBot) -> None:
    board = area.variants
    before = board.grab().toImage()
    board.set_stale()
    assert board.grab().toImage() != before
    board.show_picture(0, board.tiles[0].image)
    assert board.grab().toImage() == before


def test_the_banner_names_a_parameter_as_its_field_does(area: PreviewArea) -> None:
    sentence = "The transform CLAHE cannot be used: tile_grid_size: all values must be >= 1."
    area.engine.failed.emit(sentence, None, "tile_grid_size")
    title = next(known.title for known in catalog.find("CLAHE").params if known.name == "tile_grid_size")
    assert f"cannot be used: {title}: all values" in area.problem()


def test_an_image_that_cannot_be_read_is_said_and_the_next_one_is_a_click_away(
    area: PreviewArea, session: Session, qtbot: QtBot
) -> None:
    bad = session.project.images.page(session.project.images.ids()[1:2])[0]
    bad.path.write_bytes(b"no image")
    told: list[object] = []
    area.failed.connect(lambda *args: told.append(args))
    with qtbot.waitSignal(area.engine.failed):
        area.next_image()
    assert area.image.id == bad.id
    assert str(bad.path) in area.problem()
    assert told == []
    assert not any(boards(area))
    with qtbot.waitSignal(area.engine.ended):
        area._banner.button.click()
    assert area.image.id != bad.id
    assert area.problem() == ""
    assert all(boards(area))


def test_images_are_stepped_through_and_drawn(area: PreviewArea, session: Session) -> None:
    first = area.image.id
    area.previous_image()
    area.next_image()
    assert area.image.id == first
    for _ in range(5):
        before = area.image.id
        area.random_image()
        assert area.image.id != before
    session.imagesChanged.emit()
    kept = area.image.id
    assert area.image.id == kept


def test_rolling_draws_other_dice_with_every_change(area: PreviewArea, asked: Asked) -> None:
    seed = area.seed.value()
    asked(lambda: area.show_chain(Chain(steps=(TURN,))))
    assert area.seed.value() == seed
    area.rolling.setChecked(True)
    asked(lambda: area.show_chain(Chain(steps=(FLIP,))))
    assert area.seed.value() != seed


def test_nothing_is_computed_out_of_sight(area: PreviewArea, child: Any, qtbot: QtBot) -> None:
    area.hide()
    count = len(child.jobs)
    area.show_chain(Chain(steps=(TURN, TURN)))
    area.next_image()
    area.mode.set_value("compare")
    qtbot.wait(60)
    assert len(child.jobs) == count
    with qtbot.waitSignal(area.engine.ended):
        area.show()
    assert len(child.jobs) > count


def test_an_empty_project_says_to_add_images(session: Session, child: Any, tmp_path: Path, qtbot: QtBot) -> None:
    area = PreviewArea(session, str, child)
    qtbot.addWidget(area)
    area.show()
    session.open_project(tmp_path / "empty", create=True)
    assert area.image is None
    assert area._pages.currentIndex() == 0
    area.roll()
    area.random_image()
    for mode in area.modes:
        area.mode.set_value(mode)
    assert child.jobs == []
    area.engine.close()


def test_a_narrow_room_keeps_every_control(area: PreviewArea, qtbot: QtBot) -> None:
    area.select((1,), "limit")
    area.resize(360, 560)
    assert area.bar._box.isVisible()
    assert not area.mode.isVisible()
    assert area.modes["sweep"].box.isVisible()
    area.bar._box.setCurrentIndex(area.bar._box.findData("wipe"))
    area.bar._box.activated.emit(area.bar._box.currentIndex())
    assert area.current.key == "wipe"
    area.resize(900, 640)
    assert area.mode.isVisible()


def test_the_facts_say_what_crops_lose(area: PreviewArea, session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: area.facts.text().startswith("The model sees 224 × 224"))
    assert "enlarged" not in area.facts.text()
    crop = Chain(steps=(Step(transform="RandomResizedCrop", p=1.0, params={"scale": [0.1, 1.0]}),))
    session.set_config(session.config.model_copy(update={"augment": crop}))
    area.show_chain(crop)
    qtbot.waitUntil(lambda: "the smallest crop is enlarged" in area.facts.text())


def test_the_real_child_paints_sixteen_variants(session: Session, project_folder: Path, qtbot: QtBot) -> None:
    area = PreviewArea(session, str)
    qtbot.addWidget(area)
    area.resize(700, 640)
    session.open_project(project_folder)
    area.show_chain(Chain(steps=(FLIP,)))
    with qtbot.waitSignal(area.engine.ended, timeout=60_000):
        area.show()
    tiles = area.variants.tiles
    assert all(tile.image is not None for tile in tiles)
    straight, mirrored = tiles[0].image, tiles[1].image.flipped(Qt.Orientation.Horizontal)
    apart = [
        abs(straight.pixelColor(x, y).green() - mirrored.pixelColor(x, y).green())
        for x in range(5, straight.width(), 5)
        for y in range(5, straight.height(), 5)
    ]
    assert sum(apart) / len(apart) < 8
    assert tiles[1].image == tiles[16].image
    area.engine.close()
