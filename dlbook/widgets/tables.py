"""The numbers of a figure, as an HTML table."""

import html
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlbook.language import say

Rows = list[dict[str, Any]]


def rows_of(table: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> Rows:
    """The table as a list of rows, each a dict from column to value.

    Takes such a list; or a dict of columns, `{"epoch": [1, 2], "loss": [0.5, 0.2]}`, all of one length; or a dict of
    single values, which becomes two columns.
    """
    if table is None:
        return []
    if not isinstance(table, Mapping):
        rows = [dict(row) for row in table]
        if any(row.keys() != rows[0].keys() for row in rows):
            raise ValueError(
                f"table: expected the columns {list(rows[0])} in every row, got {[list(row) for row in rows]}"
            )
        return rows
    columns = {name: value for name, value in table.items() if isinstance(value, (list, tuple, np.ndarray))}
    if not columns:
        return [{say("Name"): name, say("Value"): value} for name, value in table.items()]
    lengths = {name: len(value) for name, value in columns.items()}
    if len(columns) < len(table) or len(set(lengths.values())) > 1:
        raise ValueError(
            f"table: expected columns of one length or single values, got columns {lengths} of {list(table)}"
        )
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def written(value: Any) -> str:
    """A value as people read it: four significant digits, yes and no."""
    if isinstance(value, (bool, np.bool_)):
        return say("yes") if value else say("no")
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return f"{float(value):.4g}"
    return str(value)


def table_html(rows: Rows, caption: str = "") -> str:
    """`<table>` with a heading cell for each column; it scrolls when it is long."""
    if not rows:
        return ""
    cell = "padding:2px 10px;border-bottom:1px solid #ddd;text-align:right"
    heading = "".join(f'<th scope="col" style="{cell}">{html.escape(str(name))}</th>' for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{html.escape(written(value))}</td>' for value in row.values()) + "</tr>"
        for row in rows
    )
    title = f'<caption style="text-align:left">{html.escape(caption)}</caption>' if caption else ""
    return (
        f'<div style="max-height:20em;overflow:auto;display:inline-block" tabindex="0">'
        f'<table style="border-collapse:collapse;margin:0">{title}<thead><tr>{heading}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
