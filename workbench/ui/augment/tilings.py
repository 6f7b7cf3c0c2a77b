"""Where square tiles stand in a room of width x height. Plain numbers, in the unit of the room; no Qt."""

from dataclasses import dataclass

GAP = 8.0
CAPTION = 20.0
LINE = 16.0
"""Height of a second line under a tile."""

Place = tuple[float, float, float]
"""Left, top and side of a tile."""

SQUARES = (6, 5, 4, 3, 2)
SMALLEST = 92.0
"""Variants are not made smaller than this, unless only four of them are left."""
LARGEST = 236.0
"""Where tiles would be larger than this there is room for more of them."""


@dataclass(frozen=True)
class Grid:
    """The original beside (``beside``) or over a square of ``count`` x ``count`` variants.

    ``under``: height of what stands under each variant.
    """

    count: int
    beside: bool
    under: float = 0.0


def grid_side(width: float, height: float, grid: Grid) -> float:
    """Return the side of a tile where the original takes one more column, or one more row with its caption."""
    n = grid.count
    across, down = (n + 1, n) if grid.beside else (n, n + 1)
    spare_x = GAP if grid.beside else 0.0
    spare_y = n * grid.under if grid.beside else n * grid.under + CAPTION
    return min((width - (across - 1) * GAP - spare_x) / across, (height - (down - 1) * GAP - spare_y) / down)


def best_grid(width: float, height: float, under: float = 0.0) -> Grid:
    """Return the grid for the room: four by four, fewer where tiles would be tiny, more where they would be huge."""
    best = {n: _beside_or_over(width, height, n, under) for n in SQUARES}
    n = 4
    while n > 2 and grid_side(width, height, best[n]) < SMALLEST:
        n -= 1
    while n < SQUARES[0] and grid_side(width, height, best[n]) > LARGEST:
        n += 1
    return best[n]


def _beside_or_over(width: float, height: float, count: int, under: float) -> Grid:
    """Beside looks better: over must win tiles that are clearly larger."""
    beside, over = Grid(count, True, under), Grid(count, False, under)
    return over if grid_side(width, height, over) > 1.1 * grid_side(width, height, beside) else beside


def variants(width: float, height: float, grid: Grid) -> list[Place]:
    """Return the place of the original, then those of the variants row by row, in the middle of the room."""
    side = max(16.0, grid_side(width, height, grid))
    shift_x, shift_y = (side + 2 * GAP, 0.0) if grid.beside else (0.0, side + CAPTION + GAP)
    span = grid.count * side + (grid.count - 1) * GAP
    left = max(0.0, (width - shift_x - span) / 2)
    top = max(0.0, (height - shift_y - span - grid.count * grid.under) / 2)
    variants = _table(left + shift_x, top + shift_y, side, (grid.count, grid.count), grid.under)
    return [(left, top, side), *variants]


def _table(left: float, top: float, side: float, shape: tuple[int, int], under: float = 0.0) -> list[Place]:
    """Return the places of ``shape`` = (rows, columns) tiles from the upper left corner on, row by row."""
    rows, columns = shape
    across, down = side + GAP, side + GAP + under
    return [(left + column * across, top + row * down, side) for row in range(rows) for column in range(columns)]


FRAME = 6.0
"""Room round a tile that can be marked."""


def strip(width: float, height: float, count: int, *, lines: int = 1, largest: float = 320.0) -> list[Place]:
    """Return ``count`` places one after the other, wrapping so that tiles are as large as the room allows.

    Under each tile there is room for ``lines`` lines, round all of them for a frame.
    """
    width, height = width - 2 * FRAME, height - FRAME
    under = CAPTION + (lines - 1) * LINE + GAP
    count = max(1, count)

    def side_of(columns: int) -> float:
        rows = -(-count // columns)
        across = (width - (columns - 1) * 2 * GAP) / columns
        down = (height - (rows - 1) * GAP) / rows - under
        return max(16.0, min(across, down, largest))

    most = max(side_of(columns) for columns in range(1, count + 1))
    # A strip is read along its rows: fewer of them are worth tiles that are a little smaller.
    columns = max(columns for columns in range(1, count + 1) if side_of(columns) >= 0.9 * most)
    rows = -(-count // columns)
    columns = -(-count // rows)  # 5 of 9 tiles over 4 look tidier than 7 over 2
    side = side_of(columns)
    left = FRAME + max(0.0, (width - columns * side - (columns - 1) * 2 * GAP) / 2)
    top = FRAME + max(0.0, (height - rows * (side + under) - (rows - 1) * GAP) / 2)
    return [
        (left + (n % columns) * (side + 2 * GAP), top + (n // columns) * (side + under + GAP), side)
        for n in range(count)
    ]


@dataclass(frozen=True)
class Blocks:
    """Blocks of one original and ``each`` variants, ``shape`` = (rows, columns) of tiles, in ``columns`` columns.

    ``page`` blocks are seen at once.
    """

    shape: tuple[int, int]
    columns: int
    page: int


BLOCK_GAP = 24.0
BLOCK_SHAPES = ((1, 4), (2, 2))
SMALLEST_IN_BLOCK = 64.0


def best_blocks(width: float, height: float, count: int) -> Blocks:
    """Return the blocks that show ``count`` classes at once with the largest tiles, or as many as fit a page."""
    choices = [
        Blocks(shape, columns, count) for shape in BLOCK_SHAPES for columns in range(1, max(2, min(count, 8)) + 1)
    ]
    best = max(choices, key=lambda blocks: (_block_side(width, height, blocks, count), -blocks.columns))
    if _block_side(width, height, best, count) >= SMALLEST_IN_BLOCK:
        return best
    pages = []
    for shape in BLOCK_SHAPES:
        rows, columns = shape
        across = int((width + BLOCK_GAP) // (columns * SMALLEST_IN_BLOCK + (columns - 1) * GAP / 2 + BLOCK_GAP))
        down = int((height + GAP) // (rows * SMALLEST_IN_BLOCK + (rows - 1) * GAP / 2 + CAPTION + 2 * GAP))
        pages.append(Blocks(shape, max(1, across), max(1, across) * max(1, down)))
    return max(pages, key=lambda blocks: blocks.page)


def blocks(width: float, height: float, layout: Blocks, count: int) -> list[list[Place]]:
    """Return the places of each of ``count`` blocks, the original's first."""
    side = max(16.0, _block_side(width, height, layout, min(count, layout.page)))
    rows, columns = layout.shape
    wide = columns * side + (columns - 1) * GAP / 2
    tall = rows * side + (rows - 1) * GAP / 2 + CAPTION
    across = min(layout.columns, max(1, count))
    down = -(-count // across)
    left = max(0.0, (width - across * wide - (across - 1) * BLOCK_GAP) / 2)
    top = max(0.0, (height - down * tall - (down - 1) * 2 * GAP) / 2)
    found = []
    for number in range(count):
        row, column = divmod(number, across)
        x, y = left + column * (wide + BLOCK_GAP), top + row * (tall + 2 * GAP)
        pitch = side + GAP / 2
        found.append([(x + c * pitch, y + r * pitch, side) for r in range(rows) for c in range(columns)])
    return found


def _block_side(width: float, height: float, layout: Blocks, count: int) -> float:
    rows, columns = layout.shape
    down = -(-max(1, count) // layout.columns)
    across = (width - (layout.columns - 1) * BLOCK_GAP) / layout.columns
    tall = (height - (down - 1) * 2 * GAP) / down - CAPTION
    side = min((across - (columns - 1) * GAP / 2) / columns, (tall - (rows - 1) * GAP / 2) / rows)
    return min(side, LARGEST)


@dataclass(frozen=True)
class Pair:
    """Two tables of ``rows`` x ``columns`` tiles, side by side or (``over``) one over the other."""

    rows: int
    columns: int
    over: bool


HEAD = 28.0
PAIR_GAP = 32.0
_PAIRS = ((3, 3), (4, 2), (2, 4), (4, 3), (3, 4)), ((2, 3), (3, 2), (2, 2))


def best_pair(width: float, height: float) -> Pair:
    """Return how two tables of tiles use the room: with about nine tiles each, fewer where tiles would be tiny."""
    for shapes in _PAIRS:
        choices = [Pair(rows, columns, over) for rows, columns in shapes for over in (False, True)]
        best = max(choices, key=lambda pair: (_pair_side(width, height, pair), pair.rows * pair.columns))
        if _pair_side(width, height, best) >= SMALLEST:
            break
    return best


def pair(width: float, height: float, layout: Pair) -> tuple[list[Place], list[Place]]:
    """Return the places of both tables; above each there is room for a title of `HEAD`."""
    side = max(16.0, _pair_side(width, height, layout))
    across = layout.columns * side + (layout.columns - 1) * GAP
    down = layout.rows * side + (layout.rows - 1) * GAP + HEAD
    left = max(0.0, (width - (across if layout.over else 2 * across + PAIR_GAP)) / 2)
    top = max(0.0, (height - (2 * down + GAP if layout.over else down)) / 2)
    x, y = (left, top + down + GAP) if layout.over else (left + across + PAIR_GAP, top)
    shape = layout.rows, layout.columns
    return _table(left, top + HEAD, side, shape), _table(x, y + HEAD, side, shape)


def _pair_side(width: float, height: float, layout: Pair) -> float:
    if layout.over:
        across, down = width, (height - GAP) / 2 - HEAD
    else:
        across, down = (width - PAIR_GAP) / 2, height - HEAD
    side = min(
        (across - (layout.columns - 1) * GAP) / layout.columns,
        (down - (layout.rows - 1) * GAP) / layout.rows,
    )
    return min(side, LARGEST)
