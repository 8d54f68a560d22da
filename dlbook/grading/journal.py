"""The journal: one fsynced file a verdict, so that a grader killed at any moment loses at most the verdicts that it was
giving, and gives none twice.

A verdict's key covers what was handed in, the cells that were run and the version of the grader: a corrected test or a
new submission makes a new key by itself.  In a folder of grades, `journal/<assignment>/<key>.json` are the verdicts of
all runs, and `journal/<assignment>.current` names, for each student, the one that counts.
"""

import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class TestResult:
    """What one test found.

    test, exercise : cell ids, without the chapter; points : earned; worth : the most that it gives.
    key and message : the hint or built-in message that spoke, None where the test passed.
    """

    test: str
    exercise: str
    title: str
    points: float
    worth: float
    hidden: bool
    key: str | None = None
    message: str | None = None
    __test__ = False  # pytest takes the name for a test's

    @property
    def passed(self) -> bool:
        return self.key is None


@dataclass(frozen=True)
class Record:
    """One verdict, with all that a report needs: it is read without the submission.

    key : 64 hexadecimal digits; student : as intake names him; file : path below the folder of submissions; sha256 : of
    the file's bytes; arrived : ISO 8601 with time zone, written by intake.
    status : a key of `dlbook.grading.grade.STATUSES`; reason : why nothing could be graded, or what else the instructor
    should know; repairs : what was damaged and restored, a sentence each; tier : what isolated the student's code.
    answers : text of each exercise cell by id; written : text of each answer that a person marks, by id.
    """

    key: str
    student: str
    assignment: str
    language: str
    file: str
    sha256: str
    arrived: str
    status: str
    reason: str = ""
    repairs: tuple[str, ...] = ()
    tier: str = ""
    max_score: float = 0.0
    results: tuple[TestResult, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Points of the tests; what a person marks is in the gradebook."""
        return sum(result.points for result in self.results)

    def text(self) -> str:
        """The record as JSON, the same bytes for the same record."""
        return json.dumps(asdict(self), ensure_ascii=True, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Record":
        """Raises ValueError where the text is no record."""
        try:
            found: dict[str, Any] = json.loads(text)
            results = tuple(TestResult(**result) for result in found.pop("results"))
            return cls(results=results, **{**found, "repairs": tuple(found["repairs"])})
        except (KeyError, TypeError, AttributeError) as error:
            names = ", ".join(one.name for one in fields(cls))
            raise ValueError(f"no record of a verdict ({error}); it has the fields {names}") from None


class Journal:
    """The records in a folder, one file each: `<key>.json`."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __contains__(self, key: str) -> bool:
        return (self.folder / f"{key}.json").exists()

    def __iter__(self) -> Iterator[Record]:
        """Every whole record, in the order of the keys; what a crash left unfinished is not among them."""
        for path in sorted(self.folder.glob("*.json")):
            yield Record.parse(path.read_text(encoding="utf8"))

    def read(self, key: str) -> Record:
        """Raises FileNotFoundError where there is none."""
        return Record.parse((self.folder / f"{key}.json").read_text(encoding="utf8"))

    def write(self, record: Record) -> None:
        """Write a record so that it is whole or not there: to a file beside it, flushed to the disk, then renamed."""
        self._write(self.folder / f"{record.key}.json", record.text())

    def current(self) -> dict[str, str]:
        """Of each student, the key of the verdict that counts; empty before a run has ended."""
        path = self.folder.with_suffix(".current")
        return json.loads(path.read_text(encoding="utf8")) if path.exists() else {}

    def counting(self) -> list[Record]:
        """The records that count, by student; one that was removed (`retention.forget`) is none."""
        return [self.read(key) for _, key in sorted(self.current().items()) if key in self]

    def set_current(self, keys: Mapping[str, str]) -> None:
        """Let these verdicts count; those of other students stay."""
        self._write(self.folder.with_suffix(".current"), json.dumps(self.current() | dict(keys), sort_keys=True))

    def merge(self, others: "Iterable[Journal]") -> int:
        """Take over what other journals hold; how many verdicts were new.  Of a student in several of them, the verdict
        on what arrived last counts."""
        added, counts = 0, {record.student: record for record in self.counting()}
        for other in others:
            for record in other:
                if record.key not in self:
                    self.write(record)
                    added += 1
            for record in other.counting():
                known = counts.get(record.student)
                if known is None or known.arrived <= record.arrived:
                    counts[record.student] = record
        self.set_current({student: record.key for student, record in counts.items()})
        return added

    def _write(self, path, text):
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with unfinished.open("w", encoding="utf8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
        if os.name == "posix":
            descriptor = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def of_assignment(out: pathlib.Path, assignment: str) -> Journal:
    """The journal of an assignment in a folder of grades."""
    return Journal(out / "journal" / assignment)


def assignments(out: pathlib.Path) -> list[str]:
    """The assignments that a folder of grades has verdicts of."""
    return sorted(path.name for path in (out / "journal").glob("*") if path.is_dir())
