"""The process in which the tests run: `python -m dlbook.check.judge FD MODULE ...`, modules to load beforehand.

It runs the course's own cells only: what is given, and the tests.  What an exercise defines is an `Answer` here, which
asks the student's process (`dlbook.check.student`) for the result and gets plain data.  Where the system can fork,
this is a warm process that forks once for each job; elsewhere it serves one job on its standard streams (FD is "-")
and starts the student's process itself.

One job (JSON, one line) comes in; one line (JSON) goes out as each cell begins, and one as it ends.
"""

import builtins
import contextlib
import gc
import importlib
import io
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from dlbook.check import codec, manifest, practice
from dlbook.check.error import CheckError
from dlbook.check.exercise import impure, name_of, running_cell, seed
from dlbook.check.process import compiled, execute, without_streams, without_working_folder
from dlbook.check.rules import defined_names, written_by_hand
from dlbook.language import say


class AnswerError(Exception):
    """What an answer raised in the student's process, where Python has no exception of that kind.  kind : its name."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class StudentGoneError(BaseException):
    """The student's process has ended, or does not keep to the protocol; no test may take it for an answer's error."""


class Student:
    """The student's process, as the judge sees it: a pair of streams."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self.reading, self.writing = reading, writing

    def run(self, id: str, text: str, names: Sequence[str] = (), is_answer: bool = False) -> dict[str, tuple]:
        """Run a cell there.  Returns what `names` are then: ("callable",), ("value", value) or ("not plain", kind).

        Raises what the cell raised.
        """
        self.start(id, text, names, is_answer)
        return self.finish()

    def start(self, id: str, text: str, names: Sequence[str] = (), is_answer: bool = False) -> None:
        """Let a cell run there; `finish` waits for it."""
        self._send(("cell", id, text, list(names), is_answer))

    def finish(self) -> dict[str, tuple]:
        """What the cell that was started defined.  Raises what it raised."""
        match self._receive():
            case [dict(found)]:
                return found
        raise StudentGoneError

    def call(self, id: str, name: str, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, tuple, dict]:
        """Result, and the arguments after the call.  Raises what the function raised."""
        self._send(("call", id, name, args, kwargs))
        match self._receive():
            case [result, tuple(after), dict(named)] if len(after) == len(args) and named.keys() == kwargs.keys():
                return result, after, named
        raise StudentGoneError

    def _send(self, message):
        try:
            content = codec.encode(message)
        except codec.NotPlainError as error:
            raise RuntimeError(
                f"a test gives an answer what is not plain data, {error.kind}: use a driver cell"
            ) from None
        try:
            self.writing.write(content)
            self.writing.flush()
        except OSError:
            raise StudentGoneError from None

    def _receive(self):
        """What the student's process answers.  Raises what it raised, NotPlainError, and StudentGoneError where it has
        ended or does not keep to the protocol."""
        try:
            reply = codec.read(self.reading)
        except (codec.MessageError, EOFError, OSError):
            raise StudentGoneError from None
        match reply:
            case ("ok", *answer):
                return answer
            case ("not plain", str(kind)):
                raise codec.NotPlainError(_named(kind))
            case ("error", str(kind), str(base), str(text), str(function), int(number), str(line)):
                raise _raised(kind, base, text, function, number, line)
        raise StudentGoneError


class Answer:
    """A function or class of the student's, callable from a test."""

    def __init__(self, student: Student, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self._student = student

    def __deepcopy__(self, memo) -> "Answer":
        return self

    def __call__(self, *args, **kwargs) -> Any:
        """The result, as plain data; arrays, lists, dictionaries and generators among the arguments become what the
        call made of them.

        Raises what the answer raised, and CheckError where its result is not plain data.
        """
        sent = tuple(_sendable(part) for part in args), {key: _sendable(part) for key, part in kwargs.items()}
        try:
            result, after, named = self._student.call(running_cell(), self.__name__, *sent)
        except codec.NotPlainError as error:
            said = say(
                "{name} returns or changes an object of type {kind}: "
                "use numbers, text, NumPy arrays, tuples, lists and dictionaries.",
                name=name_of(self, args),
                kind=error.kind,
            )
            raise CheckError(said, "type") from None
        if not all(map(_become, (*args, *kwargs.values()), (*after, *(named[key] for key in kwargs)))):
            raise impure(name_of(self, args))
        return result


def run(job: dict[str, Any], said: io.TextIOBase, students: Sequence[Student]) -> None:
    """Run a job's passes, each with a student's process of its own.

    job : {"language": …, "manifest": …, "seed": …, "passes": [[{"id", "kind", "source", "exercise", "by_hand",
    "defines"}]]}; kind is given, driver, exercise or test.
    Writes a line before the first cell and after each: {"begins", "pass"} of the cell that runs next, {"cell", "key",
    "message"} of the one before, {"ended"} in the last.  An answer that raises or breaks a rule is skipped, and the
    reason speaks in each of its tests.
    """
    os.environ["DLBOOK_LANG"] = job["language"]
    manifest.use(pathlib.Path(job["manifest"]))
    seed(job.get("seed"))
    line: dict[str, Any] = {}
    for number, (cells, student) in enumerate(zip(job["passes"], students, strict=True)):
        try:
            line = _run_pass(number, cells, said, student, line)
        except StudentGoneError:
            return
    _send(said, **line, ended=True)


def _run_pass(number, cells, said, student, line):
    """line : what is still to be said of the cell before.  Returns that of the last one here."""
    space: dict[str, Any] = {"__name__": "__main__"}
    broken: dict[str, CheckError] = {}
    for cell in cells:
        _send(said, **line, begins=cell["id"], **{"pass": number})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            error = broken.get(cell["exercise"]) if cell["kind"] == "test" else None
            error = error or _run_cell(cell, space, student)
        if error is not None and cell["kind"] == "exercise":
            broken[cell["exercise"]] = error
        line = {"cell": cell["id"], "key": error.key if error else None, "message": str(error) if error else None}
    return line


def _run_cell(cell, space, student) -> CheckError | None:
    try:
        if cell["kind"] == "exercise":
            written_by_hand(cell["source"], cell["by_hand"])
        if cell["kind"] in ("exercise", "driver"):
            names = cell["defines"] or defined_names(cell["source"])
            _take_names(
                names, space, student.run(cell["id"], cell["source"], names, cell["kind"] == "exercise"), student
            )
        elif cell["kind"] == "given":
            student.start(cell["id"], cell["source"])
            execute(cell["source"], _file(cell), space)
            student.finish()
        else:
            execute(cell["source"], _file(cell), space)
    except StudentGoneError:
        raise
    except CheckError as error:
        return error
    except NotImplementedError:
        return CheckError(say("Not attempted yet."), "not attempted")
    except SyntaxError as error:
        number = getattr(error, "place", ("", error.lineno))[1]
        said = say("The cell is not valid Python: {error} (line {number}).", error=error.msg, number=number)
        return CheckError(said, "syntax")
    except BaseException as error:
        kind = getattr(error, "kind", type(error).__name__)
        said = say("The cell raises {kind}: {error}", kind=kind, error=" ".join(str(error).split())[:200])
        return CheckError(said, "error")
    return None


def _file(cell):
    return f"<{cell['id']}>"


def _take_names(names, space, found, student):
    """Let the names that an exercise or a driver defines stand for what they are in the student's process."""
    for name in names:
        space.pop(name, None)
        match found.get(name):
            case ("callable",):
                space[name] = Answer(student, name)
            case ("value", value):
                space[name] = value
            case ("not plain", str(kind)):
                said = say(
                    "{name} is an object of type {kind}: "
                    "use numbers, text, NumPy arrays, tuples, lists and dictionaries.",
                    name=name,
                    kind=_named(kind),
                )
                raise CheckError(said, "type")


def _sendable(part):
    return codec.Name(part.__name__) if isinstance(part, Answer) else part


def _become(part, changed) -> bool:
    """Give a local argument the content that the call left in it; False where it could not have been changed so."""
    if isinstance(part, Answer) or part is None:
        return changed is None
    if type(part) is not type(changed):
        return False
    if isinstance(part, np.ndarray):
        if part.dtype != changed.dtype or part.shape != changed.shape:
            return False
        if part.tobytes() == changed.tobytes():
            return True
        if part.flags.writeable:
            part[...] = changed
        return part.flags.writeable
    if isinstance(part, np.random.Generator):
        part.bit_generator.state = changed.bit_generator.state
        return True
    if isinstance(part, (list, tuple)):
        inside = len(part) == len(changed) and all(map(_become, part, changed))
        if not inside and isinstance(part, list):
            part[:] = changed
            return True
        return inside
    if isinstance(part, dict):
        if part.keys() != changed.keys() or not all(_become(part[key], changed[key]) for key in part):
            part.clear()
            part.update(changed)
        return True
    if isinstance(part, set):
        part.clear()
        part.update(changed)
        return True
    return codec.encode(part) == codec.encode(changed)


def _raised(kind, base, text, function, number, line) -> BaseException:
    """The exception as this process raises it: of Python's own kind where there is one for programs' errors."""
    found = getattr(builtins, base, None)
    error: BaseException = AnswerError(_named(kind), text)
    if isinstance(found, type) and issubclass(found, Exception) and not issubclass(found, UnicodeError):
        error = found(text)
        error.kind = _named(kind)
    error.place = (function, number, line)
    return error


def _named(kind):
    """The name of a type, where it looks like one."""
    return kind if kind.isidentifier() and len(kind) <= 60 else "object"


def _send(said, **line):
    said.write(json.dumps(line) + "\n")
    said.flush()


def _prepare(job):
    """Read what the job's tests ask of the manifests, and compile the course's own cells, once, here, and not in every
    child."""
    manifest.use(pathlib.Path(job["manifest"]))
    for name in {cell["exercise"] for cells in job["passes"] for cell in cells}:
        manifest.hints(name, job["language"])
    for cell in itertools.chain(*job["passes"]):
        if cell["kind"] in ("given", "test"):
            with contextlib.suppress(SyntaxError):
                compiled(cell["source"], _file(cell))


def _practise() -> str:
    """Judge the practice page, with the replies of an imaginary student.  Returns what was said of it."""
    W, b, x = practice.arguments()
    replies = ("ok", {}), ("ok", {"practice": ("callable",)}), ("ok", (W, b), (W, b, x), {})
    content = b"".join(map(codec.encode, replies))
    texts = {"given": "import numpy as np", "exercise": practice.ANSWER, "test": practice.TEST}
    known = {"exercise": "", "by_hand": (), "defines": ("practice",)}
    page = [{"id": kind, "kind": kind, "source": text, **known} for kind, text in texts.items()]
    job = {"language": "en", "manifest": str(manifest.FOLDER), "passes": [page] * practice.TIMES}
    said = io.StringIO()
    run(job, said, [Student(io.BytesIO(content), io.BytesIO()) for _ in job["passes"]])
    return said.getvalue()


def _warm_server(control):
    """On the control socket: b"j" with the socket that brings the job and takes the lines, and one to the student's
    process of each pass."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _practise()
    gc.collect()
    gc.freeze()  # so that no collection in a child touches, and thereby copies, the pages of what is loaded here
    control.sendall(b"u")
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 4)
        if not asked:
            return
        with contextlib.ExitStack() as stack:
            lines, *talks = (stack.enter_context(socket.socket(fileno=number)) for number in descriptors)
            said = stack.enter_context(lines.makefile("rw", encoding="utf8"))
            job = json.loads(said.readline())
            _prepare(job)
            if os.fork() == 0:
                try:
                    control.close()
                    _send(said, judge=os.getpid())
                    run(job, said, [Student(talk.makefile("rb"), talk.makefile("wb")) for talk in talks])
                finally:
                    os._exit(0)


def _once(modules):
    """One job on the standard streams, with students' processes of its own."""
    reading, writing = without_streams()
    said, job = io.TextIOWrapper(writing, encoding="utf8"), json.loads(reading.readline())
    command = [sys.executable, "-m", "dlbook.check.student", "-", *modules]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for _ in job["passes"]
        ]
        _send(said, judge=os.getpid(), students=[process.pid for process in processes])
        run(job, said, [Student(process.stdout, process.stdin) for process in processes])
        for process in processes:
            process.kill()


if __name__ == "__main__":
    without_working_folder()
    where, *modules = sys.argv[1:]
    for name in ["dlbook.check", *modules]:
        importlib.import_module(name)
    if where == "-":
        _once(modules)
    else:
        _warm_server(socket.socket(fileno=int(where)))
