"""`python -m benchmarks [NAME ...]`: the table of the named benchmarks, or of all."""

import argparse
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import (
    autograd,
    build,
    characters,
    check,
    gpu,
    grading,
    imports,
    layers,
    network,
    optimisers,
    pages,
    transformers,
    verdict,
)
from benchmarks.measure import Row, Size

BENCHMARKS = {
    "network": network,
    "imports": imports,
    "autograd": autograd,
    "optimisers": optimisers,
    "layers": layers,
    "characters": characters,
    "transformers": transformers,
    "verdict": verdict,
    "check": check,
    "build": build,
    "pages": pages,
    "grading": grading,
    "gpu": gpu,
}


def collect(names: list[str], size: Size) -> Iterator[Row]:
    """The rows of the named benchmarks, of all without names, as they are measured."""
    for name in names or BENCHMARKS:
        yield from BENCHMARKS[name].rows(size)


def table(rows: list[Row], size: Size) -> Table:
    note = (
        "ratio: median of pairs run alternately (min–max); CPU time, one BLAS thread, the same precision on both "
        "sides; verdicts by the clock. Networks: one epoch of [784, 30, 10], batch 10, over "
        f"{size.examples:,} synthetic rows, where a step costs about as much as over 50,000; the targets are meant for "
        "float32, PyTorch's default."
    )
    drawn = Table(title="dlbook benchmarks", caption=note)
    for heading in ("ours / other", "ours", "other", "ratio", "target", "precision"):
        drawn.add_column(heading)
    for row in rows:
        drawn.add_row(row.name, row.ours, row.other, row.ratio, row.target, row.precision)
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all without a name")
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    size = Size()
    console = Console()
    with console.status("measuring"):
        rows = list(collect(names, size))
    console.print(table(rows, size))


if __name__ == "__main__":
    main()
