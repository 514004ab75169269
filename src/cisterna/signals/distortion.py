"""Stretches in which a pulse departs from its neighbours: bursts, motion, ultrasound that caught a wrong sound.

Each beat is laid on the median of some thirty around it, foot on foot, its level and size fitted. What is left is
held against the spread of those beats at the same moment of the pulse (template matching as in Li and
Clifford 2012, Physiol Meas 33:1491, doi:10.1088/0967-3334/33/9/1491; here sample by sample, so that a part of a beat
can be told). An early beat has another shape and counts too: it is distorted for every index that wants usual beats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.damping import BeatSizes
from cisterna.signals.faults import Interval
from cisterna.signals.grid import Samples, fill, runs, working
from cisterna.signals.period import local_median

#: Beats that make one usual pulse, and the fewest that do.
_GROUP, _FEWEST = 31, 8
#: Beats on either side that a tall pulse is held against: two breaths of it.
_AROUND = 10
#: A pulse is looked at from this long before its foot to as long before the next (s): the upstroke stays whole.
_LEAD = 0.08
#: Steps of time by which upstrokes may differ (s): a foot is not found finer.
_JITTER = 0.01
#: Stretches closer than this are one; shorter ones are noise of one sample (s).
_JOIN, _SHORTEST = 0.12, 0.03


def find_tall_pulses(sizes: BeatSizes, stop: float) -> list[Interval]:
    """Single pulses that stand far above their neighbours: a knocked line, a cough, an extrasystole's next beat.

    Parameters
    ----------
    sizes : BeatSizes
        Beats of one stretch of signal.
    stop : float
        End of the stretch, s.

    Returns
    -------
    list of Interval
        Kind ``spike``, from foot to foot.
    """
    good = np.isfinite(sizes.amplitude)
    time, high = sizes.time[good], sizes.amplitude[good]
    if time.size < _FEWEST:
        return []
    usual = local_median(high, _AROUND)
    above = high - usual
    rows = default_parameters()
    spread = 1.4826 * local_median(np.abs(above), _AROUND)
    tall = (above > rows["quality_tall_spread"].value * spread) & (above > rows["quality_tall_share"].value * usual)
    ends = np.append(time[1:], stop)
    beat = float(np.median(np.diff(time)))
    pairs = zip(time[tall], np.minimum(ends, time + 1.5 * beat)[tall], strict=True)
    return [Interval(float(a), float(b), "spike", "tall pulse") for a, b in pairs]


def find_distortion(array: Samples, rate: float, feet: Samples) -> list[Interval]:
    """Where the pulses of one stretch of signal depart from the usual one.

    Parameters
    ----------
    array : array (time,)
        Samples, NaN where missing; `rate` in Hz.
    feet : array (beat,)
        Feet of the pulses, s from the first sample.

    Returns
    -------
    list of Interval
        Kind ``distorted``; none with fewer than eight beats.
    """
    if feet.size < _FEWEST + 1:
        return []
    rows = default_parameters()
    whole = _whole(array, rate, feet)
    if whole.sum() < _FEWEST:
        return []
    x, fs = working(fill(array), rate, 0.0, 125.0)
    count = int(np.median(np.diff(feet)) * fs) + 1
    begin, end = (feet[:-1][whole] - _LEAD) * fs, (feet[1:][whole] - _LEAD) * fs
    place = begin[:, None] + np.arange(count)
    inside = (place < end[:, None]) & (place >= 0) & (place < x.size - 1)
    at = np.clip(place.astype(int), 0, x.size - 2)
    part = place - at
    beats = np.where(inside, x[at] * (1 - part) + x[at + 1] * part, np.nan)
    # Groups of neighbours; the last one reaches back so that it is as large as the others.
    size = min(_GROUP, len(beats))
    lows = np.minimum(np.arange(0, len(beats), size), len(beats) - size)
    groups = lows[:, None] + np.arange(size)
    score = _scores(beats[groups], fs, rows["quality_distorted_floor"].value)
    depart = np.zeros(x.size)
    known = np.isfinite(score)
    depart[at[groups][known]] = score[known]
    edge, seed = rows["quality_distorted_edge"].value, rows["quality_distorted_seed"].value
    joined: list[tuple[int, int]] = []
    for a, b in runs(depart > edge):
        if joined and (a - joined[-1][1]) / fs < _JOIN:
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [
        Interval(a / fs, b / fs, "distorted")
        for a, b in joined
        if (b - a) / fs >= _SHORTEST and depart[a:b].max() > seed
    ]


def _whole(array: Samples, rate: float, feet: Samples) -> NDArray[np.bool_]:
    """Whether each beat was recorded to its end."""
    missing = np.concatenate([[0], np.cumsum(~np.isfinite(array))])
    edges = np.clip(np.round(np.array([feet[:-1] - _LEAD, feet[1:]]) * rate).astype(int), 0, array.size)
    return np.asarray(missing[edges[1]] == missing[edges[0]])


def _scores(beats: Samples, fs: float, floor: float) -> Samples:
    """Departure of each sample (group, beat, moment) from the usual pulse of its group, in local spreads."""
    usual = _median(beats)
    left = beats - usual
    known = np.isfinite(left)
    count = np.maximum(known.sum(axis=2, keepdims=True), 1)
    left, shape = np.where(known, left, 0.0), np.where(known, usual, 0.0)
    left = np.where(known, left - left.sum(axis=2, keepdims=True) / count, 0.0)
    shape = np.where(known, shape - shape.sum(axis=2, keepdims=True) / count, 0.0)
    power = np.sum(shape**2, axis=2, keepdims=True)
    left = left - np.sum(left * shape, axis=2, keepdims=True) / np.where(power > 0, power, 1.0) * shape
    left = np.where(known, left, np.nan)
    spread = 1.4826 * _median(np.abs(left))
    size = np.nanmax(usual, axis=2, keepdims=True) - np.nanmin(usual, axis=2, keepdims=True)
    slope = np.nan_to_num(np.gradient(usual, axis=2)) * fs * _JITTER
    total = np.sqrt(np.nan_to_num(spread) ** 2 + (floor * size) ** 2 + slope**2)
    return np.asarray(np.abs(left) / np.where(total > 0, total, np.inf))


def _median(beats: Samples) -> Samples:
    """Median over the beats of each group (sorting puts NaN last); NaN where no beat has a sample."""
    ordered = np.sort(beats, axis=1)
    count = np.isfinite(beats).sum(axis=1, keepdims=True)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, beats.shape[1] - 1)
    return np.asarray((np.take_along_axis(ordered, low, 1) + np.take_along_axis(ordered, high, 1)) / 2)
