"""Handing in: the visible tests are run, and one zip with a receipt is written."""

import datetime
import hashlib
import io
import json
import pathlib
import zipfile
from dataclasses import dataclass

from dlbook.check import manifest
from dlbook.check.page import Report, StudentPage, check
from dlbook.course import work

SHEET = "submission.json"


@dataclass(frozen=True)
class Submission:
    """What was written, and what the visible tests said."""

    archive: pathlib.Path
    receipt: pathlib.Path
    report: Report
    code: str


def submit(folder: pathlib.Path, chapter: str, out: pathlib.Path, now: datetime.datetime | None = None) -> Submission:
    """Write out/NN-slug.zip (the notebook and submission.json: release, language, exercise ids) and out/NN-slug-
    receipt.txt.

    The receipt's code is the start of the zip's SHA-256: who has the zip can show that it is the one handed in.
    Raises PageError.
    """
    path = work.path_of(folder, chapter)
    page = StudentPage.read(path)
    report = check(page)
    now = now or datetime.datetime.now().astimezone()
    notebook = path.read_bytes()
    sheet = {
        "chapter": chapter,
        "release": page.notebook.get("metadata", {})
        .get("dlbook", {})
        .get("release", manifest.of_chapter(chapter)["release"]),
        "language": page.language,
        "exercises": list(manifest.of_chapter(chapter)["exercises"]),
        "written": now.isoformat(timespec="seconds"),
        "notebook_sha256": hashlib.sha256(notebook).hexdigest(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((path.name, notebook), (SHEET, json.dumps(sheet, indent=1).encode())):
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content)
    out.mkdir(parents=True, exist_ok=True)
    code = hashlib.sha256(packed.getvalue()).hexdigest()[:16]
    target, receipt = out / f"{chapter}.zip", out / f"{chapter}-receipt.txt"
    target.write_bytes(packed.getvalue())
    lines = [f"{key}: {value if isinstance(value, str) else ', '.join(value)}" for key, value in sheet.items()]
    receipt.write_text("\n".join([*lines, f"receipt: {code}", "", report.text(), ""]), encoding="utf8")
    return Submission(target, receipt, report, code)
