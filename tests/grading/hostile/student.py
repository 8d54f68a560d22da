"""What a simulated student is, and the answers that most of them start from."""

import inspect
import json
import pathlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dlbook.course import work

CHAPTER = "00-moving-average"
EXERCISE = "ema"

RIGHT = """
def moving_average_backward(dm, cache):
    x, beta, m0, m = cache
    dx, dbeta, g = np.empty(x.shape), 0.0, np.zeros(m0.shape)
    for t in reversed(range(len(x))):
        before = m[t - 1] if t > 0 else m0
        g = dm[t] + beta * g
        dx[t] = (1 - beta) * g
        dbeta += np.sum(g * (before - x[t]))
    return dx, dbeta, beta * g
"""
HALF = RIGHT.replace("return dx, dbeta,", "return dx, 0.0,")
"""2 of the 5 points: dbeta is always 0."""
WRONG = """
def moving_average_backward(dm, cache):
    x, beta, m0, m = cache
    return np.zeros(x.shape), 0.0, np.zeros(m0.shape)
"""


@dataclass(frozen=True)
class Scene:
    """The places and the numbers that the class attacks, all of them the test's own.

    mark : part of the name of every file and every process that an attack leaves.  secret : a word that only the
    process of the test knows, in its environment, its memory and a file that it holds open.  places : folders in which
    no file may appear.  in_home : what lies in the home of who grades.
    """

    folder: pathlib.Path
    solutions: pathlib.Path
    mark: str
    secret: str
    pid: int
    tcp: int
    udp: int
    abstract: str
    home: str
    in_home: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def submitted(self) -> pathlib.Path:
        return self.folder / "submitted"

    @property
    def out(self) -> pathlib.Path:
        return self.folder / "out"

    @property
    def socket(self) -> pathlib.Path:
        return self.folder / "socket"

    def header(self) -> str:
        """The scene as an answer reads it; the secret stands there backwards, so that no answer carries it."""
        told = {name: getattr(self, name) for name in ("mark", "pid", "tcp", "udp", "abstract", "home")}
        told |= {name: str(getattr(self, name)) for name in ("folder", "solutions", "submitted", "out", "socket")}
        told |= {"terces": self.secret[::-1], "in_home": list(self.in_home), "places": list(self.places)}
        return f"import os, sys, time\nSCENE = {told!r}\n"


@dataclass(frozen=True)
class Page:
    """A notebook: the released one, with an answer and a change of its JSON."""

    answer: str | None = None
    change: Callable[[dict[str, Any]], Any] = field(default=lambda notebook: None)
    language: str = "en"

    def bytes(self) -> bytes:
        notebook = work.released(CHAPTER, self.language)
        if self.answer is not None:
            cell_of(notebook, EXERCISE)["source"] = self.answer
        self.change(notebook)
        return json.dumps(notebook).encode()


@dataclass(frozen=True)
class File:
    """Bytes under a suffix of their own."""

    content: bytes
    suffix: str = ".ipynb"


@dataclass(frozen=True)
class Placed:
    """What puts itself into the folder of the submissions: place(folder, name)."""

    place: Callable[[pathlib.Path, str], None]


@dataclass(frozen=True)
class Student:
    """name : of the submission; tries : what it attempts; score and status : the honest verdict."""

    name: str
    tries: str
    score: float
    status: str
    hands_in: Callable[[Scene], "str | bytes | Page | File | Placed"]
    family: str

    def submit(self, scene: Scene, name: str) -> None:
        """Put the submission into the folder as `name`."""
        made = self.hands_in(scene)
        if isinstance(made, Placed):
            made.place(scene.submitted, name)
            return
        if isinstance(made, str):
            made = Page(scene.header() + made if "SCENE" in made else made)
        if isinstance(made, Page):
            made = made.bytes()
        if isinstance(made, bytes):
            made = File(made)
        (scene.submitted / f"{name}{made.suffix}").write_bytes(made.content)


STUDENTS: list[Student] = []


def student(score: float, status: str = "graded", name: str | None = None) -> Callable:
    """Enrol the decorated function: its name is the student's, its docstring what the student tries.

    It gets the Scene and returns the text of an answer, a Page, bytes, a File or a Placed.
    """

    def enrol(hands_in):
        own = hands_in.__name__.replace("_", "-") if name is None else name
        tries, family = inspect.getdoc(hands_in), hands_in.__module__.rpartition(".")[2]
        STUDENTS.append(Student(own, tries, score, status, hands_in, family))
        return hands_in

    return enrol


def cheats_if(attack: str, *, at_call: bool = False) -> str:
    """An answer worth 5 if the attack works and 2 if not.

    attack : the body of a function, which returns whether it worked; an exception means that it did not.
    at_call : run it when a test calls the answer, not when the cell runs.
    """
    body = textwrap.indent(textwrap.dedent(attack).strip(), "    ")
    won = "won = worked()" if at_call else "won = WON"
    answer = RIGHT.replace("    x, beta, m0, m = cache", f"    {won}\n    x, beta, m0, m = cache")
    answer = answer.replace("return dx, dbeta,", "return dx, dbeta if won else 0.0,")
    return f"""# SCENE
import os, sys, time

def attack():
{body}

def worked():
    try:
        return bool(attack())
    except Exception:
        return False

WON = {"None" if at_call else "worked()"}
{answer}"""


def before(attack: str, answer: str = HALF) -> str:
    """An attack that may fail, then an answer."""
    body = textwrap.indent(textwrap.dedent(attack).strip(), "    ")
    return f"import os, sys, time\nimport numpy as np\ntry:\n{body}\nexcept Exception:\n    pass\n{answer}"


def cell_of(notebook: dict[str, Any], id: str) -> dict[str, Any]:
    """A cell of the released notebook."""
    return next(cell for cell in notebook["cells"] if cell["id"] == id)
