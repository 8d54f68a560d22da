"""A verdict: the given cells above, the student's answers above, the tests of each exercise, and nothing else.

`dlbook check`, the test suite and the grader call this one function, so a verdict is the same everywhere.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from dlbook.check import manifest
from dlbook.language import closest, say, speaking


@dataclass(frozen=True)
class Cell:
    """One cell that a verdict runs.  kind : "given", "driver", "exercise" or "test"."""

    id: str
    kind: str
    source: str
    exercise: str = ""
    title: str = ""
    points: float = 0.0
    hidden: bool = False
    by_hand: tuple[str, ...] = ()


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


@dataclass
class _Progress:
    running: str | None = None
    done: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


class Runner:
    """A warm process that gives verdicts; a context manager.

    preload : modules that the pages use, loaded once in the warm process: where the system can fork, no verdict pays
    for them again.
    """

    def __init__(self, limits: Limits | None = None, preload: Sequence[str] = ("numpy",)) -> None:
        self.limits = limits or Limits()
        self._preload = tuple(preload)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def verdict(self, cells: Sequence[Cell], language: str = "en") -> list[Outcome]:
        """Run a page's cells and return one outcome for each test cell, in order.

        A cell that runs past the limit, or ends the process, is not run again: the rest goes on without it.
        """
        done: dict[str, tuple[str | None, str | None]] = {}
        left = [cell for cell in cells if cell.kind in ("given", "driver", "exercise", "test")]
        end = time.monotonic() + self.limits.total
        while True:
            progress = self._run(left, language, end)
            done.update(progress.done)
            if progress.running is None:
                break
            stopped = next(cell for cell in left if cell.id == progress.running)
            reason = _stopped(language, timeout=self._timed_out)
            done[stopped.id] = reason
            if time.monotonic() >= end:
                done.update({cell.id: reason for cell in left if cell.kind == "test" and cell.id not in done})
                break
            if stopped.kind in ("exercise", "driver"):
                silent = [cell for cell in left if cell.kind == "test" and cell.exercise == stopped.exercise]
                done.update({cell.id: reason for cell in silent})
            left = [cell for cell in left if cell.id != stopped.id and not (cell.kind == "test" and cell.id in done)]
        ended = _stopped(language, timeout=False)
        return [Outcome(cell, *done.get(cell.id, ended)) for cell in cells if cell.kind == "test"]

    def close(self) -> None:
        """End the warm process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None

    def _run(self, cells, language, end) -> _Progress:
        self._start()
        job = {"language": closest(language), "manifest": str(manifest.FOLDER), "memory": self.limits.memory}
        job["cells"] = [asdict(cell) for cell in cells]
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        progress, child, self._timed_out = _Progress(), None, False
        deadline = min(end, time.monotonic() + self.limits.cell)
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self._timed_out = True
                self._kill(child)
                deadline = time.monotonic() + 5.0
                continue
            if line is None or "ended" in line:
                if line is None or not hasattr(os, "fork"):
                    self.close()
                break
            if child is None and isinstance(line.get("started"), int):
                child = line["started"]
            elif "begins" in line:
                progress.running = line["begins"]
                deadline = min(end, time.monotonic() + self.limits.cell) if not self._timed_out else deadline
            elif "cell" in line:
                progress.done[line["cell"]] = (line["key"], line["message"])
                progress.running = None
        return progress

    def _kill(self, child):
        if child is None:
            self._process.kill()
            return
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            self._process.kill()

    def _start(self):
        if self._process is not None:
            return
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dlbook.check.worker", *self._preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf8",
            env=environment,
        )
        self._lines: queue.Queue[dict | None] = queue.Queue()
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        if self._lines.get() is None:
            raise RuntimeError("the process that runs a verdict did not start: is dlbook installed in this Python?")


def verdict(cells: Sequence[Cell], language: str = "en", limits: Limits | None = None) -> list[Outcome]:
    """One verdict in a fresh process."""
    with Runner(limits) as runner:
        return runner.verdict(cells, language)


def _read(stream, lines):
    for line in stream:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            lines.put(said)
    lines.put(None)


def _stopped(language, *, timeout):
    with speaking(language):
        if timeout:
            return "time", say("It takes longer than the time limit: is there a loop that does not end?")
        return "ended", say("It ended the Python process.")
