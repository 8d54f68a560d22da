"""What goes when its time is over, or when a student asks for it."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from dlbook.grading.feedback import folder_of
from dlbook.grading.journal import Journal, Record
from dlbook.grading.retention import expired, forget


def record(student, key, **changes):
    described = {"arrived": "2026-05-04T10:00:00+00:00", "status": "graded", **changes}
    return Record(key, student, "07-network", "en", f"{student}.ipynb", key, **described)


def test_expired_lists_old_files_and_follows_no_link(tmp_path):
    now = datetime(2026, 8, 1, tzinfo=UTC)
    kept, out = tmp_path / "kept", tmp_path / "out"
    for path, age in ((out / "a/old", 90), (out / "due", 30), (out / "young", 29), (kept / "old", 400)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        when = (now - timedelta(days=age)).timestamp()
        os.utime(path, (when, when))
    (out / "link").symlink_to(kept, target_is_directory=True)
    assert expired(out, 30, now) == [out / "a/old", out / "due"]
    assert expired(out, 0, now) == [out / "a/old", out / "due", out / "young"]
    assert expired(tmp_path / "nothing", 0, now) == []
    for days, moment in ((-1, now), (1, now.replace(tzinfo=None))):
        with pytest.raises(ValueError, match="expected days >= 0 and a time with its zone"):
            expired(out, days, moment)


def graded(out):
    """A folder of results of two students, with what a crash left."""
    journal = Journal(out / "journal")
    for student, key in (("ana", "a" * 64), ("ana", "b" * 64), ("bruno", "c" * 64)):
        journal.write(record(student, key))
    (journal.folder / f".{'b' * 64}.4711").write_text("{")
    (journal.folder / "torn.json").write_text("{")
    for student in ("ana", "bruno"):
        for path in (f"feedback/{student}/07-network.html", f"autograded/{student}/07-network/07-network.ipynb"):
            (out / path).parent.mkdir(parents=True)
            (out / path).write_text(student)
    (out / "grades.csv").write_text("student\nana\n")
    return {path.relative_to(out) for path in out.rglob("*") if path.is_file()}


def test_forget_removes_what_is_one_students_and_nothing_else(tmp_path):
    before = graded(tmp_path)
    removed = forget(tmp_path, "ana")
    assert removed == [
        tmp_path / "autograded/ana/07-network/07-network.ipynb",
        tmp_path / "feedback/ana/07-network.html",
        tmp_path / f"journal/.{'b' * 64}.4711",
        tmp_path / f"journal/{'a' * 64}.json",
        tmp_path / f"journal/{'b' * 64}.json",
    ]
    after = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before - {path.relative_to(tmp_path) for path in removed}
    assert not [path for path in tmp_path.rglob("*") if path.name == "ana"]
    assert (tmp_path / "journal/torn.json").exists()
    assert forget(tmp_path, "ana") == forget(tmp_path / "nothing", "ana") == []


def test_forget_leaves_what_a_link_points_to(tmp_path):
    precious = tmp_path / "precious/file"
    precious.parent.mkdir()
    precious.write_text("x")
    (tmp_path / "out/feedback").mkdir(parents=True)
    (tmp_path / "out/feedback/ana").symlink_to(precious.parent, target_is_directory=True)
    assert forget(tmp_path / "out", "ana") == [tmp_path / "out/feedback/ana"]
    assert precious.exists()
    assert not (tmp_path / "out/feedback/ana").is_symlink()


@pytest.mark.parametrize("name", ["", ".", "..", "../bruno", "/etc", "a/b", "ana/", "a\0"])
def test_no_name_leads_elsewhere(tmp_path, name):
    before = graded(tmp_path)
    assert forget(tmp_path, name) == []
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_student_whose_folder_is_spelt_out_is_found(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.write(record("josé: silva", "d" * 64))
    page = tmp_path / "feedback" / folder_of("josé: silva") / "07-network.html"
    page.parent.mkdir(parents=True)
    page.write_text("x")
    journal.set_current({"josé: silva": "d" * 64})
    assert len(forget(tmp_path, "josé: silva")) == 2
    assert journal.counting() == []
    assert not page.exists()
