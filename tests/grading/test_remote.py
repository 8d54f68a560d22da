"""Judging on a real local Dask cluster: two worker processes, one of which is killed half-way."""

import csv
import os
import pathlib
import signal

import pytest

from dlbook.course import build, work
from dlbook.course.errors import CourseError
from dlbook.grading import grade as grading
from dlbook.grading import remote

SOLUTIONS = pathlib.Path(__file__).parents[2] / "solutions"
CHAPTER = "07-network"
pytestmark = pytest.mark.usefixtures("best_tier")


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, silence_logs=50) as running:
        yield running


def test_a_worker_that_dies_half_way_loses_nothing(cluster, tmp_path):
    exercises = build.load(SOLUTIONS / CHAPTER).pages["en"].of_kind("exercise")
    for number in range(24):
        notebook = work.released(CHAPTER, "en")
        right = {cell.id: cell.source for cell in exercises[: number % (len(exercises) + 1)]}
        for cell in notebook["cells"]:
            cell["source"] = right.get(cell["id"], cell["source"])
        work.write(tmp_path / "submitted" / f"student{number:02}.ipynb", notebook)
    pids = {worker.pid for worker in cluster.workers.values()}
    seen = []

    def kill_one(records, total):
        for record in records:
            seen.append(record.student)
            if len(seen) == 6:
                os.kill(min(pids), signal.SIGKILL)
            yield record

    address = cluster.scheduler_address.replace("tcp://", "dask://")
    with remote.executor(address) as elsewhere:
        grading.grade(
            tmp_path / "submitted", CHAPTER, tmp_path / "far", solutions=SOLUTIONS, executor=elsewhere, track=kill_one
        )
    grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "near", solutions=SOLUTIONS)
    assert sorted(seen) == [f"student{number:02}" for number in range(24)]
    tables = [(tmp_path / name / "grades.csv").read_text(encoding="utf8") for name in ("far", "near")]
    assert tables[0] == tables[1]
    assert len({row["score"] for row in csv.DictReader(tables[0].splitlines())}) > 3


@pytest.mark.parametrize("address", ["ray://here", "dask://", "10.0.0.1:8786"])
def test_an_address_of_another_kind_is_one_sentence(address):
    with pytest.raises(CourseError, match="expected dask://HOST:PORT"), remote.executor(address):
        pass


def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra cluster")
    monkeypatch.setattr(remote, "SECONDS", 1)
    with pytest.raises(CourseError, match="no Dask scheduler answers"), remote.executor("dask://127.0.0.1:9"):
        pass


def test_without_an_address_nothing_is_elsewhere():
    with remote.executor(None) as elsewhere:
        assert elsewhere is None
