import itertools

import pytest

from workbench.ui.augment import tilings
from workbench.ui.augment.tilings import Place

ROOMS = [(640.0, 400.0), (300.0, 700.0), (676.0, 600.0), (1500.0, 900.0), (2600.0, 1300.0)]


def fits(places: list[Place], width: float, height: float, under: float = 0.0) -> bool:
    """Every tile lies within the room, and no two share a pixel."""
    inside = all(
        x >= -0.01 and y >= -0.01 and x + side <= width + 0.01 and y + side + under <= height + 0.01
        for x, y, side in places
    )
    apart = all(
        a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[2] + under <= b[1] or b[1] + b[2] + under <= a[1]
        for a, b in itertools.combinations(places, 2)
    )
    return inside and apart


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("under", [0.0, tilings.CAPTION])
def test_the_original_and_its_variants_fit(width: float, height: float, under: float) -> None:
    grid = tilings.best_grid(width, height, under)
    places = tilings.variants(width, height, grid)
    assert len(places) == 1 + grid.count**2
    assert fits(places[1:], width, height, under)
    assert fits(places, width, height)
    assert places[1][2] >= 80


def test_the_number_of_variants_follows_the_room() -> None:
    assert tilings.best_grid(700, 600).count == 4
    assert tilings.best_grid(330, 420).count < 4
    assert tilings.best_grid(2600, 1300).count > 4


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("count", [1, 2, 5, 7, 9, 13])
def test_a_strip_fits_with_what_is_written_under_it(width: float, height: float, count: int) -> None:
    places = tilings.strip(width, height, count, lines=2)
    assert len(places) == count
    assert fits(places, width, height, tilings.CAPTION + tilings.LINE)
    assert all(place[0] >= tilings.FRAME for place in places)


def test_a_strip_reads_along_few_rows() -> None:
    rows = {place[1] for place in tilings.strip(626, 592, 7, lines=2)}
    assert len(rows) == 2


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("count", [1, 2, 6, 12, 40])
def test_blocks_of_classes_fit_a_page(width: float, height: float, count: int) -> None:
    layout = tilings.best_blocks(width, height, count)
    shown = min(layout.page, count)
    assert shown >= 1
    blocks = tilings.blocks(width, height, layout, shown)
    assert [len(block) for block in blocks] == [4] * shown
    places = [place for block in blocks for place in block]
    assert fits(places, width, height)
    assert fits([block[-1] for block in blocks], width, height, tilings.CAPTION)
    assert places[0][2] >= tilings.SMALLEST_IN_BLOCK - 1


def test_forty_classes_are_paged_where_the_room_is_small_and_seen_at_once_where_it_is_large() -> None:
    assert tilings.best_blocks(640, 560, 40).page < 40
    assert tilings.best_blocks(2600, 1300, 40).page == 40


@pytest.mark.parametrize(("width", "height"), ROOMS)
def test_two_tables_of_tiles_fit_under_their_titles(width: float, height: float) -> None:
    layout = tilings.best_pair(width, height)
    first, second = tilings.pair(width, height, layout)
    assert len(first) == len(second) == layout.rows * layout.columns
    assert fits([*first, *second], width, height)
    assert min(place[1] for place in first) >= tilings.HEAD - 0.01
