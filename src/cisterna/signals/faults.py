"""Faults of a signal: where it is missing, drops out, stands still, is clipped or spiked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, as_samples, band_pass, fill, runs, working
from cisterna.signals.period import believed, local_period

#: Signals with a pulse: standing still for part of a beat is a fault there, and a rest in a breathing signal is not.
PULSATILE = ("pressure", "pulse", "velocity")
#: A plateau: the signal moves by less than this share of its pulse for this share of a beat (at least 0.3 s).
_STILL, _PART_OF_BEAT, _SHORTEST = 0.05, 0.45, 0.3
#: A dropout: plateaus that follow each other within the first share of a beat and last the second number of
#: beats together. A rest between two pulses (a pause after an early beat) is shorter and is no fault.
_NEXT_PLATEAU, _BEATS_OUT = 0.25, 1.3
#: Any other signal is flat when it stands exactly still this long (s).
_FLAT = 15.0
#: A spike leaves the median of its neighbours by this share of the pulse (or of the central range) and is this short.
_SPIKE, _SPIKE_LENGTH = 0.6, 0.06
#: Clipping: at least this many equal samples in a row, this long (s), at an extreme that is reached this often.
_CLIP_RUN, _CLIP_LENGTH, _CLIP_TIMES = 4, 0.02, 3


@dataclass(frozen=True)
class Interval:
    """A stretch of time [s] with its kind (gap, dropout, flat, clipped, spike; `quality` adds calibration, damped,
    distorted) and, where there is more to say, how it was bridged or what it looked like."""

    start: float
    stop: float
    kind: str
    how: str = ""

    @property
    def duration(self) -> float:
        """Length, s."""
        return self.stop - self.start

    def __str__(self) -> str:
        text = f"{self.start:.2f}-{self.stop:.2f} s {self.kind}"
        return f"{text}, {self.how}" if self.how else text


@dataclass
class Faults:
    """Faults of a signal by kind; times in s from its first sample."""

    gap: list[Interval] = field(default_factory=list)
    dropout: list[Interval] = field(default_factory=list)
    flat: list[Interval] = field(default_factory=list)
    clipped: list[Interval] = field(default_factory=list)
    spike: list[Interval] = field(default_factory=list)

    def all(self) -> list[Interval]:
        """All of them in order of time."""
        every = [*self.gap, *self.dropout, *self.flat, *self.clipped, *self.spike]
        return sorted(every, key=lambda i: (i.start, i.stop))


def find_faults(values: ArrayLike, rate: float, kind: str = "pressure") -> Faults:
    """Where a signal cannot be believed.

    Parameters
    ----------
    values : array (time,)
        Samples, NaN where missing; `rate` in Hz.
    kind : str
        Kind of signal as in the name table: ``pressure``, ``pulse`` and ``velocity`` have a pulse.

    Examples
    --------
    >>> t = np.arange(0, 20, 0.01)
    >>> abp = 80 + 20 * np.sin(2 * np.pi * t)
    >>> abp[800:950] = 95.0
    >>> [str(i) for i in find_faults(abp, 100.0).all()]
    ['8.00-9.50 s dropout']
    """
    array = as_samples(values, rate)
    return faults_of(array, rate, kind, pulse_size(array, rate) if kind in PULSATILE else None)


def faults_of(array: Samples, rate: float, kind: str, pulse: tuple[float, float] | None) -> Faults:
    """As `find_faults`, with the size and period (s) of the pulse known; None for a signal without one."""
    faults = Faults(gap=_intervals(~np.isfinite(array), rate, "gap"))
    if pulse is not None:
        faults.dropout = _dropouts(array, rate, *pulse)
    still = np.concatenate([np.diff(array) == 0, [False]])
    faults.flat = [
        Interval(a / rate, b / rate, "flat")
        for a, b in runs(still)
        if (b - a) / rate >= _FLAT and not any(d.start <= a / rate <= d.stop for d in faults.dropout)
    ]
    faults.clipped = _clipping(array, rate)
    if kind != "ecg":  # an R wave is a spike
        faults.spike = _spikes(array, rate, pulse[0] if pulse else None)
    return faults


def pulse_size(array: Samples, rate: float, period: float | None = None) -> tuple[float, float] | None:
    """Typical peak to peak of the pulse and its period (s, found if not given); None without a rhythm of the heart."""
    slow, fast = believed("heart_rate")
    x, fs = working(fill(array), rate, 0.0, 62.5)
    if x.size < 2.0 / slow * fs or fs < 4 * fast / 2:
        return None
    if period is None:
        try:
            period = float(np.median(local_period(band_pass(x, fs, 0.5, 4.0), fs, slow, fast, window=10.0)))
        except CisternaError:
            return None
    return float(np.median(_moving_range(x, max(int(1.2 * period * fs), 2)))), period


def _dropouts(array: Samples, rate: float, pulse: float, period: float) -> list[Interval]:
    """Stretches without pulse: plateaus (also stepped, as in self-calibration), and pulses far too small."""
    x, fs = working(fill(array), rate, 0.0, 62.5)
    shortest = max(_SHORTEST, _PART_OF_BEAT * period)
    window = max(int(0.8 * shortest * fs), 2)
    still = _widened(_moving_range(x, window) < _STILL * pulse, window, x.size)
    long_window = max(int(1.6 * period * fs), 2)
    weak = _widened(_moving_range(x, long_window) < 0.2 * pulse, long_window, x.size)
    found = [(p / fs, q / fs) for p, q in runs(still | weak) if (q - p) / fs >= shortest]
    merged: list[tuple[float, float]] = []
    for p, q in found:
        if merged and p - merged[-1][1] < _NEXT_PLATEAU * period:
            merged[-1] = (merged[-1][0], q)
        else:
            merged.append((p, q))
    gaps = _intervals(~np.isfinite(array), rate, "gap")
    merged = [(p, q) for p, q in merged if q - p >= _BEATS_OUT * period]
    whole = [Interval(p, min(q, array.size / rate), "dropout") for p, q in merged]
    # A gap looks like a plateau once it is filled for the detector: it is listed as the gap it is.
    return [d for d in whole if not any(_touch(d, g) and g.duration >= 0.8 * d.duration for g in gaps)]


def _moving_range(x: Samples, window: int) -> Samples:
    """Highest minus lowest sample of each window, by the window's first sample."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    shift = -(window // 2)
    high = maximum_filter1d(x, window, origin=shift, mode="nearest")
    low = minimum_filter1d(x, window, origin=shift, mode="nearest")
    return np.asarray(high - low)[: max(x.size - window + 1, 1)]


def _widened(starts: NDArray[np.bool_], window: int, size: int) -> NDArray[np.bool_]:
    """Samples covered by any of the windows that begin at the marked samples."""
    steps = np.zeros(size + 1)
    for a, b in runs(starts):
        steps[a] += 1
        steps[min(b + window - 1, size)] -= 1
    return np.cumsum(steps)[:size] > 0


def _clipping(array: Samples, rate: float) -> list[Interval]:
    """Runs at the very top or bottom of the signal, when they come back several times."""
    out: list[Interval] = []
    for edge in (np.nanmax(array), np.nanmin(array)):
        at = [(a, b) for a, b in runs(array == edge) if b - a >= max(_CLIP_RUN, _CLIP_LENGTH * rate)]
        if len(at) >= _CLIP_TIMES:
            out += [Interval(a / rate, b / rate, "clipped") for a, b in at]
    return sorted(out, key=lambda i: i.start)


def _spikes(array: Samples, rate: float, pulse: float | None) -> list[Interval]:
    """Short leaps away from both neighbours: from the median of the samples around."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    x = fill(array)
    scale = pulse if pulse is not None else 2.0 * float(np.subtract(*np.percentile(x, [95, 5])))
    width = 2 * max(int(_SPIKE_LENGTH * rate), 1) + 1
    if scale <= 0 or x.size < width:
        return []
    side, least = width // 2, _SPIKE * scale
    full = np.pad(x, side, mode="edge")
    origin = -(side // 2)  # windows of half the width, by their first sample
    low, high = (f(full, side, origin=origin, mode="nearest") for f in (minimum_filter1d, maximum_filter1d))
    # More than half of the samples around must be far away. They form as many pairs, left and right, as half of them
    # are: some pair is far away as a whole, so some sample on either side is, and the median is needed only there.
    before, after = slice(0, x.size), slice(side + 1, side + 1 + x.size)
    above, below = x - np.maximum(low[before], low[after]), np.minimum(high[before], high[after]) - x
    at = np.flatnonzero((above > least) | (below > least))
    mask = np.zeros(x.size, dtype=bool)
    mask[at] = np.abs(x[at] - np.median(full[at[:, None] + np.arange(width)], axis=1)) > least
    return _intervals(mask, rate, "spike")


def _intervals(mask: NDArray[np.bool_], rate: float, kind: str) -> list[Interval]:
    return [Interval(a / rate, b / rate, kind) for a, b in runs(mask)]


def _touch(a: Interval, b: Interval) -> bool:
    return a.start <= b.stop and b.start <= a.stop
