"""A class of chapter 07: from a folder to the CSV, one confined verdict, and against nbgrader's own autograde.

DLBOOK_STUDENTS sets the size of the class: 1000 for the figure, 10000 to see that the time a submission stays.
DLBOOK_COMPARED sets how many go through nbgrader too, which runs every cell of the page, 20 s each: 50 for the figure.
"""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alone, duration
from dlbook.course import build, work

CHAPTER = "07-network"
COMPARED = int(os.environ.get("DLBOOK_COMPARED", 2))


def rows(size: Size) -> Iterator[Row]:
    from dlbook.grading import sandbox

    try:
        tier = sandbox.choose()
    except Exception as error:
        yield Row("grading", other=f"not measured: {error}", target="60 s a thousand")
        return
    students = int(os.environ.get("DLBOOK_STUDENTS", 20 * size.rounds))
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder)
        submissions(whole / "class", students)
        yield one_verdict(whole / "class", tier, size)
        seconds, megabytes = graded(whole / "class", whole / "out")
        told = f"{duration(seconds)}, {megabytes:.0f} MB in all"
        yield Row(
            f"dlbook grade, {students} submissions, two at a time, {tier.name}",
            told,
            "",
            f"{seconds / students * 1e3:.1f} ms each",
            "≤ 60 s a thousand, ≤ 500 MB",
        )
        if size.rounds > 1:
            yield against_nbgrader(whole)


def submissions(folder: pathlib.Path, count: int) -> None:
    """A class in nbgrader's layout: seven of ten answers right, the others as in wrong.py, no two files the same."""
    chapter = build.load(ROOT / "solutions" / CHAPTER)
    right = {cell.id: cell.source for cell in chapter.pages["en"].of_kind("exercise")}
    wrong = {name: [w.source for w in chapter.wrong if w.keys["wrong"] == name] for name in right}
    notebook = work.released(CHAPTER, "en")
    for number in range(count):
        for place, cell in enumerate(notebook["cells"]):
            name = cell["id"]
            if name in right:
                is_right = (7 * number + place) % 10 < 7
                text = right[name] if is_right else wrong[name][number % len(wrong[name])]
                cell["source"] = f"{text}\n# student {number}"
        work.write(folder / f"s{number:05d}" / CHAPTER / f"{CHAPTER}.ipynb", notebook)


def graded(folder: pathlib.Path, out: pathlib.Path) -> tuple[float, float]:
    """Seconds of `dlbook grade` with two jobs, and the most memory that its processes held together (PSS), in MB."""
    command = [sys.executable, "-m", "dlbook.cli", "grade", str(folder), "--assignment", CHAPTER, "--out", str(out)]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = [0.0]
        watch = threading.Thread(target=_watch, args=(process, most))
        watch.start()
        process.wait()
        seconds = time.perf_counter() - start
        watch.join()
    if process.returncode:
        raise RuntimeError(f"dlbook grade ended with {process.returncode}")
    return seconds, most[0]


def one_verdict(folder: pathlib.Path, tier, size: Size) -> Row:
    """What a thread of the grader waits for: all exercises of a submission, hidden tests and all."""
    from dlbook.grading import grade, intake

    chapter = grade.load(CHAPTER, ROOT / "solutions")
    settings = grade.settings_of(chapter, grade.LIMITS, tier)
    handed_in = intake.submissions(folder, CHAPTER)[: 2 * size.rounds]
    seconds = []
    with grade.runner_of(settings) as runner:
        for one in [handed_in[0], *handed_in]:
            job = grade.prepare(chapter, one, settings, folder)
            start = time.perf_counter()
            grade.judge(job, settings, runner)
            seconds.append(time.perf_counter() - start)
    return alone(f"one confined verdict on a whole chapter, {tier.name}", np.array(seconds[1:]), "≤ 60 ms")


def against_nbgrader(whole: pathlib.Path) -> Row:
    """The same submissions through stock `nbgrader autograde`, one kernel each, in one process."""
    course = whole / "course"
    release = course / f"source/{CHAPTER}"
    release.mkdir(parents=True)
    source = build.files(build.load(ROOT / "solutions" / CHAPTER))[
        f"build/nbgrader/source/en/{CHAPTER}/{CHAPTER}.ipynb"
    ]
    (release / f"{CHAPTER}.ipynb").write_text(source, encoding="utf8")
    submissions(course / "submitted", COMPARED)
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'c'\n")
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    _nbgrader("generate_assignment", course, environment)
    start = time.perf_counter()
    said = _nbgrader("autograde", course, environment)
    theirs = time.perf_counter() - start
    done = len(list((course / "autograded").glob(f"*/{CHAPTER}/*.ipynb")))
    if done < COMPARED:
        failed = re.findall(r"ERROR.*", said)[-1:]
        return Row("dlbook grade / nbgrader autograde", other=f"not measured: {done} of {COMPARED} graded {failed}")
    seconds = [graded(course / "submitted", whole / f"compared{number}")[0] for number in range(2)]
    ours = statistics.median(seconds)
    shutil.rmtree(course)
    name = f"dlbook grade / stock nbgrader autograde, {COMPARED} submissions"
    return Row(name, duration(ours), duration(theirs), f"{theirs / ours:.1f} ×", "≥ 10 ×")


def _nbgrader(command, course, environment):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", command, CHAPTER],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def _watch(process, most):
    while process.poll() is None:
        most[0] = max(most[0], _held(process.pid))
        time.sleep(0.5)


def _held(pid) -> float:
    """Proportional memory of a process and all that descend from it, in MB; 0 where the system does not tell."""
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    mine, total = {pid}, 0.0
    for _ in range(6):
        mine |= {child for child, parent in parents.items() if parent in mine}
    for one in mine:
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) / 1024
        except (OSError, TypeError):
            continue
    return total
