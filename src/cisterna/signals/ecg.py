"""R waves by the two moving averages of Elgendi (2013, PLoS ONE 8:e73557, doi:10.1371/journal.pone.0073557).

Two waves closer than 0.36 s are looked at twice, as Pan & Tompkins (1985, IEEE Trans Biomed Eng 32:230
doi:10.1109/TBME.1985.325532) do: the later is a T wave when its slope is under half of the other's. Beyond their rule,
the one shaped unlike the usual QRS is an artefact when the other is shaped like it. So a premature beat of foreign
shape within 0.36 s is not counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, band_pass, fill, runs, working
from cisterna.signals.period import believed, local_median

#: Two moving averages: one QRS, one beat (s), and the offset of the threshold (share of the mean). Elgendi 2013.
_QRS, _BEAT, _OFFSET = 0.097, 0.611, 0.08
#: Rate below which an R wave is not resolved (Hz).
_SLOWEST_RATE = 50.0
#: An R wave holds at least this share of the usual power.
_HIGH = 0.1
#: Below this distance (s) a wave may be the T wave of the one before, and is one at this share of its slope: Pan &
#: Tompkins 1985. The band (Hz) in which the slope is taken holds a steep QRS.
_T_WITHIN, _T_SLOPE, _T_BAND = 0.36, 0.5, (5.0, 35.0)
#: Correlation with the usual QRS below which a wave is foreign, and by how much a neighbour must be better. An R wave
#: under noise of a tenth of its height keeps 0.9.
_FOREIGN, _BETTER = 0.85, 0.1
#: Fewest waves of which the median is a usual QRS.
_FEWEST = 5


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
    blocks = [(a, b) for a, b in blocks if b - a > _QRS * fs / 2]
    at = np.array([a + int(np.argmax(np.abs(wave[a:b]))) for a, b in blocks], dtype=np.intp)
    real = _without_t_waves(at, wave, _slopes(at, x, fs), fs)
    found = [(int(k), float(short[a:b].max())) for k, (a, b), r in zip(at, blocks, real, strict=True) if r]
    # Two in less than the fastest heart's interval: the weaker is noise.
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


def _slopes(at: NDArray[np.intp], x: Samples, fs: float) -> Samples:
    """Steepest slope of each wave, unit of the signal a sample."""
    low, high = _T_BAND
    slope = np.abs(np.gradient(band_pass(x, fs, low, min(high, 0.45 * fs))))
    half = _width(_QRS / 2, fs)
    return np.array([slope[max(k - half, 0) : k + half + 1].max() for k in at], dtype=np.float64)


def _without_t_waves(at: NDArray[np.intp], wave: Samples, slope: Samples, fs: float) -> NDArray[np.bool_]:
    """Which waves are no T wave and no artefact beside an R wave."""
    near = _T_WITHIN * fs
    steep = np.ones(at.size, dtype=bool)
    last = 0
    for k in range(1, at.size):
        steep[k] = at[k] - at[last] >= near or slope[k] >= _T_SLOPE * slope[last]
        last = k if steep[k] else last
    if steep.all() and (at.size < 2 or np.diff(at).min() >= near):
        return steep
    alike = _likeness(at, wave, steep, fs)
    kept: list[int] = []
    for k in range(at.size):
        while kept and at[k] - at[kept[-1]] < near and alike[kept[-1]] < min(_FOREIGN, alike[k] - _BETTER):
            kept.pop()
        if kept and at[k] - at[kept[-1]] < near:
            before = kept[-1]
            foreign = alike[k] < min(_FOREIGN, alike[before] - _BETTER)
            if foreign or (slope[k] < _T_SLOPE * slope[before] and alike[k] < alike[before] + _BETTER):
                continue
        kept.append(k)
    real = np.zeros(at.size, dtype=bool)
    real[kept] = True
    return real


def _likeness(at: NDArray[np.intp], wave: Samples, usual: NDArray[np.bool_], fs: float) -> Samples:
    """Correlation of each wave with the median of the usual ones, at the best shift; 1 for all when they are few."""
    if usual.sum() < _FEWEST:
        return np.ones(at.size)
    reach, shift = _width(_QRS, fs), _width(_QRS / 3, fs)
    padded = np.pad(wave, reach + shift)

    def parts(late: int) -> Samples:
        rows = padded[at[:, None] + np.arange(2 * reach + 1) + shift + late]
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300))

    median = np.median(parts(0)[usual], axis=0)
    median /= max(float(np.linalg.norm(median)), 1e-300)
    return np.asarray(np.max([parts(late) @ median for late in range(-shift, shift + 1)], axis=0))
