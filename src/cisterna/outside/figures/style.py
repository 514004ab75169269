"""One style for all charts: axes, ticks, grid lines, bands and labels that keep apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cisterna.outside.figures.numerals import number
from cisterna.outside.figures.svg import line, text

TICK, SIZE, SMALL_SIZE = 3.5, 12.0, 11.0
DATA, DENSE, REFERENCE = 2.0, 1.4, 1.0
BAND = 0.15
HYP_DASH = "6 4"


def nice_ticks(lo: float, hi: float, target: int = 4) -> list[float]:
    """Two to five round numbers inside ``lo..hi``.

    Examples
    --------
    >>> nice_ticks(0, 52), nice_ticks(-0.2, 0.2)
    ([0.0, 20.0, 40.0], [-0.2, 0.0, 0.2])
    """
    if not hi > lo:
        return [lo]
    power = 10.0 ** math.floor(math.log10((hi - lo) / target))
    best: list[float] = []
    for factor in (1, 2, 4, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(lo / step - 1e-9), math.floor(hi / step + 1e-9)
        ticks = [round(i * step, 12) + 0.0 for i in range(first, last + 1)]
        if 2 <= len(ticks) and (not best or len(best) > target):
            best = ticks
    return best or [lo, hi]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Tick labels with common decimals."""
    step = min((abs(b - a) for a, b in zip(ticks, ticks[1:], strict=False)), default=abs(ticks[0]) or 1.0)
    places = 0
    while places < 6 and any(abs(round(t, places) - t) > 1e-6 * step for t in ticks):
        places += 1
    return [number(t, places=places) for t in ticks]


@dataclass(frozen=True)
class Axis:
    """Maps data to px, linearly or by decades."""

    lo: float
    hi: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        a, b, v = (math.log10(x) for x in (self.lo, self.hi, value)) if self.log else (self.lo, self.hi, value)
        return self.start + (v - a) / (b - a) * (self.end - self.start)


def padded(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """Limits of finite values with a little air; never empty."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    lo, hi = min(finite), max(finite)
    air = (hi - lo) * share if hi > lo else abs(hi) * 0.1 or 1.0
    return lo - air, hi + air


def axis_left(y: Axis, x: float, ticks: Sequence[float], *, grid_to: float | None = None, size: float = SIZE) -> str:
    """Left axis as long as its ticks, tick labels outside; optional grid lines to `grid_to`."""
    out = ""
    for value, label in zip(ticks, tick_texts(ticks), strict=True):
        py = y(value)
        if grid_to is not None:
            out += line((x, py), (grid_to, py), "grid", 1.0)
        out += line((x - TICK, py), (x, py), "ink3", 1.0)
        out += text(x - TICK - 5, py + 0.35 * size, label, size=size, fill="ink2", anchor="end")
    if len(ticks) > 1:
        out += line((x, y(ticks[0])), (x, y(ticks[-1])), "ink3", 1.0)
    return out


def axis_bottom(x: Axis, y: float, ticks: Sequence[float], label: str = "", *, labels: Sequence[str] | None = None,
                size: float = SIZE) -> str:  # fmt: skip
    """Bottom axis over the whole width with outward ticks and the quantity with its unit below."""
    out = line((x.start, y), (x.end, y), "ink3", 1.0)
    for value, shown in zip(ticks, labels or tick_texts(ticks), strict=True):
        out += line((x(value), y), (x(value), y + TICK), "ink3", 1.0)
        out += text(x(value), y + TICK + 1.1 * size, shown, size=size, fill="ink2", anchor="middle")
    if label:
        out += text((x.start + x.end) / 2, y + TICK + 2.5 * size, label, size=size, fill="ink2", anchor="middle")
    return out


def spread(wanted: Sequence[float], gap: float, lo: float = -math.inf, hi: float = math.inf) -> list[float]:
    """Label positions as near as possible to the wanted ones, at least `gap` apart, in the same order.

    Examples
    --------
    >>> spread([10, 12, 40], 14)
    [4.0, 18.0, 40.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[float]] = []  # centre sum, count, members' offset handled by count
    members: list[list[int]] = []
    for i in order:
        blocks.append([float(wanted[i]), 1.0])
        members.append([i])
        while len(blocks) > 1:
            (c0, n0), (c1, n1) = blocks[-2], blocks[-1]
            if c1 - c0 >= gap * (n0 + n1) / 2 - 1e-9:
                break
            # Pool two touching groups about the mean of their wishes.
            first = (c0 * n0 + c1 * n1) / (n0 + n1)
            blocks[-2:] = [[first, n0 + n1]]
            members[-2:] = [members[-2] + members[-1]]
    out = [0.0] * len(wanted)
    for (centre, count), group in zip(blocks, members, strict=True):
        start = centre - gap * (count - 1) / 2
        start = max(min(start, hi - gap * (count - 1)), lo)
        for j, i in enumerate(group):
            out[i] = start + gap * j
    return out
