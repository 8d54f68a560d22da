"""One notebook, from its bytes to a page of the course: read whatever it is, repaired against the release.

Damage (another encoding, lost or doubled ids, changed metadata, moved and deleted cells) is mended where what was meant
is plain, and named; an answer that could be several cells stays open.
"""

import collections
import itertools
import json
import re
from typing import Any

from dlbook.check import manifest
from dlbook.check.page import PageError, StudentPage, course_id, source_of
from dlbook.language import say, speaking

LONGEST = 1_000_000
"""Characters of one answer."""
MOST_CELLS = 10_000
MOST_VALUES = 5_000_000
"""Values in one notebook's JSON."""

_DEFINED = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]{0,200})?=(?!=)", re.MULTILINE)
_JSON_STRING = re.compile(r'"(?>[^"\\]+|\\.)*+"?', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_COURSE = ("chapter", "language", "release")
_FLAGS = ("grade", "solution", "locked", "task", "points")


def page_of(content: bytes, name: str) -> tuple[StudentPage, tuple[str, ...], str]:
    """(page, repairs, reason): the page with the course's metadata and without outputs, a sentence for each damage in
    its language, and which answers could be several cells.

    name : of the file, for messages.  Raises PageError for what is no page of the course.
    """
    text, encoding, gaps = _decoded(content, name)
    if not text or text.isspace():
        raise PageError(say("{path} is empty.", path=name))
    notebook, twice = _parsed(text, name)
    cells, half = _cells(notebook, name)
    page = _recognised(notebook, cells, name)
    raw = {id(cell): cell.pop("raw") for cell in cells}
    lost = _Recovery(page)
    lost.recover()
    settings = _restore(page, raw, lost.ids)
    _refuse_long(page, name)
    with speaking(page.language):
        repairs = []
        if encoding:
            repairs.append(say("The file was {encoding} text, not UTF-8.", encoding=encoding))
        if twice:
            repairs.append(say("The file gave some fields twice: the last one counts."))
        if half or gaps:
            repairs.append(say("Some characters were broken: they are replaced."))
        repairs += [*lost.sentences(), *settings, *(damage.sentence() for damage in page.damage())]
    return page, tuple(repairs), lost.ambiguity()


def _decoded(content, name):
    """(text, encoding, whether bytes could not be read): the encoding is named where it is not UTF-8."""
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
        return text, "" if encoding in ("utf-8", "utf-8-sig") else encoding.upper(), False
    except UnicodeDecodeError:
        if encoding not in ("utf-8", "utf-8-sig"):
            raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=name)) from None
    with_gaps = content.decode(encoding, "replace")
    broken = with_gaps.count("\ufffd")
    if len(with_gaps) - len(with_gaps.encode("ascii", "ignore")) > 2 * broken:
        return with_gaps, "", True
    try:
        return content.decode("cp1252"), "Windows-1252", False
    except UnicodeDecodeError:
        raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=name)) from None


def _parsed(text, name):
    """(notebook, whether an object names a field twice)."""
    if sum(map(text.count, ",[{")) > MOST_VALUES and sum(map(_JSON_STRING.sub("", text).count, ",[{")) > MOST_VALUES:
        raise PageError(say("{path} holds more than {count} values.", path=name, count=MOST_VALUES))
    twice = []

    def whole(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.append(True)
        return found

    try:
        numbers = {
            "parse_int": lambda digits: int(digits) if len(digits) < 20 else None,
            "parse_constant": lambda _: None,
        }
        return json.loads(text, object_pairs_hook=whole, **numbers), bool(twice)
    except (ValueError, RecursionError):
        raise PageError(say("{path} is not a notebook: it is not valid JSON.", path=name)) from None


def _cells(notebook, name):
    """(cells, whether characters were broken): each with type, text and id of the right types, no outputs, and under
    "raw" the metadata of nbgrader as it came."""
    found = notebook.get("cells") if isinstance(notebook, dict) else None
    if found is None and isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        sheets = (sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict))
        found = list(itertools.chain.from_iterable(cells for cells in sheets if isinstance(cells, list)))
    if not isinstance(found, list):
        raise PageError(say("{path} is not a notebook: it has no list of cells.", path=name))
    if len(found) > MOST_CELLS:
        raise PageError(
            say("{path} has {count} cells, at most {most} are read.", path=name, count=len(found), most=MOST_CELLS)
        )
    cells, half = [], False
    for cell in found:
        if not isinstance(cell, dict):
            continue
        source = source_of(cell if "source" in cell else {"source": cell.get("input", "")}).replace("\r\n", "\n")
        whole = source if source.isascii() else _SURROGATE.sub("\ufffd", source)
        half |= whole != source
        metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
        kind = cell.get("cell_type") if cell.get("cell_type") in ("code", "markdown", "raw") else "raw"
        clean: dict[str, Any] = {"cell_type": kind, "source": whole, "metadata": {}, "raw": metadata.get("nbgrader")}
        if kind == "code":
            clean |= {"outputs": [], "execution_count": None}
        if isinstance(clean["raw"], dict) and isinstance(clean["raw"].get("grade_id"), str):
            clean["metadata"] = {"nbgrader": {"grade_id": clean["raw"]["grade_id"]}}
        if isinstance(cell.get("id"), str):
            clean["id"] = _SURROGATE.sub("\ufffd", cell["id"][:100])
        cells.append(clean)
    return cells, half


def _recognised(notebook, cells, name) -> StudentPage:
    """The page by its metadata and ids, else by what its cells define."""
    metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
    course = metadata.get("dlbook") if isinstance(metadata.get("dlbook"), dict) else {}
    kept = {key: _SURROGATE.sub("\ufffd", course[key][:100]) for key in _COURSE if isinstance(course.get(key), str)}
    clean = {"cells": cells, "metadata": {"dlbook": kept}, "nbformat": 4, "nbformat_minor": 5}
    try:
        return StudentPage.of(clean, name)
    except PageError:
        scores = _defined_exercises(cells)
        best = max(scores.values(), default=0)
        if not best:
            raise
        chapters = [chapter for chapter, score in scores.items() if score == best]
        if chapters[1:]:
            names = ", ".join(chapters)
            raise PageError(say("{path} could be any of the chapters {names}.", path=name, names=names)) from None
        kept["chapter"] = chapters[0]
        return StudentPage.of(clean, name)


def _defined(text):
    return {one or other for one, other in _DEFINED.findall(text)}


def _defined_exercises(cells):
    """How many of its exercises each chapter finds in the cells, by the names that these define."""
    defined = set().union(*(_defined(cell["source"]) for cell in cells))
    return {
        chapter: sum(bool(known["defines"]) and defined.issuperset(known["defines"]) for known in exercises.values())
        for chapter in manifest.chapters()
        if (exercises := manifest.of_chapter(chapter)["exercises"])
    }


class _Recovery:
    """Finds the cells of the release whose ids an editor dropped: by their text, by what they define, by their place
    between two cells that are known.  An exercise that several cells could answer stays open."""

    def __init__(self, page: StudentPage) -> None:
        self.page = page
        self.known = {cell["id"]: cell for cell in page.release}
        self.ids: dict[int, str] = {}
        for cell in page.notebook["cells"]:
            found = next((one for one in (course_id(cell), cell.get("id")) if one in self.known), None)
            if found is not None:
                self.ids[id(cell)] = found
        self.by: dict[str, list[str]] = {"text": [], "names": [], "place": []}
        self.open: list[str] = []

    def recover(self) -> None:
        if self._missing():
            self._by_text()
            self._by_names()
            self._by_place()

    def sentences(self) -> list[str]:
        found = []
        if self.by["text"]:
            found.append(
                say("{count} cells had lost their ids and were recognised by their text.", count=len(self.by["text"]))
            )
        found += [
            say("The cell {id} had lost its id and was recognised by the names that it defines.", id=one)
            for one in self.by["names"]
        ]
        found += [
            say("The cell {id} had lost its id and was recognised by its place.", id=one) for one in self.by["place"]
        ]
        return found

    def ambiguity(self) -> str:
        if not self.open:
            return ""
        return say("several cells could answer {exercises}: none of them counts", exercises=", ".join(self.open))

    def _kind(self, one):
        return self.page.kinds.get(one, {}).get("kind")

    def _missing(self):
        have = set(self.ids.values())
        return [one for one in self.known if one not in have]

    def _free(self):
        return [cell for cell in self.page.notebook["cells"] if id(cell) not in self.ids]

    def _take(self, cell, one, how):
        self.ids[id(cell)] = one
        self.by[how].append(one)

    def _by_text(self):
        texts: dict[str, list[dict[str, Any]]] = {}
        for cell in reversed(self._free()):
            texts.setdefault(_plain(cell["source"]), []).append(cell)
        for one in self._missing():
            text = _plain(self.known[one]["source"])
            if text and texts.get(text):
                self._take(texts[text].pop(), one, "text")

    def _by_names(self):
        exercises = manifest.of_chapter(self.page.chapter)["exercises"]
        free = [(cell, set(cell["source"].splitlines()), _defined(cell["source"])) for cell in self._free()]
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self._missing():
            if one in exercises:
                first, names = _first_definition(self.known[one]["source"]), set(exercises[one]["defines"])
                fits = [cell for cell, lines, _ in free if first in lines]
                fits = fits or [cell for cell, _, defined in free if names and defined >= names]
                found[one] = list({_plain(cell["source"]): cell for cell in fits}.values())
        wanted = collections.Counter(id(cell) for cells in found.values() for cell in cells)
        for one, cells in found.items():
            if len(cells) > 1 or any(wanted[id(cell)] > 1 for cell in cells):
                self.open.append(one)
            elif cells:
                self._take(cells[0], one, "names")

    def _by_place(self):
        order, cells = list(self.known), self.page.notebook["cells"]
        index = {one: number for number, one in enumerate(order)}
        marks = [(-1, -1), *((n, index[self.ids[id(c)]]) for n, c in enumerate(cells) if id(c) in self.ids)]
        for (before, first), (after, last) in itertools.pairwise([*marks, (len(cells), len(order))]):
            between, gone = cells[before + 1 : after], order[first + 1 : last] if last > first else []
            types = [self.known[one]["cell_type"] for one in gone]
            if not gone or [cell["cell_type"] for cell in between] != types or set(gone) & set(self.ids.values()):
                continue
            for cell, one in zip(between, gone, strict=True):
                if self._kind(one) in ("exercise", "manual") and one not in self.open:
                    self._take(cell, one, "place")


def _plain(text):
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _first_definition(stub):
    return next((line for line in stub.splitlines() if re.match(r"(?:async[ \t]+)?def|class", line)), None)


def _restore(page, raw, ids):
    """Give each cell of the release its id and metadata again, and each other cell none; a sentence for each setting
    that was changed."""
    known, changed, lost = {cell["id"]: cell for cell in page.release}, [], 0
    for cell in page.notebook["cells"]:
        one, had = ids.get(id(cell)), raw[id(cell)]
        if one is None:
            cell["metadata"] = {}
            if cell.get("id") in known:
                del cell["id"]
            continue
        released = known[one]
        wanted = released["metadata"].get("nbgrader")
        if wanted is not None and not isinstance(had, dict):
            lost += 1
        elif isinstance(had, dict):
            flags = [flag for flag in _FLAGS if had.get(flag) != (wanted or {}).get(flag)]
            if flags:
                changed.append((one, flags))
        cell["id"] = one
        cell["metadata"] = {key: dict(v) if isinstance(v, dict) else v for key, v in released["metadata"].items()}
        if cell["source"] != released["source"] and _plain(cell["source"]) == _plain(released["source"]):
            cell["source"] = released["source"]
    with speaking(page.language):
        said = [
            say("The cell {id} had other grading settings: {flags}.", id=one, flags=", ".join(flags))
            for one, flags in changed
        ]
        if lost:
            said.append(say("{count} cells had lost their grading settings.", count=lost))
    return said


def _refuse_long(page, name):
    for cell in page.notebook["cells"]:
        one = course_id(cell) if len(cell["source"]) > LONGEST else None
        if page.kinds.get(one, {}).get("kind") in ("exercise", "manual"):
            said = say("{path}: the cell {id} has more than {most} characters.", path=name, id=one, most=LONGEST)
            raise PageError(said)
