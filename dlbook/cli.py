"""The command line: `dlbook lab | start | update | check | submit | build | grade`.  Every slip of a user is one plain sentence."""

import pathlib
import sys
from typing import Annotated, Optional

import typer
from rich.console import Console

from dlbook.course.errors import CourseError

app = typer.Typer(
    help="A deep-learning course to run: chapters, exercises that say what is wrong, grading.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def build(
    chapters: Annotated[Optional[list[str]], typer.Argument(help="Folders below solutions/; all without one.")] = None,  # noqa: UP045
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a generated file is stale.")] = False,
    solutions: Annotated[
        Optional[pathlib.Path],  # noqa: UP045
        typer.Option(help="Write executed notebooks with solutions into this folder."),
    ] = None,
) -> None:
    """Turn the sources in solutions/ into notebooks, in both languages."""
    from dlbook.course import build as builder
    from dlbook.course import source

    root = source.root()
    if root is None:
        raise CourseError("`dlbook build` needs the course's repository: run it from a clone, installed with `pip install -e .`.")
    written = builder.build(root, chapters)
    if check:
        behind = builder.stale(root, written) if not chapters else []
        if behind:
            raise CourseError("\n".join([*behind, "These files are not what the sources give: run `dlbook build` and commit them."]))
        out.print(f"{len(source.chapters(root / 'solutions'))} chapters are as their sources say.")
        return
    for path in builder.write(root, written):
        out.print(path)
    if solutions is not None:
        from dlbook.course.execute import write_solutions

        for path in write_solutions(root, chapters, solutions):
            out.print(str(path))


def main() -> None:
    """Run the command line; a user's slip prints one message, without a stack trace, and exits with 2."""
    try:
        app()
    except CourseError as error:
        err.print(str(error), markup=False)
        sys.exit(2)
