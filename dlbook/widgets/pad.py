"""The visible part of a `DrawPad`: the canvas, with the figure that answers beside it."""

import html
import pathlib

import anywidget
import ipywidgets
import numpy as np
import traitlets

from dlbook.language import say
from dlbook.widgets.draw import SIDE
from dlbook.widgets.panel import error_html
from dlbook.widgets.tables import table_html


class Pad(anywidget.AnyWidget):
    """The canvas.  pixels : SIDE · SIDE bytes, row by row, 255 is ink.  words : what it says, in one language."""

    _esm = (pathlib.Path(__file__).parent / "pad.js").read_text(encoding="utf8")
    # A front end sends a memory view.
    pixels = traitlets.Bytes(bytes(SIDE * SIDE)).tag(sync=True, from_json=lambda value, widget: bytes(value))
    words = traitlets.Dict().tag(sync=True)


class PadPanel:
    """Pad, figure, then the folded table."""

    def __init__(self, pad):
        self.pad = pad
        self.canvas = Pad(
            words={
                "label": say("Drawing pad, 28 by 28 pixels."),
                "keys": say("Keyboard: arrows move the pen (Shift: by four), the space bar puts it down and lifts it."),
                "width": say("Width of the pen"),
                "eraser": say("Eraser"),
                "fill": say("Fill the inside"),
                "clear": say("Clear"),
                "down": say("Pen down, row ROW, column COLUMN."),
                "up": say("Pen lifted, row ROW, column COLUMN."),
            }
        )
        self.picture, self.numbers, self.message = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self.fold = ipywidgets.ToggleButton(
            description=say("Numbers in this figure"), icon="table", layout={"width": "max-content"}
        )
        self.fold.observe(self._fold, "value")
        self.numbers.layout.display = "none"
        title = [ipywidgets.HTML(f"<strong>{html.escape(pad.title)}</strong>")] if pad.title else []
        folded = [self.fold, self.numbers] if pad.state.rows else []
        both = ipywidgets.HBox([self.canvas, self.picture], layout={"flex_flow": "row wrap", "grid_gap": "12px"})
        self.root = ipywidgets.VBox([*title, both, self.message, *folded], layout={"margin": "4px 0"})
        self.root.add_class("dlbook-panel")
        self.show(pad.state)
        self.canvas.observe(self._drawn, "pixels")

    def show(self, state) -> None:
        """Brings pad, figure and table to `state`."""
        pixels = to_bytes(state.values["image"])
        if pixels != self.canvas.pixels:
            self.canvas.pixels = pixels
        self.picture.value = state.picture
        self.numbers.value = table_html(state.rows)
        self.message.value = ""

    def _drawn(self, change) -> None:
        if change["new"] == to_bytes(self.pad.image):
            return
        try:
            self.pad.update(from_bytes(change["new"]))
        except Exception as error:
            self.message.value = error_html(error)

    def _fold(self, change) -> None:
        self.numbers.layout.display = None if change["new"] else "none"


def to_bytes(image: np.ndarray) -> bytes:
    """(SIDE, SIDE) in [0, 1] -> SIDE · SIDE bytes."""
    return np.rint(255 * image).astype(np.uint8).tobytes()


def from_bytes(pixels: bytes) -> np.ndarray:
    """SIDE · SIDE bytes -> (SIDE, SIDE) in [0, 1]."""
    return np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE) / 255
