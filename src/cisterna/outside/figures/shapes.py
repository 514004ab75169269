"""Curves of the drawn anatomy: the outline table, Catmull-Rom through points, areas, monotone interpolation.

Outlines are lists of (anterior, superior) in mm from the centre of the foramen magnum; the table stands in
``outlines.json``. Screen coordinates are made at the very end, by the caller.
"""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from cisterna.outside.figures.svg import Point, xy


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """The whole outline table."""
    text = resources.files(__package__).joinpath("outlines.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def outline(name: str) -> list[Point]:
    """A named outline in mm.

    Examples
    --------
    >>> outline("clivus")[0]
    (17.0, 2.0)
    """
    return [(float(a), float(s)) for a, s in table()["shapes"][name]]


def beziers(points: Sequence[Point], close: bool = True) -> list[tuple[Point, Point, Point]]:
    """Bezier pieces (control, control, end) of the uniform Catmull-Rom curve through `points`.

    The tangent at a point is half the step between its neighbours; open ends repeat their last point.
    """
    n = len(points)

    def at(i: int) -> Point:
        return points[i % n] if close else points[min(max(i, 0), n - 1)]

    pieces = []
    for i in range(n if close else n - 1):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        c1 = (p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6)
        c2 = (p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6)
        pieces.append((c1, c2, p2))
    return pieces


def smooth_d(points: Sequence[Point], close: bool = True, move: bool = True) -> str:
    """Path data of the Catmull-Rom curve through screen points."""
    head = f"{'M' if move else 'L'}{xy(points[0])}"
    return head + "".join(f"C{xy(a)} {xy(b)} {xy(c)}" for a, b, c in beziers(points, close)) + ("Z" if close else "")


def flatten(points: Sequence[Point], close: bool = True, parts: int = 8) -> list[Point]:
    """Points along the Catmull-Rom curve, `parts` per piece."""
    out, start = [points[0]], points[0]
    for a, b, c in beziers(points, close):
        for k in range(1, parts + 1):
            t = k / parts
            u = 1 - t
            w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
            quad = (start, a, b, c)
            x, y = (sum(w[i] * quad[i][axis] for i in range(4)) for axis in (0, 1))
            out.append((x, y))
        start = c
    return out[:-1] if close else out


def area(points: Sequence[Point]) -> float:
    """Area of a closed polygon (shoelace), positive whatever its turn."""
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in pairs)) / 2


def centroid(points: Sequence[Point]) -> Point:
    """Centroid of the area of a closed polygon."""
    twice = x = y = 0.0
    for p, q in zip(points, [*points[1:], points[0]], strict=True):
        cross = p[0] * q[1] - q[0] * p[1]
        twice += cross
        x += (p[0] + q[0]) * cross
        y += (p[1] + q[1]) * cross
    return x / (3 * twice), y / (3 * twice)


def scale_volume(points: Sequence[Point], ratio: float) -> list[Point]:
    """The outline scaled about its centroid so that its area grows by `ratio`.

    A drawn shape stands for a volume: lengths grow with the square root of the volume ratio.
    """
    if ratio <= 0:
        raise ValueError(f"a volume ratio must be above 0, got {ratio}")
    (a, s), k = centroid(flatten(points)), math.sqrt(ratio)
    return [(a + k * (p[0] - a), s + k * (p[1] - s)) for p in points]


def rounded_d(points: Sequence[Point], radii: float | Sequence[float]) -> str:
    """Path data of a closed polygon with rounded corners, in screen units.

    Each corner is cut at its radius, or at 45 % of the shorter edge, and joined by a quadratic curve.
    """
    n = len(points)
    r = [radii] * n if isinstance(radii, (int, float)) else list(radii)
    d = ""
    for i, p in enumerate(points):
        ends = []
        for other in (points[i - 1], points[(i + 1) % n]):
            length = math.dist(p, other) or 1.0
            t = min(r[i], 0.45 * length) / length
            ends.append((p[0] + t * (other[0] - p[0]), p[1] + t * (other[1] - p[1])))
        d += f"{'L' if d else 'M'}{xy(ends[0])}Q{xy(p)} {xy(ends[1])}"
    return d + "Z"


def walk(points: Sequence[Point], spacing: float) -> list[Point]:
    """Points every `spacing` along an open polyline, both ends included."""
    out, left = [points[0]], spacing
    for p, q in zip(points, points[1:], strict=False):
        length = math.dist(p, q)
        gone = 0.0
        while length - gone >= left:
            gone += left
            t = gone / length
            out.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
            left = spacing
        left -= length - gone
    if math.dist(out[-1], points[-1]) > 1e-9:
        out.append(points[-1])
    return out


def linear(xs: Sequence[float], ys: Sequence[float]) -> Callable[[float], float]:
    """Piecewise linear function, constant outside."""

    def f(x: float) -> float:
        if x <= xs[0]:
            return ys[0]
        if x >= xs[-1]:
            return ys[-1]
        i = bisect.bisect_right(xs, x) - 1
        return ys[i] + (ys[i + 1] - ys[i]) * (x - xs[i]) / (xs[i + 1] - xs[i])

    return f


def _end_slope(h0: float, h1: float, d0: float, d1: float) -> float:
    slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
    if slope * d0 <= 0:
        return 0.0
    return 3 * d0 if d0 * d1 < 0 and abs(slope) > 3 * abs(d0) else slope


def pchip(xs: Sequence[float], ys: Sequence[float]) -> Callable[[float], float]:
    """Monotone cubic interpolation (Fritsch and Butland 1984 slopes), constant outside.

    Examples
    --------
    >>> f = pchip([0, 1, 2], [0, 1, 1])
    >>> f(1.5), max(f(x / 100) for x in range(201)) <= 1
    (1.0, True)
    """
    n = len(xs)
    h = [xs[i + 1] - xs[i] for i in range(n - 1)]
    d = [(ys[i + 1] - ys[i]) / h[i] for i in range(n - 1)]
    m = [_end_slope(h[0], h[1], d[0], d[1])]
    for i in range(1, n - 1):
        if d[i - 1] * d[i] <= 0:
            m.append(0.0)
        else:
            w1, w2 = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            m.append((w1 + w2) / (w1 / d[i - 1] + w2 / d[i]))
    m.append(_end_slope(h[-1], h[-2], d[-1], d[-2]))

    def f(x: float) -> float:
        if x <= xs[0]:
            return float(ys[0])
        if x >= xs[-1]:
            return float(ys[-1])
        i = bisect.bisect_right(xs, x) - 1
        t = (x - xs[i]) / h[i]
        a, b = (1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2
        return a * ys[i] + (1 - a) * ys[i + 1] + h[i] * (b * m[i] - t * t * (1 - t) * m[i + 1])

    return f
