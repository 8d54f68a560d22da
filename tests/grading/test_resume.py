"""A grader that is killed at any moment loses nothing and gives no verdict twice."""

import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from dlbook.course import build, work

SOLUTIONS = pathlib.Path(__file__).parents[2] / "solutions"


def grading_process(folder, out, *options):
    command = [sys.executable, "-m", "dlbook.cli", "grade", str(folder), "--assignment", "07-network"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--out", str(out), "--jobs", "2", *options], **quiet)


@pytest.fixture(scope="module")
def class_of_chapter_07(tmp_path_factory):
    """Thirty submissions of a real chapter: each has the first answers right."""
    folder = tmp_path_factory.mktemp("class")
    exercises = build.load(SOLUTIONS / "07-network").pages["en"].of_kind("exercise")
    for number in range(30):
        notebook = work.released("07-network", "en")
        right = {cell.id: cell.source for cell in exercises[: number % (len(exercises) + 1)]}
        for cell in notebook["cells"]:
            cell["source"] = right.get(cell["id"], cell["source"])
        work.write(folder / f"student{number:02}.ipynb", notebook)
    return folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_run_that_was_killed_ends_like_one_that_was_not(class_of_chapter_07, tmp_path, contents, no_tier):
    isolation = ["--unsafe"] if no_tier else []
    start = time.monotonic()
    assert grading_process(class_of_chapter_07, tmp_path / "whole", *isolation).wait() == 0
    seconds = time.monotonic() - start
    whole = contents(tmp_path / "whole")
    moments = random.Random(0)
    for _ in range(5):
        process = grading_process(class_of_chapter_07, tmp_path / "torn", "--resume", *isolation)
        time.sleep(moments.uniform(0.4, 1.0) * seconds)
        process.kill()
        process.wait()
    assert grading_process(class_of_chapter_07, tmp_path / "torn", "--resume", *isolation).wait() == 0
    assert contents(tmp_path / "torn") == whole
