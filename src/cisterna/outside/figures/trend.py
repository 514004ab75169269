"""A recording from end to end: one row a signal, its pulse as a band, and below it which stretches can be believed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.style import (
    BAND,
    DENSE,
    REFERENCE,
    SIZE,
    SMALL_SIZE,
    Axis,
    axis_bottom,
    axis_left,
    nice_ticks,
    padded,
)
from cisterna.outside.figures.svg import el, group, hatch, line, path, polyline_d, rect, svg, text, text_width
from cisterna.outside.figures.timecourse import pieces, thinned

_LEFT, _TOP, _GAP = 64.0, 24.0, 34.0
#: The strip of quality below a row, px; a stretch too short to see is drawn this wide.
_STRIP, _LEAST = 7.0, 1.5


def merged(spans: Iterable[tuple[float, float]], x: Axis) -> list[tuple[float, float]]:
    """Stretches as px, each at least 1.5 px wide, those that touch made one: a week of spikes stays a small file.

    Examples
    --------
    >>> merged([(0.0, 3.0), (3.0, 6.0), (50.0, 50.01)], Axis(0, 100, 0, 100))
    [(0.0, 6.0), (50.0, 51.5)]
    """
    out: list[tuple[float, float]] = []
    for a, b in sorted(spans):
        left, right = x(max(a, x.lo)), x(min(b, x.hi))
        if right < left:
            continue
        right = max(right, left + _LEAST)
        if out and left <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], right))
        else:
            out.append((left, right))
    return out


def _columns(t: Sequence[float], low: Sequence[float], high: Sequence[float], x: Axis) -> list[list[Any]]:
    """Lowest and highest of the band in each px column, broken where either is missing."""
    out: list[list[Any]] = [[]]
    for a, b, c in zip(t, low, high, strict=True):
        if not math.isfinite(b + c):
            if out[-1]:
                out.append([])
            continue
        px = x(a)
        if out[-1] and math.floor(out[-1][-1][0]) == math.floor(px):
            last = out[-1][-1]
            out[-1][-1] = (last[0], min(last[1], b), max(last[2], c))
        else:
            out[-1].append((px, b, c))
    return [stretch for stretch in out if stretch]


def _band(row: Mapping[str, Any], t: Sequence[float], x: Axis, y: Axis, colour: str) -> str:
    if "low" not in row or "high" not in row:
        return ""
    d = ""
    for stretch in _columns(t, row["low"], row["high"], x):
        ring = [(px, y(b)) for px, _, b in stretch] + [(px, y(a)) for px, a, _ in reversed(stretch)]
        d += polyline_d(ring, close=True)
    return path(d, fill=colour, fill_opacity=BAND) if d else ""


def _line(row: Mapping[str, Any], t: Sequence[float], values: Sequence[float], x: Axis, y: Axis, colour: str) -> str:
    d = ""
    for stretch in pieces(t, values):
        points = [(x(a), y(b)) for a, b in stretch]
        if len(points) == 1:  # one value alone is a short bar: it would not be seen
            half = max(x(float(row.get("step", 0.0))) - x(0.0), 2.0) / 2
            points = [(points[0][0] - half, points[0][1]), (points[0][0] + half, points[0][1])]
        d += polyline_d(thinned(points, x.end - x.start))
    return path(d, stroke=colour, width=DENSE, stroke_linecap="round") if d else ""


def _missing(spans: Sequence[tuple[float, float]], top: float, bottom: float, pattern: str) -> str:
    out = ""
    for left, right in spans:
        out += rect(left, top, right - left, bottom - top, f"url(#{pattern})")
        if right - left > 62:
            out += text((left + right) / 2, bottom - 6, "no signal", size=SMALL_SIZE, fill="ink2", anchor="middle",
                        halo=True)  # fmt: skip
    return out


def _quality(row: Mapping[str, Any], gaps: Sequence[tuple[float, float]], x: Axis, top: float, pattern: str) -> str:
    """A thin line where the signal can be believed, a full bar where not, hatched where there is none."""
    out = rect(x.start, top + _STRIP / 2 - 1, x.end - x.start, 2.0, "ok", fill_opacity=0.55)
    for left, right in merged(row.get("faults", ()), x):
        out += rect(left, top, right - left, _STRIP, "care")
    for left, right in gaps:
        out += rect(left, top, right - left, _STRIP, "ground") + rect(left, top, right - left, _STRIP,
                                                                      f"url(#{pattern})")  # fmt: skip
    return out


def _key(pattern: str, y: float, faults: bool, gaps: bool) -> str:
    out = rect(_LEFT, y - 5, 18, 2.0, "ok", fill_opacity=0.55)
    at = _LEFT + 24
    for shown, fill, word in (
        (True, "", "can be believed"),
        (faults, "care", "in a fault: left out of every number"),
        (gaps, f"url(#{pattern})", "no signal: nothing is joined or filled in"),
    ):
        if not shown:
            continue
        if fill:
            out += rect(at, y - 8, 18, _STRIP, fill)
            at += 24
        out += text(at, y, word, size=SMALL_SIZE, fill="ink2")
        at += text_width(word, SMALL_SIZE) + 28
    return out


def trend(
    rows: Sequence[Mapping[str, Any]],
    *,
    span: tuple[float, float],
    time_unit: str,
    width: float = 1104.0,
    row_height: float = 104.0,
    title: str = "Trend",
    desc: str = "",
    prefix: str = "trend",
) -> str:
    """Signals over a whole recording with the stretches that can be believed.

    Parameters
    ----------
    rows : sequence of mappings
        ``name``, ``unit``, ``t``, ``y`` and any of ``low`` and ``high`` (band), ``step`` (time a value stands for),
        ``colour``, ``summary`` (lines under the name), ``gaps`` and ``faults`` (stretches), ``references`` (pairs of
        value and name).
    span : (start, end)
        Of the time axis, in `time_unit`.
    """
    if not rows:
        raise CisternaError("a trend needs at least one row")
    words = [w for r in rows for w in (str(r["name"]), str(r["unit"]), *map(str, r.get("summary", ())))]
    side = max(text_width(w, SIZE, True) for w in words) + 24
    x = Axis(span[0], span[1] if span[1] > span[0] else span[0] + 1.0, _LEFT, width - side)
    pattern = f"{prefix}-gap"
    out = el("defs", hatch(pattern, "rule"))
    any_gap = any_fault = False
    for i, row in enumerate(rows):
        top = _TOP + i * (row_height + _GAP)
        bottom = top + row_height
        t, values = [float(v) for v in row["t"]], [float(v) for v in row["y"]]
        references = list(row.get("references", ()))
        every = [*values, *(float(v) for key in ("low", "high") for v in row.get(key, ()))]
        every += [v for v, _ in references]
        lo, hi = padded(every, 0.06)
        y = Axis(lo, hi, bottom, top)
        colour = str(row.get("colour", "ink"))
        gaps = merged(row.get("gaps", ()), x)
        any_gap, any_fault = any_gap or bool(gaps), any_fault or bool(row.get("faults"))
        inner = axis_left(y, _LEFT, nice_ticks(lo, hi, 3), grid_to=x.end)
        inner += _missing(gaps, top, bottom, pattern) + _band(row, t, x, y, colour)
        for value, name in references:
            inner += rect(x.start, top, x.end - x.start, max(y(value) - top, 0.0), "stop", fill_opacity=0.06)
            inner += line((x.start, y(value)), (x.end, y(value)), "stop", REFERENCE)
            inner += text(x.end - 4, y(value) - 5, name, size=SMALL_SIZE, fill="stop", anchor="end", halo=True)
        inner += _line(row, t, values, x, y, colour) + _quality(row, gaps, x, bottom + 6, pattern)
        label = x.end + 14
        inner += text(label, top + 14, str(row["name"]), size=SIZE + 1, bold=True)
        for k, word in enumerate((str(row["unit"]), *map(str, row.get("summary", ())))):
            inner += text(label, top + 31 + 16 * k, word, size=SIZE, fill="ink2")
        told = ", ".join(filter(None, (str(row["name"]), str(row["unit"]), *map(str, row.get("summary", ())))))
        out += group(inner, name=f"{prefix}-row-{i}", title=told)
    base = _TOP + len(rows) * (row_height + _GAP) - _GAP + _STRIP + 14
    out += axis_bottom(x, base, nice_ticks(x.lo, x.hi, 6), f"Time, {time_unit}")
    out += _key(pattern, base + 56, any_fault, any_gap)
    names = ", ".join(str(r["name"]) for r in rows)
    told = desc or f"{names} over {fmt(x.hi - x.lo, time_unit)}; each row has its own scale."
    return svg(out, width, base + 66, title=title, desc=told, prefix=prefix)
