"""A pad to draw on, and a figure that answers to the drawing."""

import html
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from dlbook.language import say
from dlbook.widgets.display import has_widgets
from dlbook.widgets.explorer import LiveFigure, Shown, Table
from dlbook.widgets.tables import rows_of

SIDE = 28


class DrawPad(LiveFigure):
    """What `draw_pad` returns: displays itself as the last line of a cell, or through `display(pad)`.

    `image` is the drawing (28, 28) in [0, 1], `state` what is shown for it; `update(image)` puts another drawing on
    the pad and returns the new state.
    """

    def __init__(self, show: Callable[[np.ndarray], Shown], title: str, start: np.ndarray):
        self._show = show
        super().__init__(title, show(drawing(start)))

    @property
    def image(self) -> np.ndarray:
        return self.state.values["image"]

    def update(self, image: np.ndarray) -> Shown:
        """Shows what belongs to `image` and returns it; errors are raised, and the pad stays as it was."""
        return self._take(self._show(drawing(image)))

    def _note(self) -> str:
        return f"<p>{html.escape(_how_to_draw())}</p>"

    def _can_live(self) -> bool:
        return _can_draw()

    def _make_panel(self):
        from dlbook.widgets.pad import PadPanel

        return PadPanel(self)


def draw_pad(
    draw: Callable[[Any], Any],
    *,
    alt: str | Callable[[Any], str],
    table: Callable[[Any], Table] | None = None,
    title: str = "",
    compute: Callable[[np.ndarray], Any] | None = None,
    start: np.ndarray | None = None,
) -> DrawPad:
    """A pad of 28×28 pixels for mouse, finger and keyboard; after each stroke `draw(image)` answers with a figure.

    draw, alt, table, compute : as in `explore`, functions of the drawing, image (28, 28) float64, 0 is paper and 1 is
    ink; with `compute`, the others get `compute(image)` in its place.
    start : the drawing at first, the static picture too; an empty pad by default.
    Keyboard: the arrows move the pen (with Shift by four), the space bar puts it down and lifts it; buttons erase,
    fill the inside of an outline, and clear.  An error in `draw` is one line in the widget; here and in `update` it
    is raised.  Raises ValueError for a missing alternative text and for a start that is no such image.
    """
    if isinstance(alt, str) and not alt.strip():
        raise ValueError('alt: expected a sentence that says what the figure shows, got ""')

    def show(image: np.ndarray) -> Shown:
        result = image if compute is None else compute(image)
        return Shown(
            values={"image": image},
            figure=draw(result),
            alt=alt if isinstance(alt, str) else alt(result),
            rows=rows_of(None if table is None else table(result)),
        )

    return DrawPad(show, title, np.zeros((SIDE, SIDE)) if start is None else start)


def drawing(image) -> np.ndarray:
    """A copy of `image` as float64; ValueError unless it is (28, 28) in [0, 1]."""
    image = np.array(image, dtype=np.float64)
    if image.shape != (SIDE, SIDE) or not ((image >= 0) & (image <= 1)).all():
        raise ValueError(f"image: expected shape ({SIDE}, {SIDE}), all in [0, 1], got shape {image.shape}")
    return image


def _can_draw() -> bool:
    return has_widgets() and find_spec("anywidget") is not None


def _how_to_draw() -> str:
    if not _can_draw():
        return say("To draw, install anywidget: {command}", command='pip install "dlbook[course]"')
    return say("Run the cell to draw.")
