"""What leaves the grader: marks for nbgrader, Moodle and Canvas, pages that need no network, pseudonyms.

The formats, and where each is described:

- nbgrader: the columns of its own exporter, `nbgrader.plugins.export.CsvExportPlugin` (nbgrader 0.9.6).
- Moodle: docs.moodle.org, "Grade import", section "CSV import".  The teacher maps the columns by hand: "ID number" to
  useridnumber or "Email address" to useremail, the assignment to a grade item.  A decimal comma is understood only when
  it goes to a grade item that exists, in a course whose language writes commas.  A lone hyphen means no grade.
- Canvas: Canvas Instructor Guide, "How do I import grades in the Gradebook?".  Five columns about the student, then one
  for each assignment, and a second row with the points possible; Canvas finds out by itself what separates.

In pt-BR a table has semicolons, decimal commas and a UTF-8 byte-order mark, as Excel in Brazil opens it, and marks from
0 to 10: points become a decimal number of ten significant digits, 10 · points / possible points is rounded once to two
decimals, half up (`decimal.ROUND_HALF_UP`), and no mark is below 0 or above 10.
"""

import base64
import codecs
import csv
import hashlib
import hmac
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from dlbook.grading.journal import Record
from dlbook.language import closest, say, speaking

NBGRADER_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
IDENTIFIERS = {"number": "ID number", "email": "Email address"}
"""Moodle's columns that name a student, by the field of `Mark`."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN = re.compile(r"-|[+-]?[0-9]+([.,][0-9]+)?")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2rem auto; max-width: 76rem;
       padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { border: 1px solid #c8c8c8; padding: .25rem .6rem; text-align: left; vertical-align: top }
thead th { background: #f0f0f0 } td.number { text-align: right; font-variant-numeric: tabular-nums }
.notice { border-left: 6px solid #0072b2; background: #eef6fb; padding: .6rem 1rem }
table.texts { table-layout: fixed; width: 100% } table.texts td { border: 0; border-right: 1px solid #c8c8c8;
       font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 .5rem }
tr.same td { background: #fbecc8 } mark { background: #cfe3f1; color: inherit; text-decoration: underline }
"""


@dataclass(frozen=True)
class Mark:
    """One student's mark for one assignment.

    student : as intake names him; number : what the school calls him (matrícula, ID number); name : "First Last" or
    "Last, First"; status : a key of `dlbook.grading.grade.STATUSES`; arrived : ISO 8601 with time zone, or "";
    late_penalty : points taken off `score`.
    """

    student: str
    email: str
    number: str
    name: str
    assignment: str
    score: float
    max_score: float
    status: str
    arrived: str
    late_penalty: float = 0.0

    @property
    def is_verdict(self) -> bool:
        """False where grading failed: the 0 of such a mark is no grade, and a learning platform gets an empty one."""
        return self.status != "error"


def nbgrader(marks: Sequence[Mark], language: str = "en", due: Mapping[str, str] | None = None) -> bytes:
    """One row for each mark in the columns of nbgrader's exporter.

    due : when each assignment was due, by its name.  timestamp is in UTC without a time zone, as nbgrader's; the last
    word of "First Last" is the last name.
    """
    rows = []
    for mark in marks:
        last, first = _last_and_first(mark.name)
        when = [(due or {}).get(mark.assignment, ""), _utc(mark.arrived)]
        points = [mark.score, mark.late_penalty, _final(mark)]
        numbers = [*(_points(value, mark.max_score, language) for value in points), _full(mark.max_score, language)]
        rows.append([mark.assignment, *when, mark.student, last, first, mark.email, *numbers])
    return _table([list(NBGRADER_COLUMNS), *rows], language)


def moodle(
    marks: Sequence[Mark],
    language: str = "en",
    *,
    identify: str = "number",
    feedback: Mapping[tuple[str, str], str] | None = None,
) -> bytes:
    """One row for each student: the identifier, a column for each assignment, its feedback where that is given.

    identify : "number" or "email".  feedback : a comment by (student, assignment).
    Raises ValueError for a student without that identifier: Moodle would leave the row out silently.
    """
    if identify not in IDENTIFIERS:
        raise ValueError(f"identify: expected one of {', '.join(IDENTIFIERS)}, got {identify!r}")
    nameless = sorted({mark.student for mark in marks if not getattr(mark, identify).strip()})
    if nameless:
        raise ValueError(f"no {identify} for {', '.join(nameless)}: Moodle leaves out rows without an identifier")
    assignments, by_student = _by_student(marks)
    with speaking(language):
        header = [say("ID number") if identify == "number" else say("Email address")]
        for name in assignments:
            header += [name] if feedback is None else [name, say("{assignment} (feedback)", assignment=name)]
    rows = []
    for student, own in by_student.items():
        row = [getattr(next(iter(own.values())), identify)]
        for name in assignments:
            row.append(_graded(own.get(name), language) or "-")
            if feedback is not None:
                row.append(feedback.get((student, name), ""))
        rows.append(row)
    return _table([header, *rows], language)


def canvas(marks: Sequence[Mark], language: str = "en") -> bytes:
    """One row for each student, after a row of the points possible.

    number goes to "SIS User ID" and email to "SIS Login ID"; "ID" is Canvas's own number, which it does not need where
    one of the two is known, and Section may be empty.  An assignment that Canvas does not know yet, it offers to make.
    """
    assignments, by_student = _by_student(marks)
    full = {mark.assignment: mark.max_score for mark in marks}
    header = [*CANVAS_COLUMNS, *assignments]
    possible = ["    Points Possible", "", "", "", "", *(_full(full[name], language) for name in assignments)]
    rows = []
    for own in by_student.values():
        one = next(iter(own.values()))
        about = [one.name or one.student, "", one.number, one.email, ""]
        rows.append([*about, *(_graded(own.get(name), language) for name in assignments)])
    return _table([header, possible, *rows], language)


FORMATS = {"nbgrader": nbgrader, "moodle": moodle, "canvas": canvas}


def latest(records: Iterable[Record]) -> list[Record]:
    """Of each student and assignment the record that arrived last, by student; of equals the last given."""
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        known = found.get((record.student, record.assignment))
        if known is None or _moment(record.arrived) >= _moment(known.arrived):
            found[record.student, record.assignment] = record
    return [found[key] for key in sorted(found)]


def pseudonyms(students: Iterable[str], secret: str | bytes) -> dict[str, str]:
    """A name for each student that says nothing of him: 12 signs of HMAC-SHA256(secret, student) in base 32.

    The same secret gives the same names in every report; whoever has it can find the students again, so these are still
    personal data (GDPR art. 4(5), LGPD art. 13 § 4).  Two of a million students share a name with probability 4e-7.
    Raises ValueError for an empty secret: anybody could then compute the names.
    """
    key = secret.encode("utf8") if isinstance(secret, str) else secret
    if not key:
        raise ValueError("secret: expected some bytes that only the course knows, got none")
    return {student: _pseudonym(student, key) for student in students}


def document(title: str, body: str, language: str) -> str:
    """A self-contained HTML page: nothing is loaded, no script runs.  title is text, body is HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="{closest(language)}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{shown(title)}</h1>\n"
        f"{body}\n</body>\n</html>\n"
    )


def shown(text: str) -> str:
    """Somebody's text as HTML: escaped, and what cannot be seen spelt out (NUL, surrogates, signs that turn the reading
    direction), so that the page shows what the file holds."""
    visible = (sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text)
    return html.escape("".join(visible))


class Html(str):
    """A table's cell that is HTML already."""


class Number(str):
    """A table's cell that stands at the right."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table as HTML, one row of cells a line; texts are escaped, `Html` is kept."""
    header = "".join(f'<th scope="col">{shown(head)}</th>' for head in heads)
    body = "\n".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    named = f"<caption>{shown(caption)}</caption>" if caption else ""
    return f"<table>{named}<thead><tr>{header}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _by_student(marks):
    """The assignments in order of their names, and each student's marks by assignment, by name."""
    assignments = sorted({mark.assignment for mark in marks})
    by_student: dict[str, dict[str, Mark]] = {}
    for mark in sorted(marks, key=lambda mark: (mark.name, mark.student)):
        by_student.setdefault(mark.student, {})[mark.assignment] = mark
    return assignments, by_student


def _final(mark):
    return max(0.0, mark.score - mark.late_penalty)


def _graded(mark, language):
    """The mark that counts, "" where there is none."""
    return _points(_final(mark), mark.max_score, language) if mark is not None and mark.is_verdict else ""


def _points(value, full, language):
    """Points in English, a mark from 0 to 10 in Portuguese; "" for a mark out of nothing."""
    if closest(language) == "en":
        return f"{value:.10g}"
    if not full:
        return ""
    mark = 10 * Decimal(f"{value:.10g}") / Decimal(f"{full:.10g}")
    mark = min(max(mark, Decimal(0)), Decimal(10)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"{mark}".replace(".", ",")


def _full(full, language):
    return f"{full:.10g}" if closest(language) == "en" else "10"


def _last_and_first(name):
    if "," in name:
        last, first = name.split(",", 1)
    else:
        first, _, last = name.strip().rpartition(" ")
    return last.strip(), first.strip()


def _utc(arrived):
    if not arrived:
        return ""
    return datetime.fromisoformat(arrived).astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _moment(arrived):
    """A time to compare by; one that cannot be read is before all others."""
    try:
        return datetime.fromisoformat(arrived).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _table(rows, language):
    """The rows as CSV (RFC 4180), in the bytes that are written to a file."""
    brazilian = closest(language) == "pt-BR"
    text = io.StringIO()
    csv.writer(text, delimiter=";" if brazilian else ",").writerows([inert(cell) for cell in row] for row in rows)
    return (codecs.BOM_UTF8 if brazilian else b"") + text.getvalue().encode("utf8", "backslashreplace")


def _cell(cell):
    kind = ' class="number"' if isinstance(cell, Number) else ""
    return f"<td{kind}>{cell if isinstance(cell, Html) else shown(cell)}</td>"


def inert(cell):
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): an apostrophe before what starts one."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _PLAIN.fullmatch(cell) else cell


def _pseudonym(student, key):
    digest = hmac.new(key, student.encode("utf8", "surrogatepass"), hashlib.sha256).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:12]
