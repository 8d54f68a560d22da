"""Colours, line styles and sizes of every figure.

The palette is that of Okabe and Ito (Color Universal Design, 2008): its eight colours stay apart under the three kinds
of colour blindness.  No figure speaks by colour alone: lines also differ in style, points in marker, regions in
hatching.
"""

from cycler import cycler

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
PALETTE = {
    "black": BLACK,
    "orange": ORANGE,
    "sky": SKY,
    "green": GREEN,
    "yellow": YELLOW,
    "blue": BLUE,
    "vermilion": VERMILION,
    "purple": PURPLE,
}

GREY = "#595959"
"""For what stands behind: grids' labels, helping lines, notes.  Still readable as text on white."""

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, BLACK, ORANGE, SKY)
"""In order of use.  Yellow is left out: a thin yellow line is lost on white."""

LINE_STYLES = ("-", "--", "-.", ":", (0, (7, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")

TINTS = ("#CFE3F1", "#F8DCC4", "#CDEBE2", "#F3DDE9", "#DDDDDD", "#FBECC8", "#DDF0FB")
"""Light versions of COLOURS for regions: black text and dark points stay readable on them."""

SEQUENTIAL = "cividis"
DIVERGING = "PuOr"
INK = "Greys"
"""Colour maps: amounts; signed values around zero; ink on paper (0 is white)."""

STYLE = {
    "font.size": 11,
    "font.family": "sans-serif",
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.title_fontsize": 10,
    "figure.titlesize": 13,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "text.color": "#1A1A1A",
    "axes.labelcolor": "#1A1A1A",
    "axes.titlecolor": "#1A1A1A",
    "axes.edgecolor": "#7A7A7A",
    "xtick.color": "#7A7A7A",
    "ytick.color": "#7A7A7A",
    "xtick.labelcolor": "#333333",
    "ytick.labelcolor": "#333333",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "patch.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "legend.handlelength": 2.6,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINE_STYLES),
}
