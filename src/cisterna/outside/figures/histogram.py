"""How often values fall where, and where one value stands among them: a statistic against its surrogates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt, plain
from cisterna.outside.figures.style import DATA, SIZE, SMALL_SIZE, Axis, axis_bottom, axis_left, nice_ticks
from cisterna.outside.figures.svg import line, rect, svg, text, text_width

_LEFT, _TOP, _BOTTOM = 52.0, 40.0, 46.0
#: The axis turns to decades where the marked value lies this many times beyond the rest.
_FAR = 4.0


def histogram(
    values: Sequence[float],
    *,
    x_label: str,
    mark: tuple[float, str] | None = None,
    bins: int = 20,
    y_label: str = "number",
    width: float = 520.0,
    height: float = 300.0,
    title: str = "",
    desc: str = "",
    prefix: str = "histogram",
) -> str:
    """Bars of the number of values in equal bins, and a line at one value.

    Parameters
    ----------
    values : sequence of float
        What is counted.
    mark : (value, name), optional
        The value to compare; far beyond the rest it turns the axis to decades.
    """
    good = sorted(float(v) for v in values if math.isfinite(v))
    if not good:
        raise CisternaError("a histogram needs at least one value")
    every = [*good, *([mark[0]] if mark else [])]
    lo, hi = min(every), max(every)
    log = lo > 0 and hi > _FAR * good[-1]
    if log:
        lo, hi = lo / 1.2, hi * 1.3
    else:
        air = 0.06 * (hi - lo) or abs(hi) * 0.1 or 1.0
        lo, hi = lo - air, hi + air
    x = Axis(lo, hi, _LEFT, width - 14, log=log)
    step = (x(good[-1]) - x(good[0])) / bins or 6.0
    counts = [0] * bins
    for v in good:
        counts[min(int((x(v) - x(good[0])) / step), bins - 1)] += 1
    y = Axis(0.0, max(counts) * 1.06, height - _BOTTOM, _TOP)
    out = text(0, 12, y_label, size=SIZE, fill="ink2")
    out += axis_left(y, _LEFT, nice_ticks(0.0, y.hi, 3), grid_to=x.end)
    for k, count in enumerate(counts):
        if count:
            out += rect(x(good[0]) + k * step + 0.5, y(count), max(step - 1.0, 1.0), y.start - y(count), "rest")
    if mark:
        at = x(mark[0])
        out += line((at, _TOP - 8), (at, y.start), "ink", DATA)
        end = at + text_width(mark[1], SIZE, True) / 2 > x.end
        out += text(min(at, x.end) if end else at, _TOP - 13, mark[1], size=SIZE, bold=True,
                    anchor="end" if end else "middle")  # fmt: skip
    if log:
        ticks = [m * 10.0**k for k in range(math.floor(math.log10(lo)), math.ceil(math.log10(hi))) for m in (1, 3)]
        ticks = [v for v in ticks if lo <= v <= hi]
        out += axis_bottom(x, y.start, ticks, x_label, labels=[plain(v) for v in ticks])
    else:
        out += axis_bottom(x, y.start, nice_ticks(lo, hi, 5), x_label)
    told = f"{len(good)} values from {fmt(good[0])} to {fmt(good[-1])}"
    told += f"; {mark[1]} at {fmt(mark[0])}" if mark else ""
    out += text(x.end, y.start + 38, f"{len(good)} in all", size=SMALL_SIZE, fill="ink2", anchor="end")
    return svg(out, width, height, title=title or told, desc=desc or f"{told}.", prefix=prefix)
