"""Static figures in one style: readable, safe for the colour-blind, each with its alternative text.

    figure = plots.figure(width=7, height=3)
    ax = figure.subplots()
    plots.learning_curves(ax, {"training": history["loss"], "validation": history["val_loss"]}, ylabel="loss")
    plots.show(figure, alt="Training loss falls to 0.1; validation loss stays at 0.3 from epoch 10 on.")

A figure is never registered with pyplot, and the reader's own matplotlib settings stay as they are.
Titles and axis labels come from the page, in the page's language.

Importing this package is cheap: matplotlib is loaded when the first of its names is used, so that a cell with imports
costs a verdict nothing.
"""

import importlib
from typing import Any

_HOMES = {
    "diagrams": (
        "graph",
        "network",
    ),
    "drawings": (
        "confusion_matrix",
        "contour_path",
        "decision_region",
        "image_grid",
        "learning_curves",
        "points",
    ),
    "figures": (
        "Axes",
        "Figure",
        "figure",
        "image_html",
        "png",
        "show",
    ),
    "style": (
        "BLACK",
        "BLUE",
        "COLOURS",
        "DIVERGING",
        "GREEN",
        "GREY",
        "INK",
        "LINE_STYLES",
        "MARKERS",
        "ORANGE",
        "PALETTE",
        "PURPLE",
        "SEQUENTIAL",
        "SKY",
        "STYLE",
        "TINTS",
        "VERMILION",
        "YELLOW",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    except ModuleNotFoundError as error:
        if error.name not in ("matplotlib", "cycler"):
            raise
        raise ImportError('dlbook.plots needs matplotlib: pip install "dlbook[course]"') from None
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
