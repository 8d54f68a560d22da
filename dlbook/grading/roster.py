"""Who is in the class, and who of them handed in a file.  Nobody is guessed: what does not name exactly one person
names none.

Numbers, e-mail addresses and LMS ids are compared without regard to case, full names also without regard to accents and
to how many spaces stand between words.

- Moodle's "Full Name_12345_assignsubmission_file": the number is not the user's, and changes from assignment to
  assignment (Moodle's table assign_user_mapping), so the name has to be that of the class list.  Where the list has the
  number as somebody's lms_id, it tells people of one name apart, and it must not be another's.
- Canvas's "lastfirst_12345_67890_name": the first number is the user's and has to be the list's lms_id; the name, run
  together, is not read.
"""

import csv
import io
import pathlib
import re
import unicodedata
from dataclasses import dataclass

from dlbook.course.errors import CourseError
from dlbook.grading import intake
from dlbook.grading.journal import Record
from dlbook.language import say

COLUMNS = ("number", "name", "email", "lms_id")


@dataclass(frozen=True)
class Entry:
    """One person of the class; number : what the school calls him; lms_id : the number that Moodle or Canvas
    writes into the names of files."""

    number: str = ""
    name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def id(self) -> str:
        """The number, else the e-mail address: what marks are kept under."""
        return self.number or self.email.casefold()


@dataclass(frozen=True)
class Roster:
    """The class, in the order of its list."""

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, path: pathlib.Path) -> "Roster":
        """A CSV file in UTF-8 with a header, separated by commas or semicolons: number or email, and what else there is
        of `COLUMNS`; other columns are not kept.

        Raises CourseError, one sentence: file, line, what was expected, what came.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CourseError(say("{file} cannot be read: {error}.", file=path, error=error.strerror)) from None
        except UnicodeDecodeError:
            raise CourseError(say("{file} is not UTF-8 text.", file=path)) from None
        first = text.partition("\n")[0]
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ","
        )
        try:
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise CourseError(_wrong(path, reader.line_num, say("a row of a CSV file"), str(error))) from None
        header = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
        columns = [name for name in header if name in COLUMNS]
        if len(set(columns)) < len(columns) or not {"number", "email"} & set(columns):
            expected = say("a header with number or email, each of {names} once at most", names=", ".join(COLUMNS))
            raise CourseError(_wrong(path, 1, expected, ", ".join(header) or say("nothing")))
        entries = [_entry(path, line, header, row) for line, row in rows[1:]]
        if not entries:
            raise CourseError(_wrong(path, 2, say("a student"), say("nothing")))
        _each_once(path, entries, [line for line, _ in rows[1:]])
        return cls(tuple(entries))

    def match(self, student: str) -> Entry | None:
        """The one person whom a name means that intake found; None for nobody, and for several."""
        found = self.candidates(student)
        return found[0] if len(found) == 1 else None

    def candidates(self, student: str) -> list[Entry]:
        """All whom a name could mean: a number, an e-mail address, an LMS id, a full name, or what an LMS writes."""
        label = intake.of_lms(student, False)
        if label is None:
            return [one for one in self.entries if _plain(student) in _identifiers(one) or _is_named(one, student)]
        if label.re is intake.CANVAS:
            return [one for one in self.entries if one.lms_id and _plain(one.lms_id) == label["id"]]
        named = [one for one in self.entries if _is_named(one, label["name"])]
        numbered = [one for one in self.entries if one.lms_id and _plain(one.lms_id) == label["id"]]
        both = [one for one in named if one in numbered]
        return both or named + [one for one in numbered if named or not one.name]

    def owners(self, record: Record) -> list[Entry]:
        """All who could have handed in what a verdict is on.

        intake calls a student of Moodle or Canvas by the number alone, which could be another's number at the school:
        then the name of the file says whose it is.
        """
        for part in re.split(r"[/\\]", record.file):
            if part == record.student or part.startswith(f"{record.student}."):
                break
            label = intake.of_lms(part, False)
            if label and label["id"] == record.student:
                return self.candidates(part)
        return self.candidates(record.student)


def _entry(path, line, header, row):
    if len(row) != len(header):
        expected = say("{count} cells, as in the header", count=len(header))
        raise CourseError(_wrong(path, line, expected, str(len(row))))
    cells = {name: _nfc(cell) for name, cell in zip(header, row, strict=True) if name in COLUMNS}
    entry = Entry(**cells)
    if not entry.id:
        raise CourseError(_wrong(path, line, say("a number or an e-mail address"), say("nothing")))
    return entry


def _each_once(path, entries, lines):
    """Raise where two people have the same number, e-mail address or LMS id."""
    for column in ("number", "email", "lms_id"):
        seen: dict[str, int] = {}
        for entry, line in zip(entries, lines, strict=True):
            value = _plain(getattr(entry, column))
            if value and value in seen:
                expected = say("another {column} than in line {line}", column=column, line=seen[value])
                raise CourseError(_wrong(path, line, expected, getattr(entry, column)))
            seen[value] = line


def _wrong(path, line, expected, got):
    return say("{file}: line {line}: expected {expected}, got {got}.", file=path, line=line, expected=expected, got=got)


def _identifiers(entry):
    return {_plain(one) for one in (entry.number, entry.email, entry.lms_id) if one}


def _is_named(entry, name):
    return bool(entry.name) and _letters(entry.name) != "" and _letters(entry.name) == _letters(name)


def _nfc(text):
    return unicodedata.normalize("NFC", text).strip()


def _plain(text):
    return _nfc(text).casefold()


def _letters(name):
    """A full name without accents, case and spare spaces."""
    apart = unicodedata.normalize("NFD", name.casefold())
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).split())
