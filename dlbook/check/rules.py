"""What an answer may not use: the names that its exercise lists, torch and dlbook.

Judged on the text, before any test.
"""

import ast
import functools
from collections.abc import Iterable

from dlbook.check.error import CheckError
from dlbook.language import say

ALWAYS = frozenset({"torch", "dlbook"})
_AROUND = frozenset({"eval", "exec", "compile", "__import__", "importlib", "globals"})


def written_by_hand(source: str, names: Iterable[str]) -> None:
    """Raise CheckError if the text of an exercise cell uses one of `names`, torch or dlbook; comments and docstrings
    do not count.  ".dot" forbids an attribute of that name, "@" the product of matrices.

    Ways around (`eval`, `globals()`, `importlib` …) are refused where `names` is not empty.  A text that does not parse
    passes: it has its own message.
    """
    names = set(names)
    forbidden = names | ALWAYS | (_AROUND if names else set())
    for name in sorted(_used(source) & forbidden):
        raise CheckError(say("The answer uses {name}: derive it yourself, that is the exercise.", name=name), "by hand")


@functools.lru_cache(maxsize=256)
def _used(source):
    try:
        return frozenset(name for node in ast.walk(ast.parse(source)) for name in _names(node))
    except SyntaxError:
        return frozenset()


def _names(node):
    if isinstance(node, ast.Import):
        return [part for alias in node.names for part in alias.name.split(".")]
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [f".{node.attr}"]
    return ["@"] if isinstance(node, ast.MatMult) else []


def defined_names(source: str) -> list[str]:
    """The names that a cell's functions, classes and assignments define at its top level."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [leaf.id for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append(node.target.id)
    return found
