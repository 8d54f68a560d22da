"""Which book chapter is where: catalog.toml, a notebook and a cell for each chapter of the book."""

import pathlib
import tomllib

from dlbook.course import source
from dlbook.course.errors import CourseError

PATH = pathlib.Path(__file__).with_name("catalog.toml")


def entries() -> list[dict[str, object]]:
    """The catalogue: {"book", "title", "chapter", "cell"}, by book chapter."""
    return tomllib.loads(PATH.read_text(encoding="utf8"))["entry"]


def check(solutions: pathlib.Path, names: list[str] | None = None) -> list[str]:
    """The catalogue's entries that point nowhere, and the pages' book chapters that it lacks."""
    faults, pages = [], {}
    for folder in source.chapters(solutions):
        if names and folder.name not in names:
            continue
        try:
            pages[folder.name] = source.read(folder)
        except CourseError:
            continue
    for entry in entries():
        page = pages.get(entry["chapter"])
        if page is None:
            if not names and not (solutions / str(entry["chapter"])).is_dir():
                faults.append(
                    f"{PATH}: book chapter {entry['book']} points to {entry['chapter']}, which does not exist"
                )
        elif entry["cell"] not in {cell.id for cell in page.cells}:
            faults.append(
                f"{PATH}: book chapter {entry['book']} points to the cell {entry['cell']!r}, which {page.path} lacks"
            )
    listed = {(entry["chapter"], entry["book"]) for entry in entries()}
    faults += [
        f"{PATH}: book chapter {number} of {name} is not listed"
        for name, page in pages.items()
        for number in page.book
        if (name, number) not in listed
    ]
    return faults
