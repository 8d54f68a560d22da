"""Damaged, tampered and oversized notebooks, and zips."""

import copy
import io
import json
import zipfile

from hostile.student import CHAPTER, EXERCISE, HALF, RIGHT, WRONG, File, Page, Placed, cell_of, student

TESTS = ("ema-dx", "ema-dbeta", "ema-other-sizes")


def _zip(members, method=zipfile.ZIP_DEFLATED):
    """Bytes of a zip of (name, content)."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


@student(2)
def deletes_the_tests(scene):
    """row 06: hands in no test cell"""

    def change(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in TESTS]

    return Page(HALF, change)


@student(2)
def changes_the_tests(scene):
    """row 07: tests that always pass and give 100 points"""

    def change(notebook):
        for id in TESTS:
            cell = cell_of(notebook, id)
            cell["source"] = "print('✓')"
            cell["metadata"]["nbgrader"]["points"] = 100

    return Page(HALF, change)


@student(5)
def duplicates_every_cell(scene):
    """row 08: every cell twice, with the same ids; the second answer is the released stub"""

    def change(notebook):
        again = copy.deepcopy(notebook["cells"])
        cell_of({"cells": again}, EXERCISE)["source"] = Page().bytes() and "raise NotImplementedError()"
        notebook["cells"] = again + notebook["cells"]

    return Page(RIGHT, change)


@student(0, "unreadable")
def not_utf_8(scene):
    """row 15: bytes that are no UTF-8"""
    return Page(RIGHT).bytes().replace(b"{", b"\xff\xfe{", 1)


@student(0, "unreadable")
def truncated(scene):
    """row 16: the first half of a notebook"""
    content = Page(RIGHT).bytes()
    return content[: len(content) // 2]


@student(0, "unreadable")
def empty(scene):
    """row 17: no bytes"""
    return b""


@student(0, "unreadable")
def a_folder_without_a_notebook(scene):
    """row 18: an empty folder"""
    return Placed(lambda folder, name: (folder / name / CHAPTER).mkdir(parents=True))


@student(0, "unreadable")
def a_folder_named_like_a_notebook(scene):
    """a folder whose name ends in .ipynb, with another inside"""
    return Placed(lambda folder, name: (folder / name / f"{CHAPTER}.ipynb" / "x.ipynb").mkdir(parents=True))


@student(5)
def an_unknown_kernel(scene):
    """row 29: a kernel that nobody has"""
    return Page(RIGHT, lambda notebook: notebook["metadata"].update(kernelspec={"name": "; rm -rf ~", "language": 7}))


@student(5)
def a_renamed_file(scene):
    """row 30: `exercise (1).ipynb` in a folder of its own"""

    def place(folder, name):
        (folder / name).mkdir()
        (folder / name / "exercise (1).ipynb").write_bytes(Page(RIGHT).bytes())

    return Placed(place)


@student(0)
def ships_its_own_numpy(scene):
    """row 31: numpy.py, dlbook.py, sitecustomize.py and json.py beside a wrong answer"""
    module = b"import os\nos.environ['WON'] = '1'\n__getattr__ = lambda name: lambda *arguments, **more: True\n"

    def place(folder, name):
        own = folder / name / CHAPTER
        own.mkdir(parents=True)
        (own / f"{CHAPTER}.ipynb").write_bytes(Page(WRONG).bytes())
        for path in ("numpy.py", "dlbook.py", "sitecustomize.py", "json.py", "conftest.py"):
            (own / path).write_bytes(module)

    return Placed(place)


@student(0)
def zips_its_own_numpy(scene):
    """row 31: the same in a zip"""
    module = b"__getattr__ = lambda name: lambda *arguments, **more: True\n"
    return File(_zip([(f"{CHAPTER}.ipynb", Page(WRONG).bytes()), ("numpy.py", module), ("dlbook.py", module)]), ".zip")


@student(2)
def a_script_in_the_page(scene):
    """row 32: scripts in the title, in the answer, in metadata and in a cell of its own"""
    script = "<script>alert('dlbook-hostile')</script>"

    def change(notebook):
        notebook["cells"][0]["source"] = script
        notebook["metadata"]["title"] = script
        notebook["cells"].append({"cell_type": "markdown", "id": script, "metadata": {"x": script}, "source": script})
        cell_of(notebook, "ema-dx")["outputs"] = [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": script}}
        ]

    return Page(f"# {script}\n" + HALF, change)


@student(5)
def a_test_above_the_answer(scene):
    """row 36: right, with the tests moved to the top"""
    return Page(RIGHT, lambda notebook: notebook["cells"].sort(key=lambda cell: cell["id"] not in TESTS))


@student(2)
def tests_without_metadata(scene):
    """row 37: takes the metadata of every cell away"""

    def change(notebook):
        for cell in notebook["cells"]:
            cell["metadata"] = {}

    return Page(HALF, change)


@student(2)
def flips_the_flags(scene):
    """row 38: solution cells are tests and tests are solutions"""

    def change(notebook):
        for cell in notebook["cells"]:
            graded = cell["metadata"].get("nbgrader")
            if graded:
                flags = graded.get("grade"), graded.get("solution")
                graded["solution"], graded["grade"] = flags
                graded["locked"], graded["task"], graded["schema_version"] = False, True, 99

    return Page(HALF, change)


@student(2)
def tests_as_markdown(scene):
    """row 39: the tests are Markdown cells"""

    def change(notebook):
        for id in TESTS:
            cell_of(notebook, id)["cell_type"] = "markdown"

    return Page(HALF, change)


@student(0, "untouched")
def attacks_from_another_cell(scene):
    """code in the setup, the given cells, a demonstration and a cell of its own, none of which may run"""
    code = scene.header() + "open(os.path.join(SCENE['folder'], SCENE['mark'] + '-cell'), 'w').close()\n"

    def change(notebook):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code" and cell["id"] != EXERCISE:
                cell["source"] = code
        notebook["cells"].insert(
            0, {"cell_type": "code", "id": "own", "metadata": {}, "source": code, "outputs": [], "execution_count": 1}
        )

    return Page(None, change)


def _with_cells(count):
    def change(notebook):
        notebook["cells"] += [
            {"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": ""} for n in range(count)
        ]

    return Page(RIGHT, change)


@student(5)
def five_thousand_cells(scene):
    """right, with 5,000 cells of its own below"""
    return _with_cells(5_000)


@student(0, "unreadable")
def a_hundred_thousand_cells(scene):
    """right, with 100,000 cells of its own below: more than is read"""
    return _with_cells(100_000)


@student(0, "unreadable")
def too_large(scene):
    """a file of 100 GB that takes no space on the disk"""

    def place(folder, name):
        with (folder / f"{name}.ipynb").open("wb") as file:
            file.truncate(100_000_000_000)

    return Placed(place)


@student(0, "unreadable")
def nested_brackets(scene):
    """200,000 brackets"""
    return b"[" * 200_000 + b"]" * 200_000


@student(0, "unreadable")
def a_number_without_end(scene):
    """a JSON number of a million digits"""
    return b'{"cells": ' + b"9" * 1_000_000 + b"}"


@student(0, "unreadable")
def no_list_of_cells(scene):
    """cells that are no cells"""
    return b'{"cells": [1, null, "x"], "metadata": [], "nbformat": "4"}'


@student(0)
def sources_of_every_type(scene):
    """cells whose text is a number, a dict, null and a list of lists"""

    def change(notebook):
        for number, cell in enumerate(notebook["cells"]):
            cell["source"] = [7, {"a": 1}, None, [["x"], 3], True][number % 5]
            cell["metadata"] = [None, [], "x", {"nbgrader": []}, {"nbgrader": {"grade_id": ["ema"]}}][number % 5]
        cell_of(notebook, EXERCISE)["source"] = {"def": "moving_average_backward"}

    return Page(None, change)


@student(5)
def a_path_for_a_language(scene):
    """right, in the language ../../../etc/passwd"""
    return Page(RIGHT, lambda notebook: notebook["metadata"]["dlbook"].update(language="../../../etc/passwd"))


@student(5)
def a_path_for_a_chapter(scene):
    """right, and says that it is the chapter ../../../../etc/passwd: its cells say what it is"""
    return Page(RIGHT, lambda notebook: notebook["metadata"]["dlbook"].update(chapter="../../../../etc/passwd"))


@student(5)
def a_list_for_a_chapter(scene):
    """right, and says that it is several chapters"""
    return Page(RIGHT, lambda notebook: notebook["metadata"]["dlbook"].update(chapter=[CHAPTER, {}]))


@student(0, "unreadable")
def a_zip_bomb(scene):
    """a notebook of 500 MB in a zip of half a megabyte"""
    return File(_bomb(), ".zip")


def _bomb():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{CHAPTER}.ipynb", "w") as member:
        for _ in range(500):
            member.write(b" " * 1_000_000)
    return held.getvalue()


@student(0, "unreadable")
def a_zip_bomb_that_says_it_is_small(scene):
    """the same, with sizes of 100 bytes in its directory"""
    content, size = bytearray(_bomb()), (500_000_000).to_bytes(4, "little")
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = (100).to_bytes(4, "little")
    return File(bytes(content), ".zip")


@student(0, "unreadable")
def a_zip_of_zips(scene):
    """a zip in a zip in a zip, without a notebook outside"""
    inner = Page(RIGHT).bytes()
    for number in range(3):
        inner = _zip([(f"{number}.zip" if number else f"{CHAPTER}.ipynb", inner)])
    return File(inner, ".zip")


@student(0, "unreadable")
def a_zip_of_ten_thousand_files(scene):
    """10,000 members"""
    return File(_zip([(f"{number}.ipynb", b"{}") for number in range(10_000)], zipfile.ZIP_STORED), ".zip")


@student(5)
def a_zip_that_slips_out(scene):
    """right, with members that would be written outside of any folder"""
    mark = f"{scene.mark}-slip"
    members = [(f"{CHAPTER}.ipynb", Page(RIGHT).bytes()), (f"../../../../../..{scene.folder}/{mark}", b"x")]
    return File(_zip([*members, (f"{scene.folder}/{mark}", b"x"), (f"../{mark}", b"x")]), ".zip")


@student(0, "unreadable")
def a_zip_with_a_link(scene):
    """a zip whose notebook is a symbolic link to the first student's"""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        member = zipfile.ZipInfo(f"{CHAPTER}.ipynb")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, str(scene.submitted / "000-right.ipynb"))
    return File(held.getvalue(), ".zip")


@student(0, "unreadable")
def a_notebook_that_says_it_is_a_zip(scene):
    """a right notebook under the suffix .zip"""
    return File(Page(RIGHT).bytes(), ".zip")


@student(5)
def carries_its_own_grade(scene):
    """right, with a timestamp, a grade and a gradebook of its own beside it"""

    def place(folder, name):
        own = folder / name / CHAPTER
        own.mkdir(parents=True)
        (own / f"{CHAPTER}.ipynb").write_bytes(Page(RIGHT).bytes())
        (own / "timestamp.txt").write_text("1970-01-01 00:00:00 UTC")
        (own / "grades.csv").write_text("student,assignment,score,max_score,status\nme,x,99,5,graded\n")
        (own / "gradebook.db").write_bytes(b"SQLite format 3\0")
        (own / "feedback.json").write_text(json.dumps({"score": 99}))

    return Placed(place)


@student(2)
def says_its_points(scene):
    """half right, with points, scores and outcomes in the notebook's metadata"""

    def change(notebook):
        notebook["metadata"]["dlbook"].update(score=99, points=99, outcomes=[], student="000-right", by_hand=[])
        notebook["metadata"]["nbgrader"] = {"score": 99}
        cell_of(notebook, EXERCISE)["metadata"]["nbgrader"].update(points=99, score=99)

    return Page(HALF, change)
