"""Feet of the pulses: steep upstrokes that stand out locally, one a period, each from the first rise of its beat."""

from __future__ import annotations

from bisect import bisect

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, band_pass, fill, low_pass, working
from cisterna.signals.period import believed, local_median, local_period
from cisterna.signals.upstrokes import first_upstrokes

#: Rate below which a pulse is not resolved (Hz).
_SLOWEST_RATE = 20.0
#: Rates at which the search runs (Hz): finer than a foot needs, coarser than most monitors store.
_WORK = (100.0, 250.0)
#: Length of an upstroke (s), after Zong et al. 2003, Computers in Cardiology 30:259.
_UPSTROKE = 0.12
#: How far apart two upstrokes are at least (share of the local period), and how high one is (share of the usual).
_APART, _HIGH = 0.55, 0.35
#: Stretch in which a peak is held against the rest (periods).
_SEEN = 3.0
#: How far before the steepest point the foot is looked for (share of the local period).
_BACK = 0.45


def feet(array: Samples, rate: float) -> Samples:
    """Times of the feet (s from the first sample): tangent of the first steep rise met with the level before it.

    Raises
    ------
    CisternaError
        Sampled too slowly for a pulse, or no rhythm.
    """
    if rate < _SLOWEST_RATE:
        mend = "it may be averaged over beats; use the pulsatile recording"
        raise CisternaError("a signal sampled this slowly shows no pulse", found=f"{rate:g} Hz", mend=mend)
    x, fs = working(fill(array), rate, *_WORK)
    slow, fast = believed("heart_rate")
    wave = band_pass(x, fs, 0.5, 10.0)
    period = local_period(band_pass(x, fs, 0.5, 4.0), fs, slow, fast, window=10.0)
    width = max(int(_UPSTROKE * fs), 1)
    rising = np.maximum(np.gradient(wave) * fs, 0.0)
    smooth = low_pass(x, fs, 20.0)
    steep = np.gradient(smooth) * fs
    crests = _crests(_moving_mean(rising, width), fs, period)
    around = np.clip(crests[:, None] + np.arange(-width, width + 1), 0, x.size - 1)
    at = around[np.arange(crests.size), np.argmax(steep[around], axis=1)]
    at = first_upstrokes(wave, smooth, fs, at, float(np.median(period)))
    reach = (_BACK * period[at] * fs).astype(int)
    first = np.maximum(at - reach, 0)
    before = np.maximum(at[:, None] - np.arange(reach.max(initial=0) + 1), first[:, None])
    level = smooth[before].min(axis=1)
    good = (at > first) & (steep[at] > 0)
    at, first, level = at[good], first[good], level[good]
    return np.unique(np.maximum(at - (smooth[at] - level) / steep[at] * fs, first) / fs)


def _moving_mean(values: Samples, width: int) -> Samples:
    """Mean over `width` samples around each, zeros beyond the ends."""
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(values, width, mode="constant"))


def _crests(wave: Samples, fs: float, period: Samples) -> NDArray[np.intp]:
    """Peaks above a share of the usual local peak, at least a share of the local period from a higher one."""
    from scipy.signal import find_peaks

    # The rise falls to nothing within each beat: how far a peak stands out is seen within a few.
    peaks, about = find_peaks(wave, prominence=0.0, wlen=max(int(_SEEN * float(np.median(period)) * fs), 3))
    high = about["prominences"]
    apart = (_APART * period[peaks] * fs).tolist()
    places = peaks.tolist()
    kept: list[int] = []  # in order of time
    for k in np.argsort(-high, kind="stable").tolist():  # highest first; lower ones beside it fall
        i, place = bisect(kept, k), places[k]
        left = i > 0 and place - places[kept[i - 1]] < apart[k]
        if not left and not (i < len(kept) and places[kept[i]] - place < apart[k]):
            kept.insert(i, k)
    order = np.array(kept, dtype=np.intp)
    # Usual height among the ten nearest: motion in one place must not hide the pulses of another.
    return np.asarray(peaks[order[high[order] > _HIGH * local_median(high[order])]])
