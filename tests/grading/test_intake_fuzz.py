"""Whatever is done to a notebook or a zip, intake ends with a page or a reason, and every page can be graded."""

import contextlib
import copy
import datetime
import io
import json
import os
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlbook.check import manifest
from dlbook.course import work
from dlbook.course.errors import CourseError
from dlbook.grading.intake import attempts, submissions

CHAPTER = "07-network"
NOTEBOOK = work.released(CHAPTER, "pt-BR")
CONTENT = json.dumps(NOTEBOOK, ensure_ascii=False).encode()
IDS = [cell["id"] for cell in NOTEBOOK["cells"]]
EXERCISES = list(manifest.of_chapter(CHAPTER)["exercises"])


def often(examples):
    """The same examples in every run; one that takes seconds is a hang."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=datetime.timedelta(seconds=10),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


WORDS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.sampled_from(
        [*IDS, *manifest.chapters(), "code", "markdown", "pt-BR", "\ud800", "def backprop(", "\0", "x" * 5000]
    ),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**4000), st.floats(), st.just(float("nan")), WORDS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)
NUMBERS = st.integers(0, 10_000)
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["delete", "duplicate", "move", "retype", "lose"]), NUMBERS, NUMBERS),
    st.tuples(st.just("put"), st.lists(NUMBERS, min_size=1, max_size=6), VALUES),
)


def change(notebook, kind, first, second):
    """One change in place."""
    if kind == "put":
        return put(notebook, first, second)
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        return None
    here, there = first % len(cells), second % len(cells)
    if kind == "delete":
        del cells[min(here, there) : min(here, there) + 1 + abs(here - there) // 4]
    elif kind == "duplicate":
        cells.insert(there, copy.deepcopy(cells[here]))
    elif kind == "move":
        cells.insert(there, cells.pop(here))
    else:
        for cell in cells[min(here, there) : max(here, there) + 1]:
            if isinstance(cell, dict) and kind == "retype":
                cell["cell_type"] = ("code", "markdown", "raw", "heading")[first % 4]
            elif isinstance(cell, dict):
                cell.pop(("id", "metadata")[first % 2], None)
    return None


def put(value, steps, new):
    """Replace what lies at the end of a walk through lists and objects."""
    while steps:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = keys[steps[0] % len(keys)]
        if len(steps) == 1 or not isinstance(value[key], (list, dict)):
            value[key] = new
            return
        value, steps = value[key], steps[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("submitted")


def hand_in(folder, data, name="ana.ipynb"):
    """Every submission of a folder with one file, each of them looked at as a grader does."""
    for old in folder.iterdir():
        old.unlink()
    (folder / name).write_bytes(data)
    found = submissions(folder, CHAPTER)
    look_at(found)
    assert {one.student for one in attempts(folder, CHAPTER)} == {one.student for one in found}


def look_at(found):
    assert found
    for one in found:
        assert (one.page is None) <= bool(one.reason)
        assert one.student not in ("", ".", "..")
        assert os.sep not in one.student
        json.dumps([one.student, one.name, one.reason, one.repairs, one.dropped], ensure_ascii=False).encode()
        assert one.written().keys() <= set(IDS)
        if one.page is not None:
            grade(one.page)


def grade(page):
    """All that a grader asks of a page; a repaired page is whole and answers the same."""
    answers = page.answers()
    page.cells()
    page.damage()
    assert {page.attempted(exercise) for exercise in EXERCISES} <= {True, False}
    repaired = page.repaired()
    assert repaired.damage() == []
    assert {id: repaired.answers()[id] for id in answers} == answers
    json.dumps(page.notebook, ensure_ascii=False, allow_nan=False).encode()


@often(250)
@given(changes=st.lists(CHANGES, min_size=1, max_size=6))
def test_a_changed_notebook(folder, changes):
    notebook = copy.deepcopy(NOTEBOOK)
    for one in changes:
        change(notebook, *one)
    hand_in(folder, json.dumps(notebook).encode())


@often(150)
@given(start=NUMBERS, end=NUMBERS, flips=st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 255)), max_size=4))
def test_a_file_with_broken_bytes(folder, start, end, flips):
    data = bytearray(CONTENT)
    for place, more, byte in flips:
        data[(place * 10_001 + more) % len(data)] = byte
    cut = data[start % 5 : len(data) - (end * 7 % len(data) if end % 3 == 0 else 0)]
    hand_in(folder, bytes(cut))


@often(100)
@given(data=st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_file_of_anything(folder, data):
    hand_in(folder, data)


BEFORE = ["", "ana/", f"ana/{CHAPTER}/", f"bia/{CHAPTER}/", "Ana_12_assignsubmission_file_/", "silva_12_34_", "work/"]
BEFORE += ["Bia_13_assignsubmission_file_", "silva_LATE_12_35_", "souza_12_36_", "../", "C:\\", "/", "a\\b\\"]
AFTER = [f"{CHAPTER}.ipynb", f"{CHAPTER}-1.ipynb", f"{CHAPTER}-2.zip", "x.zip", "numpy.py", "x.ipynb", "", "."]
NAMED = st.builds("{}{}".format, st.sampled_from(BEFORE), st.sampled_from(AFTER)).filter(bool)
NAMES = NAMED | NAMED | NAMED | WORDS.filter(bool)
PARTS = st.sampled_from([CONTENT, b"", b"{}", CONTENT[:5_000]])


def pack(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in members:
            info = zipfile.ZipInfo("x")
            info.filename = name.encode("utf8", "replace").decode("utf8")[:60_000]
            info.external_attr = mode << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


MODES = st.sampled_from([0, 0, 0o100644, 0o120777, 0o040755])
ZIPS = st.lists(st.tuples(NAMES, PARTS, MODES), max_size=4).map(pack)


@often(250)
@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(
    members=st.lists(st.tuples(NAMES, PARTS | ZIPS, MODES), max_size=6),
    flips=st.just([]) | st.lists(st.tuples(NUMBERS, st.integers(0, 255)), max_size=3),
)
def test_a_zip_of_anything(folder, members, flips):
    data = bytearray(pack(members))
    for place, byte in flips:
        data[-1 - place % len(data)] = byte
    hand_in(folder, bytes(data), "ana.zip")
    with contextlib.suppress(CourseError):
        look_at(submissions(folder / "ana.zip", CHAPTER))
