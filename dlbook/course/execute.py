"""Run a page from top to bottom in a fresh kernel, as a reader would."""

import os
import pathlib
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from dlbook.course import build, source
from dlbook.course.errors import CourseError
from dlbook.language import LANGUAGES


def run(notebook: nbformat.NotebookNode, language: str, timeout: int = 300) -> nbformat.NotebookNode:
    """Execute a copy of `notebook` in an empty folder; cells tagged raises-exception may raise.

    Raises CourseError where another one does.
    """
    executed = nbformat.from_dict(notebook)
    environment = {**os.environ, "DLBOOK_LANG": language, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            executed,
            timeout=timeout,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
        )
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            name = notebook.metadata.get("dlbook", {}).get("chapter", "the notebook")
            raise CourseError(f"{name} ({language}) does not run to its end: {error}") from None
    return executed


def write_solutions(root: pathlib.Path, names: list[str] | None, folder: pathlib.Path) -> list[pathlib.Path]:
    """Write executed notebooks with solutions and hidden tests, for instructors: folder/<language>/<chapter>.ipynb."""
    paths = []
    for chapter in source.chapters(root / "solutions"):
        if names and chapter.name not in names:
            continue
        loaded = build.load(chapter)
        for language in LANGUAGES:
            path = folder / language / f"{chapter.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(run(build.authored(loaded, language), language), path)
            paths.append(path)
    return paths
