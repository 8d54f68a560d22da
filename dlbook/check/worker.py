"""The process in which a verdict is run: `python -m dlbook.check.worker MODULE ...`, modules to load beforehand.

Reads one job (JSON) a line, runs its cells in order in one namespace, and writes one line (JSON) a cell.  Where the
system can fork, each job runs in a child of this warm process and the client may kill the child; elsewhere the
process serves one job.
"""

import contextlib
import gc
import importlib
import io
import json
import linecache
import os
import pathlib
import sys
from typing import Any, TextIO

from dlbook.check import manifest
from dlbook.check.error import CheckError
from dlbook.check.rules import written_by_hand
from dlbook.language import say


def run(job: dict[str, Any], reply: TextIO) -> None:
    """Run a job's cells; write {"cell", "key", "message"} for each as it ends.

    job : {"language": …, "manifest": …, "cells": [{"id", "kind", "source", "exercise", "by_hand"}]}; kind is given,
    driver,
    exercise or test.  An answer that raises or breaks a rule is skipped, and the reason speaks in each of its tests.
    """
    os.environ["DLBOOK_LANG"] = job["language"]
    manifest.FOLDER = pathlib.Path(job["manifest"])
    space: dict[str, Any] = {"__name__": "__main__"}
    broken: dict[str, CheckError] = {}
    for cell in job["cells"]:
        _send(reply, begins=cell["id"])
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            error = broken.get(cell["exercise"]) if cell["kind"] == "test" else None
            error = error or _run_cell(cell, space)
        if error is not None and cell["kind"] == "exercise":
            broken[cell["exercise"]] = error
        _send(reply, cell=cell["id"], key=error.key if error else None, message=str(error) if error else None)


def _run_cell(cell, space) -> CheckError | None:
    filename = f"<{cell['id']}>"
    linecache.cache[filename] = (len(cell["source"]), None, cell["source"].splitlines(keepends=True), filename)
    try:
        if cell["kind"] == "exercise":
            written_by_hand(cell["source"], cell["by_hand"])
        exec(compile(cell["source"], filename, "exec"), space)
    except CheckError as error:
        return error
    except NotImplementedError:
        return CheckError(say("Not attempted yet."), "not attempted")
    except SyntaxError as error:
        said = say("The cell is not valid Python: {error} (line {number}).", error=error.msg, number=error.lineno)
        return CheckError(said, "syntax")
    except BaseException as error:
        said = say(
            "The cell raises {kind}: {error}", kind=type(error).__name__, error=" ".join(str(error).split())[:200]
        )
        return CheckError(said, "error")
    return None


def _send(reply, **line):
    reply.write(json.dumps(line) + "\n")
    reply.flush()


def _serve() -> None:
    for name in ["dlbook.check", *sys.argv[1:]]:
        importlib.import_module(name)
    reply = os.fdopen(os.dup(1), "w", encoding="utf8")
    silence = os.open(os.devnull, os.O_RDWR)
    jobs = os.fdopen(os.dup(0), encoding="utf8")
    for number in (0, 1, 2):
        os.dup2(silence, number)
    _send(reply, ready=os.getpid())
    gc.collect()
    gc.freeze()  # so that no collection in a child touches, and thereby copies, the pages of what is loaded here
    for line in jobs:
        job = json.loads(line)
        _load_manifests(job)
        if not hasattr(os, "fork"):
            run(job, reply)
            _send(reply, ended=0)
            return
        child = os.fork()
        if child == 0:
            os.setsid()
            _send(reply, started=os.getpid())
            try:
                _limit_memory(job.get("memory"))
                run(job, reply)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        _send(reply, ended=status)


def _load_manifests(job):
    """Read what the job's tests ask of the manifests once, here, and not in every child."""
    folder = pathlib.Path(job["manifest"])
    if folder != manifest.FOLDER:
        manifest.FOLDER = folder
        manifest.of_chapter.cache_clear()
    for name in {cell["exercise"] for cell in job["cells"]}:
        manifest.hints(name, job["language"])


def _limit_memory(size):
    if size:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    _serve()
