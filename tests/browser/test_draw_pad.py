"""Drawing on the pad in JupyterLab: by mouse, by finger, and by keyboard alone."""

import json

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELL = """
from dlbook import plots, widgets

def figure_of(image):
    figure = plots.figure(2, 2)
    figure.subplots().imshow(image, vmin=0, vmax=1)
    return figure

widgets.draw_pad(figure_of, alt=lambda image: f"Ink: {image.sum():.0f}, top {image[:14].sum():.0f}")
"""


@pytest.fixture
def page(browser, serve):
    """A page with a pad, run; touch works there too."""
    folder, address = serve("en")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)], metadata={"dlbook": {"language": "en"}}
    )
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "pad.ipynb").write_text(json.dumps(notebook), encoding="utf8")
    context = browser.new_context(viewport={"width": 1360, "height": 900}, has_touch=True)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    opened = context.new_page()
    opened.goto(f"{address}/lab/tree/pad.ipynb")
    opened.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    opened.evaluate("async () => await window.jupyterapp.shell.currentWidget.sessionContext.ready")
    opened.evaluate("async () => await window.jupyterapp.commands.execute('notebook:run-all-cells')")
    opened.wait_for_selector(".dlbook-pad canvas", timeout=60_000)
    yield opened
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    context.close()


def ink(page):
    """What Python last saw: all ink, and that of the upper half."""
    words = page.locator(".dlbook-panel img").get_attribute("alt")
    return tuple(int(word) for word in words.replace(",", "").split() if word.isdigit())


def expect_ink(page, least, most):
    """Waits until the picture tells of ink between `least` and `most`."""
    for _ in range(100):
        if least <= ink(page)[0] <= most:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"expected ink from {least} to {most}, got {ink(page)}")


def test_mouse_fill_eraser_and_clear(page, shot):
    canvas = page.locator(".dlbook-pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()

    def at(column, row):
        return box["x"] + box["width"] * column / 28, box["y"] + box["height"] * row / 28

    def stroke(*places):
        page.mouse.move(*at(*places[0]))
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*at(*place), steps=5)
        page.mouse.up()

    stroke((5, 3), (20, 3), (20, 12), (5, 12), (5, 3))
    expect_ink(page, 100, 200)
    outline = ink(page)[0]
    shot(page, "pad-outline")
    page.get_by_role("button", name="Fill the inside").click()
    expect_ink(page, outline + 50, 300)
    assert ink(page)[0] - ink(page)[1] < 10
    shot(page, "pad-filled")
    filled, eraser = ink(page)[0], page.get_by_role("button", name="Eraser")
    eraser.click()
    expect(eraser).to_have_attribute("aria-pressed", "true")
    stroke((8, 7), (16, 7))
    expect_ink(page, outline, filled - 10)
    page.get_by_role("button", name="Clear").click()
    expect_ink(page, 0, 0)


def test_a_finger_draws(page):
    canvas = page.locator(".dlbook-pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    expect_ink(page, 4, 20)
    assert ink(page)[0] == ink(page)[1]


def test_the_keyboard_alone_draws(page, shot):
    canvas = page.locator(".dlbook-pad canvas")
    canvas.focus()
    status = page.locator(".dlbook-pad-status")
    expect(status).to_have_text("Pen lifted, row 15, column 15.")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    expect(status).to_have_text("Pen lifted, row 7, column 15.")
    assert ink(page) == (0, 0)
    page.keyboard.press("Space")
    expect_ink(page, 4, 20)
    dot = ink(page)[0]
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(status).to_have_text("Pen down, row 7, column 21.")
    expect_ink(page, dot + 10, 60)
    page.keyboard.press("Space")
    line = ink(page)
    page.keyboard.press("ArrowDown")
    expect(status).to_have_text("Pen lifted, row 8, column 21.")
    assert ink(page) == line
    expect(canvas).to_be_focused()
    shot(page, "pad-keyboard")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Space")
    expect_ink(page, 0, 0)
