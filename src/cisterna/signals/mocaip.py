"""Metrics of the mean pulse of intracranial pressure, after MOCAIP: levels, heights, times, bends, slopes and ratios.

The names are those of Hu et al. (2009, IEEE Trans Biomed Eng 56:696, doi:10.1109/TBME.2008.2008636), recalled and not
read: their algorithm clusters pulses, finds P1, P2 and P3 on the dominant one, and describes it by 24 metrics; Asgari
et al. (2011, Neurocrit Care 15:55, doi:10.1007/s12028-010-9463-x) use 128 of the same kinds. Formulas stand with each
metric; those of bend, slope and decay, and which peak stands above in a ratio, are ours, so numbers need not agree with
theirs. The mean pulse and its landmarks are those of `cisterna.signals.pulse`; nothing is clustered.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from cisterna.signals.grid import Samples
from cisterna.signals.landmarks import NAMES, Landmarks, curves
from cisterna.signals.pulse import PulseShape
from cisterna.signals.result import Result

#: Part of the fall after the last peak to which the decay is fitted, as shares of the height it begins at.
_FALL = (0.9, 0.2)
#: Fewest moments of a fit.
_FEWEST = 4
#: An R wave belongs to the next foot when it is no farther before it than this (s): later ones belong to the next beat.
_BEFORE = 0.6
#: Share of the resampled means that must show a metric for its interval to be given.
_SHOWN = 0.5
_PAIRS = tuple(combinations((1, 2, 3), 2))
#: Id without its prefix -> unit ("u" is that of the signal) and definition, in the order of the results.
METRICS: dict[str, tuple[str, str]] = {
    "mean": ("u", "mean pressure of the beats (mICP)"),
    "diastolic": ("u", "pressure at the foot, mean over beats (diasICP)"),
    "wave_amplitude": ("u", "highest point of the mean pulse above the foot (WaveAmp)"),
    **{f"dp{n}": ("u", f"height of P{n} above the foot (dP{n})") for n in (1, 2, 3)},
    **{f"dp{a}{b}": ("1", f"height of P{b} over that of P{a} (dP{a}{b})") for a, b in _PAIRS},
    "lt": ("s", "from the R wave of the ECG to the foot, median (LT)"),
    **{f"l{n}": ("s", f"from the foot to P{n} (L{n})") for n in (1, 2, 3)},
    **{f"l{a}{b}": ("s", f"from P{a} to P{b} (L{a}{b})") for a, b in _PAIRS},
    **{
        f"curv{n}": ("u/s2", f"bend at P{n}: minus the second derivative, below 15 Hz (Curv{n}; ours)")
        for n in (1, 2, 3)
    },
    **{f"curv{a}{b}": ("1", f"bend at P{b} over that at P{a} (Curv{a}{b}; ours)") for a, b in _PAIRS},
    "mean_curv": ("u/s2", "mean size of the second derivative of the pulse below 15 Hz (mCurv; ours)"),
    "slope": ("u/s", "height of P1 over its time from the foot (k1; ours)"),
    "decay": ("s", "time constant of an exponential through the fall after the last peak (RC; ours)"),
}


def mocaip(shape: PulseShape, r_waves: ArrayLike | None = None) -> tuple[Result, ...]:
    """The metrics of a mean pulse, each with its interval.

    Parameters
    ----------
    shape : PulseShape
        Of intracranial pressure (`pulse_shape`).
    r_waves : array (beat,), optional
        R waves of the ECG, s on the clock of `shape.feet`; without them there is no ``mocaip_lt``.

    Returns
    -------
    tuple of Result
        ``mocaip_mean`` and so on, in the order of `METRICS`; NaN, with the reason, where a peak is not there.

    Examples
    --------
    >>> from cisterna.signals.pulse import pulse_shape
    >>> t = np.arange(0, 60, 0.01)
    >>> bells = ((0.09, 5.0), (0.2, 4.0), (0.36, 3.0))
    >>> icp = 10 + sum(h * np.exp(-(((t - 0.5) % 0.8 - c) / 0.035) ** 2) for c, h in bells)
    >>> found = {r.id: r.value for r in mocaip(pulse_shape(icp, 100.0, np.arange(0.5, 59, 0.8)))}
    >>> [round(found[f"mocaip_{name}"], 2) for name in ("diastolic", "l12", "dp12")]
    [10.0, 0.11, 0.8]
    """
    draws, rate = shape.draws, shape.rate
    mean = _metrics(*curves(shape.mean, rate), shape.landmarks, rate)
    parts = zip(*curves(draws.means, rate), draws.landmarks, strict=True)
    each = [_metrics(smooth, bend, marks, rate) for smooth, bend, marks in parts]
    levels = {"mean": "mean", "diastolic": "foot"}
    values = {**{key: float(shape.levels[name].mean()) for key, name in levels.items()}, **mean}
    spread = {**{key: draws.levels[name] for key, name in levels.items()}}
    spread |= {key: np.array([one[key] for one in each]) for key in mean}
    how = f"95 % interval by resampling runs of {draws.run} beats"
    out = []
    for key, (unit, words) in METRICS.items():
        own = shape.unit if unit == "u" else unit.replace("u", shape.unit or "1")
        if key == "lt":
            out.append(_latency(shape, r_waves, words))
            continue
        good = spread[key][np.isfinite(spread[key])]
        known = np.isfinite(values[key]) and good.size >= _SHOWN * len(each)
        low, high = np.percentile(good, [2.5, 97.5]) if known else (np.nan, np.nan)
        note = f"{words}; {how}" if np.isfinite(values[key]) else f"none, a peak is not there: {words}"
        out.append(
            Result(f"mocaip_{key}", shape.channel, values[key], own, float(low), float(high), shape.feet.size, note)
        )
    return tuple(out)


def _metrics(smooth: Samples, bend: Samples, marks: Landmarks, rate: float) -> dict[str, float]:
    """Everything but the levels and the delay to the ECG, of one mean pulse, by its curves and landmarks."""
    peaks = {n: getattr(marks, name) for n, name in enumerate(NAMES, start=1)}
    height = {n: p.height if p else np.nan for n, p in peaks.items()}
    time = {n: p.time if p else np.nan for n, p in peaks.items()}
    curve = {n: float(bend[round(p.time * rate)]) if p else np.nan for n, p in peaks.items()}
    found = {"wave_amplitude": marks.top.height}
    for n in (1, 2, 3):
        found |= {f"dp{n}": height[n], f"l{n}": time[n], f"curv{n}": curve[n]}
    for a, b in _PAIRS:
        found[f"dp{a}{b}"] = _ratio(height[b], height[a])
        found[f"l{a}{b}"] = time[b] - time[a]
        found[f"curv{a}{b}"] = _ratio(curve[b], curve[a])
    found["mean_curv"] = float(np.mean(np.abs(bend)))
    found["slope"] = _ratio(height[1], time[1])
    last = max((p for p in (*peaks.values(), marks.top) if p), key=lambda p: p.time)
    found["decay"] = _decay(smooth, round(last.time * rate), rate)
    return {key: float(value) for key, value in found.items()}


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else np.nan


def _decay(smooth: Samples, at: int, rate: float) -> float:
    """Time constant (s) of ln(height) from the last peak down to a fifth of it; NaN where it does not fall."""
    tail = smooth[at:]
    if tail.size < _FEWEST or not tail[0] > 0:
        return np.nan
    below = np.flatnonzero(tail < _FALL[0] * tail[0])
    end = np.flatnonzero(tail < _FALL[1] * tail[0])
    first, last = (int(below[0]) if below.size else tail.size), (int(end[0]) if end.size else tail.size)
    if last - first < _FEWEST:
        return np.nan
    t = np.arange(first, last) / rate
    slope = float(np.polyfit(t, np.log(tail[first:last]), 1)[0])
    return -1.0 / slope if slope < 0 else np.nan


def _latency(shape: PulseShape, r_waves: ArrayLike | None, words: str) -> Result:
    """Median delay from the R wave to the foot, with an order-statistics interval."""
    none = Result("mocaip_lt", shape.channel, np.nan, "s", note=f"none, no R waves belong to the feet: {words}")
    if r_waves is None:
        return none
    waves = np.sort(np.asarray(r_waves, dtype=np.float64))
    if waves.size == 0:
        return none
    place = np.searchsorted(waves, shape.feet, side="right") - 1
    delay = shape.feet - waves[np.maximum(place, 0)]
    delay = np.sort(delay[(place >= 0) & (delay < _BEFORE)])
    n = delay.size
    if n < _FEWEST:
        return none
    half = 0.98 * np.sqrt(n)  # 1.96 standard deviations of the rank of the median
    low, high = delay[max(int(n / 2 - half), 0)], delay[min(int(np.ceil(n / 2 + half)), n - 1)]
    note = f"{words}; interval from order statistics"
    return Result("mocaip_lt", shape.channel, float(np.median(delay)), "s", float(low), float(high), n, note)
