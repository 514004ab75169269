"""Signals over time: several lines in one frame, or one row per signal over a common time axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.style import (
    BAND,
    DATA,
    DENSE,
    HYP_DASH,
    SIZE,
    SMALL_SIZE,
    Axis,
    axis_bottom,
    axis_left,
    nice_ticks,
    padded,
    spread,
    tick_texts,
)
from cisterna.outside.figures.svg import (
    Point,
    el,
    group,
    hatch,
    line,
    path,
    polyline_d,
    rect,
    svg,
    text,
    text_width,
)

_LEFT, _LABEL_GAP = 52.0, 8.0
_STEP_BAR = 20.0
_MAX_PER_PX = 2.0


def _floats(values: Iterable[Any]) -> list[float]:
    return [math.nan if v is None else float(v) for v in values]


def _checked(series: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    t, y = _floats(series["t"]), _floats(series["y"])
    if len(t) != len(y) or not t:
        raise CisternaError("a line needs as many times as values, and at least one",
                            where=str(series.get("name", "")), found=f"{len(t)} times, {len(y)} values")  # fmt: skip
    return t, y


def pieces(t: Sequence[float], y: Sequence[float]) -> list[list[Point]]:
    """Unbroken stretches of a signal; a missing value ends one and is never bridged."""
    out: list[list[Point]] = [[]]
    for a, b in zip(t, y, strict=True):
        if math.isfinite(b):
            out[-1].append((a, b))
        elif out[-1]:
            out.append([])
    return [p for p in out if p]


def gaps(t: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
    """Stretches without signal, from the last good to the next good time."""
    out, good, missing = [], t[0], False
    for a, b in zip(t, y, strict=True):
        if not math.isfinite(b):
            missing = True
        else:
            if missing:
                out.append((good, a))
            good, missing = a, False
    return [*out, (good, t[-1])] if missing else out


def thinned(points: Sequence[Point], width: float) -> list[Point]:
    """Screen points with at most first, lowest, highest and last of each px column: the envelope stays true."""
    if len(points) <= _MAX_PER_PX * width:
        return list(points)
    out: list[Point] = []
    column: list[Point] = []
    for p in [*points, (math.inf, 0.0)]:
        if column and math.floor(p[0]) != math.floor(column[0][0]) if math.isfinite(p[0]) else bool(column):
            keep = {0, len(column) - 1, min(range(len(column)), key=lambda i: column[i][1]),
                    max(range(len(column)), key=lambda i: column[i][1])}  # fmt: skip
            out += [column[i] for i in sorted(keep)]
            column = []
        column.append(p)
    return out


def _drawn(series: Mapping[str, Any], x: Axis, y: Axis, stroke: str, width: float) -> str:
    t, values = _checked(series)
    hypothesis = bool(series.get("hypothesis"))
    out = ""
    if "low" in series and "high" in series:
        low, high = _floats(series["low"]), _floats(series["high"])
        for stretch in pieces(t, [a + b for a, b in zip(low, high, strict=True)]):
            keep = {p[0] for p in stretch}
            ring = [(x(a), y(b)) for a, b in zip(t, high, strict=True) if a in keep]
            ring += [(x(a), y(b)) for a, b in reversed(list(zip(t, low, strict=True))) if a in keep]
            out += path(polyline_d(ring, close=True), fill=stroke, fill_opacity=BAND)
    d = ""
    for stretch in pieces(t, values):
        d += polyline_d(thinned([(x(a), y(b)) for a, b in stretch], abs(x.end - x.start)))
    dash = HYP_DASH if hypothesis else series.get("dash")
    out += path(d, stroke=stroke, width=width, stroke_dasharray=dash, stroke_linecap=None if dash else "round")
    return out


def _bands(bands: Sequence[tuple[float, float]], x: Axis, top: float, bottom: float, label: str, fill: str) -> str:
    out = ""
    for a, b in bands:
        left, right = x(max(a, x.lo)), x(min(b, x.hi))
        if right > left:
            out += rect(left, top, right - left, bottom - top, fill, fill_opacity=0.11)
    if label and bands:
        a, b = max(bands[0][0], x.lo), min(bands[0][1], x.hi)
        out += text((x(a) + x(b)) / 2, top - 6, label, size=SMALL_SIZE, fill="ink2", anchor="middle")
    return out


def _no_signal(spans: Sequence[tuple[float, float]], x: Axis, top: float, bottom: float, pattern: str) -> str:
    out = ""
    for a, b in spans:
        left, right = x(max(a, x.lo)), x(min(b, x.hi))
        if right - left < 1:
            continue
        out += rect(left, top, right - left, bottom - top, f"url(#{pattern})")
        if right - left > 58:
            out += text((left + right) / 2, bottom - 6, "no signal", size=SMALL_SIZE, fill="ink2",
                        anchor="middle", halo=True)  # fmt: skip
    return out


def step_bar(steps: Sequence[Mapping[str, Any]], x: Axis, y: float) -> str:
    """The session's steps under a plot: ``name, start, end`` and any of ``treatment``, ``current``."""
    out = ""
    for step in steps:
        left, right = x(max(float(step["start"]), x.lo)), x(min(float(step["end"]), x.hi))
        if right - left < 0.5:
            continue
        name = str(step["name"])
        if step.get("current"):
            bar = rect(left + 1, y, right - left - 2, _STEP_BAR - 2, "hand", rx=2)
        elif step.get("treatment"):
            bar = rect(left + 1, y, right - left - 2, _STEP_BAR - 2, "hand", fill_opacity=0.2, rx=2)
        else:
            bar = rect(left + 1, y, right - left - 2, _STEP_BAR - 2, "grid", rx=2)
        if text_width(name, SMALL_SIZE) + 8 < right - left:
            # On the hand colour only dark text is readable, on a dark page too.
            fill = "#1B2228" if step.get("current") else "ink"
            bar += text((left + right) / 2, y + 13, name, size=SMALL_SIZE, fill=fill, anchor="middle")
        out += group(bar, title=f"{name}, {fmt(float(step['start']))} to {fmt(float(step['end']))}")
    return out


def time_course(
    series: Sequence[Mapping[str, Any]],
    *,
    unit: str,
    time_unit: str = "s",
    note: str = "",
    bands: Sequence[tuple[float, float]] = (),
    band_label: str = "",
    steps: Sequence[Mapping[str, Any]] = (),
    breaks: Sequence[tuple[float, float]] = (),
    references: Sequence[tuple[float, str]] = (),
    limits: tuple[float, float] | None = None,
    width: float = 640.0,
    height: float = 280.0,
    title: str = "Time course",
    desc: str = "",
    prefix: str = "course",
) -> str:
    """Lines over a common time axis, each labelled at its end.

    Parameters
    ----------
    series : sequence of mappings
        ``name``, ``t``, ``y`` and any of ``colour`` (a token), ``low`` and ``high`` (band, drawn at 15 %),
        ``hypothesis`` (violet, dashed), ``dash``, ``label`` (text at the end instead of the name).
    unit, note : str
        Unit of the values and a remark after it, written over the axis.
    bands : sequence of (start, end)
        Light bands behind everything (breathing in), named once by `band_label`.
    steps : sequence of mappings
        The session's steps, see `step_bar`.
    breaks : sequence of (start, end)
        Stretches without signal besides those of missing values; hatched, never joined.
    references : sequence of (value, name)
        Thin horizontal lines.
    limits : (low, high), optional
        Limits of the value axis.
    """
    if not series:
        raise CisternaError("a time course needs at least one line")
    data = [_checked(s) for s in series]
    times = [a for t, _ in data for a in (min(t), max(t))]
    values = [v for _, y in data for v in y]
    for s in series:
        values += _floats(s.get("low", ())) + _floats(s.get("high", ()))
    values += [v for v, _ in references]
    lo, hi = limits or padded(values)
    names = [str(s.get("label", s.get("name", ""))) for s in series]
    right = max((text_width(n, SIZE, True) for n in names), default=0.0) + _LABEL_GAP + 6
    right = max(right, max((text_width(n, SMALL_SIZE) for _, n in references), default=0.0) + 12)
    bottom = 44.0 + (_STEP_BAR + 4 if steps else 0)
    top = 26.0 + (16.0 if band_label else 0.0)
    x = Axis(min(times), max(times) if max(times) > min(times) else min(times) + 1, _LEFT, width - right)
    y = Axis(lo, hi, height - bottom, top)
    spans = [*breaks]
    for t, v in data:
        spans += [g for g in gaps(t, v) if g not in spans]
    pattern = f"{prefix}-gap"
    out = el("defs", hatch(pattern, "rule")) if spans else ""
    shown = unit + (f", {note}" if note else "")
    out += text(_LEFT, 12, shown, size=SIZE, fill="ink2")
    out += _bands(bands, x, top, y.start, band_label, "breath")
    out += axis_left(y, _LEFT, nice_ticks(lo, hi), grid_to=x.end)
    if lo < 0 < hi:
        out += line((x.start, y(0)), (x.end, y(0)), "ink3", 0.8)
    out += _no_signal(spans, x, top, y.start, pattern)
    for value, name in references:
        out += line((x.start, y(value)), (x.end, y(value)), "art", 1.0, stroke_dasharray="2 3")
        out += text(x.end + _LABEL_GAP, y(value) + 4, name, size=SMALL_SIZE, fill="ink2")
    ends = []
    for s, (_, v) in zip(series, data, strict=True):
        stroke = "hyp" if s.get("hypothesis") else str(s.get("colour", "ink"))
        dense = len(v) > 1.5 * (x.end - x.start)
        drawn = _drawn(s, x, y, stroke, DENSE if dense else DATA)
        out += group(drawn, title=str(s.get("name", "")))
        last = next((b for b in reversed(v) if math.isfinite(b)), (lo + hi) / 2)
        ends.append((y(last), stroke))
    for place, (_, stroke), name in zip(spread([e[0] for e in ends], 15, top + 4, y.start), ends, names, strict=True):
        fill = "handtext" if stroke in ("hand", "touch") else "ink" if stroke in ("breath", "rest") else stroke
        out += text(x.end + _LABEL_GAP, place + 4, name, size=SIZE, fill=fill, bold=fill == "ink")
    base = y.start + (_STEP_BAR + 4 if steps else 0)
    out += step_bar(steps, x, y.start + 3) if steps else ""
    out += axis_bottom(x, base, nice_ticks(x.lo, x.hi, 5), f"Time, {time_unit}")
    return svg(out, width, height, title=title, prefix=prefix,
               desc=desc or f"{', '.join(n for n in names if n)} over time, in {unit}, from {tick_texts([x.lo])[0]} "
               f"to {fmt(x.hi, time_unit)}.")  # fmt: skip


def stacked_courses(
    rows: Sequence[Mapping[str, Any]],
    *,
    time_unit: str = "s",
    bands: Sequence[tuple[float, float]] = (),
    band_label: str = "breath in",
    width: float = 1104.0,
    row_height: float = 92.0,
    title: str = "Signals over time",
    desc: str = "",
    prefix: str = "signals",
) -> str:
    """One row per signal with its own axis; name, unit and one summary number at the right in the line's colour.

    ``rows`` are mappings with ``name``, ``unit``, ``t``, ``y`` and any of ``summary`` and ``colour``.
    """
    if not rows:
        raise CisternaError("stacked signals need at least one row")
    data = [_checked(r) for r in rows]
    side = max(text_width(str(r.get(key, "")), SIZE, True) for r in rows for key in ("name", "unit", "summary")) + 20
    start, end = min(min(t) for t, _ in data), max(max(t) for t, _ in data)
    x = Axis(start, end if end > start else start + 1, 64.0, width - side)
    gap, top = 26.0, 24.0
    pattern = f"{prefix}-gap"
    out = el("defs", hatch(pattern, "rule"))
    for i, (row, (t, values)) in enumerate(zip(rows, data, strict=True)):
        y0 = top + i * (row_height + gap)
        lo, hi = padded(values, 0.04)
        y = Axis(lo, hi, y0 + row_height, y0)
        stroke = str(row.get("colour", "ink"))
        inner = _bands(bands, x, y0, y0 + row_height, band_label if i == 0 else "", "breath")
        inner += axis_left(y, 64.0, nice_ticks(lo, hi, 3))
        if lo < 0 < hi:
            inner += line((x.start, y(0)), (x.end, y(0)), "ink3", 0.8)
        inner += _no_signal(gaps(t, values), x, y0, y0 + row_height, pattern)
        inner += _drawn(row, x, y, stroke, 1.8)
        label = x.end + 14
        inner += text(label, y0 + row_height * 0.34, str(row["name"]), size=SIZE + 1, fill=stroke, bold=True)
        inner += text(label, y0 + row_height * 0.34 + 17, str(row["unit"]), size=SIZE, fill="ink2")
        inner += text(label, y0 + row_height * 0.34 + 34, str(row.get("summary", "")), size=SIZE, fill="ink2")
        told = f"{row['name']}, {row['unit']}" + (f": {row['summary']}" if row.get("summary") else "")
        out += group(inner, name=f"{prefix}-row-{i}", title=told)
    base = top + len(rows) * (row_height + gap) - gap + 4
    out += axis_bottom(x, base, nice_ticks(x.lo, x.hi, 6), f"Time, {time_unit}")
    listed = ", ".join(str(r["name"]) for r in rows)
    return svg(out, width, base + 42, title=title, prefix=prefix,
               desc=desc or f"{listed} over {fmt(x.hi - x.lo, time_unit)}; each row has its own scale.")  # fmt: skip
