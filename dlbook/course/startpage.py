"""The page on which JupyterLab opens: where to start, then every chapter with one's progress."""

import pathlib

from dlbook.check import manifest
from dlbook.check.page import PageError, StudentPage, source_of
from dlbook.course import work
from dlbook.language import say, speaking

NAMES = {"en": "START-HERE.md", "pt-BR": "COMECE-AQUI.md"}


def write(folder: pathlib.Path, language: str) -> pathlib.Path:
    """Write the start page of a student's folder; returns its path."""
    with speaking(language):
        text = _text(folder, language)
    path = folder / NAMES[language]
    if not path.exists() or path.read_text(encoding="utf8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    return path


def refresh(folder: pathlib.Path) -> None:
    """Write anew the start pages that are there."""
    for language, name in NAMES.items():
        if (folder / name).exists():
            write(folder, language)


def solved(page: StudentPage) -> int:
    """How many exercises of a saved notebook show ✓ in all their visible tests, read from the saved outputs."""
    by_id, done = page.by_id(), {}
    for id, known in page.kinds.items():
        if known["kind"] == "test" and not known["hidden"]:
            cell = by_id.get(id, [{}])[0]
            done.setdefault(known["exercise"], []).append(_passed(cell))
    return sum(all(passed) for passed in done.values())


def _passed(cell):
    outputs = cell.get("outputs") or []
    return any(
        output.get("output_type") == "stream" and source_of({"source": output.get("text", "")}).startswith("✓")
        for output in outputs
    )


def _text(folder, language):
    chapters = manifest.chapters()
    heads = [say("Chapter"), say("What you can do after it"), say("Minutes"), say("Needs"), say("Book chapters")]
    heads.append(say("Exercises solved"))
    lines = [
        f"# {say('The deep-learning course')}",
        "",
        say(
            "Every chapter is a notebook that you run: text, figures that move, exercises that tell you what is wrong."
        ),
        "",
        f"## {say('Start here')}",
        "",
    ]
    lines += [f"**[{_title(chapters[0], language)}]({_link(chapters[0])})**", ""] if chapters else []
    lines += [
        say("Press Shift+Enter to run a cell and go to the next one. The tests of an exercise stand right below it."),
        "",
        say("Your work lies in this folder. `dlbook check 07` checks a chapter, `dlbook submit 07` hands it in."),
        "",
        f"## {say('All chapters')}",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    lines += [_row(folder, chapter, language) for chapter in chapters]
    return "\n".join(lines) + "\n"


def _row(folder, chapter, language):
    known = manifest.of_chapter(chapter)
    needs = ", ".join(f"[{name[:2]}]({_link(name)})" for name in known["needs"]) or "–"
    book = ", ".join(str(number) for number in known["book"]) or "–"
    summary = known["summary"][language].replace("|", "\\|")
    number = chapter[:2]
    title = f"[{number} {_title(chapter, language)}]({_link(chapter)})"
    return f"| {title} | {summary} | {known['minutes']} | {needs} | {book} | {_progress(folder, chapter)} |"


def _progress(folder, chapter):
    count = len(manifest.of_chapter(chapter)["exercises"])
    try:
        done = solved(StudentPage.read(work.path_of(folder, chapter)))
    except PageError:
        done = 0
    return f"{'●' * done}{'○' * (count - done)} " + say("{done} of {count}", done=done, count=count)


def _title(chapter, language):
    return manifest.of_chapter(chapter)["title"][language]


def _link(chapter):
    return f"{chapter}/{chapter}.ipynb"
