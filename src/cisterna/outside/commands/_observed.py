"""The table of observed values with their ranges and what these count as, as `experiment` and `table` print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.outside.figures.numerals import number, plain
from cisterna.outside.terminal import Cell, Mark, Terminal
from cisterna.protocol.tally import stands_as, told, totals


def show_observed(screen: Terminal, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print observed values; the last line is their tally (`cisterna.protocol.tally`)."""
    screen.table(
        ["observed", ">value", "unit", ">range", "", "counts as", "source"],
        [[r["id"], value(r), r["unit"], span(r), place(r), stands_as(r), r["source"] or ""] for r in rows],
    )
    screen.blank()
    screen.line(told(totals(rows)))


def value(row: Mapping[str, Any]) -> str:
    """The value, with at least the decimals of its range: 9.51 beside 9.508 to 9.512 would mislead.

    Examples
    --------
    >>> value({"value": 9.50999, "low": 9.508, "high": 9.512}), value({"value": 21.61, "low": 18.0, "high": 32.0})
    ('9.510', '21.6')
    """
    if row["value"] is None:
        return number(None)
    bounds = [plain(edge, 4) for edge in (row["low"], row["high"]) if edge is not None]
    places = max((len(text.partition(".")[2]) for text in bounds if "×" not in text), default=0)
    own = number(row["value"])
    return own if "×" in own else number(row["value"], places=max(places, len(own.partition(".")[2])))


def span(row: Mapping[str, Any]) -> str:
    """The range as text; one-sided ones say so.

    Examples
    --------
    >>> span({"low": 0.9, "high": 16.3}), span({"low": None, "high": 4.0}), span({"low": None, "high": None})
    ('0.9 to 16.3', 'up to 4', '')
    """
    low, high = row["low"], row["high"]
    if low is None and high is None:
        return ""
    if low is None:
        return f"up to {plain(high, 4)}"
    return f"from {plain(low, 4)}" if high is None else f"{plain(low, 4)} to {plain(high, 4)}"


def place(row: Mapping[str, Any]) -> Cell:
    """Inside, HIGH or LOW; without a range nothing."""
    if row["inside"] is None:
        return ""
    if row["inside"]:
        return Mark("inside", "inside")
    value = row["value"]
    if value is None:
        return Mark("contradicted", "none")
    return Mark("HIGH", "HIGH") if row["high"] is not None and value > row["high"] else Mark("LOW", "LOW")
