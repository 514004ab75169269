"""The large space-time map: flow along the canal over some beats, what drives it above, what a beat moves beside it.

Time runs right, cranium up, levels spaced by true length; the profile at the right shares the vertical axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures.contour import ebb_field
from cisterna.outside.figures.legend import ebb_bar
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.spacetime import even_grid
from cisterna.outside.figures.spine import LEVELS, Spine, build_spine
from cisterna.outside.figures.style import BAND, DATA, SIZE, SMALL_SIZE, Axis, axis_bottom, nice_ticks, padded
from cisterna.outside.figures.svg import el, group, line, path, polyline_d, rect, svg, text, text_width

_LEFT, _BREATH, _TRACE, _CELL = 64.0, 20.0, 52.0, 5.0
_PROFILE, _GAP = 240.0, 56.0
_NAMES = ("C4", "C7", "T3", "T6", "T9", "T12", "L3", "L5", "S2")
#: Regions of the canal end at the lower face of these levels.
_REGIONS = ("C7", "T12", "L5")


def flow_map(
    t: Sequence[float],
    values: Mapping[str, Sequence[float]],
    *,
    unit: str,
    limit: float,
    trace: Mapping[str, Any] | None = None,
    breaths: Sequence[tuple[float, float]] = (),
    front: Mapping[str, float] | None = None,
    front_label: Sequence[str] = (),
    profile: Mapping[str, float] | None = None,
    band: Mapping[str, tuple[float, float]] | None = None,
    profile_title: str = "Stroke volume",
    profile_unit: str = "mL per beat",
    spine: Spine | None = None,
    width: float = 1104.0,
    height: float = 600.0,
    title: str = "Flow along the canal over time",
    desc: str = "",
    prefix: str = "flowmap",
) -> str:
    """Flow through the canal over time, as colour, with the pulse and the breath above and a profile beside it.

    Parameters
    ----------
    t : sequence of float
        Times, s, rising.
    values : mapping
        Level -> flow through its lower face at these times (FM: through the foramen magnum); at least two. Below the
        last one it goes to 0 at the end of the sac, which is closed.
    limit : float
        End of the symmetric colour scale, in `unit`; petrol is towards the head, rust towards the feet.
    trace : mapping, optional
        ``name``, ``y`` at the same times, ``colour``: what drives the flow.
    breaths : sequence of (start, end)
        Breathing in, on the clock of `t`.
    front : mapping, optional
        Level -> time at which the wave arrives there, on the clock of `t`; drawn as a line.
    front_label : sequence of str
        One or two lines beside its end.
    profile, band : mapping, optional
        Level -> value at its lower face; level -> published range, at the middle of the level.

    Raises
    ------
    CisternaError
        Fewer than two levels or two times, or an unknown level.
    """
    for level in (*values, *(front or {}), *(profile or {}), *(band or {})):
        if level not in LEVELS:
            raise UnknownName("level", level, list(LEVELS))
    names = [lv for lv in LEVELS if lv in values]
    if len(names) < 2 or len(t) < 2:
        found = f"{len(names)} levels, {len(t)} times"
        raise CisternaError("a space-time map needs two levels and two times", found=found)
    body = spine or build_spine()
    top = 8.0 + (_BREATH + 6 if breaths else 0.0) + (_TRACE if trace else 0.0) + 6
    side = _PROFILE + _GAP if profile else 16.0
    x = Axis(float(t[0]), float(t[-1]), _LEFT, width - side)
    y = Axis(0.0, body.sac_end, top, height - 92.0)
    q, rows = [_face(body, lv) for lv in names], [list(values[lv]) for lv in names]
    if q[-1] < body.sac_end:
        q, rows = [*q, body.sac_end], [*rows, [0.0] * len(t)]
    if q[0] > 0.0:
        q, rows = [0.0, *q], [rows[0], *rows]
    nx, ny = round((x.end - x.start) / _CELL), round((y.end - y.start) / _CELL)
    grid = even_grid(t, q, rows, nx, ny)
    xs = [x.start + (x.end - x.start) * i / nx for i in range(nx + 1)]
    ys = [y.start + (y.end - y.start) * j / ny for j in range(ny + 1)]
    out = group(ebb_field(grid, xs, ys, limit), name=f"{prefix}-field", title=f"Flow, {unit}")
    out += _levels(body, y, x)
    out += _above(t, trace, breaths, x, top)
    if front:
        out += _front(front, front_label, body, x, y, prefix)
    out += axis_bottom(x, y.end, nice_ticks(x.lo, x.hi, 6), "Time, s")
    out += el("g", ebb_bar(limit, unit, width=280, x=x.start, y=height - 36))
    if profile:
        out += _beside(profile, band or {}, profile_title, profile_unit, body, y, width, prefix)
    peak = max(abs(v) for row in grid for v in row)
    told = f"Flow from the foramen magnum to the end of the sac over {fmt(x.hi - x.lo, 's')}, up to {fmt(peak, unit)}"
    return svg(out, width, height, title=title, prefix=prefix,
               desc=desc or f"{told} either way; petrol is towards the head, rust towards the feet.")  # fmt: skip


def _face(body: Spine, level: str) -> float:
    """Arc length of the lower face of a level; the sac ends within S2."""
    if level == "FM":
        return 0.0
    after = LEVELS.index(level) + 1
    return min(body.top[LEVELS[after]], body.sac_end) if after < len(LEVELS) else body.sac_end


def _levels(body: Spine, y: Axis, x: Axis) -> str:
    """Names of levels at their middle, and dotted lines where a region of the canal ends."""
    out = text(x.start - 10, y.start + 4, "FM", size=SIZE, fill="ink2", anchor="end")
    for level in _NAMES:
        at = min(body.level_q(level), body.sac_end)
        out += text(x.start - 10, y(at) + 4, level, size=SIZE, fill="ink2", anchor="end")
        out += line((x.start - 5, y(at)), (x.start, y(at)), "ink3", 1.0)
    for level in _REGIONS:
        at = y(_face(body, level))
        out += line((x.start, at), (x.end, at), "ground", 1.6)
        out += line((x.start, at), (x.end, at), "ink2", 1.0, stroke_dasharray="1 3")
    return out


def _above(
    t: Sequence[float], trace: Mapping[str, Any] | None, breaths: Sequence[tuple[float, float]], x: Axis, top: float
) -> str:
    """Bars of breathing in and the driving signal, on the map's own time axis."""
    out, named = "", False
    for a, b in breaths:
        left, right = x(max(a, x.lo)), x(min(b, x.hi))
        if right - left < 1:
            continue
        out += rect(left, 6, right - left, _BREATH - 2, "breath", fill_opacity=0.2)
        if right - left > text_width("breath in", SMALL_SIZE) + 8:
            out += text((left + right) / 2, 6 + _BREATH - 7, "breath in", size=SMALL_SIZE, anchor="middle")
            named = True
    if breaths and not named:
        out += text(x.start - 10, 6 + _BREATH - 7, "breath", size=SMALL_SIZE, fill="ink2", anchor="end")
    if trace:
        shown = [float(v) for v in trace["y"]]
        lo, hi = padded(shown, 0.05)
        axis = Axis(lo, hi, top - 8, top - _TRACE)
        colour = str(trace.get("colour", "art"))
        points = [(x(float(a)), axis(v)) for a, v in zip(t, shown, strict=True)]
        out += group(path(polyline_d(points), stroke=colour, width=1.6), title=str(trace["name"]))
        out += text(x.start - 10, top - _TRACE / 2, str(trace["name"]), size=SIZE, fill=colour, bold=True, anchor="end")
    return out


def _front(front: Mapping[str, float], label: Sequence[str], body: Spine, x: Axis, y: Axis, prefix: str) -> str:
    """The line of arrival, with an edge in the page colour, and its label on a patch of ground."""
    points = [(x(front[lv]), y(_face(body, lv))) for lv in LEVELS if lv in front]
    d = polyline_d(points)
    out = path(d, stroke="ground", width=4.5) + path(d, stroke="ink", width=DATA + 0.2)
    px, py = points[-1]
    wide = max((text_width(part, SMALL_SIZE) for part in label), default=0.0)
    if label:
        to_left = px + wide + 24 > x.end
        bx = px - wide - 20 if to_left else px + 8
        high = 15.0 * len(label) + 6
        by = min(py + 6, y.end - high - 6)
        out += rect(bx, by, wide + 12, high, "ground", fill_opacity=0.88, rx=3)
        for i, part in enumerate(label):
            out += text(bx + 6, by + 14 + 15 * i, part, size=SMALL_SIZE)
    return group(out, name=f"{prefix}-front", title=" ".join(label))


def _beside(
    profile: Mapping[str, float], band: Mapping[str, tuple[float, float]], title: str, unit: str, body: Spine,
    y: Axis, width: float, prefix: str,
) -> str:  # fmt: skip
    """A quantity along the canal on the same vertical axis, with its published range as a band."""
    points = [(_face(body, lv), float(profile[lv])) for lv in LEVELS if lv in profile]
    if points[-1][0] < body.sac_end:
        points.append((body.sac_end, 0.0))
    bands = [(body.level_q(lv), *band[lv]) for lv in LEVELS if lv in band]
    most = max([v for _, v in points] + [high for _, _, high in bands])
    x = Axis(0.0, 1.05 * most, width - _PROFILE + 24, width - 16)
    out = text(x.start - 10, y.start - 28, title, size=SIZE + 2, bold=True)
    for value in nice_ticks(0.0, x.hi, 3):
        out += line((x(value), y.start), (x(value), y.end), "ink3" if value == 0 else "grid", 1.0)
    if bands:
        ring = [(x(low), y(at)) for at, low, _ in bands] + [(x(high), y(at)) for at, _, high in reversed(bands)]
        out += path(polyline_d(ring, close=True), fill="fluid", fill_opacity=BAND)
        at, _, high = bands[len(bands) // 2]
        for i, word in enumerate(("published", "range")):
            out += text(x.end, y(at) - 4 + 14 * i, word, size=SMALL_SIZE, fill="ink2", anchor="end")
    out += path(polyline_d([(x(v), y(at)) for at, v in points]), stroke="fluid", width=DATA + 0.4)
    out += axis_bottom(x, y.end, nice_ticks(0.0, x.hi, 3), unit)
    named = {lv: profile[lv] for lv in LEVELS if lv in profile}
    first, last = next(iter(named)), list(named)[-1]
    told = f"{title}: {fmt(named[first])} at {first}, {fmt(named[last])} at {last}, {unit}"
    return group(out, name=f"{prefix}-profile", title=told)
