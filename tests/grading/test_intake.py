"""What is handed in: where it lies, whose it is, what is damaged in it, and what is refused."""

import copy
import datetime
import hashlib
import io
import json
import os
import re
import stat
import zipfile
import zoneinfo

import pytest

from dlbook.check import manifest
from dlbook.check.page import StudentPage
from dlbook.course import submit, work
from dlbook.course.errors import CourseError
from dlbook.grading import intake
from dlbook.grading.intake import attempts, submissions

CHAPTER = "07-network"
FIRST, SECOND = "backprop", "update"
BACKPROP = "def backprop(weights, biases, x, y):\n    return [], []\n"


def page(answer=None, language="en", change=lambda notebook: None):
    """A released notebook, with an answer in it and another change."""
    notebook = work.released(CHAPTER, language)
    if answer is not None:
        cell(notebook, FIRST)["source"] = answer
    change(notebook)
    return notebook


def cell(notebook, id):
    return next(cell for cell in notebook["cells"] if cell["id"] == id)


def content(*arguments, **changes):
    return json.dumps(page(*arguments, **changes)).encode()


def put(path, data=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content() if data is None else data)


def pack(members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, bytes), as bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data, method)
    return packed.getvalue()


def only(tmp_path, data, name="ana.ipynb"):
    """The submission that is made of one file."""
    put(tmp_path / "one" / name, data)
    (found,) = submissions(tmp_path / "one", CHAPTER)
    return found


def of(change, tmp_path, language="en"):
    return only(tmp_path, content(language=language, change=change))


def lose_ids(notebook):
    for one in notebook["cells"]:
        del one["id"]
        one["metadata"] = {}
    notebook["metadata"] = {}


def test_moodles_folders_packed_or_not_give_number_name_and_time(tmp_path):
    members = []
    for name, number, year in (("Ana Lúcia", 101, 2024), ("Bruno d'Ávila", 102, 2025)):
        info = zipfile.ZipInfo(f"{name}_{number}_assignsubmission_file_/{CHAPTER}.ipynb", (year, 5, 6, 7, 8, 10))
        members.append((info, content(BACKPROP)))
        put(tmp_path / "unpacked" / info.filename)
    members.append(("Carla_103_assignsubmission_onlinetext_/onlinetext.html", b"<p>I have a question</p>"))
    put(tmp_path / "packed" / "07.zip", pack(members))
    for folder in (tmp_path / "packed", tmp_path / "packed/07.zip"):
        ana, bruno, carla = submissions(folder, CHAPTER)
        assert [(one.student, one.name) for one in (ana, bruno, carla)] == [
            ("101", "Ana Lúcia"),
            ("102", "Bruno d'Ávila"),
            ("103", "Carla"),
        ]
        assert (ana.arrived, bruno.arrived) == ("2024-05-06T07:08:10+00:00", "2025-05-06T07:08:10+00:00")
        assert ana.page.answers()[FIRST] == BACKPROP
        assert ana.sha256 == hashlib.sha256(content(BACKPROP)).hexdigest()
        assert ana.path == tmp_path / "packed/07.zip" / members[0][0].filename
        assert carla.page is None
        assert carla.reason == "no notebook was handed in, only onlinetext.html"
    assert [one.student for one in submissions(tmp_path / "unpacked", CHAPTER)] == ["101", "102"]


def test_moodles_flat_names_and_folders_of_students_and_zips_inside(tmp_path):
    inner = pack([(f"{CHAPTER}.ipynb", content(BACKPROP)), ("submission.json", b"{}")])
    data = pack(
        [
            (f"Ana_101_assignsubmission_file_{CHAPTER}.ipynb", content()),
            (f"Bia_102_assignsubmission_file_/my work/{CHAPTER}.ipynb", content()),
            (f"Caio_103_assignsubmission_file_/{CHAPTER}.zip", inner),
            ("Davi_104_assignsubmission_file_/a.zip", pack([("b.zip", inner)])),
        ]
    )
    put(tmp_path / "class" / "all.zip", data)
    found = {one.student: one for one in submissions(tmp_path / "class", CHAPTER)}
    assert sorted(found) == ["101", "102", "103", "104"]
    assert found["103"].page.attempted(FIRST)
    assert found["103"].path.name == f"{CHAPTER}.zip"
    assert found["103"].dropped == ()
    assert found["104"].page is None
    assert found["104"].reason == "a.zip holds 0 notebooks, expected one."


def test_canvas_names_give_number_name_and_attempt(tmp_path):
    data = pack(
        [
            (f"silvaana_12345_678901_{CHAPTER}.ipynb", content()),
            (f"silvaana_LATE_12345_678955_{CHAPTER}-2.ipynb", content(BACKPROP)),
            (f"silvaana_LATE_12345_678933_{CHAPTER}-1.ipynb", content()),
            ("souzabia_12346_678902_tarefa.pdf", b"%PDF"),
            ("souzabia_12346_678903_final_1_2.ipynb", content()),
        ]
    )
    put(tmp_path / "class" / "submissions.zip", data)
    ana, bia = submissions(tmp_path / "class", CHAPTER)
    assert (ana.student, ana.name, ana.path.name) == (
        "12345",
        "silvaana",
        f"silvaana_LATE_12345_678955_{CHAPTER}-2.ipynb",
    )
    assert ana.page.attempted(FIRST)
    assert ana.reason.startswith("of 3 files, ")
    assert (bia.student, bia.name) == ("12346", "souzabia")
    assert (bia.page is not None, bia.reason, bia.dropped) == (True, "", ("tarefa.pdf",))
    assert [one.student for one in attempts(tmp_path / "class", CHAPTER)].count("12345") == 3


def test_attempts_are_all_and_the_oldest_comes_first(tmp_path):
    times = {"silva_1_30_x-1.ipynb": 2023, "silva_1_20_x.ipynb": 2022, "silva_1_40_x-2.ipynb": 2024, "z.ipynb": 2021}
    for name, year in times.items():
        put(tmp_path / name, b"" if year == 2024 else None)
        moment = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp()
        os.utime(tmp_path / name, (moment, moment))
    assert [one.arrived[:4] for one in attempts(tmp_path, CHAPTER)] == ["2021", "2022", "2023", "2024"]
    silva, _ = submissions(tmp_path, CHAPTER)
    assert silva.path.name == "silva_1_30_x-1.ipynb"


def test_a_number_with_two_names_is_no_students(tmp_path):
    put(tmp_path / "ana_1_2_final.ipynb")
    put(tmp_path / "bia_1_2_final.ipynb")
    assert [one.student for one in submissions(tmp_path, CHAPTER)] == ["ana_1_2_final", "bia_1_2_final"]


def test_nobody_hands_in_for_another_by_a_name_inside_his_own(tmp_path):
    forged = "Ana_101_assignsubmission_file_x.ipynb"
    put(tmp_path / "Ana_101_assignsubmission_file_" / f"{CHAPTER}.ipynb")
    put(tmp_path / f"Eva_666_assignsubmission_file_{forged}", content(BACKPROP))
    put(tmp_path / f"eva_665_1_{forged}", content(BACKPROP))
    put(tmp_path / "eva.zip", pack([(forged, content(BACKPROP))]))
    found = {one.student: one for one in submissions(tmp_path, CHAPTER)}
    assert sorted(found) == ["101", "665", "666", "eva"]
    assert not found["101"].page.attempted(FIRST)
    assert "looks like the zip of a class" in found["eva"].reason


def test_the_zip_of_a_class_may_hold_nbgraders_layout_or_one_folder_around_all(tmp_path):
    names = [f"{student}/{CHAPTER}/{CHAPTER}.ipynb" for student in ("ana", "bia")]
    put(tmp_path / "a" / "x.zip", pack([(name, content()) for name in names]))
    put(tmp_path / "b" / "x.zip", pack([(f"submitted/{name}", content()) for name in names]))
    for folder in ("a", "b"):
        found = submissions(tmp_path / folder, CHAPTER)
        assert [(one.student, one.page is not None) for one in found] == [("ana", True), ("bia", True)]


def test_a_students_zip_of_his_whole_folder_gives_the_assignments_notebook(tmp_path):
    other = json.dumps(work.released("03-perceptron", "en")).encode()
    data = pack([("work/03-perceptron/03-perceptron.ipynb", other), (f"work/{CHAPTER}/{CHAPTER}.ipynb", content())])
    one = only(tmp_path, data, "ana.zip")
    assert (one.student, one.path.name, one.page.chapter) == ("ana", "ana.zip", CHAPTER)


def test_the_receipt_of_submit_is_known_and_its_time_is_not_believed(tmp_path):
    put(tmp_path / "work" / CHAPTER / f"{CHAPTER}.ipynb")
    put(tmp_path / "in" / "ana" / "note.txt", b"2001-01-01")
    moment = datetime.datetime(2025, 3, 4, tzinfo=datetime.UTC).timestamp()
    then = datetime.datetime(1999, 1, 1, tzinfo=datetime.UTC)
    archive = tmp_path / "in" / "ana" / f"{CHAPTER}.zip"
    info = zipfile.ZipInfo(f"{CHAPTER}.ipynb", then.timetuple()[:6])
    put(archive, pack([(info, content()), (submit.SHEET, b"{}"), ("numpy.py", b""), ("dlbook/__init__.py", b"")]))
    put(tmp_path / "in" / "ana" / "timestamp.txt", b"1999-01-01")
    os.utime(archive, (moment, moment))
    (one,) = submissions(tmp_path / "in", CHAPTER)
    assert one.arrived == "2025-03-04T00:00:00+00:00"
    assert one.dropped == ("note.txt", "numpy.py", "dlbook/__init__.py")


def test_a_members_own_time_in_utc_wins_over_the_one_without_a_zone(tmp_path):
    info = zipfile.ZipInfo("silva_1_2_x.ipynb", (2020, 1, 1, 0, 0, 0))
    info.extra = b"UT\x05\x00\x01" + (1_700_000_000).to_bytes(4, "little")
    put(tmp_path / "x.zip", pack([(info, content())]))
    (one,) = submissions(tmp_path, CHAPTER)
    assert one.arrived == "2023-11-14T22:13:20+00:00"


def test_a_time_without_a_zone_is_that_of_the_lms(tmp_path):
    put(tmp_path / "x.zip", pack([(zipfile.ZipInfo("silva_1_2_x.ipynb", (2026, 5, 4, 23, 50, 0)), content())]))
    (there,) = submissions(tmp_path, CHAPTER, zone=zoneinfo.ZoneInfo("America/Sao_Paulo"))
    (unknown,) = submissions(tmp_path, CHAPTER)
    assert (there.arrived, unknown.arrived) == ("2026-05-05T02:50:00+00:00", "2026-05-04T23:50:00+00:00")


def test_what_shadows_a_module_is_left_and_named(tmp_path):
    for name in ("numpy.py", "dlbook/__init__.py", f"{CHAPTER}.ipynb", "timestamp.txt", ".hidden"):
        put(tmp_path / "ana" / CHAPTER / name, None if name.endswith("ipynb") else b"")
    (one,) = submissions(tmp_path, CHAPTER)
    assert one.page is not None
    assert one.dropped == (f"{CHAPTER}/dlbook/", f"{CHAPTER}/numpy.py")


def test_a_browsers_endings_and_windows_separators_are_read(tmp_path):
    put(tmp_path / "ana.ipynb.txt")
    put(tmp_path / "bia.IPYNB")
    put(tmp_path / "caio.zip", pack([("work\\07-network\\07-network.ipynb", content())]))
    assert [(one.student, one.page is not None) for one in submissions(tmp_path, CHAPTER)] == [
        ("ana", True),
        ("bia", True),
        ("caio", True),
    ]


def test_a_folder_or_zip_without_submissions_is_one_sentence(tmp_path):
    put(tmp_path / "torn.zip", b"PK\x05\x06" + bytes(3))
    put(tmp_path / "empty.zip", pack([("readme.txt", b"")]))
    with pytest.raises(CourseError, match="is no folder"):
        submissions(tmp_path / "torn.zip", CHAPTER)
    with pytest.raises(CourseError, match="holds no submission"):
        submissions(tmp_path / "empty.zip", CHAPTER)


@pytest.mark.parametrize(
    "name",
    [
        "../../07-network.ipynb",
        "/etc/07-network.ipynb",
        "C:\\07-network.ipynb",
        "a/../07-network.ipynb",
        "aux/07-network.ipynb",
        "x" * 300 + "/07-network.ipynb",
        "a/" * 600 + "07-network.ipynb",
    ],
)
def test_a_member_with_a_path_that_leads_elsewhere_is_a_reason(tmp_path, name):
    one = only(tmp_path, pack([(name, content())]), "ana.zip")
    assert one.page is None
    assert "has a path" in one.reason
    put(tmp_path / "class.zip", pack([(name, content()), (f"Bia_1_assignsubmission_file_{CHAPTER}.ipynb", content())]))
    found = submissions(tmp_path / "class.zip", CHAPTER)
    assert [one.student for one in found if one.page is not None] == ["1"]
    assert not any(os.sep in one.student or one.student in ("", "..") for one in found)
    assert all("has a path" in one.reason for one in found if one.page is None)


def test_a_nul_in_a_members_name_is_a_reason(tmp_path):
    data = pack([("07-networkX.ipynb", content())]).replace(b"07-networkX.ipynb", b"07-network\0.ipynb")
    assert only(tmp_path, data, "ana.zip").page is None


def test_a_link_in_a_zip_is_a_reason(tmp_path):
    info = zipfile.ZipInfo(f"{CHAPTER}.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "is a link" in only(tmp_path, pack([(info, b"/etc/passwd")]), "ana.zip").reason


def test_a_linked_folder_of_the_assignment_is_a_reason(tmp_path):
    put(tmp_path / "in" / "ana" / CHAPTER / f"{CHAPTER}.ipynb", content(BACKPROP))
    (tmp_path / "in" / "eva").mkdir()
    (tmp_path / "in" / "eva" / CHAPTER).symlink_to(tmp_path / "in" / "ana" / CHAPTER)
    ana, eva = submissions(tmp_path / "in", CHAPTER)
    assert (ana.page is not None, eva.page) == (True, None)
    assert "is a link" in eva.reason


def test_bombs_are_stopped_while_they_unpack(tmp_path, monkeypatch):
    bomb = pack([("07-network.ipynb", bytes(30_000_000))])
    assert "unpacks to more than 200 times" in only(tmp_path, bomb, "ana.zip").reason
    method = zipfile.ZIP_BZIP2
    assert "packed in a way" in only(tmp_path, pack([("07-network.ipynb", b" ")], method), "ana.zip").reason
    many = pack([(f"{number}.txt", b"") for number in range(1_200)])
    assert "holds 1200 files" in only(tmp_path, many, "ana.zip").reason
    monkeypatch.setattr(intake, "LARGEST", 1000)
    assert "is larger than 0 MB" in only(tmp_path, pack([("07-network.ipynb", content())]), "ana.zip").reason


def test_what_a_zips_header_says_of_the_size_is_not_believed(tmp_path, monkeypatch):
    data = pack([("07-network.ipynb", content())])
    size = len(content()).to_bytes(4, "little")
    assert data.count(size) == 2
    one = only(tmp_path, data.replace(size, (5).to_bytes(4, "little")), "ana.zip")
    assert one.page is None
    monkeypatch.setattr(intake, "LARGEST_ZIP", 3 * len(content()) // 2)
    twice = pack([("a.ipynb", content()), ("b.ipynb", content())])
    assert only(tmp_path, twice, "ana.zip").page is not None
    wrong_first = pack([("a.ipynb", content()[:-1]), ("b.ipynb", content())])
    assert "is larger than" in only(tmp_path, wrong_first, "ana.zip").reason


def test_one_hundred_megabytes_of_output_are_dropped(tmp_path):
    def loud(notebook):
        lines = ["x" * 99_999 + "\n"] * 1_000
        cell(notebook, FIRST)["outputs"] = [{"output_type": "stream", "name": "stdout", "text": lines}]

    one = only(tmp_path, content(BACKPROP, change=loud))
    assert one.page.answers()[FIRST] == BACKPROP
    assert len(json.dumps(one.page.notebook)) < 1_000_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda n: n["cells"].extend([{}] * 100_000), r"has 100\d\d\d cells, at most 10000"),
        (lambda n: n["metadata"].update(x=[[]] * 5_000_000), "holds more than 5000000 values"),
        (lambda n: cell(n, FIRST).update(source="#" * 1_100_000), "the cell backprop has more than 1000000 characters"),
    ],
)
def test_what_is_too_much_is_a_reason(tmp_path, change, said):
    one = of(change, tmp_path)
    assert one.page is None
    assert re.search(said, one.reason)


def test_commas_in_an_output_are_no_values(tmp_path):
    one = of(lambda n: cell(n, FIRST).update(outputs=["," * 6_000_000]), tmp_path)
    assert one.page is not None


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b'{"cells":' * 50_000,
        b"{}",
        b'{"worksheets": 3}',
        b'{"cells": null, "worksheets": [null, {"cells": {}}]}',
        b'{"cells": [null, 3, "x", []]}',
        bytes(range(256)) * 10,
        b"\xff\xfe\x00",
        b"\xff\xfe",
        b"   \n",
    ],
)
def test_what_is_no_notebook_is_a_reason(tmp_path, data):
    one = only(tmp_path, data)
    assert one.page is None
    assert one.reason
    assert one.sha256 == hashlib.sha256(data).hexdigest()


def test_a_string_that_does_not_end_among_many_values_is_no_hang(tmp_path):
    data = b"[" + b"0," * 5_000_001 + b'"' + rb"\"" * 3_000_000
    assert "holds more than" in only(tmp_path, data).reason


def test_ten_thousand_copies_of_an_answer_are_no_hang(tmp_path):
    def copies(notebook):
        lose_ids(notebook)
        own = [{"cell_type": "code", "source": BACKPROP + f"# {number}"} for number in range(9_000)]
        notebook["cells"] = own + notebook["cells"]

    one = of(copies, tmp_path)
    assert (one.page is not None, one.page.attempted(FIRST)) == (True, False)

    def repeated(notebook):
        notebook["cells"] += [{**cell(notebook, FIRST), "source": f"# {number}"} for number in range(9_000)]

    assert of(repeated, tmp_path).page.answers()[FIRST] == "# 8999"


def test_a_class_of_zips_needs_no_more_open_files_than_one(tmp_path):
    resource = pytest.importorskip("resource", reason="limits on open files are of POSIX systems")
    put(tmp_path / "0.zip", pack([(f"{CHAPTER}.ipynb", content())]))
    for number in range(1, 80):
        (tmp_path / f"{number}.zip").write_bytes((tmp_path / "0.zip").read_bytes())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        found = submissions(tmp_path, CHAPTER)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert sum(one.page is not None for one in found) == 80


def test_a_folder_full_of_notebooks_is_a_reason(tmp_path):
    for number in range(51):
        put(tmp_path / "ana" / f"{number}.ipynb", b"{}")
    (one,) = submissions(tmp_path, CHAPTER)
    assert one.reason == "ana holds 51 notebooks, expected one."


def test_a_pipe_is_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "ana.ipynb")
    (one,) = submissions(tmp_path, CHAPTER)
    assert "is no file" in one.reason


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8-sig", ""),
        ("utf-16", "The file was UTF-16 text, not UTF-8."),
        ("utf-16-le", "The file was UTF-16-LE text, not UTF-8."),
        ("cp1252", "The file was Windows-1252 text, not UTF-8."),
    ],
)
def test_other_encodings_are_read(tmp_path, encoding, said):
    notebook = page("# avaliação\n" + BACKPROP)
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"]).encode("cp1252", "ignore").decode("cp1252")
    one = only(tmp_path, json.dumps(notebook, ensure_ascii=False).encode(encoding))
    assert one.page.answers()[FIRST].startswith("# avaliação")
    assert [text for text in one.repairs if "file was" in text] == [said] * bool(said)


def test_one_broken_byte_does_not_cost_the_other_accents(tmp_path):
    text = json.dumps(page("# é avaliação, não é?\n" + BACKPROP), ensure_ascii=False).encode()
    one = only(tmp_path, text.replace("é?".encode(), b"\xc3?"))
    assert "é avaliação" in one.page.answers()[FIRST]
    assert one.repairs == ("Some characters were broken: they are replaced.",)


def test_each_damage_is_a_sentence_in_the_language_of_the_page(tmp_path):
    tests = [id for id, known in manifest.of_chapter(CHAPTER)["kinds"].items() if known["kind"] == "test"]

    def damage(notebook):
        notebook["cells"].remove(cell(notebook, tests[0]))
        notebook["cells"].append(copy.deepcopy(cell(notebook, tests[1])))
        cell(notebook, tests[2])["cell_type"] = "markdown"
        cell(notebook, tests[3])["source"] = "pass"
        cell(notebook, tests[4])["metadata"]["nbgrader"] |= {"points": 100, "grade": False}
        notebook["cells"].insert(0, notebook["cells"].pop())

    english, portuguese = of(damage, tmp_path), of(damage, tmp_path, "pt-BR")
    for end, id in (
        ("was deleted.", 0),
        ("stands there twice.", 1),
        ("has another cell type.", 2),
        ("was changed.", 3),
    ):
        assert f"The cell {tests[id]} {end}" in english.repairs
    assert f"The cell {tests[4]} had other grading settings: grade, points." in english.repairs
    assert f"A célula {tests[4]} tinha outras configurações de correção: grade, points." in portuguese.repairs
    assert f"A célula {tests[0]} foi apagada." in portuguese.repairs
    assert any("stands in another place" in text for text in english.repairs)
    restored = english.page.by_id()[tests[4]][0]["metadata"]["nbgrader"]
    assert restored == next(c for c in english.page.release if c["id"] == tests[4])["metadata"]["nbgrader"]


def test_a_page_as_it_was_handed_out_has_no_damage(tmp_path):
    for chapter in manifest.chapters():
        for language in ("en", "pt-BR"):
            put(tmp_path / "one" / "ana.ipynb", json.dumps(work.released(chapter, language)).encode())
            (one,) = submissions(tmp_path / "one", chapter)
            assert (one.reason, one.repairs, one.page.language) == ("", (), language)


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_without_any_id_or_metadata_every_answer_is_found_again(tmp_path, language):
    exercises = manifest.of_chapter(CHAPTER)["exercises"]

    def answered(notebook):
        for id in exercises:
            cell(notebook, id)["source"] = "".join(cell(notebook, id)["source"]) + "\n# mine\n"
        lose_ids(notebook)

    one = of(answered, tmp_path, language)
    assert one.page.language == language
    assert all(one.page.attempted(id) for id in exercises)
    assert not any("apagada" in text or "deleted" in text for text in one.repairs)
    assert sum("names" in text or "nomes" in text for text in one.repairs) == len(exercises)


def test_an_answer_that_defines_its_name_otherwise_is_found_by_the_name_or_by_its_place(tmp_path):
    def otherwise(notebook):
        cell(notebook, FIRST)["source"] = "backprop = lambda weights, biases, x, y: ([], [])\n"
        cell(notebook, SECOND)["source"] = "I do not know.\n"
        lose_ids(notebook)

    one = of(otherwise, tmp_path)
    assert "backprop = lambda" in one.page.answers()[FIRST]
    assert one.page.answers()[SECOND] == "I do not know.\n"
    assert f"The cell {SECOND} had lost its id and was recognised by its place." in one.repairs


def test_two_cells_that_could_be_the_answer_are_a_reason_and_neither_counts(tmp_path):
    def twice(notebook):
        cell(notebook, FIRST)["source"] = BACKPROP
        notebook["cells"].append({"cell_type": "code", "id": "x", "metadata": {}, "source": BACKPROP + "# or so"})
        lose_ids(notebook)

    one = of(twice, tmp_path)
    assert one.page is not None
    assert not one.page.attempted(FIRST)
    assert one.reason == "several cells could answer backprop: none of them counts"


def test_a_wrong_chapter_in_the_metadata_is_corrected_by_the_ids(tmp_path):
    for chapter in ("03-perceptron", "99-none", 7, ["x"], {"a": 1}, None):
        one = of(lambda n: n["metadata"]["dlbook"].update(chapter=chapter), tmp_path)
        assert one.page.chapter == CHAPTER
    other = json.dumps(work.released("03-perceptron", "en")).encode()
    assert only(tmp_path, other).reason == "ana.ipynb is chapter 03-perceptron, expected 07-network"


def test_an_old_notebook_with_worksheets_is_read(tmp_path):
    new = page(BACKPROP)
    for one in new["cells"]:
        if one["cell_type"] == "code":
            one["input"] = one.pop("source")
        one.pop("id")
    old = {"nbformat": 3, "metadata": new["metadata"], "worksheets": [{"cells": new["cells"]}]}
    one = only(tmp_path, json.dumps(old).encode())
    assert one.page.answers()[FIRST] == BACKPROP


def test_values_of_wrong_types_are_harmless(tmp_path):
    def odd(notebook):
        for number, one in enumerate(notebook["cells"]):
            if isinstance(one["metadata"].get("nbgrader"), dict) and one["id"] not in (FIRST, SECOND):
                one["metadata"]["nbgrader"]["grade_id"] = [{"a": 1}, [], 3, None, True][number % 5]
        notebook["cells"] += [None, 3, {"cell_type": {}, "id": [], "metadata": [], "source": {"a": 1}}]
        cell(notebook, FIRST)["source"] = [*BACKPROP.splitlines(keepends=True), None, 3, {"a": ["b"]}]
        notebook["metadata"]["dlbook"]["language"] = ["pt"]
        notebook["nbformat"] = "four"

    def cell(notebook, id):
        return next(one for one in notebook["cells"] if isinstance(one, dict) and one["id"] == id)

    one = of(odd, tmp_path)
    assert one.page.answers()[FIRST] == BACKPROP
    assert one.repairs == ()


def test_numbers_twice_named_fields_and_half_characters(tmp_path):
    text = content(BACKPROP).decode()
    text = text.replace('"nbformat": 4', f'"nbformat": {"9" * 6000}, "nbformat": NaN, "x": -Infinity, "y": 1e999')
    text = text.replace("def backprop(weights, biases, x, y):", "# \\ud800\\ndef backprop(weights, biases, x, y):")
    one = only(tmp_path, text.encode())
    assert one.page.answers()[FIRST].startswith("# \ufffd\ndef")
    assert one.repairs == (
        "The file gave some fields twice: the last one counts.",
        "Some characters were broken: they are replaced.",
    )


def test_line_ends_and_blanks_at_the_end_are_no_change(tmp_path):
    def windows(notebook):
        for one in notebook["cells"]:
            one["source"] = "".join(one["source"]).replace("\n", "\r\n") + "  \r\n"

    one = of(windows, tmp_path)
    assert one.repairs == ()


def test_a_repair_keeps_the_answers(tmp_path):
    def damage(notebook):
        cell(notebook, FIRST)["source"] = BACKPROP
        notebook["cells"].reverse()

    one = of(damage, tmp_path)
    repaired = one.page.repaired()
    assert repaired.damage() == []
    assert repaired.answers()[FIRST] == BACKPROP
    assert StudentPage.of(repaired.notebook).answers()[FIRST] == BACKPROP
