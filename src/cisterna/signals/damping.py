"""An over-damped pressure line: it loses pulse pressure and the steep upstroke, and keeps the mean.

A bubble, clot or kink makes the line a low-pass filter (Gardner 1981, Anesthesiology 54:227,
doi:10.1097/00000542-198103000-00010). Pulse pressure alone cannot tell it from vasodilation and the upstroke alone
not from a stiff ventricle, so both must fall together against the same line's own earlier beats. A line that was
damped from its first beat on has nothing to be held against and stays unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.faults import Interval
from cisterna.signals.grid import Samples, runs
from cisterna.signals.period import local_median

#: Rise over which the steepness of an upstroke is taken (s): one sample at 25 Hz, longer than noise at 1000 Hz.
_RISE = 0.04
#: Beats on either side whose median stands for a beat.
_REACH = 7
#: Undamped beats after which what a beat is held against is taken anew.
_STEP = 100
#: A mean that moved by more than this share of the pulse pressure is a change of the patient, not of the line.
_MEAN = 1.0


@dataclass(frozen=True)
class BeatSizes:
    """Size of each beat; pulse k lies between feet k and k + 1.

    Attributes
    ----------
    time : array (beat,)
        Foot, s from the first sample of the signal.
    amplitude, mean : array (beat,)
        Highest minus lowest sample and mean, in the unit of the signal; NaN where a sample is missing.
    steepness : array (beat,)
        Largest rise within 40 ms over the amplitude, 1/s.
    """

    time: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    mean: NDArray[np.float64]
    steepness: NDArray[np.float64]

    @staticmethod
    def joined(parts: list[BeatSizes]) -> BeatSizes:
        """Several stretches as one."""
        names = ("time", "amplitude", "mean", "steepness")
        return BeatSizes(*(np.concatenate([np.array([]), *(getattr(part, n) for part in parts)]) for n in names))


def beat_sizes(array: Samples, rate: float, feet: Samples, offset: float = 0.0) -> BeatSizes:
    """Amplitude, mean and steepness of each whole beat.

    Parameters
    ----------
    array : array (time,)
        Samples, NaN where missing; `rate` in Hz.
    feet : array (beat + 1,)
        Feet of the pulses, s from the first sample.
    offset : float
        Time of the first sample, s: added to the times given back.

    Examples
    --------
    >>> t = np.arange(0, 4, 0.01)
    >>> sizes = beat_sizes(5 - 2 * np.cos(2 * np.pi * t), 100.0, np.array([0.0, 1.0, 2.0]))
    >>> sizes.amplitude.round(3).tolist(), sizes.mean.round(3).tolist(), sizes.steepness.round(2).tolist()
    ([4.0, 4.0], [5.0, 5.0], [3.13, 3.13])
    """
    edges = np.round(feet * rate).astype(int)
    edges = edges[(edges >= 0) & (edges < array.size)]
    edges = edges[np.concatenate([[True], np.diff(edges) > 0])] if edges.size else edges
    if edges.size < 2:
        none = np.array([])
        return BeatSizes(none, none, none, none)
    part = array[: edges[-1] + 1]
    high, low = (f.reduceat(part, edges)[:-1] for f in (np.maximum, np.minimum))
    mean = np.add.reduceat(part, edges)[:-1] / np.diff(edges)
    step = max(int(round(_RISE * rate)), 1)
    rise = np.full(part.size, -np.inf)
    rise[step:] = part[step:] - part[:-step]
    amplitude = high - low
    steep = np.maximum.reduceat(rise, edges)[:-1] / (step / rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        steepness = np.where(amplitude > 0, steep / amplitude, np.nan)
    return BeatSizes(offset + edges[:-1] / rate, amplitude, mean, np.asarray(steepness))


def find_damping(sizes: BeatSizes) -> list[Interval]:
    """Stretches in which the line is damped against its own earlier beats.

    Returns
    -------
    list of Interval
        Kind ``damped``; how says by how much amplitude and steepness fell.

    Examples
    --------
    >>> time, damped = np.arange(200.0), np.arange(200) >= 120
    >>> sizes = BeatSizes(time, np.where(damped, 20.0, 50.0), np.full(200, 90.0), np.where(damped, 5.0, 12.0))
    >>> [str(i) for i in find_damping(sizes)]
    ['120.00-200.00 s damped, pulse pressure to 40 %, steepness to 42 % of before']
    """
    rows = default_parameters()
    whole = np.isfinite(sizes.amplitude) & np.isfinite(sizes.steepness)
    time, amplitude, mean, steepness = (
        getattr(sizes, name)[whole] for name in ("time", "amplitude", "mean", "steepness")
    )
    if time.size < 2 * _REACH:
        return []
    amplitude, mean, steepness = (local_median(x, _REACH) for x in (amplitude, mean, steepness))
    beat = float(np.median(np.diff(time)))
    most = max(int(rows["quality_damped_reference"].value / beat), 2 * _REACH)
    low, blunt = rows["quality_damped_amplitude"].value, rows["quality_damped_steepness"].value
    marked = np.zeros(time.size, dtype=bool)
    fresh = np.array([], dtype=np.intp)
    size, level, sharp = (float(np.median(x[:_REACH])) for x in (amplitude, mean, steepness))
    k, few = 0, _STEP
    while k < time.size:
        part = slice(k, k + few)
        bad = (amplitude[part] < low * size) & (steepness[part] < blunt * sharp)
        bad &= np.abs(mean[part] - level) < _MEAN * size
        marked[part] = bad
        fresh = np.concatenate([fresh, k + np.flatnonzero(~bad)])[-most - _STEP :]
        k, few = k + bad.size, few - int(np.sum(~bad))
        if few == 0:
            few, last = _STEP, fresh[-most:]
            size, level, sharp = (float(np.median(x[last])) for x in (amplitude, mean, steepness))
    shortest, out = rows["quality_damped_shortest"].value, []
    for a, b in runs(marked):
        stop = float(time[b]) if b < time.size else float(time[-1]) + beat
        if stop - time[a] < shortest:
            continue
        first = max(a - most, 0)
        old = np.flatnonzero(~marked[first:a]) + first
        shares = [100 * np.median(x[a:b]) / np.median(x[old]) for x in (amplitude, steepness)] if old.size else []
        how = "pulse pressure to {:.0f} %, steepness to {:.0f} % of before".format(*shares) if shares else ""
        out.append(Interval(float(time[a]), stop, "damped", how))
    return out
