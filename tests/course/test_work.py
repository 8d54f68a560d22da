"""A student's folder: filled once, brought up to date without losing a line, handed in."""

import copy
import datetime
import hashlib
import json
import zipfile

import pytest

from dlbook.check import manifest
from dlbook.check.page import PageError, StudentPage, source_of
from dlbook.course import startpage, submit, work
from dlbook.course.errors import CourseError

CHAPTER = "00-moving-average"
ANSWER = "def moving_average_backward(dm, cache):\n    x, beta, m0, m = cache\n    return (1 - beta) * dm, 0.0, dm[0]\n"


@pytest.fixture
def folder(released, tmp_path):
    work.start(tmp_path / "work", "en")
    return tmp_path / "work"


def load(folder):
    return json.loads(work.path_of(folder, CHAPTER).read_text(encoding="utf8"))


def cells(notebook):
    return {cell["id"]: cell for cell in notebook["cells"]}


def texts(notebook):
    return [source_of(cell) for cell in notebook["cells"]]


def edit(folder, **sources):
    notebook = load(folder)
    for id, text in sources.items():
        cells(notebook)[id.replace("_", "-")]["source"] = text
    work.write(work.path_of(folder, CHAPTER), notebook)


def release_anew(released, change):
    """Release a changed chapter: `change` edits the manifest."""
    path = released / f"{CHAPTER}.json"
    known = json.loads(path.read_text(encoding="utf8"))
    change(known)
    known["release"] = "0.2.0+" + hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]
    path.write_text(json.dumps(known), encoding="utf8")
    manifest.of_chapter.cache_clear()


def rewrite(id, old, new):
    def change(known):
        for page in known["pages"].values():
            cell = next(cell for cell in page if cell["id"] == id)
            cell["source"] = cell["source"].replace(old, new)
            cell["metadata"]["dlbook"]["sha"] = hashlib.sha256(cell["source"].encode()).hexdigest()[:8]

    return change


def test_start_fills_the_folder_once_and_touches_nothing_that_is_there(folder):
    edit(folder, ema=ANSWER)
    before = work.path_of(folder, CHAPTER).read_bytes()
    assert work.start(folder, "pt-BR") == []
    assert work.path_of(folder, CHAPTER).read_bytes() == before


def test_a_started_page_equals_the_released_notebook(folder, example_files):
    assert load(folder)["cells"] == json.loads(example_files[f"chapters/en/{CHAPTER}/{CHAPTER}.ipynb"])["cells"]


def test_an_update_to_the_same_release_changes_nothing(folder):
    edit(folder, ema=ANSWER, idea="my notes")
    before = work.path_of(folder, CHAPTER).read_bytes()
    assert [done.changed for done in work.update(folder)] == [False]
    assert work.path_of(folder, CHAPTER).read_bytes() == before
    assert not (folder / work.HISTORY).exists()


def test_an_update_keeps_every_line_of_the_students(folder, released):
    notebook = load(folder)
    mine = cells(notebook)
    mine["ema"]["source"] = ANSWER
    mine["idea"]["source"] = "my notes on the idea"
    mine["cold-start"]["source"] = "print('my experiment')"
    mine["memory"]["source"] = "my notes on memory"
    notebook["cells"].insert(5, {"cell_type": "code", "id": "mine", "metadata": {}, "source": "1 + 1", "outputs": []})
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "top", "metadata": {}, "source": "my page"})
    work.write(work.path_of(folder, CHAPTER), notebook)
    before = work.path_of(folder, CHAPTER).read_bytes()

    def change(known):
        rewrite("ema", "Gradients of a loss", "The gradients of a loss")(known)
        rewrite("ema-dx", "5, 3, 0.8", "6, 2, 0.7")(known)
        rewrite("cold-start", "60", "70")(known)
        rewrite("title", "# Exponential", "# The exponential")(known)
        for page in known["pages"].values():
            page.remove(next(cell for cell in page if cell["id"] == "memory"))
            page.insert(2, {**copy.deepcopy(page[0]), "id": "new-text", "source": "a new paragraph"})

    release_anew(released, change)
    done = work.update(folder)[0]
    assert (done.changed, done.answers, done.edits, done.own) == (True, 1, 2, 3)
    after = load(folder)
    for text in (ANSWER, "my notes on the idea", "print('my experiment')", "my notes on memory", "1 + 1", "my page"):
        assert texts(after).count(text) == 1, text
    updated = cells(after)
    assert "6, 2, 0.7" in source_of(updated["ema-dx"])
    assert "70" in source_of(updated["cold-start"])
    assert source_of(updated["title"]).startswith("# The exponential")
    assert source_of(updated["new-text"]) == "a new paragraph"
    order = [cell["id"] for cell in after["cells"]]
    assert order[0] == "top"
    assert texts(after)[order.index("cold-start") + 1] == "print('my experiment')"
    assert StudentPage.of(after).damage() == []
    assert (folder / work.HISTORY / f"{CHAPTER}.1.ipynb").read_bytes() == before
    assert [again.changed for again in work.update(folder)] == [False]


def test_an_untouched_stub_follows_the_release(folder, released):
    release_anew(released, rewrite("ema", "Gradients of a loss", "The gradients of a loss"))
    assert work.update(folder)[0].answers == 0
    assert "The gradients of a loss" in source_of(cells(load(folder))["ema"])


def test_a_removed_exercise_leaves_its_answer(folder, released):
    edit(folder, ema=ANSWER)

    def change(known):
        del known["exercises"]["ema"]
        for id in ("ema", "ema-dx", "ema-dbeta", "ema-other-sizes"):
            del known["kinds"][id]
            for page in known["pages"].values():
                page.remove(next(cell for cell in page if cell["id"] == id))

    release_anew(released, change)
    work.update(folder)
    assert texts(load(folder)).count(ANSWER) == 1


def test_outputs_of_cells_that_stay_the_same_stay(folder, released):
    notebook = load(folder)
    cells(notebook)["forward"]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "kept"}]
    work.write(work.path_of(folder, CHAPTER), notebook)
    release_anew(released, rewrite("ema-dx", "0.8", "0.7"))
    work.update(folder)
    assert cells(load(folder))["forward"]["outputs"][0]["text"] == "kept"


def test_the_language_changes_and_the_answers_stay(folder):
    edit(folder, ema=ANSWER, idea="my notes")
    work.update(folder, language="pt-BR")
    after = load(folder)
    assert after["metadata"]["dlbook"]["language"] == "pt-BR"
    assert source_of(cells(after)["ema"]) == ANSWER
    assert texts(after).count("my notes") == 1
    assert source_of(cells(after)["title"]).startswith("# Média móvel")


def test_an_update_of_a_broken_file_changes_nothing(folder):
    work.path_of(folder, CHAPTER).write_text("{", encoding="utf8")
    with pytest.raises(PageError, match="not valid JSON"):
        work.update(folder)
    assert work.path_of(folder, CHAPTER).read_text(encoding="utf8") == "{"


@pytest.mark.parametrize("name", ["00", CHAPTER, "moving-average", f"work/{CHAPTER}/{CHAPTER}.ipynb"])
def test_a_chapter_is_known_by_its_number_its_slug_and_its_path(released, name):
    assert work.chapter_of(name) == CHAPTER


def test_an_unknown_chapter_says_which_there_are(released):
    with pytest.raises(CourseError, match=f"There is no chapter '99'; there are: {CHAPTER}"):
        work.chapter_of("99")


def test_handing_in_writes_a_zip_and_a_receipt(folder, tmp_path):
    edit(folder, ema=ANSWER)
    now = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
    done = submit.submit(folder, CHAPTER, tmp_path / "out", now)
    with zipfile.ZipFile(done.archive) as archive:
        assert sorted(archive.namelist()) == [f"{CHAPTER}.ipynb", "submission.json"]
        sheet = json.loads(archive.read("submission.json"))
        assert archive.read(f"{CHAPTER}.ipynb") == work.path_of(folder, CHAPTER).read_bytes()
    assert sheet["language"] == "en"
    assert sheet["exercises"] == ["ema"]
    assert sheet["release"] == manifest.of_chapter(CHAPTER)["release"]
    assert done.code == hashlib.sha256(done.archive.read_bytes()).hexdigest()[:16]
    assert done.code in done.receipt.read_text(encoding="utf8")
    assert "The gradient does not flow back" in done.receipt.read_text(encoding="utf8")
    again = submit.submit(folder, CHAPTER, tmp_path / "again", now)
    assert again.archive.read_bytes() == done.archive.read_bytes()


def test_the_start_page_shows_every_chapter_and_ones_progress(folder):
    path = startpage.write(folder, "en")
    assert path.name == "START-HERE.md"
    text = path.read_text(encoding="utf8")
    assert f"({CHAPTER}/{CHAPTER}.ipynb)" in text
    assert "| 35 |" in text
    assert "○ 0 of 1" in text
    notebook = load(folder)
    for id in ("ema-dx", "ema-dbeta"):
        cells(notebook)[id]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["✓ gradient\n"]}]
    work.write(work.path_of(folder, CHAPTER), notebook)
    startpage.refresh(folder)
    assert "● 1 of 1" in path.read_text(encoding="utf8")
    assert "Comece aqui" in startpage.write(folder, "pt-BR").read_text(encoding="utf8")
