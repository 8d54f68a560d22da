"""Which answers resemble each other: a hint for a person who then reads both, never a verdict.

An answer is read as the nodes of its syntax tree in the order of reading, without what is easily changed: its own names
become one name, constants become their type, comments, docstrings, annotations and layout are gone.  Every run of
`GRAM` nodes is hashed; from each `WINDOW` neighbouring hashes the smallest is kept as a fingerprint, so that every run
of GRAM + WINDOW − 1 nodes that two answers share gives at least one common fingerprint.  Source: Schleimer, Wilkerson
and Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003.

What the stub holds is nobody's own and counts for nothing.  The similarity of two answers is the Jaccard index of their
fingerprints, |A ∩ B| / |A ∪ B|.
"""

import ast
import difflib
import hashlib
import keyword
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from dlbook.grading.export import Html, Number, document, latest, shown, table
from dlbook.grading.journal import Record
from dlbook.language import say, speaking

GRAM = 10
"""Nodes in one hash: shorter runs are idioms that everybody writes."""
WINDOW = 4
"""Neighbouring hashes of which the smallest is kept."""
LEAST = 6
"""Fingerprints that an answer must have to be ranked: one line of NumPy looks alike from anybody."""
COMMON = 0.1
COMMON_AT_LEAST = 10
"""A fingerprint in more than this share of the different answers, and in more than this many, is what the exercise asks
for, and is not counted.  In a class of thirty a tenth would be three friends: hence the second number."""
LONGEST = 100_000
"""Characters of an answer that are read."""
PUBLISHED = "published solution"
"""How the published solution is named among the students."""
_SHOWN_LINES = 300
_SHOWN_COLUMNS = 300
_SHOWN_NAMES = 30
_LEFT_OUT = {"annotation", "returns", "ctx", "type_comment", "type_ignores", "kind", "conversion"}
_WORD = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<str>'''[\s\S]*?(?:'''|\Z)|\"\"\"[\s\S]*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*+'?|\"(?:\\.|[^\"\\\n])*+\"?)"
    r"|(?P<number>\d[\w.]*)|(?P<name>\w+)|(?P<sign>\S)"
)


@dataclass(frozen=True)
class Fingerprints:
    """What of an answer is compared.

    hashes : the fingerprints that winnowing kept; form : the same for two answers that differ in names, constants,
    comments and layout alone; notes : "cut" for a text longer than LONGEST, "words" for one that is no Python and was
    read word by word.
    """

    hashes: frozenset[int]
    form: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Answers that resemble each other.

    kind : "file" (the same bytes handed in), "answer" (the same text) or "similar"; exercise : a cell id, "" for files.
    left, right : the students; several on one side gave answers that differ in names and layout at most.
    similarity : in [0, 1]; shared : how many fingerprints both sides have.
    left_text, right_text : the answers, "" for files; notes : as in `Fingerprints`.
    """

    kind: str
    exercise: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    similarity: float
    shared: int
    left_text: str = ""
    right_text: str = ""
    notes: tuple[str, ...] = ()


def fingerprints(source: str, stub: str = "", given: Iterable[str] = ()) -> Fingerprints:
    """The fingerprints of an answer, without those of the stub and of the given cells.

    Never raises for what a text holds: one that Python cannot parse, or that is nested too deep for it, is read word by
    word.
    """
    known = frozenset().union(*(_all_hashes(text) for text in (stub, *given)))
    return _fingerprints(_trimmed(source), known)


def compare(
    records: Iterable[Record],
    stubs: Mapping[str, str],
    published: Mapping[str, str] | None = None,
    threshold: float = 0.5,
    given: Iterable[str] = (),
) -> list[Pair]:
    """What resembles what in one assignment: identical files, identical answers, then similar answers, the most similar
    first; of equally similar ones those of fewer students first, for what many write is the usual answer.

    stubs and published : released stub and reference solution of each exercise, by cell id; the published solutions
    count as one more student, `PUBLISHED`.  given : released cells from which an answer may copy.
    Of each student the last hand-in counts.  An answer equal to the stub is never listed; one with fewer than LEAST
    fingerprints is listed only where another has the same text.  Many equal answers make one Pair, not one for each
    two students.
    Raises ValueError for records of several assignments, or a threshold outside (0, 1].
    """
    handed_in = latest(records)
    assignments = sorted({record.assignment for record in handed_in})
    if len(assignments) > 1:
        raise ValueError(f"records: expected those of one assignment, got {', '.join(assignments)}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: expected a number in (0, 1], got {threshold}")
    shared_hashes = frozenset().union(*(_all_hashes(text) for text in given))
    answers: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in handed_in:
        for exercise, text in record.answers.items():
            answers[exercise][_trimmed(text)].append(record.student)
    for exercise, text in (published or {}).items():
        answers[exercise][_trimmed(text)].append(PUBLISHED)
    found, wrote = [], set()
    same_file = _same_file(handed_in)
    for exercise, texts in answers.items():
        known = shared_hashes | _all_hashes(stubs.get(exercise, ""))
        prints = {text: _fingerprints(text, known) for text in texts}
        own = {text: one for text, one in prints.items() if one.hashes}
        wrote |= {student for text in own for student in texts[text]}
        found += _same_text(exercise, own, texts, same_file)
        found += _similar(exercise, own, texts, threshold)
    files = [Pair("file", "", group[:1], group[1:], 1.0, 0) for group in same_file if wrote.intersection(group)]
    order = {"file": 0, "answer": 1, "similar": 2}
    found.sort(key=lambda p: (order[p.kind], -p.similarity, len(p.left + p.right), -p.shared, p.exercise, p.left))
    return files + found


def page(
    pairs: Sequence[Pair],
    language: str,
    *,
    title: str | None = None,
    names: Mapping[str, str] | None = None,
    most: int = 200,
) -> str:
    """The pairs as one self-contained HTML page: a table, then the two answers of each side by side.

    names : what to show in place of a student's name, from `dlbook.grading.export.pseudonyms`; a name that a student
    wrote into his answer stays there.  most : pairs shown; the page says how many more there are.
    """
    with speaking(language):
        called = {PUBLISHED: say("published solution"), **(names or {})}
        body = [f'<p class="notice">{shown(_notice())}</p>', f"<p>{shown(_method())}</p>"]
        if not pairs:
            body.append(f"<p>{shown(say('No two answers resemble each other.'))}</p>")
        else:
            body.append(_ranking(pairs[:most], called))
            if len(pairs) > most:
                body.append(f"<p>{shown(say('{count} more are not shown.', count=len(pairs) - most))}</p>")
            body += [_section(rank, pair, called) for rank, pair in enumerate(pairs[:most], 1) if pair.kind != "file"]
        return document(title or say("Similar answers"), "\n".join(body), language)


def _fingerprints(source, known):
    tokens, notes = _normalised(source)
    hashes = [one for one in _hashes(tokens) if one not in known]
    windows = range(max(1, len(hashes) - WINDOW + 1)) if hashes else ()
    kept = frozenset(min(hashes[at : at + WINDOW]) for at in windows)
    form = hashlib.blake2b(_bytes("\0".join(tokens)), digest_size=16).hexdigest()
    return Fingerprints(kept, form, notes)


def _all_hashes(source):
    """Every hash of a text, of its tree and of its words: what is no Python is compared to the words."""
    tree, notes = _normalised(source)
    words = [] if "words" in notes else _hashes(_words(source[:LONGEST]))
    return frozenset(_hashes(tree)).union(words)


def _hashes(tokens):
    runs = ("\0".join(tokens[at : at + GRAM]) for at in range(len(tokens) - GRAM + 1))
    return [int.from_bytes(hashlib.blake2b(_bytes(run), digest_size=8).digest(), "big") for run in runs]


def _bytes(text):
    return text.encode("utf8", "surrogatepass")


def _normalised(source):
    notes = () if len(source) <= LONGEST else ("cut",)
    text = source[:LONGEST]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _nodes(ast.parse(text)), notes
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _words(text), (*notes, "words")


def _nodes(tree):
    """The labels of a tree's nodes in the order of reading.  Walked with a list for a stack: depth costs nothing."""
    bound, own_attributes = _own_names(tree)
    labels, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        labels.append(_label(node, bound, own_attributes))
        below = []
        for name, value in ast.iter_fields(node):
            if name not in _LEFT_OUT:
                below += value if isinstance(value, list) else [value]
        stack += [child for child in reversed(below) if isinstance(child, ast.AST)]
    return labels


def _own_names(tree):
    """The names and the attributes that the answer itself defines: those that a copy can rename."""
    bound, attributes = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            attributes.add(node.attr)
        elif isinstance(getattr(node, "name", None), str):
            bound.add(node.name)
        if isinstance(node, ast.ClassDef):
            attributes |= {method.name for method in node.body if isinstance(method, ast.FunctionDef)}
    return bound, attributes


def _label(node, bound, own_attributes):
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.Name) and node.id not in bound:
        return f"Name {node.id}"
    if isinstance(node, ast.Attribute) and node.attr not in own_attributes:
        return f"Attribute {node.attr}"
    return type(node).__name__


def _words(text):
    words = []
    for match in _WORD.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind == "sign" or (kind == "name" and keyword.iskeyword(word)):
            words.append(word)
        elif kind != "comment":
            words.append(kind)
    return words


def _trimmed(text):
    """A text without what nobody sees: blanks at the ends of lines, empty lines before and after it."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _same_file(records):
    """Groups of students who handed in the same bytes."""
    by_bytes = defaultdict(list)
    for record in records:
        by_bytes[record.sha256].append(record.student)
    return [tuple(group) for digest, group in sorted(by_bytes.items()) if digest and len(group) > 1]


def _same_text(exercise, own, texts, same_file):
    """One Pair for each text that several students wrote; those whose files are the same stand there already."""
    found = []
    for text, prints in own.items():
        group = tuple(texts[text])
        if len(group) > 1 and not any(set(group) <= set(known) for known in same_file):
            found.append(
                Pair("answer", exercise, group[:1], group[1:], 1.0, len(prints.hashes), text, text, prints.notes)
            )
    return found


def _similar(exercise, own, texts, threshold):
    """One Pair for the answers of one form, and one for each two forms that share enough of what is not common."""
    forms = defaultdict(list)
    for text, prints in own.items():
        if len(prints.hashes) >= LEAST:
            forms[prints.form].append(text)
    found, groups = [], list(forms.values())
    for group in groups:
        if len(group) > 1:
            first, *others = group
            notes = _notes(own, group)
            left, right = tuple(texts[first]), tuple(name for text in others for name in texts[text])
            shared = len(own[first].hashes)
            found.append(Pair("similar", exercise, left, right, 1.0, shared, first, others[0], notes))
    counted = Counter(one for group in groups for one in own[group[0]].hashes)
    limit = max(COMMON_AT_LEAST, COMMON * len(groups))
    common = {one for one, count in counted.items() if count > limit}
    rare = [own[group[0]].hashes - common for group in groups]
    for a, b, shared in _overlaps(rare):
        similarity = shared / (len(rare[a]) + len(rare[b]) - shared)
        if similarity >= threshold:
            left, right = (tuple(name for text in groups[i] for name in texts[text]) for i in (a, b))
            first, second = groups[a][0], groups[b][0]
            notes = _notes(own, (first, second))
            found.append(Pair("similar", exercise, left, right, similarity, shared, first, second, notes))
    return found


def _overlaps(sets):
    """(a, b, how many members sets a < b share), by an inverted index: sets that share nothing cost nothing."""
    index = defaultdict(list)
    for b, members in enumerate(sets):
        if len(members) >= LEAST:
            for a, shared in sorted(Counter(chain.from_iterable(index[one] for one in members)).items()):
                yield a, b, shared
            for one in members:
                index[one].append(b)


def _notes(own, texts):
    return tuple(sorted({note for text in texts for note in own[text].notes}))


def _notice():
    return say(
        "A hint for a person, never a verdict: two students who think alike, or who learnt from the same page, write"
        " alike. Read both answers and ask before you judge."
    )


def _method():
    return say(
        "Similarity is the share of fingerprints that two answers have in common, of all that either has; names,"
        " constants, comments and layout do not count, nor does what was given, nor what very many answers hold."
        " Answers with fewer than {least} fingerprints are too short to be ranked.",
        least=LEAST,
    )


def _kinds():
    return {"file": say("the same file"), "answer": say("the same text"), "similar": say("similar")}


def _people(students, called):
    named = ", ".join(called.get(student, student) for student in students[:_SHOWN_NAMES])
    if len(students) > _SHOWN_NAMES:
        named = say("{names} and {count} more", names=named, count=len(students) - _SHOWN_NAMES)
    return shown(named)


def _ranking(pairs, called):
    heads = [say("Rank"), say("Exercise"), say("Kind"), say("Students"), say("Similarity"), say("Shared fingerprints")]
    kinds, rows = _kinds(), []
    for rank, pair in enumerate(pairs, 1):
        place = Html(rank if pair.kind == "file" else f'<a href="#pair-{rank}">{rank}</a>')
        people = Html(f"{_people(pair.left, called)}<br>{_people(pair.right, called)}")
        shared = "" if pair.kind == "file" else pair.shared
        measured = Number(f"{pair.similarity:.0%}"), Number(shared)
        rows.append([place, pair.exercise, kinds[pair.kind], people, *measured])
    return table(heads, rows)


def _section(rank, pair, called):
    notes = {
        "cut": say("Only the first {limit} characters were read.", limit=LONGEST),
        "words": say("An answer is not valid Python and was compared word by word."),
    }
    said = "".join(f"<p>{shown(notes[note])}</p>" for note in pair.notes)
    heading = f"{rank}. {shown(pair.exercise)}: {shown(_kinds()[pair.kind])}, {pair.similarity:.0%}"
    left, right = _people(pair.left, called), _people(pair.right, called)
    rows = _side_by_side(pair.left_text, pair.right_text)
    return (
        f'<details id="pair-{rank}" open><summary>{heading}</summary>{said}\n<table class="texts"><thead><tr>'
        f'<th scope="col">{left}</th><th scope="col">{right}</th></tr></thead><tbody>\n{rows}\n</tbody></table>'
        "</details>"
    )


def _side_by_side(left, right):
    """Rows of a table: equal lines shaded, and in lines that differ the words that do underlined."""
    left_lines, right_lines = _lines(left), _lines(right)
    matcher = difflib.SequenceMatcher(None, [_flat(x) for x in left_lines], [_flat(y) for y in right_lines], False)
    rows = []
    for tag, a, b, c, d in matcher.get_opcodes():
        for at in range(max(b - a, d - c)):
            mine = left_lines[a + at] if a + at < b else ""
            other = right_lines[c + at] if c + at < d else ""
            if tag == "equal":
                rows.append(f'<tr class="same"><td>{shown(mine)}</td><td>{shown(other)}</td></tr>')
            else:
                marked = _marked(mine, other)
                rows.append(f"<tr><td>{marked[0]}</td><td>{marked[1]}</td></tr>")
    return "\n".join(rows)


def _lines(text):
    lines = text.split("\n")
    kept = [line if len(line) <= _SHOWN_COLUMNS else line[:_SHOWN_COLUMNS] + " …" for line in lines[:_SHOWN_LINES]]
    return [*kept, "…"] if len(lines) > _SHOWN_LINES else kept


def _flat(line):
    return " ".join(line.split())


def _marked(left, right):
    words = [re.findall(r"\w+|\s+|[^\w\s]", line) for line in (left, right)]
    sides: tuple[list[str], list[str]] = ([], [])
    for tag, a, b, c, d in difflib.SequenceMatcher(None, *words, False).get_opcodes():
        for side, part in zip(sides, (words[0][a:b], words[1][c:d]), strict=True):
            text = shown("".join(part))
            side.append(text if tag == "equal" or not text else f"<mark>{text}</mark>")
    return "".join(sides[0]), "".join(sides[1])
