"""The Portuguese of a chapter: pt-BR.md, keyed by cell id and by the hash of the English cell that it translates."""

import ast
import hashlib
import io
import pathlib
import re
import tokenize
from dataclasses import dataclass, replace

from dlbook.course.source import Page, SourceCell

_BLOCK = re.compile(r"(?m)^<!-- cell: (?P<id>\S+) en: (?P<hash>[0-9a-f]{8}) -->[ \t]*\n")
_FENCE = re.compile(r"(?s)\A```python\n(.*?)\n?```\s*\Z")
_WORDS = re.compile(r"[^\W\d_]{2,}[ ,:;'’()-]+[^\W\d_]{2,}")
_LABELS = {"alt", "description", "label", "name", "suptitle", "text", "title", "what", "xlabel", "ylabel", "zlabel"}


@dataclass(frozen=True)
class Block:
    """One translated cell.  hash : of the English cell when it was translated."""

    id: str
    hash: str
    text: str
    line: int


def cell_hash(source: str) -> str:
    """The first 8 hex digits of the SHA-256 of a cell's text."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def read(path: pathlib.Path) -> list[Block]:
    """The blocks of a translation file, in its order; none where the file is empty or does not exist."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf8")
    heads = list(_BLOCK.finditer(text))
    ends = [*[head.start() for head in heads[1:]], len(text)][: len(heads)]
    return [
        Block(head["id"], head["hash"], text[head.end() : end].strip("\n"), text.count("\n", 0, head.start()) + 1)
        for head, end in zip(heads, ends, strict=True)
    ]


def translate(page: Page, blocks: list[Block]) -> Page:
    """The page in Portuguese: a cell without a block stays as it is."""
    by_id = {block.id: block for block in blocks}
    cells = [_translated(cell, by_id[cell.id]) if cell.id in by_id else cell for cell in page.cells]
    return replace(page, title=_title(cells) or page.title, cells=tuple(cells))


def check(page: Page, path: pathlib.Path) -> list[str]:
    """What is missing, stale or different in more than strings, each with file, line and cell; empty for a complete
    translation."""
    blocks = read(path)
    by_id = {block.id: block for block in blocks}
    faults = [
        f"{path}:{block.line} ({block.id}): no such cell in {page.path.name}"
        for block in blocks
        if block.id not in _ids(page)
    ]
    seen: set[str] = set()
    for block in blocks:
        if block.id in seen:
            faults.append(f"{path}:{block.line} ({block.id}): the cell is translated twice")
        seen.add(block.id)
    for cell in page.cells:
        block = by_id.get(cell.id)
        if block is None:
            if needs_translation(cell):
                faults.append(
                    f"{page.where(cell)}: no Portuguese in {path.name} (hash of the English: {cell_hash(cell.source)})"
                )
            continue
        where = f"{path}:{block.line} ({cell.id})"
        if block.hash != cell_hash(cell.source):
            faults.append(f"{where}: stale: the English cell has changed, its hash is now {cell_hash(cell.source)}")
        if cell.type == "code":
            faults += [f"{where}: {said}" for said in _code_faults(cell, block)]
    return faults


def needs_translation(cell: SourceCell) -> bool:
    """Whether a person reads something in a cell: any text, a docstring, a comment, a sentence or a label among its
    strings."""
    if cell.type == "markdown":
        return True
    tree = ast.parse(cell.source)
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    labelled = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in _LABELS]
    labels = [label.value for label in labelled if isinstance(label, ast.Constant)]
    words = [label for label in labels if isinstance(label, str) and label.isalpha() and len(label) > 5]
    return bool(words) or any(
        _WORDS.search(said) for said in [*(node.value for node in strings), *_comments(cell.source)]
    )


def same_code(english: str, translated: str) -> bool:
    """Whether two cells have the same syntax tree apart from the text of their strings."""
    return ast.dump(_without_strings(english)) == ast.dump(_without_strings(translated))


def _ids(page):
    return {cell.id for cell in page.cells}


def _title(cells):
    first = next((cell for cell in cells if cell.type == "markdown"), None)
    head = re.match(r"# (.+)", first.source) if first else None
    return head[1].split(": ")[0].strip() if head else ""


def _translated(cell, block):
    if cell.type == "markdown":
        return replace(cell, source=block.text)
    fenced = _FENCE.match(block.text)
    return replace(cell, source=fenced[1] if fenced else cell.source)


def _code_faults(cell, block):
    fenced = _FENCE.match(block.text)
    if not fenced:
        return ["the Portuguese of a code cell stands in a ```python fence"]
    try:
        same = same_code(cell.source, fenced[1])
    except SyntaxError as error:
        return [f"not valid Python: {error.msg} (line {error.lineno} of the cell)"]
    return [] if same else ["the code differs from the English cell in more than strings and comments"]


class _Blank(ast.NodeTransformer):
    def visit_JoinedStr(self, node):
        fields = [self.visit(part) for part in node.values if isinstance(part, ast.FormattedValue)]
        return ast.JoinedStr(values=sorted(fields, key=ast.dump))

    def visit_Constant(self, node):
        return ast.Constant(value="") if isinstance(node.value, str) else node


def _without_strings(source):
    return _Blank().visit(ast.parse(source))


def _comments(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT and not token.string.startswith("###")]
