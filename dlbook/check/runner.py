"""A verdict: the given cells above, the student's answers above, the tests of each exercise, and nothing else.

`dlbook check`, the test suite and the grader call this one function, so a verdict is the same everywhere.  The answers
run in one process (`dlbook.check.student`), the tests in another (`dlbook.check.judge`); plain data goes between them.
"""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dlbook.check import manifest
from dlbook.language import closest, say, speaking

GRACE = 3.0
"""Seconds that a judge has after the student's process was ended, before it is ended too."""
Launch = Callable[[int, Sequence[str]], subprocess.Popen]
"""Starts the student's server: the descriptor of its control socket, and the arguments of `dlbook.check.student`."""


@dataclass(frozen=True)
class Cell:
    """One cell that a verdict runs.

    kind : "given", "driver", "exercise" or "test"; defines : the names that an exercise asks for.
    """

    id: str
    kind: str
    source: str
    exercise: str = ""
    title: str = ""
    points: float = 0.0
    hidden: bool = False
    by_hand: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one test cell said.  key and message are None where it passed."""

    cell: Cell
    key: str | None
    message: str | None

    @property
    def passed(self) -> bool:
        return self.key is None

    @property
    def points(self) -> float:
        return self.cell.points if self.passed else 0.0


@dataclass(frozen=True)
class Limits:
    """cell and total in seconds, memory in bytes (None: no limit; only POSIX systems enforce it)."""

    cell: float = 10.0
    total: float = 60.0
    memory: int | None = None


class StartError(RuntimeError):
    """The processes that give a verdict could not be started."""


@dataclass
class _Progress:
    """What a judge said: the cell that runs and the number of its pass, and what the cells before it found."""

    running: str | None = None
    number: int = 0
    done: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    timed_out: bool = False


class Runner:
    """Two warm processes that give verdicts, one after the other; a context manager.

    preload : modules that the pages use, loaded once: where the system can fork, no verdict pays for them again.
    launch : starts the student's server inside a sandbox; without it nothing isolates the answers, which is for one's
    own files only.
    """

    def __init__(
        self, limits: Limits | None = None, preload: Sequence[str] = ("numpy",), launch: Launch | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._preload = tuple(preload)
        self._launch = launch or _launch
        self._judges: _Server | None = None
        self._students: _Server | None = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def verdict(self, cells: Sequence[Cell], language: str = "en", seed: Sequence[int] | None = None) -> list[Outcome]:
        """Run a page's cells and return one outcome for each test cell, in order.

        A cell that runs past the limit, or ends its process, is not run again: the rest goes on without it.  Hidden
        tests have a student's process of their own, so that what an answer saw in them is gone when a visible test
        speaks.  seed : see `exercise.rng`.
        """
        done: dict[str, tuple[str | None, str | None]] = {}
        end = time.monotonic() + self.limits.total
        job = {"language": closest(language), "seed": list(seed or ())}
        known = [cell for cell in cells if cell.kind in ("given", "driver", "exercise", "test")]
        left = [[cell for cell in known if cell.kind != "test" or cell.hidden == hidden] for hidden in (False, True)]
        while left := list(filter(None, map(_up_to_the_last_test, left))):
            progress = self._run(left, job, end)
            done.update(progress.done)
            if progress.running is None:
                break
            left = _without_the_stopped(left[progress.number :], progress, done, job["language"])
            if time.monotonic() >= end:
                silent = (cell.id for cells in left for cell in cells if cell.kind == "test")
                done.update(dict.fromkeys(silent, done[progress.running]))
                break
        ended = _stopped(language, timeout=False)
        return [Outcome(cell, *done.get(cell.id, ended)) for cell in cells if cell.kind == "test"]

    def close(self) -> None:
        """End the warm processes."""
        for server in (self._students, self._judges):
            if server is not None:
                server.close()
        self._students = self._judges = None

    def _run(self, passes, job, end) -> _Progress:
        """Run passes until a cell stops one of them."""
        job = {**job, "manifest": str(manifest.FOLDER)}
        job["passes"] = [[vars(cell) for cell in cells] for cells in passes]
        progress = _Progress()
        with self._conversation(json.dumps(job) + "\n", len(passes)) as talk:
            deadline = min(end, time.monotonic() + self.limits.cell)
            while True:
                try:
                    line = talk.lines.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty:
                    if progress.timed_out:
                        talk.end_judge()
                    progress.timed_out = True
                    talk.end_student()
                    deadline = time.monotonic() + GRACE
                    continue
                if line is None:
                    break
                if "cell" in line:
                    progress.done[line["cell"]] = (line["key"], line["message"])
                    progress.running = None
                if "begins" in line:
                    progress.running, progress.number = line["begins"], line["pass"]
                    deadline = deadline if progress.timed_out else min(end, time.monotonic() + self.limits.cell)
                if "ended" in line:
                    break
        return progress

    def _conversation(self, job, count):
        if not hasattr(os, "fork"):
            return _Cold(job, self._preload)
        if self._judges is None:
            self._judges = _Server(lambda fd: _start("dlbook.check.judge", fd, [str(fd), *self._preload]))
        if self._students is None or not self._students.alive():
            memory = ["--memory", str(self.limits.memory)] if self.limits.memory else []
            modules = ["dlbook.check", *self._preload]
            self._students = _Server(lambda fd: self._launch(fd, [*memory, str(fd), *modules]))
        try:
            return _Warm(job, count, self._judges, self._students)
        except OSError:
            self.close()
            raise


class _Server:
    """A warm process and its control socket."""

    def __init__(self, launch):
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = launch(theirs.fileno())
        self.control.settimeout(60.0)
        try:
            ready = self.control.recv(1)
        except OSError:
            ready = b""
        if ready != b"u":
            self.close()
            raise StartError("a process that gives verdicts did not start: is dlbook installed in this Python?")

    def alive(self):
        return self.process.poll() is None

    def close(self):
        """End the process: it ends by itself when its control socket does, after it has ended its children."""
        self.control.close()
        try:
            self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Conversation:
    """One job: `lines` are what the judge says, None at the end."""

    def __init__(self, stream):
        self.lines: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self._judge: int | None = None
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def _read(self, stream):
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                said = json.loads(line)
                if "judge" in said:
                    self._heard(said)
                else:
                    self.lines.put(said)
        self.lines.put(None)

    def _heard(self, said):
        self._judge = said["judge"]

    def end_judge(self):
        if self._judge is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._judge, signal.SIGKILL)


class _Warm(_Conversation):
    """In children of the two servers, a student's for each pass."""

    def __init__(self, job, count, judges, students):
        self._students = students
        mine, lines = socket.socketpair()
        with contextlib.ExitStack() as stack:
            pairs = [[stack.enter_context(end) for end in socket.socketpair()] for _ in range(count)]
            stack.enter_context(lines)
            socket.send_fds(judges.control, [b"j"], [lines.fileno(), *(left.fileno() for left, _ in pairs)])
            for _, right in pairs:
                socket.send_fds(students.control, [b"s"], [right.fileno()])
        self._mine, self._ended = mine, False
        mine.sendall(job.encode())
        super().__init__(mine.makefile("r", encoding="utf8"))

    def end_student(self):
        """End all that the answers started.  A server that does not say so in time is ended itself."""
        if self._ended:
            return
        self._ended = True
        try:
            self._students.control.sendall(b"k")
            self._students.control.settimeout(10.0)
            if self._students.control.recv(1) == b"k":
                return
        except OSError:
            pass
        self._students.close()

    def __exit__(self, *_):
        self.end_student()
        self.end_judge()
        with contextlib.suppress(OSError):
            self._mine.shutdown(socket.SHUT_RDWR)
        self._mine.close()
        self._reader.join()


class _Cold(_Conversation):
    """In fresh processes, for systems without fork."""

    def __init__(self, job, preload):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dlbook.check.judge", "-", *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf8",
            env=_environment(),
        )
        self._students: list[int] = []
        self._process.stdin.write(job)
        self._process.stdin.flush()
        super().__init__(self._process.stdout)

    def _heard(self, said):
        self._judge, self._students = said["judge"], said["students"]

    def end_student(self):
        for student in self._students:
            with contextlib.suppress(OSError):
                os.kill(student, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

    def end_judge(self):
        self._process.kill()

    def __exit__(self, *_):
        self.end_student()
        self.end_judge()
        self._reader.join()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def verdict(cells: Sequence[Cell], language: str = "en", limits: Limits | None = None) -> list[Outcome]:
    """One verdict in fresh processes."""
    with Runner(limits) as runner:
        return runner.verdict(cells, language)


def _launch(descriptor, arguments):
    """Start the student's server with nothing around it."""
    return _start("dlbook.check.student", descriptor, arguments)


def _start(module, descriptor, arguments):
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        pass_fds=[descriptor],
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
        env=_environment(),
    )


def _environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


def _up_to_the_last_test(cells):
    after = next((back for back, cell in enumerate(reversed(cells)) if cell.kind == "test"), len(cells))
    return cells[: len(cells) - after]


def _without_the_stopped(passes, progress, done, language):
    """The passes without the cell that stopped; where it was an answer or its driver, without its tests too, for
    which the reason speaks."""
    stopped = next(cell for cell in passes[0] if cell.id == progress.running)
    reason = done[stopped.id] = _stopped(language, timeout=progress.timed_out)
    silent = {stopped.id}
    if stopped.kind in ("exercise", "driver"):
        silent |= {c.id for cells in passes for c in cells if c.kind == "test" and c.exercise == stopped.exercise}
        done.update({id: reason for id in silent if id not in done})
    first, *later = passes
    first = [cell for cell in first if cell.id not in silent and not (cell.kind == "test" and cell.id in done)]
    return [first, *([cell for cell in cells if cell.id not in silent] for cells in later)]


def _stopped(language, *, timeout):
    with speaking(language):
        if timeout:
            return "time", say("It takes longer than the time limit: is there a loop that does not end?")
        return "ended", say("It ended the Python process.")
