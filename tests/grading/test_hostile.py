"""A class in which nearly everybody attacks the grader: each gets what the answer is worth, and harms nobody."""

import collections
import csv
import html
import importlib
import os
import pathlib
import secrets
import socket
import sys

import numpy as np
import pytest

import dlbook
from dlbook.check.runner import Limits
from dlbook.grading import grade as grading

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(pathlib.Path(__file__).parent))
    hostile = importlib.import_module("hostile.students")

SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
LIMITS = Limits(cell=3.0, total=10.0, memory=2_000_000_000)
CONTROL_AFTER = 6

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the answers attack as on a POSIX system")


def numbered():
    """Every student under the name of the submission: in the order of the families, the honest ones first."""
    ordered = sorted(hostile.STUDENTS, key=lambda one: one.family != "honest")
    names = (one.name if one.family == "names" else f"{number:03}-{one.name}" for number, one in enumerate(ordered))
    return dict(zip(names, ordered, strict=True))


def controls(students):
    """Honest students between the others, by name: 5 points and 2 in turn."""
    found = [name.split("-")[0] for name, one in students.items() if one.family != "names"][::CONTROL_AFTER]
    return {
        f"{number}~control": (hostile.HALF, 2.0) if i % 2 else (hostile.RIGHT, 5.0) for i, number in enumerate(found)
    }


def spelt(name):
    """A name as the results have it: what does not print is spelt out."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)


CLASS = numbered()
CONTROLS = controls(CLASS)
Graded = collections.namedtuple("Graded", "results scene reached left")


def set_scene(folder):
    """A Scene, and the sockets that listen in it."""
    mark = "dlh" + secrets.token_hex(5)
    home, needed = pathlib.Path.home(), [sys.prefix, sys.base_prefix, dlbook.__path__[0]]
    needed = [pathlib.Path(path).resolve() for path in needed]
    in_home = [path.name for path in home.iterdir() if not any(one.is_relative_to(path) for one in needed)]
    packages = [path for path in sys.path if os.path.isdir(path)]
    places = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/", home, pathlib.Path.cwd(), sys.prefix, *packages]
    places += [dlbook.__path__[0], f"{dlbook.__path__[0]}/check", folder, folder / "submitted", folder / "out"]
    tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    abstract, file = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    tcp.bind(("127.0.0.1", 0))
    udp.bind(("127.0.0.1", 0))
    abstract.bind(f"\0{mark}")
    file.bind(str(folder / "socket"))
    for listener in (tcp, abstract, file):
        listener.listen(20)
    (folder / "submitted").mkdir()
    scene = hostile.Scene(
        folder=folder,
        solutions=SOLUTIONS,
        mark=mark,
        secret=secrets.token_hex(16),
        pid=os.getpid(),
        tcp=tcp.getsockname()[1],
        udp=udp.getsockname()[1],
        abstract=mark,
        home=str(home),
        in_home=tuple(in_home),
        places=tuple(dict.fromkeys(map(str, places))),
    )
    return scene, {"TCP": tcp, "UDP": udp, "an abstract socket": abstract, "a socket file": file}


def reached(listeners):
    """Which of the listeners somebody spoke to."""
    found = []
    for name, listener in listeners.items():
        listener.setblocking(False)
        try:
            if name == "UDP":
                listener.recv(10)
            else:
                listener.accept()[0].close()
            found.append(name)
        except BlockingIOError:
            pass
        listener.close()
    return found


def left_by(scene):
    """Files that carry the scene's mark; they are removed."""
    found = [path for place in scene.places for path in pathlib.Path(place).glob(f"*{scene.mark}*")]
    found += [path for path in scene.folder.rglob(f"*{scene.mark}*") if path not in found]
    for path in found:
        if path.is_dir():
            for inner in path.iterdir():
                inner.unlink()
            path.rmdir()
        else:
            path.unlink()
    return found


def running(mark):
    """Command lines and names of the processes that carry a mark."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            said = (path / "cmdline").read_bytes() + b" " + (path / "comm").read_bytes()
            alive = ") Z " not in (path / "stat").read_text(errors="replace")
        except OSError:
            continue
        if mark.encode() in said and alive:
            found.append(said)
    return found


def graded_class(folder, students, honest):
    """Let a class hand in, grade it, and look at what it left."""
    scene, listeners = set_scene(folder)
    for name, one in students.items():
        one.submit(scene, name)
    for name, (answer, _) in honest.items():
        (scene.submitted / f"{name}.ipynb").write_bytes(hostile.Page(answer).bytes())
    with pytest.MonkeyPatch.context() as patch, (folder / "secret").open("w+") as held:
        patch.setenv("DLBOOK_HOSTILE_SECRET", scene.secret)
        held.write(scene.secret)
        held.flush()
        os.set_inheritable(held.fileno(), True)
        results = grading.grade(scene.submitted, hostile.CHAPTER, scene.out, solutions=SOLUTIONS, limits=LIMITS)
        processes = running(scene.mark)
    return Graded({one.student: one for one in results}, scene, reached(listeners), (left_by(scene), processes))


@pytest.fixture(scope="module")
def graded(released_for_all, tmp_path_factory, no_tier):
    """The whole class, graded once."""
    if no_tier:
        pytest.skip(f"attackers are graded in a sandbox only: {no_tier}")
    return graded_class(tmp_path_factory.mktemp("hostile"), CLASS, CONTROLS)


@pytest.fixture(scope="module")
def messages(graded):
    """Everything that a student may read, by student: messages, reasons and the page of feedback."""
    said = {}
    for name, one in graded.results.items():
        outcomes = [outcome.message for outcome in one.results if outcome.message]
        page = graded.scene.out / "feedback" / name / f"{hostile.CHAPTER}.html"
        said[name] = "\n".join([*outcomes, page.read_text(encoding="utf8") if page.exists() else ""])
    return said


@pytest.mark.parametrize("name", [pytest.param(name, id=f"{one.family}-{name!a}") for name, one in CLASS.items()])
def test_everybody_gets_what_the_answer_is_worth(graded, name):
    one = graded.results[spelt(name)]
    assert (one.score, one.status) == (CLASS[name].score, CLASS[name].status), CLASS[name].tries


@pytest.mark.parametrize("name", CONTROLS)
def test_nobody_changes_the_verdict_of_another(graded, name):
    assert (graded.results[name].score, graded.results[name].status) == (CONTROLS[name][1], "graded")


def test_each_student_is_graded_once_and_nobody_else_is(graded):
    assert sorted(graded.results) == sorted(map(spelt, [*CLASS, *CONTROLS]))


def test_the_csv_says_the_same(graded):
    with (graded.scene.out / "grades.csv").open(encoding="utf8", newline="") as file:
        rows = {row["student"]: (float(row["score"]), row["status"]) for row in csv.DictReader(file)}
    expected = {spelt(name): (one.score, one.status) for name, one in CLASS.items()}
    assert rows == expected | {name: (score, "graded") for name, (_, score) in CONTROLS.items()}


def test_the_gradebook_says_the_same(graded):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.scene.out / 'gradebook.db'}") as book:
        found = sorted((one.score, one.max_score) for one in book.assignment_submissions(hostile.CHAPTER))
    assert found == sorted((one.score, 5.0) for one in graded.results.values())


def test_nothing_is_written_outside(graded):
    files, _ = graded.left
    assert files == []


def test_nobody_reaches_the_network(graded):
    assert graded.reached == []


def test_no_hidden_input_reaches_a_message(messages):
    rng = np.random.default_rng(11)
    inputs = [rng.normal(size=size) for T, D in [(1, 2), (7, 1), (11, 4)] for size in [(T, D), D, (T, D)]]
    digits = {f"{abs(value):.6f}"[:-1] for array in inputs for value in array.ravel()}
    leaks = {name: sorted(one for one in digits if one in html.unescape(said)) for name, said in messages.items()}
    assert {name: found for name, found in leaks.items() if found} == {}


def test_no_word_about_a_hidden_input_reaches_a_message(messages, graded):
    """An answer that says "SEEN" says it of hidden inputs only; its own text stands in its feedback."""
    outcomes = {name: [outcome.message or "" for outcome in one.results] for name, one in graded.results.items()}
    assert {name: said for name, said in outcomes.items() if any("SEEN" in one for one in said)} == {}


def test_no_line_of_a_hidden_test_reaches_a_message(messages, example):
    hidden = next(cell for cell in example.pages["en"].cells if cell.id == "ema-other-sizes")
    lines = [line.strip() for line in hidden.source.splitlines() if len(line) > 30 and '"""' not in line]
    assert len(lines) > 5
    leaks = {name: [line for line in lines if line in html.unescape(said)] for name, said in messages.items()}
    assert {name: found for name, found in leaks.items() if found} == {}


def test_no_message_is_long(graded):
    lengths = {
        name: max((len(o.message or "") for o in one.results), default=0) for name, one in graded.results.items()
    }
    assert {name: length for name, length in lengths.items() if length > 2_000} == {}


def test_no_script_reaches_a_page(graded):
    """Of the pages that the grader writes."""
    for page in graded.scene.out.rglob("*.html"):
        text = page.read_text(encoding="utf8")
        assert "<script>alert('dlbook-hostile')" not in text, page
        assert "<img src=x onerror=alert('dlbook-hostile')" not in text, page


def test_no_process_is_left_over(released_for_all, tmp_path, no_tier):
    """Those who leave a process for 15 seconds, and one honest student: their verdicts take less."""
    if no_tier:
        pytest.skip(f"attackers are graded in a sandbox only: {no_tier}")
    students = {f"{number}-{one.name}": one for number, one in enumerate(hostile.STUDENTS) if one.family == "daemons"}
    folder = tmp_path / "hostile"
    folder.mkdir()
    small = graded_class(folder, students, {"z~control": (hostile.HALF, 2.0)})
    assert small.left == ([], [])
    assert {name: one.score for name, one in small.results.items()} == {n: s.score for n, s in students.items()} | {
        "z~control": 2.0
    }


def test_every_family_and_every_row_of_the_attack_matrix_is_here():
    rows = " ".join(one.tries for one in hostile.STUDENTS)
    named = {
        int(word.strip(":,")) for word in rows.split() if word.strip(":,").isdigit() and len(word.strip(":,")) == 2
    }
    ours = set(range(1, 42)) - {2}  # row 02, a numerically unstable answer, is no attack on this exercise
    assert ours <= named
    assert len(hostile.STUDENTS) >= 70
