"""What a student does in JupyterLab: open a chapter, run it, move a slider, answer wrongly, then rightly."""

import json
import re

import pytest
from playwright.sync_api import expect

from dlbook.course import build, source, work

pytestmark = pytest.mark.browser
CHAPTER, EXERCISE = "07-network", "backprop"


@pytest.fixture(scope="module")
def chapter():
    return build.load(source.root() / "solutions" / CHAPTER)


def open_page(browser, address, path, language="en"):
    page = browser.new_page(viewport={"width": 1360, "height": 900}, locale=language)
    page.goto(f"{address}/lab/tree/{path}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.evaluate("async () => await window.jupyterapp.shell.currentWidget.sessionContext.ready")
    return page


def run_all(page):
    """Run every cell; returns when the kernel has done them all."""
    page.evaluate("async () => await window.jupyterapp.commands.execute('notebook:run-all-cells')")


def find(page, locator):
    """The first match, scrolled to: JupyterLab attaches and draws what is near."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    outer.evaluate("node => node.scrollTo(0, 0)")
    for _ in range(250):
        if locator.count():
            locator.first.scroll_into_view_if_needed()
            page.wait_for_timeout(300)
            return locator.first
        outer.evaluate("node => node.scrollBy(0, 400)")
        page.wait_for_timeout(60)
    raise AssertionError("the page does not show it")


def wrong_answer(chapter):
    """A wrong answer of the exercise that meets one of the page's hints, and the sentence."""
    sentences = chapter.pages["en"].hint_sentences(EXERCISE)
    for answer in chapter.wrong:
        if answer.keys.get("wrong") == EXERCISE and answer.keys["hint"] in sentences:
            return answer.source, sentences[answer.keys["hint"]]
    raise AssertionError("no wrong answer with a hint")


def put_answer(folder, text):
    """Write an answer into the saved notebook, as if typed; the page is opened afterwards."""
    path = work.path_of(folder, CHAPTER)
    notebook = json.loads(path.read_text(encoding="utf8"))
    next(one for one in notebook["cells"] if one["id"] == EXERCISE)["source"] = text
    work.write(path, notebook)


def test_the_start_page_leads_to_a_chapter(browser, serve, shot):
    _, address = serve("en")
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(f"{address}/lab/tree/START-HERE.md")
    page.wait_for_selector(".jp-RenderedMarkdown table", timeout=60_000)
    expect(page.locator("#dlbook-download button")).to_have_text("Download my work")
    shot(page, "start-page")
    page.locator(".jp-RenderedMarkdown td a", has_text="07").first.click()
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    with page.expect_download() as download:
        page.click("#dlbook-download button")
    assert download.value.suggested_filename == "dlbook-work.zip"


@pytest.mark.parametrize("name", ["05-gradient-descent", CHAPTER])
def test_a_slider_moves_with_the_keyboard_and_the_figure_changes(browser, serve, shot, name):
    _, address = serve("en")
    page = open_page(browser, address, f"{name}/{name}.ipynb")
    run_all(page)
    shot(page, f"chapter-{name}")
    panel = page.locator(".dlbook-panel").filter(has=page.locator(".noUi-handle"))
    live = find(page, panel.filter(has_not=page.locator("button:has-text('Run')")))
    picture, handle = live.locator("img").first, live.locator(".noUi-handle").first
    before, alt = picture.get_attribute("src"), picture.get_attribute("alt")
    assert alt
    handle.focus()
    expect(handle).to_be_focused()
    place = handle.get_attribute("aria-valuenow")
    page.keyboard.press("ArrowRight")
    expect(handle).not_to_have_attribute("aria-valuenow", place)
    expect(picture).not_to_have_attribute("src", before, timeout=60_000)
    shot(page, f"slider-{name}")


def test_a_wrong_answer_shows_its_hint_and_a_right_one_its_tick(browser, serve, shot, chapter):
    folder, address = serve("en")
    text, sentence = wrong_answer(chapter)
    put_answer(folder, text)
    page = open_page(browser, address, f"{CHAPTER}/{CHAPTER}.ipynb")
    run_all(page)
    first = next(test for test in chapter.pages["en"].tests(EXERCISE) if not test.hidden)
    output = page.locator(".jp-OutputArea-output").filter(has_text=re.compile(re.escape(sentence[:60])))
    shown = find(page, output).text_content().strip()
    assert shown.startswith("✗ ")
    assert len(shown.splitlines()) == 1
    assert "Traceback" not in shown
    shot(page, "wrong-answer")
    page.close()

    folder, address = serve("en")
    put_answer(folder, chapter.pages["en"].cell(EXERCISE).source)
    page = open_page(browser, address, f"{CHAPTER}/{CHAPTER}.ipynb")
    run_all(page)
    title = source.test_title(first.source)
    find(page, page.locator(".jp-OutputArea-output").filter(has_text=f"✓ {title}"))
    shot(page, "right-answer")


def test_a_question_answers_after_the_choice_in_portuguese(browser, serve, shot, chapter):
    _, address = serve("pt-BR")
    page = open_page(browser, address, f"{CHAPTER}/{CHAPTER}.ipynb", "pt-BR")
    run_all(page)
    find(page, page.locator(".widget-radio-box input")).press("Space")
    expect(page.locator(".widget-radio-box input").first).to_be_checked(timeout=60_000)
    question = chapter.pages["pt-BR"].of_kind("question")[0]
    reason = source.choices(question.source)[1][0]["reason"]
    plain = re.split(r"[$`*]", reason)[0].strip()[:40]
    page.wait_for_selector(f"text={plain} >> visible=true", timeout=60_000).scroll_into_view_if_needed()
    shot(page, "question-pt-BR")


def test_an_idle_binder_session_is_warned(browser, serve, shot):
    _, address = serve("pt-BR", DLBOOK_IDLE_SECONDS="3")
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(f"{address}/lab/tree/COMECE-AQUI.md")
    page.wait_for_selector("#dlbook-download", timeout=60_000)
    banner = page.wait_for_selector("#dlbook-idle", timeout=15_000)
    assert "baixe o seu trabalho agora" in banner.inner_text()
    shot(page, "idle-warning")
    page.click("#dlbook-idle button >> nth=1")
    expect(page.locator("#dlbook-idle")).to_have_count(0)
