"""Filled contours of a field on a grid: closed rings by marching squares, simplified, painted low to high."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cisterna.outside.figures.svg import Point, path, polyline_d
from cisterna.outside.figures.tokens import EBB_CLASSES

_TOLERANCE = 0.3
_FAR = 1e30


def rings(grid: Sequence[Sequence[float]], xs: Sequence[float], ys: Sequence[float], level: float) -> list[list[Point]]:
    """Closed outlines of the region where the field is at or above `level`.

    The grid gets a border of very low values at the place of its own edge, so that every outline closes there.

    Parameters
    ----------
    grid : rows of numbers
        Shape (y, x), at the nodes `ys`, `xs`.
    """
    low = [-_FAR] * (len(xs) + 2)
    v = [low, *([-_FAR, *row, -_FAR] for row in grid), low]
    px, py = [xs[0], *xs, xs[-1]], [ys[0], *ys, ys[-1]]
    follow: dict[tuple[int, int, int], tuple[int, int, int]] = {}

    def point(edge: tuple[int, int, int]) -> Point:
        j, i, down = edge
        a, b = v[j][i], v[j + down][i + 1 - down]
        t = min(max((level - a) / (b - a), 0.0), 1.0)
        return px[i] + t * (px[i + 1 - down] - px[i]), py[j] + t * (py[j + down] - py[j])

    for j in range(len(v) - 1):
        top, bottom = v[j], v[j + 1]
        for i in range(len(px) - 1):
            a, b, c, d = top[i] >= level, top[i + 1] >= level, bottom[i + 1] >= level, bottom[i] >= level
            if a == b == c == d:
                continue
            sides = {"t": (j, i, 0), "r": (j, i + 1, 1), "b": (j + 1, i, 0), "l": (j, i, 1)}
            inside = (top[i] + top[i + 1] + bottom[i + 1] + bottom[i]) / 4 >= level
            for start, end in _SEGMENTS[(a, b, c, d)] if (a, b) != (c, d) or a == b else _SADDLES[(a, inside)]:
                follow[sides[start]] = sides[end]
    out = []
    while follow:
        first = at = next(iter(follow))
        ring = []
        while at in follow:
            ring.append(point(at))
            at = follow.pop(at)
        if at == first and len(ring) > 2:
            out.append(ring)
    return out


# Corners top-left, top-right, bottom-right, bottom-left; a segment keeps the inside on its right.
_SEGMENTS: dict[tuple[bool, bool, bool, bool], tuple[tuple[str, str], ...]] = {
    (True, False, False, False): (("t", "l"),),
    (False, True, False, False): (("r", "t"),),
    (False, False, True, False): (("b", "r"),),
    (False, False, False, True): (("l", "b"),),
    (True, True, False, False): (("r", "l"),),
    (False, True, True, False): (("b", "t"),),
    (False, False, True, True): (("l", "r"),),
    (True, False, False, True): (("t", "b"),),
    (False, True, True, True): (("l", "t"),),
    (True, False, True, True): (("t", "r"),),
    (True, True, False, True): (("r", "b"),),
    (True, True, True, False): (("b", "l"),),
}
# Two opposite corners inside: (top-left inside, middle inside) -> joined or cut apart.
_SADDLES: dict[tuple[bool, bool], tuple[tuple[str, str], ...]] = {
    (True, True): (("t", "r"), ("b", "l")),
    (True, False): (("t", "l"), ("b", "r")),
    (False, True): (("r", "b"), ("l", "t")),
    (False, False): (("r", "t"), ("l", "b")),
}


def simplified(points: Sequence[Point], tolerance: float = _TOLERANCE) -> list[Point]:
    """Fewer points of a line, none of the dropped ones further than `tolerance` away (Douglas and Peucker 1973)."""
    keep = [False] * len(points)
    keep[0] = keep[-1] = True
    stack = [(0, len(points) - 1)]
    while stack:
        i, j = stack.pop()
        (x0, y0), (x1, y1) = points[i], points[j]
        length = math.hypot(x1 - x0, y1 - y0)
        worst, where = tolerance, -1
        for k in range(i + 1, j):
            x, y = points[k]
            off = math.hypot(x - x0, y - y0)
            if length:
                off = abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
            if off > worst:
                worst, where = off, k
        if where > 0:
            keep[where] = True
            stack += [(i, where), (where, j)]
    return [p for p, k in zip(points, keep, strict=True) if k]


def ebb_field(grid: Sequence[Sequence[float]], xs: Sequence[float], ys: Sequence[float], limit: float) -> str:
    """A signed field in the classes of the diverging scale, with its zero line."""
    edge = polyline_d([(xs[0], ys[0]), (xs[-1], ys[0]), (xs[-1], ys[-1]), (xs[0], ys[-1])], close=True)
    out = path(edge, fill="ebb-0")
    for c in range(1, EBB_CLASSES):
        level = limit * (2 * (c - 0.5) / (EBB_CLASSES - 1) - 1)
        d = "".join(polyline_d(simplified(ring), close=True) for ring in rings(grid, xs, ys, level))
        if d:
            out += path(d, fill=f"ebb-{c}", fill_rule="evenodd")
    zero = "".join(polyline_d(simplified(line)) for ring in rings(grid, xs, ys, 0.0) for line in _inner(ring, xs, ys))
    return out + path(zero, stroke="ink3", width=0.5)


def _inner(ring: Sequence[Point], xs: Sequence[float], ys: Sequence[float]) -> list[list[Point]]:
    """The parts of a closed outline that do not run along the border of the grid."""

    def on_edge(p: Point, q: Point) -> bool:
        return any(p[k] == q[k] == e for k, ends in ((0, (xs[0], xs[-1])), (1, (ys[0], ys[-1]))) for e in ends)

    out: list[list[Point]] = [[]]
    for p, q in zip(ring, [*ring[1:], ring[0]], strict=True):
        if on_edge(p, q):
            if out[-1]:
                out.append([])
        else:
            out[-1] += [q] if out[-1] else [p, q]
    return [part for part in out if len(part) > 1]
