"""Figures that carry the course's style, and their display with alternative text."""

import base64
import functools
import html
import io
import sys

import matplotlib
import matplotlib.axes
import matplotlib.figure

from dlbook.plots.style import STYLE

DPI = 144
CSS_DPI = 96


def _styled(method):
    """`method`, run under STYLE; the reader's rcParams are as before when it returns."""

    @functools.wraps(method)
    def call(*args, **kwargs):
        with matplotlib.rc_context(STYLE):
            return method(*args, **kwargs)

    return call


class Axes(matplotlib.axes.Axes):
    """Axes whose artists take their defaults from STYLE, though nothing global changes."""

    @classmethod
    def _as_mpl_axes(cls):
        return cls, {}


# matplotlib reads rcParams when an artist is made: these are the methods that make one.
# fmt: off
_MAKERS = (
    "annotate", "axhline", "axhspan", "axline", "axvline", "axvspan", "bar", "bar_label", "barh", "boxplot",
    "clabel", "contour", "contourf", "errorbar", "fill", "fill_between", "hexbin", "hist", "hlines", "imshow",
    "legend", "pcolormesh", "pie", "plot", "quiver", "scatter", "set_title", "stairs", "stem", "step", "table",
    "text", "tick_params", "vlines",
)
# fmt: on
for _name in _MAKERS:
    setattr(Axes, _name, _styled(getattr(matplotlib.axes.Axes, _name)))


class Figure(matplotlib.figure.Figure):
    """A matplotlib Figure in the course's style; made by `plots.figure`."""

    def add_subplot(self, *args, **kwargs):
        """As in matplotlib; rectilinear axes are `plots.Axes`."""
        if kwargs.get("projection") in (None, "rectilinear") and not kwargs.get("polar"):
            kwargs["projection"] = Axes
        with matplotlib.rc_context(STYLE):
            return super().add_subplot(*args, **kwargs)

    suptitle = _styled(matplotlib.figure.Figure.suptitle)
    supxlabel = _styled(matplotlib.figure.Figure.supxlabel)
    supylabel = _styled(matplotlib.figure.Figure.supylabel)
    legend = _styled(matplotlib.figure.Figure.legend)
    colorbar = _styled(matplotlib.figure.Figure.colorbar)
    text = _styled(matplotlib.figure.Figure.text)
    draw = _styled(matplotlib.figure.Figure.draw)
    savefig = _styled(matplotlib.figure.Figure.savefig)


@_styled
def figure(width: float = 7, height: float = 3.5, **options) -> Figure:
    """An empty figure, width × height inches, in the course's style and with constrained layout.

    `options` go to `matplotlib.figure.Figure`.  Draw with its own methods, never with pyplot:
    `ax = figure.subplots()`, `left, right = figure.subplots(1, 2, width_ratios=(2, 1))`.
    It is not registered with pyplot, so nothing has to be closed and nothing appears by itself.
    """
    return Figure(figsize=(width, height), **({"layout": "constrained"} | options))


def png(figure: matplotlib.figure.Figure, dpi: float = DPI) -> bytes:
    """The figure as a PNG file: the same bytes for the same figure on the same machine."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    return file.getvalue()


def image_html(figure: matplotlib.figure.Figure, alt: str) -> str:
    """`<img>` with the figure inside it and `alt` for those who do not see it; ValueError if `alt` is empty."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f'alt: expected a sentence that says what the figure shows, got {alt!r}; write alt="..."')
    width, height = figure.get_size_inches() * CSS_DPI
    picture = base64.b64encode(png(figure)).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{picture}" alt="{html.escape(alt.strip())}" '
        f'width="{width:.0f}" height="{height:.0f}" style="max-width:100%;height:auto;background:white">'
    )


def show(figure: matplotlib.figure.Figure, *, alt: str) -> None:
    """Displays the figure in the notebook; in a terminal prints `alt`.

    `alt` says what there is to see, with its numbers, for readers who do not see it: "Loss falls from 2.3 to 0.1 in
    30 epochs", not "a plot of the loss".  ValueError if it is empty.  May stand anywhere in a cell, several times.
    """
    picture = image_html(figure, alt)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(alt.strip())
        return
    from IPython.display import display

    display({"text/html": picture, "text/plain": alt.strip()}, raw=True)
