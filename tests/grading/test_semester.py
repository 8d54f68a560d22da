"""A semester: an assignment's file, the class list, the marks of a class computed by hand, and the log of changes."""

import csv
import datetime
import io
import itertools
import json
import pathlib
import unicodedata
import zoneinfo
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from dlbook.check import manifest
from dlbook.course.errors import CourseError
from dlbook.grading import export
from dlbook.grading.assignment import Assignment, moment
from dlbook.grading.journal import Record, TestResult
from dlbook.grading.marks import STATUSES, Change, Ledger, marks, rounded, write_csv
from dlbook.grading.roster import Entry, Roster
from dlbook.language import speaking

DATA = pathlib.Path(__file__).parent / "semester"
WORTH = {"slope": (3, 1), "fit": (4, 2), "count": (2, 1)}
KEYS = itertools.count(1)


@pytest.fixture(autouse=True)
def chapters():
    """11-lines (slope 4 points, fit 6) and 12-words (count 3, and why, 5, which a person marks) as the only released
    chapters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "FOLDER", DATA / "manifest")
        manifest.of_chapter.cache_clear()
        yield
    manifest.of_chapter.cache_clear()


@pytest.fixture
def assignment():
    return Assignment.read(DATA / "assignment.toml")


@pytest.fixture
def roster():
    return Roster.read(DATA / "roster.csv")


def handed_in(student, chapter, local, *, file="", status="graded", reason="", written=(), **earned):
    """A verdict; local : when it arrived in São Paulo; earned : points by exercise, the visible test's first."""
    arrived = ""
    if local:
        there = datetime.datetime.fromisoformat(local).replace(tzinfo=zoneinfo.ZoneInfo("America/Sao_Paulo"))
        arrived = there.astimezone(datetime.UTC).isoformat()
    results = []
    for name, points in earned.items():
        for worth, hidden in zip(WORTH[name], (False, True), strict=True):
            got = min(points, worth)
            points -= got
            results.append(TestResult(f"{name}-{hidden}", name, name, float(got), float(worth), hidden))
    return Record(
        key=f"{next(KEYS):064x}",
        student=student,
        assignment=chapter,
        language="en",
        file=file or f"{student}/{chapter}/{chapter}.ipynb",
        sha256="0" * 64,
        arrived=arrived,
        status=status,
        reason=reason,
        results=tuple(results),
        written=dict.fromkeys(written, "because"),
    )


def lines(student, local, slope=0.0, fit=0.0, **more):
    return handed_in(student, "11-lines", local, slope=slope, fit=fit, **more)


def words(student, local, count=0.0, **more):
    return handed_in(student, "12-words", local, count=count, **more)


IN_TIME = "2026-11-20T20:00:00"
CLASS = [
    lines("101", IN_TIME, 4, 6),
    words("101", IN_TIME, 3, written=["why"]),
    lines("bruno@example.org", IN_TIME),
    words("bruno@example.org", IN_TIME),
    lines("Carla_9003_assignsubmission_file", "2026-11-21T00:10:00", 4, 3),
    words("103", "2026-11-21T00:14:00", 1, written=["why"]),
    lines("9004", "2026-11-21T00:30:00", 2, 6, file="diego_LATE_9004_77_11-lines.ipynb"),
    words("9004", "2026-11-21T00:30:00", 2, file="diego_LATE_9004_78_12-words.ipynb"),
    lines("105", "2026-11-24T00:00:00", 4, 6),
    words("105", "2026-11-24T00:00:00", 3),
    lines("FABIO", "2026-11-26T10:00:00", 4, 6),
    words("fa\u0301bio", "2026-11-26T10:00:00", 3),
    lines("107", "2026-11-22T13:00:00", 4, 4),
    lines("108", IN_TIME, 4, 0, file="108/11-lines-1.ipynb"),
    lines("108", "2026-11-21T10:00:00", 4, 1, file="108/11-lines-2.ipynb"),
    words("108", "2026-11-19T10:00:00", 1, file="108/12-words-1.ipynb"),
    words("108", IN_TIME, 3, file="108/12-words-2.ipynb"),
    lines("1100", IN_TIME, 4, 6),
    lines("Kaio@Example.org", IN_TIME, 3, 2),
    words("kaio@example.org ", IN_TIME, 3),
    lines("112", IN_TIME, 1, 0),
    words("112", "2026-11-22T00:00:00", 3, written=["why"]),
]
GIVEN = {"Ana": {"12-words/why": 5}, "lia@example.org": {"12-words/why": 3.5}}

# Of the 40 points of the assignment: slope is worth 4 in its chapter and 10 here, fit 6 and 6, count 3 and 9, why 5 and
# 15.  The mark is 10 · kept / 40.  Due on the 20th, 23:59; 15 minutes of grace, so until 00:14; then 90 %, after a day
# 50 %, after three days nothing.
EXPECTED = [
    # 10·4/4 + 6·6/6 + 9·3/3 + 15·5/5 = 40; 10·40/40 = 10
    "101,101,Ana,ana@example.org,graded,40.00,0.00,10.00,10,10.00,6.00,9.00,15.00,",
    # no point
    "102,102,Bruno,bruno@example.org,graded,0.00,0.00,0.00,10,0.00,0.00,0.00,0.00,",
    # within grace: 10 + 6·3/6 + 9·1/3 = 16; 10·16/40 = 4; her written answer waits
    "103,103,Carla,carla@example.org,graded,16.00,0.00,4.00,10,10.00,3.00,3.00,0.00,12-words/why",
    # 31 minutes late: 10·2/4 + 6 + 9·2/3 = 17; 0.9·17 = 15.3, less by 1.7; 10·15.3/40 = 3.825, half up 3.83
    "104,104,Diego,diego@example.org,late,17.00,1.70,3.83,10,5.00,6.00,6.00,0.00,",
    # three days and a minute late
    "105,105,Elisa,elisa@example.org,not accepted,0.00,0.00,0.00,10,0.00,0.00,0.00,0.00,",
    # extended to the 27th: 10 + 6 + 9 = 25; 10·25/40 = 6.25
    "106,106,Fábio,fabio@example.org,extended,25.00,0.00,6.25,10,10.00,6.00,9.00,0.00,",
    # extended to the 22nd, 12:00, an hour late: 10 + 6·4/6 = 14; 0.9·14 = 12.6, less by 1.4; 10·12.6/40 = 3.15
    "107,107,Gina,gina@example.org,late,14.00,1.40,3.15,10,10.00,4.00,0.00,0.00,",
    # best: lines max(10 + 0, 0.9·(10 + 1) = 9.9) = 10; words max(3, 9) = 9; 19; 10·19/40 = 4.75
    "108,108,Hugo,hugo@example.org,graded,19.00,0.00,4.75,10,10.00,0.00,9.00,0.00,",
    # nothing
    "109,109,Iara,iara@example.org,absent,0.00,0.00,0.00,10,0.00,0.00,0.00,0.00,",
    # hers came as 1100, below
    "110,110,Júlia,julia@example.org,absent,0.00,0.00,0.00,10,0.00,0.00,0.00,0.00,",
    # one person: 10·3/4 + 6·2/6 + 9 = 18.5; 10·18.5/40 = 4.625, half up 4.63
    "kaio@example.org,,Kaio,kaio@example.org,graded,18.50,0.00,4.63,10,7.50,2.00,9.00,0.00,",
    # lines in time 10·1/4 = 2.5; words a day and a minute late 0.5·(9 + 15·3.5/5) = 0.5·19.5 = 9.75; 12.25 of 22;
    # 10·12.25/40 = 3.0625, 3.06
    "112,112,Lia,lia@example.org,late,22.00,9.75,3.06,10,2.50,0.00,9.00,10.50,",
    # nobody: 10 + 6 = 16, and no mark
    "1100,,,,unknown id,16.00,0.00,,10,10.00,6.00,0.00,0.00,",
]
HEADER = (
    "student,number,name,email,status,points,penalty,mark,maximum,"
    "11-lines/slope,11-lines/fit,12-words/count,12-words/why,arrived,waiting,notes"
)


def of(found, student):
    return next(one for one in found if one.student == student)


def test_the_class_gets_the_marks_that_were_computed_by_hand(assignment, roster, tmp_path):
    write_csv(tmp_path / "p1.csv", marks(assignment, roster, CLASS, GIVEN))
    text = (tmp_path / "p1.csv").read_text(encoding="utf8")
    assert text.partition("\n")[0] == HEADER
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert [",".join([*row[:13], row[14]]) for row in rows] == EXPECTED
    assert {row[4] for row in rows} == set(STATUSES) - {"error"}
    assert list(tmp_path.iterdir()) == [tmp_path / "p1.csv"]


def test_the_order_of_the_verdicts_changes_nothing(assignment, roster):
    assert marks(assignment, roster, CLASS[::-1], GIVEN) == marks(assignment, roster, CLASS, GIVEN)


def test_the_notes_say_what_is_missing_and_which_attempt_counts(assignment, roster):
    found = marks(assignment, roster, CLASS, GIVEN)
    assert of(found, "107").notes == ("12-words: nothing was handed in",)
    assert of(found, "105").notes == ("11-lines: 1 too late to be accepted", "12-words: 1 too late to be accepted")
    assert of(found, "108").notes == (
        "11-lines: of 2 attempts, 108/11-lines-1.ipynb counts",
        "12-words: of 2 attempts, 108/12-words-2.ipynb counts",
    )
    assert of(found, "1100").notes[0] == "the class list has nobody of this name"
    assert of(found, "104").counted[0].arrived == "2026-11-21T00:30:00-03:00"
    with speaking("pt-BR"):
        assert of(marks(assignment, roster, CLASS, GIVEN), "107").notes == ("12-words: nada foi entregue",)


def test_the_last_attempt_counts_even_where_it_loses_points(assignment, roster):
    hugo = of(marks(replace(assignment, attempts="last"), roster, CLASS, GIVEN), "108")
    # 0.9·(10 + 6·1/6) = 9.9, and 9: 18.9 of 20; 10·18.9/40 = 4.725, half up 4.73
    assert (hugo.status, hugo.raw, hugo.penalty, hugo.mark) == ("late", Decimal(20), Decimal("1.1"), Decimal("4.73"))


@pytest.mark.parametrize("attempts", ["last", "best"])
def test_what_came_too_late_does_not_replace_what_was_accepted(assignment, roster, attempts):
    records = [lines("101", IN_TIME, 1, 0), lines("101", "2026-11-25T00:00:00", 4, 6)]
    ana = of(marks(replace(assignment, attempts=attempts), roster, records), "101")
    assert (ana.status, ana.raw, ana.keys) == ("graded", Decimal("2.5"), (records[0].key,))
    assert "11-lines: 1 too late to be accepted" in ana.notes


@pytest.mark.parametrize("attempts", ["last", "best"])
def test_an_unreadable_file_replaces_no_readable_one(assignment, roster, attempts):
    damaged = handed_in("101", "11-lines", "2026-11-20T21:00:00", status="unreadable", reason="no JSON")
    last = replace(assignment, attempts=attempts)
    ana = of(marks(last, roster, [lines("101", IN_TIME, 0, 0), damaged]), "101")
    assert ana.keys != (damaged.key,)
    alone = of(marks(last, roster, [damaged]), "101")
    assert (alone.status, alone.mark) == ("graded", 0)
    assert alone.notes == ("11-lines: no JSON", "12-words: nothing was handed in")


def test_where_the_grader_failed_there_is_no_mark(assignment, roster):
    failed = handed_in("101", "11-lines", "2026-11-20T21:00:00", status="error", reason="grading failed")
    good = lines("101", IN_TIME, 4, 6)
    last = of(marks(replace(assignment, attempts="last"), roster, [good, failed]), "101")
    assert (last.status, last.mark) == ("error", None)
    best = of(marks(assignment, roster, [failed, good]), "101")
    assert (best.status, best.mark) == ("graded", Decimal(4))
    assert "11-lines: grading failed on another attempt: grade it again" in best.notes
    early = handed_in("101", "11-lines", "2026-11-20T10:00:00", status="error", reason="grading failed")
    assert of(marks(assignment, roster, [early, lines("101", IN_TIME)]), "101").mark == 0


def test_an_unknown_time_is_in_time_and_said(assignment, roster):
    ana = of(marks(assignment, roster, [lines("101", "", 4, 6)]), "101")
    assert (ana.status, ana.raw, ana.counted[0].arrived) == ("graded", Decimal(16), "")
    assert ana.notes[0] == "11-lines: the time of arrival is not known, taken as in time"


def test_a_verdict_by_other_tests_is_named(assignment, roster):
    record = lines("101", IN_TIME, 3, 6)
    record = replace(record, results=record.results[:1] + record.results[2:])
    ana = of(marks(assignment, roster, [record]), "101")
    assert "11-lines: judged by other tests than the chapter has now: grade it again" in ana.notes


def test_thirds_add_up_to_the_whole_and_halves_go_up(assignment, roster):
    thirds = replace(assignment, tasks=tuple(replace(task, points=Decimal(1)) for task in assignment.tasks[1:3]))
    # 1·2/6 + 1·2/3 = 1/3 + 2/3 = 1 of 2 points: 5.00, though 0.33 + 0.67 were rounded
    ana = of(marks(thirds, roster, [lines("101", IN_TIME, 0, 2), words("101", IN_TIME, 2)]), "101")
    assert (*ana.points.values(), ana.raw, ana.mark) == tuple(map(Decimal, ("0.33", "0.67", "1.00", "5.00")))
    assert [rounded(Fraction(n, 1000), 2) for n in (5, 4, 15, 2675)] == list(
        map(Decimal, ("0.01", "0", "0.02", "2.68"))
    )
    assert str(rounded(Fraction(5, 2), 0)) == "3"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"999": {"12-words/why": 1}}, "p1: points given to 999: expected exactly one person of the class list."),
        ({"101": {"12-words/why": 5.5}}, "p1: points given to 101 for 12-words/why: expected 0 to 5, got 5.5."),
        (
            {"101": {"12-words/why": float("nan")}},
            "p1: points given to 101 for 12-words/why: expected 0 to 5, got nan.",
        ),
        (
            {"101": {"11-lines/fit": 1}},
            "p1: points given to 101 for 11-lines/fit: expected one of the written answers: 12-words/why.",
        ),
    ],
)
def test_points_given_by_hand_are_not_lost_or_too_many(assignment, roster, given, said):
    with pytest.raises(CourseError) as raised:
        marks(assignment, roster, CLASS, given)
    assert str(raised.value) == said


def test_points_given_for_what_was_not_accepted_are_named(assignment, roster):
    elisa = of(marks(assignment, roster, CLASS, {"105": {"12-words/why": 5}}), "105")
    assert elisa.mark == 0
    assert "12-words/why: points were given, but nothing counts" in elisa.notes


def test_an_extension_is_of_exactly_one_person_and_one_each(assignment, roster):
    gina, nobody = assignment.extensions[1], replace(assignment.extensions[0], student="Nobody")
    for extensions, said in (
        ((nobody,), r"p1: \[\[extension\]\] of Nobody: expected exactly one person of the class list\."),
        ((gina, replace(gina, student="107")), r"p1: \[\[extension\]\] of 107: this person has another\."),
    ):
        with pytest.raises(CourseError, match=said):
            marks(replace(assignment, extensions=extensions), roster, CLASS)


def test_no_cell_of_the_table_is_a_formula(assignment, roster, tmp_path):
    write_csv(tmp_path / "p1.csv", marks(assignment, roster, [lines("=1+2", IN_TIME), lines("\udce9", IN_TIME)]))
    last = list(csv.reader((tmp_path / "p1.csv").open(encoding="utf8")))[-2:]
    assert [row[0] for row in last] == ["'=1+2", "\\udce9"]


def test_marks_go_to_moodle_as_they_are(assignment, roster):
    found = [mark.exported() for mark in marks(assignment, roster, CLASS, GIVEN) if mark.entry.number]
    table = export.moodle(found, "pt-BR").decode("utf-8-sig").splitlines()
    assert {"101;10,00", "104;3,83", "112;3,06"} < set(table)


# --- the assignment's file


def changed(tmp_path, old="", new=""):
    """The file of the class with one text replaced by another."""
    text = (DATA / "assignment.toml").read_text(encoding="utf8")
    assert old in text
    path = tmp_path / "p1.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    return path


def test_a_file_is_read(assignment):
    assert (assignment.name, assignment.points, assignment.chapters) == ("p1", 40, ("11-lines", "12-words"))
    assert assignment.due == datetime.datetime(2026, 11, 21, 2, 59, tzinfo=datetime.UTC)
    assert [(one.id, one.points, one.worth, one.is_written) for one in assignment.tasks[1:]] == [
        ("11-lines/fit", 6, 6, False),
        ("12-words/count", 9, 3, False),
        ("12-words/why", 15, 5, True),
    ]
    assert assignment.extensions[1].due == datetime.datetime(2026, 11, 22, 15, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "p1"', 'name = "p/1"', 'name: expected letters, digits, - and _, got "p/1".'),
        ('name = "p1"', "", "name: expected a text between quotes, got nothing."),
        ('title = "Lines and words"', "title = 3", "title: expected a text between quotes, got 3."),
        (
            "America/Sao_Paulo",
            "Brasilia",
            'timezone: expected the name of a time zone, such as America/Sao_Paulo or Europe/Lisbon, got "Brasilia".',
        ),
        (
            "America/Sao_Paulo",
            "../UTC",
            'timezone: expected the name of a time zone, such as America/Sao_Paulo or Europe/Lisbon, got "../UTC".',
        ),
        (
            "due = 2026-11-20T23:59:00",
            "due = 2026-11-20",
            "due: expected a date with its time, such as 2026-11-20T23:59:00, got 2026-11-20.",
        ),
        (
            "maximum = 10",
            "maximum = 0",
            "maximum: expected a number above 0, at most 10000, with at most 6 decimals, got 0.",
        ),
        (
            "maximum = 10",
            "maximum = nan",
            "maximum: expected a number above 0, at most 10000, with at most 6 decimals, got NaN.",
        ),
        ('attempts = "best"', "", 'attempts: expected "last" or "best", got nothing.'),
        (
            "grace_minutes = 15",
            "grace_minutes = true",
            "grace_minutes: expected a number from 0 to 10000 with at most 6 decimals, got true.",
        ),
        ("grace_minutes", "grace", "a key: expected one of the keys name, title, timezone, due, maximum, "),
        ("points = 10", "point = 10", '[[exercise]] 1: expected one of the keys id, points, got "point".'),
        (
            "points = 10",
            "points = -1",
            "[[exercise]] 1, points: expected a number above 0, at most 10000, with at most 6 decimals, got -1.",
        ),
        (
            "points = 10",
            "points = 1e-9",
            "[[exercise]] 1, points: expected a number above 0, at most 10000, with at most 6 decimals, got 1E-9.",
        ),
        (
            "11-lines/slope",
            "13-lines/slope",
            '[[exercise]] 1, id: expected an exercise of one of the chapters 11-lines, 12-words, got "13-lines/slope".',
        ),
        (
            "12-words/count",
            "12-words/cuont",
            '[[exercise]] 3, id: expected one of the exercises 12-words/count, 12-words/why, got "12-words/cuont".',
        ),
        (
            "11-lines/fit",
            "11-lines/slope",
            '[[exercise]] 2, id: expected each exercise once, got "11-lines/slope".',
        ),
        (
            'after = "0h"',
            'after = "soon"',
            '[[late]] 1, after: expected hours or whole days, such as "12h" or "2d", got "soon".',
        ),
        ('after = "1d"', 'after = "0h"', '[[late]] 2, after: expected a longer time than in the row before, got "0h".'),
        ("keep = 0.5", "keep = 0.9", "[[late]] 2, keep: expected a smaller share than in the row before, got 0.9."),
        (
            "keep = 0.9",
            "keep = 1.1",
            "[[late]] 1, keep: expected a number from 0 to 1 with at most 6 decimals, got 1.1.",
        ),
        ("gina@example.org", "106", '[[extension]] 2, student: expected each student once, got "106".'),
        (
            "2026-11-27T23:59:00",
            "2026-11-20T23:59:00",
            "[[extension]] 1, due: expected a time after 2026-11-20T23:59:00, got 2026-11-20T23:59:00.",
        ),
        ('name = "p1"', 'name = "p1"\nlate = 1', "is no TOML: "),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, old, new, said):
    path = changed(tmp_path, old, new)
    with pytest.raises(CourseError) as raised:
        Assignment.read(path)
    text = str(raised.value)
    assert text.startswith(str(path))
    assert said in text
    assert "\n" not in text
    assert text.endswith(".")


def test_an_assignment_has_exercises_and_says_what_late_means(tmp_path):
    text = (DATA / "assignment.toml").read_text(encoding="utf8")
    path = tmp_path / "p1.toml"
    for table in ("exercise", "late"):
        rest = "\n\n".join(part for part in text.split("\n\n") if not part.startswith(f"[[{table}]]"))
        path.write_text(rest, encoding="utf8")
        with pytest.raises(
            CourseError, match=rf"{table}: expected tables, each under a line \[\[{table}\]\], got noth"
        ):
            Assignment.read(path)


def test_a_file_that_is_missing_or_no_text_is_said(tmp_path):
    with pytest.raises(CourseError, match=r"none\.toml cannot be read: No such file or directory\."):
        Assignment.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(CourseError, match=r"latin\.toml is not UTF-8 text\."):
        Assignment.read(tmp_path / "latin.toml")
    with speaking("pt-BR"), pytest.raises(CourseError, match=r'attempts: esperado: "last" ou "best"; veio: nada\.'):
        Assignment.read(changed(tmp_path, 'attempts = "best"'))


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("America/Sao_Paulo", "2018-12-01T12:00:00", "2018-12-01T14:00:00"),  # summer time until February 2019
        ("America/Sao_Paulo", "2019-12-01T12:00:00", "2019-12-01T15:00:00"),
        ("America/Sao_Paulo", "2026-11-01T00:00:00", "2026-11-01T03:00:00"),
        ("America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04T03:30:00"),  # left out: 01:30 of the new time
        ("Europe/Lisbon", "2026-07-01T12:00:00", "2026-07-01T11:00:00"),
        ("Europe/Lisbon", "2026-12-01T12:00:00", "2026-12-01T12:00:00"),
        ("Europe/Lisbon", "2026-03-29T01:30:00", "2026-03-29T01:30:00"),  # left out: 02:30 of summer time
        ("Europe/Lisbon", "2026-10-25T01:30:00", "2026-10-25T01:30:00"),  # twice: the second, of winter time
    ],
)
def test_a_local_time_is_the_later_of_its_readings(zone, local, utc):
    found = moment(datetime.datetime.fromisoformat(local), zoneinfo.ZoneInfo(zone))
    assert found == datetime.datetime.fromisoformat(utc).replace(tzinfo=datetime.UTC)


def test_days_end_at_the_due_time_of_day_and_hours_are_hours(tmp_path):
    path = changed(tmp_path, "America/Sao_Paulo", "Europe/Lisbon")
    text = (
        path.read_text(encoding="utf8").partition("[[late]]")[0].replace("2026-11-20T23:59:00", "2026-10-24T12:00:00")
    )
    found = {}
    for after in ("1d", "24h"):
        path.write_text(f'{text}[[late]]\nafter = "{after}"\nkeep = 0.5\n', encoding="utf8")
        one = Assignment.read(path)
        found[after] = one.late[0].starts(one.due, one.zone).astimezone(one.zone).strftime("%dT%H:%M")
    assert found == {"1d": "25T12:00", "24h": "25T11:00"}


def test_grace_and_rows_end_with_their_second(assignment):
    due, second = assignment.due, datetime.timedelta(seconds=1)
    edges = [
        (assignment.grace, "1"),
        (assignment.grace + second, "0.9"),
        (datetime.timedelta(days=1), "0.9"),
        (datetime.timedelta(days=1) + second, "0.5"),
        (datetime.timedelta(days=3), "0.5"),
        (datetime.timedelta(days=3) + second, "0"),
    ]
    assert [assignment.keep(due + late, due) for late, _ in edges] == [Decimal(keep) for _, keep in edges]
    no_grace = replace(assignment, grace=datetime.timedelta(0))
    assert [no_grace.keep(due + n * second, due) for n in (-1, 0, 1)] == [1, 1, Decimal("0.9")]


# --- the class list


def listed(tmp_path, text, encoding="utf8"):
    path = tmp_path / "class.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_list_is_read_with_and_without_mark_by_comma_and_semicolon(tmp_path, encoding, separator):
    text = 'Number,NAME,grade\r\n1,"Joa\u0303o",9\r\n\r\n2,Rita,8\r\n'.replace(",", separator)
    assert Roster.read(listed(tmp_path, text, encoding)).entries == (Entry("1", "João"), Entry("2", "Rita"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: expected a header with number or email, each of number, name, email, lms_id once at most, got n"),
        ("name,lms_id\nAna,1\n", "got name, lms_id."),
        ("number,number\n1,1\n", "got number, number."),
        ("number,name\n", "line 2: expected a student, got nothing."),
        ("number,name\n1,Ana,x\n", "line 2: expected 2 cells, as in the header, got 3."),
        ("number,name\n1,Ana\n,Rui\n", "line 3: expected a number or an e-mail address, got nothing."),
        ("number,name\n1,Ana\n2,Rui\n1,Eva\n", "line 4: expected another number than in line 2, got 1."),
        ("email\na@b.org\nA@B.org\n", "line 3: expected another email than in line 2, got A@B.org."),
    ],
)
def test_a_mistake_in_a_list_is_one_sentence(tmp_path, text, said):
    path = listed(tmp_path, text)
    with pytest.raises(CourseError) as raised:
        Roster.read(path)
    assert str(raised.value).startswith(f"{path}: line ")
    assert said in str(raised.value)


NAMESAKES = Roster(
    (
        Entry("1", "João", "joao@example.org", "71"),
        Entry("2", "Joao", "j2@example.org", "72"),
        Entry("3", "Maria Rita", "", "1"),
        Entry("74", "Zoé", "zoe@example.org", "73"),
        Entry("5", "", "", "75"),
    )
)


@pytest.mark.parametrize(
    ("student", "number"),
    [
        ("2", "2"),
        ("JOAO@EXAMPLE.ORG", "1"),
        ("72", "2"),
        ("  maria   RITA ", "3"),
        (unicodedata.normalize("NFD", "ZOÉ"), "74"),
        ("Zoe_999_assignsubmission_file", "74"),
        ("João_72_assignsubmission_file", "2"),
        ("Anybody_75_assignsubmission_file", "5"),
        ("zoe_73_555_11-lines.ipynb", "74"),
        ("zoe_LATE_73_555_11-lines.ipynb", "74"),
        ("1", None),  # João's number, Maria Rita's LMS id
        ("João", None),
        ("João_999_assignsubmission_file", None),
        ("Zoé_71_assignsubmission_file", None),  # the name of one, the LMS id of another
        ("Anybody_71_assignsubmission_file", None),
        ("zoe_74_555_11-lines.ipynb", None),  # 74 is a number of the school
        ("Maria", None),
        ("Maria Rito", None),
        ("", None),
        ("_", None),
    ],
)
def test_a_name_means_exactly_one_person_or_nobody(student, number):
    found = NAMESAKES.match(student)
    assert (found.number if found else None) == number


@pytest.mark.parametrize(
    ("student", "file", "numbers"),
    [
        # intake writes Moodle's number alone; 74 is Zoé's number at the school, and the folder is Maria Rita's
        ("74", "Maria Rita_74_assignsubmission_file/11-lines.ipynb", ["3"]),
        ("74", "class.zip/Maria Rita_74_assignsubmission_file/11-lines.ipynb", ["3"]),
        ("74", "74/11-lines/11-lines.ipynb", ["74"]),
        ("74", "74.zip", ["74"]),
        # the name of a file inside the folder is the student's to choose
        ("74", "74/Maria Rita_74_assignsubmission_file_x.ipynb", ["74"]),
        ("73", "zoe_73_555_Maria Rita_1_assignsubmission_file_x.ipynb", ["74"]),
        ("74", "Nobody_74_assignsubmission_file/11-lines.ipynb", []),
        ("1", "1.ipynb", ["1", "3"]),
        ("74", "Maria Rita_1_assignsubmission_file/74.ipynb", ["74"]),
    ],
)
def test_the_owner_of_a_file_is_read_from_the_lms_not_from_the_student(student, file, numbers):
    record = handed_in(student, "11-lines", IN_TIME, file=file)
    assert [one.number for one in NAMESAKES.owners(record)] == numbers


def test_what_could_be_several_is_listed_with_their_numbers(assignment):
    found = marks(replace(assignment, extensions=()), NAMESAKES, [lines("João", IN_TIME, 4, 6)])
    assert [mark.status for mark in found] == ["absent"] * 5 + ["unknown id"]
    assert found[-1].notes[0] == "the class list has several whom this could be: 1, 2"
    assert found[-1].mark is None


# --- the log of changes

NOW = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "marks.jsonl")


def ana(assignment, roster, fit):
    return [mark for mark in marks(assignment, roster, [lines("101", IN_TIME, 4, fit)]) if mark.student == "101"]


def test_a_lower_mark_is_held_until_a_person_gives_a_reason(assignment, roster, ledger):
    high, low = ana(assignment, roster, 6), ana(assignment, roster, 2)
    assert ledger.update(high, now=NOW) == []
    (held,) = ledger.update(low, now=NOW)
    assert held == Change("2026-12-01T12:00:00+00:00", "p1", "101", Decimal("4.00"), Decimal("3.00"), low[0].keys, True)
    (stands,) = ledger.standing(low)
    assert (stands.mark, stands.notes[-1]) == (4, "3.00 is held: 4.00 stays until a person lets it fall")
    assert ledger.update(low, now=NOW) == [held]
    assert len(ledger.changes()) == 2
    for reason in ("", " "):
        with pytest.raises(CourseError, match=r"only for a reason: expected one, got none\."):
            ledger.update(low, allow_lower=True, reason=reason)
    (let,) = ledger.update(low, allow_lower=True, reason="copied", now=NOW)
    assert (let.held, let.reason, let.new) == (False, "copied", 3)
    assert ledger.standing(low) == low
    assert ledger.update(low, now=NOW) == []
    told = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert [(one["old"], one["new"], one["held"]) for one in told] == [
        (None, "4.00", False),
        ("4.00", "3.00", True),
        ("4.00", "3.00", False),
    ]
    assert told[2]["why"] == list(low[0].keys)


def test_a_rise_is_written_and_ends_what_was_held(assignment, roster, ledger):
    for fit in (4, 2, 6):
        ledger.update(ana(assignment, roster, fit), now=NOW)
    assert [(one.new, one.held) for one in ledger.changes()] == [
        (Decimal("3.50"), False),
        (Decimal("3.00"), True),
        (Decimal("4.00"), False),
    ]
    assert ledger.update(ana(assignment, roster, 6), now=NOW) == []
    assert len(ledger.changes()) == 3


def test_a_mark_that_comes_back_is_held_no_longer(assignment, roster, ledger):
    for fit in (4, 2, 4, 4, 2):
        lowered = ledger.update(ana(assignment, roster, fit), now=NOW)
        assert len(lowered) == (fit == 2)
    written = [(one.new, one.held) for one in ledger.changes()]
    assert written == [(Decimal(new), held) for new, held in (("3.5", 0), (3, 1), ("3.5", 0), (3, 1))]


def test_a_lost_submission_lowers_nothing_and_no_mark_is_none(assignment, roster, ledger):
    first = marks(assignment, roster, CLASS, GIVEN)
    assert ledger.update(first, now=NOW) == []
    assert len(ledger.changes()) == 12  # not the unknown id
    lost = marks(assignment, roster, [], {})
    lowered = ledger.update(lost, now=NOW)
    assert {one.student for one in lowered} == {mark.student for mark in first if mark.mark}
    assert [mark.mark for mark in ledger.standing(lost)] == [mark.mark for mark in first[:12]]
    failed = handed_in("101", "11-lines", IN_TIME, status="error")
    ledger.update(marks(assignment, roster, [failed]), now=NOW)
    assert of(ledger.standing(first), "101").mark == 10


def test_a_crash_in_the_last_line_loses_no_earlier_one(assignment, roster, ledger):
    ledger.update(ana(assignment, roster, 2), now=NOW)
    ledger.update(ana(assignment, roster, 4), now=NOW)
    whole = ledger.path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        ledger.path.write_bytes(whole[:end])
        assert [one.new for one in ledger.changes()] == [3]
        ledger.update(ana(assignment, roster, 6), now=NOW)
        assert [one.new for one in ledger.changes()] == [3, 4]
    ledger.path.write_bytes(whole[:first] + b"\0" * 40 + b"\n")
    assert [one.new for one in ledger.changes()] == [3]


def test_damage_before_the_last_line_stops_the_log(assignment, roster, ledger):
    ledger.update(ana(assignment, roster, 2), now=NOW)
    ledger.update(ana(assignment, roster, 4), now=NOW)
    before = ledger.path.read_bytes().replace(b'"new"', b'"mew"', 1)
    ledger.path.write_bytes(before)
    with pytest.raises(CourseError, match=r"marks\.jsonl: line 1 is damaged"):
        ledger.update(ana(assignment, roster, 6))
    assert ledger.path.read_bytes() == before
