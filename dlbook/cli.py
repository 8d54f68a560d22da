"""The command line: `dlbook lab | start | update | check | submit | build | grade | merge | report | marks | explain |
train`.

Every slip of a user is one plain sentence.
"""

import os
import pathlib
import sys
import zoneinfo
from typing import Annotated, Optional

import typer
from rich.console import Console

from dlbook.check.page import PageError
from dlbook.check.runner import Limits
from dlbook.course.errors import CourseError
from dlbook.language import closest, of_person, say, speaking

WORK = pathlib.Path("work")
EXTRAS = dict.fromkeys(
    ("jupyterlab", "jupytext", "nbformat", "nbclient", "matplotlib", "ipywidgets", "sklearn"), "course"
)
EXTRAS |= {"nbgrader": "instructor", "distributed": "cluster", "torch": "torch"}
"""Which extra brings a package."""

app = typer.Typer(
    help="A deep-learning course to run: chapters, exercises that say what is wrong, grading.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def lab(
    work: Annotated[pathlib.Path, typer.Option(help="Your folder.")] = WORK,
    browser: Annotated[bool, typer.Option(help="Open a browser; without one the address is printed.")] = True,
    port: Annotated[int, typer.Option(help="Where the server listens; the next free port where it is taken.")] = 8888,
) -> None:
    """Fill your folder with the chapters and open JupyterLab there."""
    from dlbook.course import lab as jupyter

    start = jupyter.prepare(work, of_person(), switch="DLBOOK_LANG" in os.environ)
    new = jupyter.behind(work)
    if new:
        out.print(
            say(
                "A new release of {chapters} is installed: `dlbook update` brings it, and keeps your answers.",
                chapters=", ".join(new),
            )
        )
    sys.exit(jupyter.run(jupyter.command(work.resolve(), start, browser=browser, arguments=[f"--port={port}"])))


@app.command()
def start(
    chapters: Annotated[Optional[list[str]], typer.Argument(help="07, 07-network or network; all without one.")] = None,  # noqa: UP045
    work: Annotated[pathlib.Path, typer.Option(help="Your folder.")] = WORK,
) -> None:
    """Put chapters into your folder; what is there already is not touched."""
    from dlbook.course import startpage
    from dlbook.course import work as copies

    language = of_person()
    named = [copies.chapter_of(name) for name in chapters or []]
    for path in copies.start(work, language, named):
        out.print(str(path))
    out.print(str(startpage.write(work, language)))


@app.command()
def update(
    chapters: Annotated[Optional[list[str]], typer.Argument(help="07, 07-network or network; all without one.")] = None,  # noqa: UP045
    work: Annotated[pathlib.Path, typer.Option(help="Your folder.")] = WORK,
) -> None:
    """Bring your notebooks to the installed release; every answer, note and cell of yours is kept."""
    from dlbook.course import startpage
    from dlbook.course import work as copies

    done = copies.update(work, [copies.chapter_of(name) for name in chapters or []])
    if not done:
        raise CourseError(say("There is no chapter in {folder}: `dlbook start` puts them there.", folder=work))
    for one in done:
        if one.changed:
            kept = say(
                "kept {answers} answers, {edits} changed cells, {own} cells of yours",
                answers=one.answers,
                edits=one.edits,
                own=one.own,
            )
            out.print(f"{one.path}: {kept}")
        else:
            out.print(f"{one.path}: {say('up to date')}")
    startpage.refresh(work)


@app.command()
def check(
    notebook: Annotated[str, typer.Argument(help="A notebook's path, or a chapter: 07.")],
    work: Annotated[pathlib.Path, typer.Option(help="Your folder.")] = WORK,
    repair: Annotated[
        bool, typer.Option(help="Restore damaged cells of the course; your own cells and answers stay.")
    ] = False,
) -> None:
    """Run the visible tests of a notebook, exactly as they are graded, and say what is missing."""
    from dlbook.check import page as pages
    from dlbook.course import work as copies

    path = pathlib.Path(notebook)
    if path.suffix != ".ipynb":
        path = copies.path_of(work, copies.chapter_of(notebook))
    page = pages.StudentPage.read(path)
    if repair and page.damage():
        copies.keep_history(path.parent.parent, path)
        for damage in page.damage():
            out.print(f"! {damage.sentence()}", markup=False)
        page = page.repaired()
        copies.write(path, page.notebook)
        out.print(say("{path} is repaired; the file as it was lies in .history.", path=path))
    report = pages.check(page)
    out.print(report.text(), markup=False)
    if report.damage:
        out.print(say("`dlbook check --repair` restores these cells and keeps your answers."))


@app.command()
def submit(
    chapter: Annotated[str, typer.Argument(help="07, 07-network or network.")],
    work: Annotated[pathlib.Path, typer.Option(help="Your folder.")] = WORK,
    out_folder: Annotated[pathlib.Path, typer.Option("--out", help="Where the zip and the receipt go.")] = pathlib.Path(
        "."
    ),
) -> None:
    """Run the visible tests, say what is missing, and write one zip to hand in, with a receipt."""
    from dlbook.course import submit as handing_in
    from dlbook.course import work as copies

    done = handing_in.submit(work, copies.chapter_of(chapter), out_folder)
    out.print(done.report.text(), markup=False)
    missing = [verdict.exercise for verdict in done.report.verdicts if not verdict.attempted]
    if missing:
        out.print(say("Not attempted: {exercises}. You can hand in again.", exercises=", ".join(missing)))
    out.print(
        say(
            "Hand in {archive}. Keep {receipt}; its code is {code}.",
            archive=done.archive,
            receipt=done.receipt,
            code=done.code,
        )
    )


@app.command()
def build(
    chapters: Annotated[Optional[list[str]], typer.Argument(help="Folders below solutions/; all without one.")] = None,  # noqa: UP045
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a generated file is stale.")
    ] = False,
    solutions: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="Write executed notebooks with solutions into this folder."),
    ] = None,
    private: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="Your folder of private cells: check them, and write students' pages with --into."),
    ] = None,
    into: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="Where the students' pages with private exercises go; never chapters/."),
    ] = None,
) -> None:
    """Turn the sources in solutions/ into notebooks, in both languages."""
    from dlbook.course import build as builder
    from dlbook.course import source

    root = source.root()
    if root is None:
        raise CourseError(
            "`dlbook build` needs the course's repository: run it from a clone, installed with `pip install -e .`."
        )
    if private is not None:
        _build_private(root, private, into, chapters)
        return
    written = builder.build(root, chapters)
    if check:
        behind = builder.stale(root, written) if not chapters else []
        if behind:
            raise CourseError(
                "\n".join([*behind, "These files are not what the sources give: run `dlbook build` and commit them."])
            )
        out.print(f"{len(source.chapters(root / 'solutions'))} chapters are as their sources say.")
        return
    for path in builder.write(root, written):
        out.print(path)
    if solutions is not None:
        from dlbook.course.execute import write_solutions

        for path in write_solutions(root, chapters, solutions):
            out.print(str(path))


def _build_private(root, private, into, chapters):
    """Check the private cells of each chapter that has some, and write the pages that students get."""
    from dlbook.course import build as builder
    from dlbook.course import source
    from dlbook.grading import private as overlay

    if into is not None and (root / "chapters").resolve() in (into.resolve(), *into.resolve().parents):
        raise CourseError("--into chapters/: private exercises never go there; choose another folder.")
    for path in source.chapters(root / "solutions"):
        if (private / path.name).is_dir() and path.name in (chapters or [path.name]):
            chapter = overlay.load(builder.load(path), private)
            names = overlay.exercises(chapter, private)
            overlay.prove(chapter, names)
            out.print(f"{path.name}: {', '.join(names)}", markup=False)
            for page in overlay.notebooks(chapter, into) if into is not None else ():
                out.print(str(page), markup=False)


@app.command()
def grade(
    submissions: Annotated[pathlib.Path, typer.Argument(help="What students handed in: a folder, or the LMS's zip.")],
    assignment: Annotated[str, typer.Option(help="The chapter: 07-network.")],
    out_folder: Annotated[pathlib.Path, typer.Option("--out", help="Where journal, gradebook and grades go.")],
    jobs: Annotated[Optional[int], typer.Option(help="Submissions at a time; one a processor without it.")] = None,  # noqa: UP045
    shard: Annotated[str, typer.Option(help="i/n: grade the i-th of n parts of the class.")] = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Keep the verdicts that are there already.")] = False,
    every_attempt: Annotated[
        bool, typer.Option("--every-attempt", help="Judge all files of a student, not only the one that counts.")
    ] = False,
    timezone: Annotated[
        str, typer.Option(help="Of your LMS, America/Sao_Paulo: the times in its zip files often do not say it.")
    ] = "UTC",
    secret: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="A file whose bytes only the course knows: hidden inputs differ from student to student."),
    ] = None,
    private: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="Your folder of hidden tests, points and exercises that nobody else has."),
    ] = None,
    executor: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="dask://ADDRESS: judge on the workers of a Dask scheduler."),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Time limit of one cell; six times as much for a submission.")] = 10.0,
    memory: Annotated[int, typer.Option(help="MB that a submission may use.")] = 2000,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Isolate nothing: for your own files only, never for a class.")
    ] = False,
) -> None:
    """Grade a class: a journal of verdicts, an nbgrader gradebook, and grades.csv."""
    from dlbook.grading import grade as grading
    from dlbook.grading import remote, sandbox

    solutions = _solutions("grade")
    tier = sandbox.choose(unsafe)
    out.print(f"{say('Isolation')}: {tier.name} ({say(tier.says)})", markup=False)
    with remote.executor(executor) as elsewhere:
        done = grading.grade(
            submissions,
            assignment,
            out_folder,
            solutions=solutions,
            private=private,
            limits=Limits(cell=seconds, total=6 * seconds, memory=memory * 1_000_000),
            jobs=jobs,
            shard=_part(shard),
            resume=resume,
            every_attempt=every_attempt,
            zone=_zone(timezone),
            secret=grading.secret_of(secret),
            tier=tier,
            executor=elsewhere,
            track=_with_time_left,
        )
    _summarise(done, out_folder)


@app.command()
def merge(
    folders: Annotated[list[pathlib.Path], typer.Argument(help="What `dlbook grade --out` wrote, one a shard.")],
    into: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="The folder that gets all verdicts; the first one without it."),
    ] = None,
) -> None:
    """Join the grades of several shards: one journal, one gradebook, one grades.csv."""
    from dlbook.grading import grade as grading

    target, shards = (into, folders) if into is not None else (folders[0], folders[1:])
    _summarise(grading.merge(target, shards, solutions=_solutions("merge")), target)


@app.command()
def report(
    folder: Annotated[pathlib.Path, typer.Argument(help="What `dlbook grade --out` wrote.")],
    assignment: Annotated[Optional[list[str]], typer.Option(help="Only this one; all without it.")] = None,  # noqa: UP045
    locale: Annotated[Optional[str], typer.Option(help="en or pt-BR: of the reports and tables.")] = None,  # noqa: UP045
    feedback: Annotated[bool, typer.Option(help="Write a page of feedback for each student.")] = True,
    roster: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="The class list, CSV: Moodle's table needs numbers or e-mail addresses."),
    ] = None,
    pseudonyms: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="A file whose bytes only the course knows: reports then show pseudonyms."),
    ] = None,
    retention: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Days after which the folder is due to be deleted."),
    ] = None,
) -> None:
    """Write tables for Moodle, Canvas and nbgrader, feedback for each student, item analysis and similarity."""
    from dlbook.grading import report as reports
    from dlbook.grading.grade import secret_of
    from dlbook.grading.roster import Roster

    written = reports.write(
        folder,
        solutions=_solutions("report"),
        language=closest(locale) if locale else of_person(),
        assignments=assignment or (),
        with_feedback=feedback,
        secret=secret_of(pseudonyms),
        roster=Roster.read(roster) if roster is not None else None,
        retention=retention,
        track=_with_time_left,
        tell=lambda sentence: out.print(sentence, markup=False),
    )
    out.print(f"{len(written)}: {folder / 'report' / 'index.html'}", markup=False)


@app.command()
def forget(
    folder: Annotated[pathlib.Path, typer.Argument(help="What `dlbook grade --out` wrote.")],
    student: Annotated[str, typer.Argument(help="The student, as in grades.csv.")],
) -> None:
    """Delete what a folder of grades holds of one student: verdicts, feedback.  The marks are a record and stay."""
    from dlbook.grading import retention

    removed = retention.forget(folder, student)
    if not removed:
        raise CourseError(f"{folder} holds nothing of {student!r}: expected a student of its grades.csv.")
    for path in removed:
        out.print(str(path), markup=False)


@app.command()
def marks(
    folder: Annotated[pathlib.Path, typer.Argument(help="What `dlbook grade --every-attempt --out` wrote.")],
    assignment: Annotated[pathlib.Path, typer.Option(help="The assignment's TOML file.")],
    roster: Annotated[pathlib.Path, typer.Option(help="The class list, CSV: number, name, email, lms_id.")],
    locale: Annotated[Optional[str], typer.Option(help="en or pt-BR: of the tables.")] = None,  # noqa: UP045
    allow_lower: Annotated[bool, typer.Option("--allow-lower", help="Let marks fall, for --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why marks may fall; it is written down.")] = "",
) -> None:
    """Final marks: exercises of several chapters, due dates, extensions, attempts; every change is logged."""
    from dlbook.grading import report as reports
    from dlbook.grading.assignment import Assignment
    from dlbook.grading.roster import Roster

    files, found, lowered = reports.write_marks(
        folder,
        Assignment.read(assignment),
        Roster.read(roster),
        language=closest(locale) if locale else of_person(),
        allow_lower=allow_lower,
        reason=reason,
    )
    for change in lowered:
        held = say("held: --allow-lower --reason lets it fall") if change.held else change.reason
        out.print(f"{change.student}: {change.old} → {change.new} ({held})", markup=False)
    for mark in found:
        if mark.status in ("unknown id", "error"):
            out.print(f"{mark.student}: {mark.status}: {'; '.join(mark.notes)}", markup=False)
    for path in files:
        out.print(str(path))


@app.command()
def explain(
    folder: Annotated[pathlib.Path, typer.Argument(help="What `dlbook grade --out` wrote.")],
    student: Annotated[str, typer.Argument(help="As grades.csv names him.")],
    exercise: Annotated[str, typer.Argument(help="07-network/backprop.")],
    private: Annotated[Optional[pathlib.Path], typer.Option(help="Your private folder.")] = None,  # noqa: UP045
) -> None:
    """Show one verdict again, hidden tests and all: for the instructor only."""
    from dlbook.grading import report as reports

    out.print(
        reports.explain(folder, student, exercise, solutions=_solutions("explain"), private=private), markup=False
    )


@app.command()
def train(
    name: Annotated[Optional[str], typer.Argument(help="The recipe; without one, all are listed.")] = None,  # noqa: UP045
    config: Annotated[Optional[pathlib.Path], typer.Option(help="A TOML file of settings.")] = None,  # noqa: UP045
    changes: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", metavar="KEY=VALUE", help="One setting: --set epochs=3; as many as you like."),
    ] = None,
    out_folder: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(
            "--out", help="Where settings, result, weights and a checkpoint go; again, it goes on from there."
        ),
    ] = None,
    device: Annotated[Optional[str], typer.Option(help="auto, cpu, cuda or mps.")] = None,  # noqa: UP045
) -> None:
    """Train a network by a recipe, with a result that it states: MNIST, a small GPT, GPT-2's shape on a GPU."""
    from dlbook.torch import recipes

    if name is None:
        for one in recipes.NAMES:
            out.print(f"{one:12} {recipes.title(one)}", markup=False)
        return
    changes = [*(changes or []), *([f"device={device}"] if device else [])]
    try:
        recipes.train(name, config, changes, out_folder, tell=lambda line: out.print(line, markup=False))
    except recipes.RecipeError as error:
        raise CourseError(str(error)) from None


def _solutions(command: str) -> pathlib.Path:
    from dlbook.course import source

    root = source.root()
    if root is None:
        raise CourseError(f"`dlbook {command}` needs the course's repository: the hidden tests are in its solutions/.")
    return root / "solutions"


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise CourseError(f"--shard {text}: expected i/n with 1 ≤ i ≤ n, as in 2/8.")
    return int(part), int(parts)


def _zone(name):
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise CourseError(f"--timezone {name}: expected a name like America/Sao_Paulo.") from None


def _with_time_left(records, total):
    """Yield the records behind a bar that says how many are done and how long the rest takes."""
    from rich import progress

    columns = (progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn())
    with progress.Progress(progress.TextColumn(say("Grading")), *columns, console=err, transient=True) as bar:
        yield from bar.track(records, total=total)


def _summarise(records, folder) -> None:
    """How many of each status, the mean, whoever needs a person's look, and where the grades are."""
    import collections
    import statistics

    counts = collections.Counter(one.status for one in records)
    told = ", ".join(f"{count} {say(status)}" for status, count in sorted(counts.items()))
    scored = [one.score for one in records if one.status in ("graded", "untouched")]
    mean = f"; {say('mean of the tests')} {statistics.fmean(scored):.4g}" if scored else ""
    out.print(f"{len(records)}: {told}{mean}", markup=False)
    for one in records:
        if one.status in ("unreadable", "error"):
            out.print(f"{one.student}: {say(one.status)}: {one.reason}", markup=False)
    out.print(
        say("{path}; `dlbook report {folder}` makes feedback and reports.", path=folder / "grades.csv", folder=folder)
    )


def main() -> None:
    """Run the command line; a user's slip prints one message, without a stack trace, and exits with 2."""
    try:
        with speaking(of_person()):
            app()
    except (CourseError, PageError) as error:
        err.print(str(error), markup=False)
        sys.exit(2)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        err.print(f'{missing} is not installed: pip install "dlbook[{EXTRAS[missing]}]"', markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
