"""From a folder of submissions to grades: intake, verdicts in the sandbox, journal, gradebook, CSV.

Answers run in a confined process, tests in another (`dlbook.check.runner`, `dlbook.grading.sandbox`); each verdict is
in the journal before the next step sees it, so a run that was killed goes on where it was.
"""

import contextlib
import csv
import datetime
import functools
import hashlib
import hmac
import json
import os
import pathlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace

import dlbook
from dlbook.check.runner import Cell, Limits, Outcome, Runner
from dlbook.course import build, source
from dlbook.course.errors import CourseError
from dlbook.grading import gradebook, intake, journal, sandbox
from dlbook.grading import private as overlay
from dlbook.grading.intake import Submission
from dlbook.grading.journal import Record, TestResult
from dlbook.language import LANGUAGES, say, speaking

COLUMNS = ("student", "assignment", "score", "max_score", "status")
STATUSES = {
    "graded": "the tests ran on what the student answered",
    "untouched": "no exercise was attempted",
    "unreadable": "no notebook of this assignment could be read",
    "error": "grading this submission failed: its 0 is no verdict, and the gradebook asks for a person to look at it",
}
PRELOAD = ("numpy", "dlbook.nn", "dlbook.data", "dlbook.plots")
LIMITS = Limits(memory=2_000_000_000)
VERSION = f"{dlbook.__version__}+1"
"""Part of every verdict's key: a grader that judges otherwise has another."""


@dataclass(frozen=True)
class Job:
    """One submission, ready to be judged: plain data that may go to another machine.

    record : the verdict, but for its results; seed : of the hidden inputs of this student.
    """

    record: Record
    seed: tuple[int, ...]


@dataclass(frozen=True)
class Settings:
    """How a run judges: the cells of the chapter in each language, hidden tests and all, limits and tier.

    digests : by language, of all that decides a verdict but the submission.
    """

    cells: dict[str, tuple[Cell, ...]]
    limits: Limits
    tier: str
    preload: tuple[str, ...] = PRELOAD

    digests: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digests", {language: self._digest(cells) for language, cells in self.cells.items()})

    def _digest(self, cells):
        told = [[vars(cell) for cell in cells], vars(self.limits), self.tier, VERSION]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def grade(
    folder: pathlib.Path,
    assignment: str,
    out: pathlib.Path,
    *,
    solutions: pathlib.Path,
    private: pathlib.Path | None = None,
    limits: Limits = LIMITS,
    jobs: int | None = None,
    shard: tuple[int, int] = (1, 1),
    resume: bool = False,
    every_attempt: bool = False,
    zone: datetime.tzinfo = datetime.UTC,
    secret: bytes = b"",
    tier: sandbox.Tier | None = None,
    executor: Executor | None = None,
    track: Callable[[Iterable[Record], int], Iterable[Record]] = lambda records, total: records,
) -> list[Record]:
    """Grade what lies in `folder` and write out/journal, out/gradebook.db and out/grades.csv.

    solutions : the folder of the sources, which hold the hidden tests.  private : an instructor's own cells, see
    `dlbook.grading.private`; their references and wrong answers are run first.  jobs : submissions at a time, the
    number of processors without it.  shard : (i, n), grade the i-th of n parts of the class.  resume : keep the
    verdicts that are in the journal.  every_attempt : judge each file of a student, not only the one that counts.
    zone : of the times in the zip of a class, where they do not say it themselves.
    secret : hidden inputs that are drawn (`check.rng`) differ from student to student.  tier : of isolation, the best
    of this machine without it.  executor : judges elsewhere (concurrent.futures).  track : shows progress while it
    yields what it is given.
    An earlier run's rows in `out` stay, except those of the students graded now.  Returns the verdicts that count.
    Raises CourseError for an unknown assignment, a folder without submissions, a machine that cannot isolate, or an
    `out` that cannot be used; no submission stops the class.
    """
    if out.resolve() == folder.resolve():
        raise CourseError(f"{out} is the folder of the submissions: choose another --out.")
    tier = tier or sandbox.choose()
    chapter = published = load(assignment, solutions)
    with contextlib.ExitStack() as stack:
        if private is not None:
            chapter = overlay.load(published, private)
            overlay.prove(chapter, overlay.exercises(chapter, private))
        has_own_page = private is not None and overlay.changes_the_page(chapter, published)
        if has_own_page:
            stack.enter_context(overlay.as_manifest(chapter))
        settings = settings_of(chapter, limits, tier)
        taken = intake.attempts if every_attempt else intake.submissions
        found = taken(folder, assignment, skip=out, lean=True, zone=zone)
        handed_in = [one for one in found if in_shard(one.student, shard)]
        if private is not None and not has_own_page:  # students worked on the published page, with its manifest
            stack.enter_context(overlay.as_manifest(chapter))
        _make(out)
        _rows(out / "grades.csv")  # a table of somebody else's stops the run here, not after it
        gradebook.prepare(out / "gradebook.db", chapter)
        book = journal.of_assignment(out, assignment)
        prepared = [prepare(chapter, one, settings, folder, secret) for one in handed_in]
        todo = [job for job in prepared if not (resume and job.record.key in book)]
        with contextlib.closing(judged(todo, settings, executor, jobs)) as verdicts:
            for record in track(verdicts, len(todo)):
                book.write(record)
        counts = {job.record.student: job.record.key for job in prepared}
        book.set_current(counts)
        return _publish(out, chapter, [book.read(key) for _, key in sorted(counts.items())])


def merge(out: pathlib.Path, shards: Sequence[pathlib.Path], *, solutions: pathlib.Path) -> list[Record]:
    """Join the verdicts of other folders of grades into `out`, its gradebook and its CSV.

    Returns the verdicts that count.  Raises CourseError for a folder without verdicts.
    """
    for folder in (out, *shards):
        if not journal.assignments(folder):
            raise CourseError(f"{folder} holds no verdicts: expected what `dlbook grade --out` wrote.")
    found = []
    for assignment in sorted({name for folder in (out, *shards) for name in journal.assignments(folder)}):
        book = journal.of_assignment(out, assignment)
        book.merge(
            journal.of_assignment(shard, assignment) for shard in shards if assignment in journal.assignments(shard)
        )
        chapter = load(assignment, solutions)
        gradebook.prepare(out / "gradebook.db", chapter)
        found += _publish(out, chapter, book.counting())
    return found


def _publish(out, chapter, records):
    """Write what counts into the gradebook and the table."""
    earlier = _rows(out / "grades.csv")
    added = gradebook.save(out / "gradebook.db", chapter, records)
    _write_csv(out / "grades.csv", earlier, records, added)
    return records


def load(assignment: str, solutions: pathlib.Path) -> build.Chapter:
    """The chapter of an assignment.  Raises CourseError where there is none of that name."""
    known = {path.name: path for path in source.chapters(solutions)}
    if assignment not in known:
        raise CourseError(f"There is no assignment {assignment!r}; there are: {', '.join(known)}.")
    return build.load(known[assignment])


def settings_of(chapter: build.Chapter, limits: Limits, tier: sandbox.Tier) -> Settings:
    """What all verdicts of a run have in common."""
    cells = {language: tuple(build.verdict_cells(page)) for language, page in chapter.pages.items()}
    return Settings(cells, limits, tier.name)


def in_shard(student: str, shard: tuple[int, int]) -> bool:
    """Whether a student is in the i-th of n parts of a class, the same part on every machine."""
    part, parts = shard
    return int.from_bytes(hashlib.sha256(student.encode("utf8", "surrogatepass")).digest()[:8]) % parts == part - 1


def prepare(
    chapter: build.Chapter, one: Submission, settings: Settings, folder: pathlib.Path, secret: bytes = b""
) -> Job:
    """What is to be judged of one submission, under its key."""
    language = one.page.language if one.page is not None else LANGUAGES[0]
    answers = one.page.answers() if one.page is not None else {}
    exercises = chapter.pages[LANGUAGES[0]].of_kind("exercise")
    attempted = one.page is not None and any(one.page.attempted(cell.id) for cell in exercises)
    written = one.written()
    status, reason = "graded", one.reason
    if one.page is None:
        status = "unreadable"
    elif not attempted and not written:
        with speaking(language):
            status, reason = "untouched", "; ".join(filter(None, (reason, say("no exercise was attempted"))))
    seed = (
        hmac.digest(secret, f"{chapter.name}\0{one.student}".encode("utf8", "surrogatepass"), "sha256")
        if secret
        else b""
    )
    file = str(one.path.relative_to(folder)) if one.path.is_relative_to(folder) else one.path.name
    record = Record(
        key="",
        student=one.student,
        assignment=chapter.name,
        language=language,
        file=file.encode("utf8", "surrogateescape").decode("utf8", "backslashreplace"),
        sha256=one.sha256,
        arrived=one.arrived,
        status=status,
        reason=reason,
        repairs=one.repairs + tuple(say("{file} was not taken.", file=name) for name in one.dropped),
        tier=settings.tier,
        max_score=max_score(chapter),
        answers=answers,
        written=written,
    )
    key = key_of(record, settings, seed)
    return Job(replace(record, key=key), tuple(seed))


def secret_of(path: pathlib.Path | None) -> bytes:
    """The bytes of an instructor's secret file, none for None.  Raises CourseError for one that is too short."""
    if path is None:
        return b""
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) < 16:
        raise CourseError(
            f"{path} holds {len(content)} bytes: a secret needs at least 16, as `openssl rand -hex 16` gives."
        )
    return content


def key_of(record: Record, settings: Settings, seed: bytes = b"") -> str:
    """Of what was handed in, by whom, the cells that judge it, the limits, the tier, and this grader."""
    handed_in = [record.student, record.assignment, record.sha256 or record.reason, record.answers, record.written]
    told = [handed_in, settings.digests[record.language], seed.hex()]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def judged(todo: Sequence[Job], settings: Settings, executor: Executor | None, jobs: int | None) -> Iterator[Record]:
    """The verdicts, as they come.

    A job whose judge died with its machine is judged here; nothing that a submission does ends the iteration.
    """
    if not todo:
        return
    with _Local(settings, jobs or os.cpu_count() or 1) as local:
        waiting: dict[Future, Job] = {}
        for job in todo:
            waiting[executor.submit(judge_elsewhere, job, settings) if executor else local.submit(job)] = job
        for future in as_completed(waiting):
            job = waiting[future]
            try:
                yield future.result()
            except Exception as error:
                yield local.submit(job).result() if executor else failed(job, error)


class _Local:
    """Threads of this process, each with a runner of its own; the work is done in the runners' processes."""

    def __init__(self, settings, jobs):
        self._settings, self._mine = settings, threading.local()
        self._runners: list[Runner] = []
        self._pool = ThreadPoolExecutor(jobs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.shutdown(cancel_futures=True)
        for runner in self._runners:
            runner.close()

    def submit(self, job) -> Future:
        return self._pool.submit(self._judge, job)

    def _judge(self, job):
        if not hasattr(self._mine, "runner"):
            self._mine.runner = runner_of(self._settings)
            self._runners.append(self._mine.runner)
        return judge(job, self._settings, self._mine.runner)


def runner_of(settings: Settings) -> Runner:
    """The two warm processes in which a run's verdicts are given."""
    return Runner(settings.limits, settings.preload, sandbox.launcher(sandbox.TIERS[settings.tier]))


def judge(job: Job, settings: Settings, runner: Runner) -> Record:
    """One verdict.  What goes wrong in the grader itself is a verdict too, of status "error"."""
    if job.record.status == "unreadable":
        return job.record
    cells = settings.cells[job.record.language]
    mine = [
        replace(cell, source=job.record.answers.get(cell.id, cell.source)) if cell.kind == "exercise" else cell
        for cell in cells
    ]
    try:
        outcomes = runner.verdict(mine, job.record.language, job.seed)
    except Exception as error:
        runner.close()
        return failed(job, error)
    return replace(job.record, results=tuple(_result(outcome) for outcome in outcomes))


@functools.cache
def _runner_of_this_process(limits: Limits, tier: str, preload: tuple[str, ...]) -> Runner:
    return runner_of(Settings({}, limits, tier, preload))


def judge_elsewhere(job: Job, settings: Settings) -> Record:
    """One verdict in a process that an executor has, which keeps its runner."""
    return judge(job, settings, _runner_of_this_process(settings.limits, settings.tier, settings.preload))


def failed(job: Job, error: Exception) -> Record:
    """The verdict where the grader failed: nobody's 0, a person looks at it."""
    reason = say("grading failed, {kind}: {error}", kind=type(error).__name__, error=" ".join(str(error).split()))
    return replace(job.record, status="error", reason=reason[:300])


def _result(outcome: Outcome) -> TestResult:
    cell = outcome.cell
    exercise = cell.exercise.partition("/")[2]
    return TestResult(
        cell.id, exercise, cell.title, outcome.points, cell.points, cell.hidden, outcome.key, outcome.message
    )


def max_score(chapter: build.Chapter) -> float:
    """All points of a chapter: visible tests, hidden tests, and what a person marks."""
    page = chapter.pages[LANGUAGES[0]]
    return sum(cell.points for cell in page.cells if cell.kind in ("test", "manual"))


def _make(out):
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"{out} cannot be made a folder: {error.strerror}.") from None


def _rows(path) -> dict[tuple[str, str], list[str]]:
    """The rows of an earlier run, by student and assignment."""
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error):
        header, rows = [], []
    if tuple(header) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise CourseError(
            f"{path} is no table of `dlbook grade`, and is not overwritten: move it, or choose another --out."
        )
    return {(row[0], row[1]): row for row in rows}


def _write_csv(path, earlier, records, added):
    rows = dict(earlier)
    for one in records:
        score = one.score + added[one.student]
        row = [one.student, one.assignment, f"{score:.10g}", f"{one.max_score:.10g}", one.status]
        rows[one.student, one.assignment] = row
    unfinished = path.with_suffix(".csv.new")
    with unfinished.open("w", encoding="utf8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(row for _, row in sorted(rows.items()))
    os.replace(unfinished, path)
