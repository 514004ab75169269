"""Flow along the canal over time as a small map: diverging colours in classes, the zero line, time to the right."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures.contour import ebb_field
from cisterna.outside.figures.legend import ebb_bar
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.spine import LEVELS, Spine, build_spine
from cisterna.outside.figures.style import SMALL_SIZE, Axis, axis_bottom, nice_ticks
from cisterna.outside.figures.svg import el, group, line, svg, text

_CELL = 5.0
_NAMES = ("FM", "C4", "C7", "T3", "T6", "T9", "T12", "L3", "L5", "S2")


def _weights(knots: Sequence[float], at: float) -> tuple[int, float]:
    i = min(max(bisect.bisect_right(knots, at) - 1, 0), len(knots) - 2)
    share = (at - knots[i]) / (knots[i + 1] - knots[i])
    return i, min(max(share, 0.0), 1.0)


def even_grid(
    t: Sequence[float], q: Sequence[float], rows: Sequence[Sequence[float]], nx: int, ny: int
) -> list[list[float]]:
    """Values at even times and places, shape (ny + 1, nx + 1), on straight lines between those given.

    Parameters
    ----------
    t, q : sequence of float
        Times and places, rising.
    rows : sequence of sequences
        One row of values over `t` for each of `q`.
    """
    times = [float(a) for a in t]
    columns = [_weights(times, times[0] + (times[-1] - times[0]) * i / nx) for i in range(nx + 1)]
    grid = []
    for j in range(ny + 1):
        k, share = _weights(q, q[0] + (q[-1] - q[0]) * j / ny)
        upper, lower = rows[k], rows[k + 1]
        grid.append([
            (1 - share) * ((1 - s) * float(upper[i]) + s * float(upper[i + 1]))
            + share * ((1 - s) * float(lower[i]) + s * float(lower[i + 1]))
            for i, s in columns
        ])  # fmt: skip
    return grid


def space_time(
    t: Sequence[float],
    values: Mapping[str, Sequence[float]],
    *,
    unit: str,
    limit: float,
    time_unit: str = "s",
    front: Mapping[str, Any] | None = None,
    spine: Spine | None = None,
    width: float = 640.0,
    height: float = 340.0,
    title: str = "Flow along the canal over time",
    desc: str = "",
    prefix: str = "map",
) -> str:
    """A signed quantity over time (right) and along the canal (cranium up, spaced by true length).

    Parameters
    ----------
    t : sequence of float
        Times, rising.
    values : mapping
        Level -> values at these times; at least two levels.
    limit : float
        End of the symmetric colour scale, in `unit`; petrol is towards the head, rust towards the feet.
    front : mapping, optional
        ``from`` and ``to`` as (time, level) and ``label``: the line of a wave front.
    """
    for level in values:
        if level not in LEVELS:
            raise UnknownName("level", level, list(LEVELS))
    names = [lv for lv in LEVELS if lv in values]
    if len(names) < 2 or len(t) < 2:
        found = f"{len(names)} levels, {len(t)} times"
        raise CisternaError("a space-time map needs two levels and two times", found=found)
    body = spine or build_spine()
    q = [body.level_q(lv) for lv in names]
    left, top, bottom = 44.0, 10.0, 84.0
    x, y = Axis(float(t[0]), float(t[-1]), left, width - 14), Axis(q[0], q[-1], top, height - bottom)
    nx, ny = max(round((x.end - left) / _CELL), 2), max(round((y.end - top) / _CELL), 2)
    xs = [left + (x.end - left) * i / nx for i in range(nx + 1)]
    ys = [top + (y.end - top) * j / ny for j in range(ny + 1)]
    grid = even_grid(t, q, [values[name] for name in names], nx, ny)
    out = group(ebb_field(grid, xs, ys, limit), name=f"{prefix}-field")
    for level in _NAMES:
        if q[0] <= body.level_q(level) <= q[-1]:
            py = y(body.level_q(level))
            out += text(left - 8, py + 4, level, size=SMALL_SIZE, fill="ink2", anchor="end")
            out += line((left - 4, py), (left, py), "ink3", 1.0)
    if front:
        (t0, l0), (t1, l1) = front["from"], front["to"]
        a, b = (x(float(t0)), y(body.level_q(l0))), (x(float(t1)), y(body.level_q(l1)))
        out += line(a, b, "ink", 2.0)
        out += text(b[0] + 6, b[1] - 8, str(front.get("label", "")), size=SMALL_SIZE, halo=True)
    out += axis_bottom(x, y.end, nice_ticks(x.lo, x.hi, 5), f"Time, {time_unit}")
    out += el("g", ebb_bar(limit, unit, width=200, x=left, y=height - 36))
    peak = max((abs(v) for row in grid for v in row), default=0.0)
    return svg(out, width, height, title=title, prefix=prefix,
               desc=desc or f"Values between {names[0]} and {names[-1]} over {fmt(x.hi - x.lo, time_unit)}, up to "
               f"{fmt(peak, unit)} either way; petrol is towards the head, rust towards the feet.")  # fmt: skip
