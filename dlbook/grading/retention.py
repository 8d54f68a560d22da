"""How long personal data stay, and what goes when a student asks for it.  The school decides; nothing goes unasked.

GDPR art. 5(1)(e) and 17; LGPD (Lei 13.709/2018) art. 15, 16 and 18, VI.
"""

import os
import pathlib
from datetime import datetime, timedelta

from dlbook.grading.feedback import folder_of
from dlbook.grading.journal import Record


def expired(folder: pathlib.Path, days: float, now: datetime) -> list[pathlib.Path]:
    """The files below `folder` that were last written `days` or more before `now`: those that a retention time makes
    due.

    Nothing is deleted here.  Personal data are kept no longer than their purpose needs: GDPR art. 5(1)(e); LGPD
    (Lei 13.709/2018) art. 15 and 16.  How long that is (appeals, an archive duty) the school decides.
    Raises ValueError for a negative time, or a `now` without time zone.
    """
    if days < 0 or now.tzinfo is None:
        raise ValueError(f"expected days >= 0 and a time with its zone, got {days!r} and {now!r}")
    due = (now - timedelta(days=days)).timestamp()
    return [path for path in _files(folder) if path.lstat().st_mtime <= due]


def forget(out: pathlib.Path, student: str) -> list[pathlib.Path]:
    """Remove what `out` holds of one student: the records in its journal, the feedback pages, the autograded copies.

    Returns the files removed; folders that are empty then go too.  Rows in grades.csv and gradebook.db stay, for these
    are records of the school, and so do the submissions and the reports written before.
    The right to erasure: GDPR art. 17; LGPD (Lei 13.709/2018) art. 18, VI, and its limits in art. 16.
    """
    name = folder_of(student)
    removed = []
    for path in _files(out / "journal"):
        record = _record(path)
        if record is not None and record.student == student:
            removed += [path, *path.parent.glob(f".{record.key}.*")]
    for part in ("feedback", "autograded"):
        removed += _files(out / part / name)
    removed = sorted(set(removed))
    for path in removed:
        path.unlink()
    for part in ("feedback", "autograded"):
        for folder, _, _ in os.walk(out / part / name, topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)
    return removed


def _files(folder):
    """Every file and link below a folder, by path; no link is followed."""
    if folder.is_symlink():
        return [folder]
    found = []
    for here, folders, names in os.walk(folder):
        at = pathlib.Path(here)
        found += [at / name for name in names]
        found += [at / name for name in folders if (at / name).is_symlink()]
    return sorted(found)


def _record(path):
    try:
        return Record.parse(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError):
        return None
