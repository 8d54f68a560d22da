"""The house: a lower folder never imports a higher one, and importing the layers loads NumPy alone."""

import ast
import pathlib
import subprocess
import sys

import pytest

import dlbook

PACKAGE = pathlib.Path(dlbook.__file__).parent
ROWS = [
    ["__main__", "cli"],
    ["grading", "course"],
    ["widgets", "torch"],
    ["models", "rl"],
    ["train", "plots"],
    ["optim", "nn"],
    ["autograd", "data", "text"],
    ["check", "language"],
]
"""From above to below.  Within a row a part may import those to its right, but for widgets and torch, models and rl."""
ORDER = {name: (row, column) for row, names in enumerate(ROWS) for column, name in enumerate(names)}


def imported(path):
    """The parts of the package that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"dlbook.{a.name}" for a in node.names] if node.module == "dlbook" else [node.module]
        yield from (name.split(".")[1] for name in names if name.startswith("dlbook."))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_a_higher_part(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        assert not list(imported(path))
        return
    assert part in ORDER, f"{part} has no place in the house: DESIGN, section 2"
    assert [name for name in imported(path) if name in ORDER and name != part and ORDER[name] < ORDER[part]] == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("dlbook.nn", ["torch", "matplotlib", "IPython", "ipywidgets", "scipy", "sklearn", "rich", "typer"]),
        ("dlbook.check", ["torch", "matplotlib", "IPython", "nbgrader", "nbformat", "scipy", "rich", "typer"]),
        ("dlbook.plots", ["matplotlib"]),
        ("dlbook.data", ["torch", "matplotlib", "sklearn", "scipy"]),
        ("dlbook.cli", ["torch", "matplotlib", "nbgrader", "jupytext", "nbformat", "numpy.testing"]),
    ],
)
def test_importing_a_part_does_not_load(module, unwanted):
    code = f"import sys, {module}; print(*sorted(name for name in {unwanted!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
