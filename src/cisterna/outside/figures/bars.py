"""What moved a quantity: one bar per cause about zero, with value and interval in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures.numerals import fmt, interval, plain
from cisterna.outside.figures.style import SIZE, SMALL_SIZE, Axis
from cisterna.outside.figures.svg import el, group, hatch, line, rect, svg, text, text_width
from cisterna.outside.figures.tokens import CAUSES

_ROW, _BAR = 30.0, 17.0
_LEAST = 1.5


def cause_bars(
    causes: Sequence[Mapping[str, Any]],
    *,
    unit: str,
    note: str = "",
    width: float = 690.0,
    limit: float | None = None,
    title: str = "What moved it",
    desc: str = "",
    prefix: str = "causes",
) -> str:
    """Horizontal bars by cause.

    Parameters
    ----------
    causes : sequence of mappings
        ``name``, ``value``, ``cause`` (position, breath, heart, touch, rest, hypothesis) and any of ``low``,
        ``high`` (interval) and ``interval`` (words instead of it).
    unit, note : str
        Unit and remark over the bars.
    limit : float, optional
        Largest bar in the picture; give pictures that are compared the same limit.

    Notes
    -----
    A value too small to see keeps a bar of 1.5 px: nothing detectable is a result.
    """
    if not causes:
        raise CisternaError("cause bars need at least one cause")
    for row in causes:
        if row["cause"] not in CAUSES:
            raise UnknownName("cause", str(row["cause"]), list(CAUSES))
    values = [float(row["value"]) for row in causes]
    span = [*values, 0.0]
    lo, hi = (-limit, limit) if limit else (min(span), max(span))
    if hi <= lo:
        lo, hi = -1.0, 1.0
    names = max(text_width(str(row["name"]), SIZE) for row in causes) + 22
    columns = 190.0
    x = Axis(lo, hi, names, width - columns)
    pattern = f"{prefix}-hyp"
    out = el("defs", hatch(pattern, "hypothesis", step=5, width=1.8))
    out += text(0, 12, unit + (f" {note}" if note else ""), size=SIZE, fill="ink2")
    top = 26.0
    for i, (row, value) in enumerate(zip(causes, values, strict=True)):
        y = top + i * _ROW
        cause = str(row["cause"])
        size = max(abs(x(value) - x(0.0)), _LEAST)
        left = x(0.0) if value >= 0 else x(0.0) - size
        middle = y + _ROW / 2
        inner = text(0, middle + 4, str(row["name"]), size=SIZE)
        if cause == "hypothesis":
            inner += rect(left, middle - _BAR / 2, size, _BAR, f"url(#{pattern})", stroke="hypothesis", stroke_width=1,
                          stroke_dasharray="3 2")  # fmt: skip
        else:
            inner += rect(left, middle - _BAR / 2, size, _BAR, cause)
        low, high = row.get("low"), row.get("high")
        words = str(row.get("interval", ""))
        if low is not None and high is not None:
            words = words or interval(float(low), float(high))
        inner += text(width - columns + 78, middle + 4, plain(value, 2, sign=True), size=SIZE, bold=True, anchor="end")
        inner += text(width - columns + 90, middle + 4, words or "not measured", size=SMALL_SIZE, fill="ink2")
        told = f"{row['name']}: {fmt(value, unit, sign=True)}" + (f" ({words})" if words else "")
        out += group(inner, name=f"{prefix}-{i}", title=told)
    bottom = top + len(causes) * _ROW
    out += line((x(0.0), top - 4), (x(0.0), bottom + 4), "ink3", 1.0)
    largest = max(range(len(values)), key=lambda i: abs(values[i]))
    finding = f"{causes[largest]['name']} moved it most, {fmt(values[largest], unit, sign=True)}."
    return svg(out, width, bottom + 8, title=title, desc=desc or finding, prefix=prefix)
