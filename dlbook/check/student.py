"""The process in which a student's code runs: `python -m dlbook.check.student [--confine MODULE] FD MODULE ...`.

It holds no test and no expected value.  A judge (`dlbook.check.judge`) sends it cells to run and functions to call, and
gets plain data back.  Where the system can fork, this is a warm process that has its MODULEs loaded and forks once for
each pass; elsewhere it serves one pass on its standard streams (FD is "-").

Messages from the judge: ("cell", id, text, names, whether it is an answer), ("call", answer's id, name, args, kwargs).
Replies: ("ok", …), ("error", kind, base, text, function, number, line) or ("not plain", kind).
"""

import contextlib
import gc
import importlib
import io
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import Any, BinaryIO

from dlbook.check import codec, practice
from dlbook.check.process import execute, without_streams, without_working_folder

WATCH = 0.1
"""Seconds between two looks at what the passes hold."""
LONGEST = 500
"""Characters of an exception's text that cross."""


class _Nowhere(io.TextIOBase):
    """Takes all that is printed and keeps nothing of it."""

    def writable(self):
        return True

    def write(self, text):
        return len(text)


def serve(reading: BinaryIO, writing: BinaryIO) -> None:
    """Do what the judge asks until it is gone."""
    space: dict[str, Any] = {"__name__": "__main__"}
    nowhere = _Nowhere()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        while True:
            try:
                asked = codec.read(reading, names=space)
            except EOFError:
                return
            except codec.MessageError as error:
                writing.write(codec.encode(_error(error)))
                writing.flush()
                continue
            writing.write(_reply(asked, space))
            writing.flush()


def _reply(asked, space) -> bytes:
    what, id, *rest = asked
    try:
        answer = {"cell": _cell, "call": _call}[what](space, id, *rest)
        return codec.encode(("ok", *answer))
    except codec.NotPlainError as error:
        return codec.encode(("not plain", error.kind[:60]))
    except BaseException as error:
        return codec.encode(_error(error, id))


def _cell(space, id, text, names, is_answer):
    """Of each of the names that is defined then: ("callable",), ("value", value) or ("not plain", kind)."""
    execute(text, _file(id) if is_answer else f"<{id}>", space)
    found = {}
    for name in names:
        if name not in space:
            continue
        value = space[name]
        if callable(value):
            found[name] = ("callable",)
            continue
        try:
            codec.encode(value)
            found[name] = ("value", value)
        except codec.NotPlainError as error:
            found[name] = ("not plain", error.kind[:60])
    return (found,)


def _file(id):
    """What Python calls the file of an answer's cell."""
    return f"<answer {id}>"


def _call(space, id, name, args, kwargs):
    """The result, and the arguments as they are after the call."""
    result = space[name](*args, **kwargs)
    return result, _without_callables(args), _without_callables(kwargs)


def _without_callables(value):
    """Arguments with None in place of the functions and classes that came by name."""
    if isinstance(value, dict):
        return {key: None if callable(part) else part for key, part in value.items()}
    return tuple(None if callable(part) else part for part in value)


def _error(error, id=None):
    """What is told of an exception: its kind, the nearest kind of Python's own, its text, and where it was raised."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    base = next((kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"), "Exception")
    if isinstance(error, SyntaxError):
        return ("error", kinds[0][:60], base, str(error.msg)[:LONGEST], "", int(error.lineno or 0), "")
    try:
        text = str(error)[:LONGEST]
    except BaseException:
        text = ""
    function, number, line = _place(error, id)
    return ("error", kinds[0][:60], base, text, function[:60], number, line[:200])


def _place(error, id):
    """The innermost line of an answer's cell that the exception passed: function, number and text; "" for none."""
    inside = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _file(id)]
    if not inside:
        return "", 0, ""
    return inside[-1].name, inside[-1].lineno or 0, (inside[-1].line or "").strip()


class Unconfined:
    """What the server does around a pass where nothing isolates it: one's own files, on one's own machine."""

    def __init__(self, memory: int | None) -> None:
        self.memory = memory

    def prepare(self) -> None:
        """Once, before the first pass."""

    def enter(self) -> None:
        """In the child, before any code of a student."""
        os.setsid()
        if self.memory:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))

    def watch(self) -> None:
        """In the server, now and then while a pass runs."""

    def leave(self, children: Sequence[int]) -> None:
        """In the server: end what the passes started."""
        for child in children:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError):
                    kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)

    def close(self) -> None:
        """At the end of the server."""


def _practise() -> bytes:
    """Serve the practice page, which is ours.  Returns what was said of it."""
    cell, call = ("cell", "", practice.ANSWER, ["practice"], True), ("call", "", "practice", practice.arguments(), {})
    said = io.BytesIO()
    for _ in range(practice.TIMES):
        serve(io.BytesIO(codec.encode(cell) + codec.encode(call)), said)
    return said.getvalue()


def _warm_server(control: socket.socket, confined: Any) -> None:
    """On the control socket: b"s" with a socket starts a pass on it, b"k" ends all passes and is answered b"k"."""
    _practise()
    confined.prepare()
    gc.collect()
    gc.freeze()  # so that no collection in a child touches, and thereby copies, the pages of what is loaded here
    control.sendall(b"u")
    children = []
    while True:
        while children and not select.select([control], [], [], WATCH)[0]:
            confined.watch()
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            confined.leave(children)
            confined.close()
            return
        if asked == b"k":
            confined.leave(children)
            children = []
            control.sendall(b"k")
            continue
        child = os.fork()
        if child == 0:
            try:
                control.close()
                confined.enter()
                with socket.socket(fileno=descriptors[0]) as talk:
                    serve(talk.makefile("rb"), talk.makefile("wb"))
            finally:
                os._exit(0)
        children.append(child)
        os.close(descriptors[0])


def main(arguments: list[str]) -> None:
    """Serve passes on the socket FD, or one on the standard streams."""
    module: ModuleType | None = None
    memory = None
    while arguments[0].startswith("--"):
        option, value, *arguments = arguments
        if option == "--confine":
            module = importlib.import_module(value)
        elif option == "--memory":
            memory = int(value)
    where, *modules = arguments
    for name in modules:
        importlib.import_module(name)
    if where == "-":
        serve(*without_streams())
        return
    without_streams()
    confined = module.Confined(memory) if module else Unconfined(memory)
    _warm_server(socket.socket(fileno=int(where)), confined)


if __name__ == "__main__":
    without_working_folder()
    main(sys.argv[1:])
