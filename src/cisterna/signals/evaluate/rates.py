"""How often the heart beats and the breath comes, with an interval that irregular beats do not narrow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.signals.beats import per_minute
from cisterna.signals.evaluate.channel import Passed
from cisterna.signals.result import Result

#: Neighbouring intervals are alike (breath, slow waves): of so many only one counts as new for the interval.
_ALIKE = 5


def rates(passed: Passed) -> list[Result]:
    """``heart_rate`` and ``beats``, or ``breath_rate`` and ``breaths``, as far as the channel shows them."""
    name = passed.channel.name
    out: list[Result] = []
    for what, rate, times in (("beats", "heart_rate", passed.beats), ("breaths", "breath_rate", passed.breaths)):
        if times.size < 2:
            continue
        low, high = _interval(np.diff(times))
        note = (
            f"60 over the median interval; 95 % interval by order statistics, one in {_ALIKE} intervals counted as new"
        )
        out.append(Result(rate, name, per_minute(times), "1/min", low, high, times.size - 1, note))
        out.append(
            Result(what, name, float(times.size), "1", n=times.size, note=f"{what} found; a count, so no interval")
        )
    return out


def _interval(steps: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of 60 over the median, from the binomial ranks of as many intervals as are new."""
    ordered = np.sort(steps)
    new = max(steps.size / _ALIKE, 1.0)
    half = 0.98 / np.sqrt(new)  # 1.96 standard deviations of the share below the median
    if half >= 0.5:
        return float("nan"), float("nan")
    at = np.quantile(ordered, [0.5 - half, 0.5 + half])
    return 60.0 / float(at[1]), 60.0 / float(at[0])
