"""Tables for other systems byte by byte, pseudonyms, and what is deleted."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.plugins import export as nbgraders

from dlbook.grading import export
from dlbook.grading.export import Mark, canvas, document, latest, moodle, nbgrader, pseudonyms, shown
from dlbook.grading.journal import Record

ANA = Mark(
    "ana", "ana@ufx.example", "00123", "Ana Maria Silva", "07-network", 7.5, 9.0, "graded", "2026-05-04T10:00:00-03:00"
)
BRUNO = Mark("bruno", "bruno@ufx.example", "00124", "Souza, Bruno", "07-network", 4.0, 9.0, "graded", "", 0.5)
FABIO = Mark("fabio", "fabio@ufx.example", "00125", "Fábio Lima", "07-network", 0.0, 9.0, "error", "")
MARKS = [FABIO, BRUNO, ANA]


def test_nbgraders_table_in_bytes():
    assert nbgrader([ANA, BRUNO], due={"07-network": "2026-05-05 00:00:00"}) == (
        b"assignment,duedate,timestamp,student_id,last_name,first_name,email,"
        b"raw_score,late_submission_penalty,score,max_score\r\n"
        b"07-network,2026-05-05 00:00:00,2026-05-04 13:00:00,ana,Silva,Ana Maria,ana@ufx.example,7.5,0,7.5,9\r\n"
        b"07-network,2026-05-05 00:00:00,,bruno,Souza,Bruno,bruno@ufx.example,4,0.5,3.5,9\r\n"
    )


def test_nbgraders_columns_are_those_of_its_exporter(tmp_path):
    empty = SimpleNamespace(assignments=[], students=[])
    nbgraders.CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(empty)
    theirs = (tmp_path / "grades.csv").read_text().splitlines()[0]
    assert theirs.split(",") == list(export.NBGRADER_COLUMNS)


def test_moodles_table_in_bytes():
    assert moodle(MARKS) == b"ID number,07-network\r\n00123,7.5\r\n00125,-\r\n00124,3.5\r\n"
    second = replace(ANA, assignment="08-architectures", score=1.0, max_score=3.0)
    said = {("ana", "07-network"): "Ótimo; continue."}
    assert (
        moodle([*MARKS, second], "pt-BR", identify="email", feedback=said)
        == (
            "\ufeffEndereço de email;07-network;07-network (devolutiva);"
            "08-architectures;08-architectures (devolutiva)\r\n"
            'ana@ufx.example;8,33;"Ótimo; continue.";3,33;\r\n'
            "fabio@ufx.example;-;;-;\r\n"
            "bruno@ufx.example;3,89;;-;\r\n"
        ).encode()
    )


def test_canvas_table_in_bytes():
    assert (
        canvas(MARKS)
        == (
            "Student,ID,SIS User ID,SIS Login ID,Section,07-network\r\n"
            "    Points Possible,,,,,9\r\n"
            "Ana Maria Silva,,00123,ana@ufx.example,,7.5\r\n"
            "Fábio Lima,,00125,fabio@ufx.example,,\r\n"
            '"Souza, Bruno",,00124,bruno@ufx.example,,3.5\r\n'
        ).encode()
    )
    assert (
        canvas([ANA], "pt-BR")
        == (
            "\ufeffStudent;ID;SIS User ID;SIS Login ID;Section;07-network\r\n"
            "    Points Possible;;;;;10\r\n"
            "Ana Maria Silva;;00123;ana@ufx.example;;8,33\r\n"
        ).encode()
    )


@pytest.mark.parametrize(
    ("score", "full", "mark"),
    [
        (0.0, 3.0, "0,00"),
        (3.0, 3.0, "10,00"),
        (1.0, 3.0, "3,33"),
        (2.0, 3.0, "6,67"),
        (0.125, 100.0, "0,01"),
        (0.25, 100.0, "0,03"),
        (26.75, 100.0, "2,68"),  # a float's 2.675 lies below its name: round() gives 2.67
        (80.45, 100.0, "8,05"),
        (0.1 + 0.2, 0.3, "10,00"),
        (11.0, 10.0, "10,00"),
        (-1.0, 10.0, "0,00"),
        (1.0, 0.0, ""),
    ],
)
def test_a_mark_is_rounded_half_up_once(score, full, mark):
    row = canvas([replace(ANA, score=score, max_score=full)], "pt-BR").decode("utf-8-sig").splitlines()[2]
    assert row.rsplit(";", 1)[1] == mark


def test_the_penalty_is_taken_off_before_rounding():
    late = replace(ANA, score=1.0, late_penalty=0.5, max_score=3.0)
    row = nbgrader([late], "pt-BR").decode("utf-8-sig").splitlines()[1].split(";")
    assert row[-4:] == ["3,33", "1,67", "1,67", "10"]
    assert nbgrader([replace(late, late_penalty=4.0)]).endswith(b",1,4,0,3\r\n")


@pytest.mark.parametrize(
    "name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")']
)
def test_no_cell_of_a_student_is_a_formula(name):
    mark = replace(ANA, student=name, name=f"{name}, B", email=name, number=name)
    for language, delimiter in (("en", ","), ("pt-BR", ";")):
        for table in (nbgrader([mark], language), moodle([mark], language), canvas([mark], language)):
            rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=delimiter))
            assert not [cell for row in rows for cell in row if cell.startswith(name[0])]
            assert [cell for row in rows for cell in row if cell.startswith(f"'{name}"[:3])]


def test_a_plain_number_keeps_its_sign():
    assert b"\r\n-12,7.5" in moodle([replace(ANA, number="-12")])
    assert b"\r\n+55.1,7.5" in moodle([replace(ANA, number="+55.1")])
    assert b"\r\n'-12-3,7.5" in moodle([replace(ANA, number="-12-3")])


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None), min_size=1))
def test_any_name_makes_a_table_with_as_many_columns(name, number):
    marks = [replace(ANA, name=name, number=f"n{number}"), BRUNO]
    for table in (nbgrader(marks), moodle(marks), canvas(marks, "pt-BR")):
        text = table.decode("utf-8-sig")
        delimiter = ";" if table.startswith(b"\xef\xbb\xbf") else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) in (3, 4)


def test_a_student_whom_moodle_could_not_find_is_named():
    with pytest.raises(ValueError, match="no email for bruno, fabio"):
        moodle([ANA, replace(BRUNO, email=""), replace(FABIO, email=" ")], identify="email")
    with pytest.raises(ValueError, match="identify: expected one of number, email"):
        moodle([ANA], identify="name")


def record(student, key, **changes):
    described = {"arrived": "2026-05-04T10:00:00+00:00", "status": "graded", **changes}
    return Record(key, student, "07-network", "en", f"{student}.ipynb", key, **described)


def test_latest_compares_times_and_not_their_texts():
    first, second = record("ana", "1"), record("ana", "2", arrived="2026-05-04T09:00:00-03:00")
    assert latest([second, first]) == [second]
    assert latest([first, second]) == [second]
    again = record("ana", "3", arrived=first.arrived)
    assert latest([first, again]) == [again]
    assert latest([first, record("ana", "4", arrived="soon")]) == [first]


def test_pseudonyms_are_hmac_short_and_stable():
    names = pseudonyms(["ana", "bruno", "\udcff"], "secret of the course")
    # printf ana | openssl dgst -sha256 -hmac "secret of the course", the first 60 bits in base 32
    assert names["ana"] == "mzljxux645pc"
    assert pseudonyms(["ana"], b"secret of the course") == {"ana": names["ana"]}
    assert pseudonyms(["ana"], "another")["ana"] != names["ana"]
    assert len(set(names.values())) == 3
    assert {len(name) for name in names.values()} == {12}
    with pytest.raises(ValueError, match="secret"):
        pseudonyms(["ana"], "")


def test_what_cannot_be_seen_is_spelt_out():
    assert shown("<a>&\"'\n\tção 你") == "&lt;a&gt;&amp;&quot;&#x27;\n\tção 你"
    assert shown("\0\ud800\u202e\r") == "\\x00\\ud800\\u202e\\r"
    page = document("<b>", "<p>text</p>", "pt_BR")
    assert "<title>&lt;b&gt;</title>" in page
    assert '<html lang="pt-BR">' in page
    assert "<p>text</p>" in page
