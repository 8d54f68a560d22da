"""The drawing pad without a browser: what it hands over, shows, and says where it cannot run."""

import sys

import ipywidgets
import numpy as np
import pytest

from dlbook import plots, widgets
from dlbook.widgets import draw

VIEW = "application/vnd.jupyter.widget-view+json"


def figure_of(ink):
    figure = plots.figure(2, 2)
    figure.subplots().bar([0], [ink])
    if ink > 700:
        raise RuntimeError("too black\nby far")
    return figure


def pad(**options):
    return widgets.draw_pad(
        figure_of,
        compute=lambda image: image.sum(),
        alt=lambda ink: f"Ink: {ink:.0f}",
        table=lambda ink: {"ink": round(ink)},
        title="Ink",
        **options,
    )


def displayed(one):
    one._repr_mimebundle_()
    return one._panel


def square(value=1.0):
    image = np.zeros((28, 28))
    image[3:6, 20:24] = value
    return image


def test_an_empty_pad_at_first_or_a_drawing():
    assert pad().state.alt == "Ink: 0"
    one = pad(start=square())
    assert one.state.alt == "Ink: 12"
    assert np.array_equal(one.image, square())
    assert one.image.dtype == np.float64


def test_a_stroke_hands_the_image_over():
    one = pad()
    panel = displayed(one)
    before = panel.picture.value
    panel.canvas.pixels = np.rint(255 * square(0.8)).astype(np.uint8).tobytes()
    assert np.array_equal(one.image, square(0.8))
    assert one.state.alt == "Ink: 10"
    assert panel.picture.value != before
    assert 'alt="Ink: 10"' in panel.picture.value
    assert ">10</td>" in panel.numbers.value


def test_what_a_browser_sends_is_taken():
    one = pad()
    displayed(one).canvas.set_state({"pixels": memoryview(bytes([255] * 28 + [0] * 756))})
    assert one.state.alt == "Ink: 28"


def test_update_puts_a_drawing_on_the_pad_and_leaves_the_array_alone():
    one, image = pad(), square()
    panel = displayed(one)
    assert one.update(image) is one.state
    assert panel.canvas.pixels == (255 * square()).astype(np.uint8).tobytes()
    image[:] = 0
    assert one.state.alt == "Ink: 12"
    assert one.image.sum() == 12


def test_an_error_is_one_line_and_goes_away():
    one = pad()
    panel = displayed(one)
    panel.canvas.pixels = bytes([255] * 784)
    assert panel.message.value.count("\n") == 0
    assert 'role="alert"' in panel.message.value
    assert "too black by far" in panel.message.value
    panel.canvas.pixels = bytes([1] * 784)
    assert panel.message.value == ""
    with pytest.raises(RuntimeError, match="too black"):
        one.update(np.ones((28, 28)))


@pytest.mark.parametrize(
    "image", [np.zeros((28, 27)), np.zeros(784), np.full((28, 28), 1.5), np.full((28, 28), np.nan)]
)
def test_what_is_no_drawing(image):
    with pytest.raises(ValueError, match=r"\(28, 28\), all in \[0, 1\]"):
        pad(start=image)


@pytest.mark.parametrize("alt", ["", "  "])
def test_an_alternative_text_is_asked_for(alt):
    with pytest.raises(ValueError, match="alt"):
        widgets.draw_pad(lambda image: plots.figure(1, 1), alt=alt)


def test_the_numbers_are_folded():
    panel = displayed(pad())
    assert panel.numbers.layout.display == "none"
    panel.fold.value = True
    assert panel.numbers.layout.display is None
    assert isinstance(panel.root, ipywidgets.VBox)


def test_the_bundle_holds_pad_picture_and_text():
    bundle = pad()._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "Ink: 0"
    assert "<strong>Ink</strong>" in bundle["text/html"]
    assert "<img " in bundle["text/html"]


@pytest.mark.parametrize("missing", ["anywidget", "ipywidgets"])
def test_without_the_package_a_picture_and_the_command_stand_instead(missing, monkeypatch):
    monkeypatch.setattr(draw, "find_spec", lambda name: None if name == missing else object())
    if missing == "ipywidgets":
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setenv("DLBOOK_LANG", "en")
    bundle = pad()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "To draw, install anywidget: pip install &quot;dlbook[course]&quot;" in bundle["text/html"]


def test_its_words_in_portuguese(monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    words = displayed(pad()).canvas.words
    assert words["clear"] == "Limpar"
    assert "linha ROW, coluna COLUMN" in words["down"]
    assert set(words) == {"label", "keys", "width", "eraser", "fill", "clear", "down", "up"}


def test_nothing_is_fetched():
    from dlbook.widgets.pad import Pad

    assert "http" not in Pad._esm
    assert "import" not in Pad._esm
