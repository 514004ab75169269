"""One quantity against another: pulse shapes, spectra, bins with intervals, a measurement and its fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt, plain
from cisterna.outside.figures.style import (
    BAND,
    DATA,
    HYP_DASH,
    SIZE,
    SMALL_SIZE,
    TICK,
    Axis,
    axis_bottom,
    axis_left,
    nice_ticks,
    padded,
    spread,
)
from cisterna.outside.figures.svg import (
    circle,
    el,
    group,
    line,
    path,
    polyline_d,
    rect,
    svg,
    text,
    text_width,
)
from cisterna.outside.figures.timecourse import pieces, thinned

_LEFT, _TOP, _BOTTOM = 52.0, 26.0, 46.0
#: Decades that are all labelled; of more every second, third ... is.
_MOST_DECADES = 5
_SUPER = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _decades(lo: float, hi: float) -> list[float]:
    return [10.0**k for k in range(math.ceil(math.log10(lo) - 1e-9), math.floor(math.log10(hi) + 1e-9) + 1)]


def _decade_text(v: float) -> str:
    """A power of ten, as a power where its digits would not fit beside the axis."""
    if 1e-4 <= v < 1e6:
        return plain(v)
    return "10" + f"{math.log10(v):.0f}".translate(_SUPER)


def _axis(values: Sequence[float], limits: tuple[float, float] | None, log: bool, start: float, end: float,
          what: str, air: float) -> Axis:  # fmt: skip
    if log:
        good = [v for v in values if math.isfinite(v) and v > 0]
        if not good and not limits:
            raise CisternaError(f"a log {what} axis needs values above zero")
        lo, hi = limits or (min(good), max(good) * 1.2)
        if not 0 < lo < hi:
            raise CisternaError(f"a log {what} axis needs limits above zero", found=f"{lo:g} to {hi:g}")
        return Axis(lo, hi, start, end, log=True)
    lo, hi = limits or padded(values, air)
    return Axis(lo, hi if hi > lo else lo + 1, start, end)


def _left(y: Axis) -> str:
    if not y.log:
        return axis_left(y, _LEFT, nice_ticks(y.lo, y.hi))
    out = line((_LEFT, y(y.lo)), (_LEFT, y(y.hi)), "ink3", 1.0)
    decades = _decades(y.lo, y.hi)
    apart = max(len(decades) // _MOST_DECADES, 1)
    for k, v in enumerate(decades):
        out += line((_LEFT - TICK, y(v)), (_LEFT, y(v)), "ink3", 1.0)
        if k % apart == 0:
            out += text(_LEFT - TICK - 5, y(v) + 4, _decade_text(v), size=SIZE, fill="ink2", anchor="end")
    return out


def _marks(points: Sequence[Mapping[str, Any]], x: Axis, y: Axis) -> str:
    """Points: filled disc inside the usual bound, open diamond outside, with their interval and label."""
    out = ""
    for p in points:
        px, py = x(float(p["x"])), y(float(p["y"]))
        inside = p.get("inside")
        colour = "ink" if inside is None else "ok" if inside else "phys"
        if p.get("low") is not None and p.get("high") is not None:
            out += line((px, y(float(p["low"]))), (px, y(float(p["high"]))), colour, 1.8)
        if inside is False:
            ring = [(px, py - 5.5), (px + 5.5, py), (px, py + 5.5), (px - 5.5, py)]
            out += path(polyline_d(ring, close=True), fill="ground", stroke="phys", width=1.8)
        else:
            out += circle(px, py, 4.5, colour)
        if p.get("label"):
            out += text(px, py - 10, str(p["label"]), size=SIZE, bold=True, anchor="middle", halo=True)
    return out


def xy_chart(
    series: Sequence[Mapping[str, Any]],
    *,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = False,
    x_limits: tuple[float, float] | None = None,
    y_limits: tuple[float, float] | None = None,
    bands: Sequence[Mapping[str, Any]] = (),
    points: Sequence[Mapping[str, Any]] = (),
    references: Sequence[tuple[float, str]] = (),
    notes: Sequence[str] = (),
    width: float = 520.0,
    height: float = 300.0,
    title: str = "",
    desc: str = "",
    prefix: str = "xy",
) -> str:
    """Lines and points over a linear or log axis.

    Parameters
    ----------
    series : sequence of mappings
        ``x``, ``y`` and any of ``name`` (written at its end), ``colour``, ``faint`` (one of many, drawn thin),
        ``low`` and ``high`` (band), ``hypothesis``.
    x_label, y_label : str
        Quantity with unit ("Frequency, Hz"); the vertical one stands over its axis.
    bands : sequence of mappings
        ``from``, ``to``, ``label`` and optionally ``colour``: light vertical bands.
    points : sequence of mappings
        ``x``, ``y`` and any of ``low``, ``high``, ``inside`` (True, False), ``label``.
    references : sequence of (value, name)
        Horizontal lines.
    notes : sequence of str
        Lines in the upper right corner (fitted numbers).
    """
    xs = [float(v) for s in series for v in s["x"]] + [float(p["x"]) for p in points]
    ys = [float(v) for s in series for key in ("y", "low", "high") for v in s.get(key, ())]
    ys += [float(p[k]) for p in points for k in ("y", "low", "high") if p.get(k) is not None]
    ys += [v for v, _ in references]
    if not xs or not ys:
        raise CisternaError("a chart needs at least one line or point")
    names = [str(s["name"]) for s in series if s.get("name")] + [n for _, n in references]
    right = max((text_width(n, SIZE, True) for n in names), default=0.0) + 14
    x = _axis(xs, x_limits, log_x, _LEFT, width - right, "horizontal", 0.0)
    y = _axis(ys, y_limits, log_y, height - _BOTTOM, _TOP, "vertical", 0.06)
    clip = f"{prefix}-clip"
    out = el(
        "defs",
        el("clipPath", rect(_LEFT - 1, _TOP - 6, x.end - _LEFT + 2, y.start - _TOP + 7, "ink"), id=clip),
    )
    out += text(0, 12, y_label, size=SIZE, fill="ink2")
    for band in bands:
        a, b = (x(min(max(float(band[k]), x.lo), x.hi)) for k in ("from", "to"))
        out += rect(a, _TOP, b - a, y.start - _TOP, str(band.get("colour", "breath")), fill_opacity=0.13)
        out += text((a + b) / 2, _TOP - 5, str(band.get("label", "")), size=SMALL_SIZE, anchor="middle")
    out += _left(y)
    if not log_y and y.lo < 0 < y.hi:
        out += line((x.start, y(0)), (x.end, y(0)), "ink3", 0.8)
    for value, name in references:
        out += line((x.start, y(value)), (x.end, y(value)), "phys", 1.0, stroke_dasharray="5 3")
        out += text(x.end + 8, y(value) + 4, name, size=SMALL_SIZE, fill="phys")
    inner, ends = "", []
    for s in series:
        colour = "hyp" if s.get("hypothesis") else str(s.get("colour", "ink"))
        px, py = [float(v) for v in s["x"]], [float(v) for v in s["y"]]
        if len(px) != len(py):
            raise CisternaError("a line needs as many x as y", found=f"{len(px)} and {len(py)}")
        if "low" in s and "high" in s:
            ring = [(x(a), y(float(b))) for a, b in zip(px, s["high"], strict=True)]
            ring += [(x(a), y(float(b))) for a, b in reversed(list(zip(px, s["low"], strict=True)))]
            inner += path(polyline_d(ring, close=True), fill=colour, fill_opacity=BAND)
        shown = [math.nan if (log_x and a <= 0) or (log_y and b <= 0) else b for a, b in zip(px, py, strict=True)]
        d = ""
        for piece in pieces(px, shown):
            d += polyline_d(thinned([(x(a), y(b)) for a, b in piece], x.end - x.start))
        faint = bool(s.get("faint"))
        inner += path(d, stroke=colour, width=0.8 if faint else DATA, stroke_opacity=0.25 if faint else None,
                      stroke_dasharray=HYP_DASH if s.get("hypothesis") else None)  # fmt: skip
        if s.get("name"):
            last = next(((a, b) for a, b in zip(reversed(px), reversed(shown), strict=True) if math.isfinite(b)), None)
            if last:
                fill = "ink" if colour in ("breath", "rest", "hand", "touch") else colour
                ends.append((y(last[1]), str(s["name"]), fill))
    for place, (_, name, fill) in zip(spread([e[0] for e in ends], 15, _TOP, y.start), ends, strict=True):
        out += text(x.end + 8, place + 4, name, size=SIZE, fill=fill, bold=True)
    out += el("g", inner, clip_path=f"url(#{clip})") + group(_marks(points, x, y), name=f"{prefix}-points")
    for i, note in enumerate(notes):
        out += text(x.end - 4, _TOP + 14 + 16 * i, note, size=SMALL_SIZE, fill="ink2", anchor="end", halo=True)
    ticks = _decades(x.lo, x.hi) if log_x else nice_ticks(x.lo, x.hi, 5)
    out += axis_bottom(x, y.start, ticks, x_label, labels=[plain(v) for v in ticks] if log_x else None)
    told = f"{y_label} against {x_label}, {fmt(x.lo)} to {fmt(x.hi)}"
    return svg(out, width, height, title=title or told, desc=desc or f"{told}.", prefix=prefix)
