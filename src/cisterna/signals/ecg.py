"""R waves by the two moving averages of Elgendi (2013, PLoS ONE 8:e73557, doi:10.1371/journal.pone.0073557)."""

from __future__ import annotations

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, band_pass, fill, runs, working
from cisterna.signals.period import believed, local_median

#: Two moving averages: one QRS, one beat (s), and the offset of the threshold (share of the mean). Elgendi 2013.
_QRS, _BEAT, _OFFSET = 0.097, 0.611, 0.08
#: Rate below which an R wave is not resolved (Hz).
_SLOWEST_RATE = 50.0
#: An R wave holds at least this share of the usual power.
_HIGH = 0.1


def r_waves(array: Samples, rate: float) -> Samples:
    """Times of the R waves, s from the first sample.

    Raises
    ------
    CisternaError
        Sampled too slowly.
    """
    if rate < _SLOWEST_RATE:
        mend = "use the pulse of another channel"
        raise CisternaError("an ECG sampled this slowly shows no R waves", found=f"{rate:g} Hz", mend=mend)
    x, fs = working(fill(array), rate, 0.0, 500.0)
    wave = band_pass(x, fs, 8.0, 20.0)
    power = wave**2
    short, long = (np.convolve(power, np.ones(n) / n, mode="same") for n in (_width(_QRS, fs), _width(_BEAT, fs)))
    blocks = runs(short > long + _OFFSET * power.mean())
    found = [
        (a + int(np.argmax(np.abs(wave[a:b]))), float(short[a:b].max())) for a, b in blocks if b - a > _QRS * fs / 2
    ]
    # Two in less than the fastest heart's interval: the weaker is a T wave or noise.
    gap = 0.85 / believed("heart_rate")[1] * fs
    kept: list[tuple[int, float]] = []
    for k, height in found:
        if kept and k - kept[-1][0] < gap:
            if height > kept[-1][1]:
                kept[-1] = (k, height)
        else:
            kept.append((k, height))
    heights = np.array([h for _, h in kept], dtype=np.float64)
    strong = heights > _HIGH * local_median(heights)
    return np.array([k for k, _ in kept], dtype=np.float64)[strong] / fs


def _width(seconds: float, fs: float) -> int:
    return max(int(round(seconds * fs)), 1)
