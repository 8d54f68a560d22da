"""Figures: styled, private, described."""

import base64
import io
import re
import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from dlbook import plots


def test_a_figure_is_unknown_to_pyplot_and_changes_no_settings():
    before = dict(matplotlib.rcParams)
    figure = plots.figure(6, 3)
    ax = figure.subplots()
    ax.plot([1, 2], label="a")
    ax.set_title("title")
    ax.legend()
    plots.png(figure)
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


def test_the_style_reaches_lines_titles_ticks_and_legends():
    ax = plots.figure(6, 3).subplots()
    first, second = (ax.plot([1, k], label=str(k))[0] for k in (2, 3))
    assert (first.get_color(), second.get_color()) == plots.COLOURS[:2]
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_linewidth() == plots.STYLE["lines.linewidth"]
    ax.set_title("title")
    assert ax.title.get_fontsize() == plots.STYLE["axes.titlesize"]
    assert ax.legend().get_texts()[0].get_fontsize() == plots.STYLE["legend.fontsize"]
    assert ax.get_xticklabels()[0].get_fontsize() == plots.STYLE["xtick.labelsize"]
    assert not ax.spines["top"].get_visible()


def test_a_user_s_own_settings_do_not_leak_in():
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "black"}):
        ax = plots.figure().subplots()
        assert ax.plot([1, 2])[0].get_linewidth() == plots.STYLE["lines.linewidth"]
        assert ax.get_facecolor() == (1, 1, 1, 1)
    assert plots.figure().get_layout_engine().__class__.__name__ == "ConstrainedLayoutEngine"


def test_other_projections_still_work():
    figure = plots.figure(4, 3)
    figure.add_subplot(projection="3d").scatter([0], [0], [0])
    assert plots.png(figure).startswith(b"\x89PNG")


def test_image_html_holds_the_picture_its_size_and_its_text():
    html = plots.image_html(plots.figure(6, 3), 'A "flat" line & <nothing>')
    assert 'alt="A &quot;flat&quot; line &amp; &lt;nothing&gt;"' in html
    assert 'width="576" height="288"' in html
    picture = Image.open(io.BytesIO(base64.b64decode(re.search('base64,([^"]+)', html)[1])))
    assert picture.size == (864, 432)


def test_the_same_figure_gives_the_same_bytes():
    def draw():
        figure = plots.figure(3, 2)
        figure.subplots().plot([1, 2])
        return plots.png(figure)

    assert draw() == draw()


@pytest.mark.parametrize("alt", ["", "   ", None])
def test_alternative_text_is_required(alt):
    with pytest.raises(ValueError, match="alt"):
        plots.show(plots.figure(), alt=alt)
    with pytest.raises(TypeError):
        plots.show(plots.figure())


def test_show_in_a_terminal_prints_the_text():
    code = "from dlbook import plots; plots.show(plots.figure(), alt='Loss falls to 0.1')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "Loss falls to 0.1\n"


def test_show_in_a_notebook_displays_image_and_text(monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: shown.append(bundle))
    plots.show(plots.figure(3, 2), alt="Nothing")
    assert shown[0]["text/plain"] == "Nothing"
    assert shown[0]["text/html"].startswith('<img src="data:image/png;base64,')


def test_without_matplotlib_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "try:\n import dlbook.plots\n dlbook.plots.figure()\nexcept ImportError as e: print(e)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == 'dlbook.plots needs matplotlib: pip install "dlbook[course]"\n'


def test_every_helper_draws_to_a_file():
    rng = np.random.default_rng(0)
    figure = plots.figure(9, 3)
    a, b, c = figure.subplots(1, 3)
    plots.learning_curves(a, {"training": [3, 2, 1], "validation": [3, np.nan, np.inf]}, log=True)
    plots.confusion_matrix(b, rng.integers(0, 20, (4, 4)))
    plots.network(c, [2, 3, 1], values=[np.ones(2), np.ones(3), np.ones(1)], lit=["1.0"])
    assert len(plots.png(figure)) > 10_000


def test_importing_plots_loads_no_matplotlib():
    code = "import sys, dlbook.plots; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
