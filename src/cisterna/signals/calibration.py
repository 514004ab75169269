"""What a device does to itself: self-calibration in steps, square waves, flushing, zeroing.

Such a stretch is no loss of the sensor: it is told apart by what it looks like.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cisterna.ground.parameter import default_parameters
from cisterna.signals.faults import Interval
from cisterna.signals.grid import Samples, fill, runs, working

#: A plateau moves by less than this share of the pulse, is at least this long (s), and two plateaus are steps when
#: they differ by more than the second share.
_STILL, _SHORTEST, _STEP = 0.05, 0.2, 0.15
#: Plateaus that turn this often between two levels are a square wave.
_TURNS = 4
#: Shortest time above the flush level that is a flush, and steps of a flush closer than this are one (s).
_FLUSH, _FLUSH_JOIN = 0.2, 2.0


def told_apart(dropouts: list[Interval], array: Samples, rate: float, pulse: float, unit: str = "") -> list[Interval]:
    """Dropouts, those that are calibrations renamed, each with what it looked like.

    Parameters
    ----------
    dropouts : list of Interval
        Stretches without pulse, s from the first sample.
    array : array (time,)
        Samples, NaN where missing; `rate` in Hz.
    pulse : float
        Usual peak to peak of the pulse, in the unit of the samples.
    unit : str
        ``mmHg`` where the level can be trusted: only then is a plateau at zero a zeroing.

    Examples
    --------
    >>> values = np.repeat([60.0, 100.0, 80.0, 60.0], 100)
    >>> print(*told_apart([Interval(1.0, 3.0, "dropout")], values, 100.0, 40.0))
    1.00-3.00 s calibration, steps
    """
    return [_named(d, array[int(d.start * rate) : int(np.ceil(d.stop * rate))], rate, pulse, unit) for d in dropouts]


def find_flushes(array: Samples, rate: float) -> list[Interval]:
    """Stretches of an arterial line (mmHg) at a pressure that only the flush bag reaches."""
    high = fill(array) > default_parameters()["quality_flush_level"].value
    joined: list[tuple[float, float]] = []
    for a, b in runs(high):
        if (b - a) / rate >= _FLUSH:
            if joined and a / rate - joined[-1][1] < _FLUSH_JOIN:
                joined[-1] = (joined[-1][0], b / rate)
            else:
                joined.append((a / rate, b / rate))
    return [Interval(a, b, "calibration", "flush") for a, b in joined]


def _named(dropout: Interval, part: Samples, rate: float, pulse: float, unit: str) -> Interval:
    if not np.isfinite(part).any():
        return dropout
    x, fs = working(fill(part), rate, 0.0, 125.0)
    levels = _plateaus(x, fs, _STILL * pulse)
    steps = [b for a, b in zip(levels[:-1], levels[1:], strict=True) if abs(b - a) > _STEP * pulse]
    middle = (min(levels, default=0.0) + max(levels, default=0.0)) / 2
    sides = np.array([level > middle for level in levels])
    if len(steps) >= _TURNS and np.count_nonzero(np.diff(sides)) >= _TURNS:
        return replace(dropout, kind="calibration", how="square wave")
    if steps:
        return replace(dropout, kind="calibration", how="steps")
    zero = default_parameters()["quality_zero_level"].value
    if unit == "mmHg" and levels and max(abs(level) for level in levels) < zero < pulse:
        return replace(dropout, kind="calibration", how="zero")
    return dropout


def _plateaus(x: Samples, fs: float, still: float) -> list[float]:
    """Levels at which the signal rests, in order: stretches that stay within `still`, longest first wherever."""
    window = max(int(_SHORTEST * fs), 2)
    levels: list[float] = []
    first = 0
    while first + window <= x.size:
        part = x[first : first + window]
        if np.ptp(part) > 2 * still:
            first += max(window // 4, 1)
            continue
        last = first + window
        level = float(np.median(part))
        while last < x.size and abs(x[last] - level) <= 1.5 * still:
            last += 1
        levels.append(float(np.median(x[first:last])))
        first = last
    return levels
