"""The local period of a rhythm, and what the detectors of beats and breaths share."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples

#: Shortest signal in which a rhythm can be told, in periods of the slowest one believed.
_FEWEST = 1.2
#: Steps of the search to a period of the fastest rhythm, and the least autocorrelation that is a rhythm.
_FINE, _SURE = 8.0, 0.15


def believed(name: str) -> tuple[float, float]:
    """Slowest and fastest rhythm believed (``heart_rate`` or ``breath_rate``), Hz."""
    row = default_parameters()[f"plausible_{name}_mean_adult"]
    high = row.high
    if name == "heart_rate":
        high = max(high, default_parameters()["plausible_heart_rate_mean_infant"].high)
    return row.low / 60.0, high / 60.0


def local_period(wave: Samples, fs: float, low: float, high: float, window: float, share: float = 0.8) -> Samples:
    """Period [s] of a rhythm between two frequencies (Hz), one value a sample.

    From the autocorrelation in overlapping windows: the shortest lag whose peak reaches `share` of the highest.
    Windows without a rhythm take the median of the others. The wave must hold nothing much above `high`: it is
    searched on every n-th sample.
    """
    step = max(int(fs // (_FINE * high)), 1)
    coarse, size = wave[::step], min(int(window * fs), wave.size) // step
    starts = np.unique(np.linspace(0, coarse.size - size, max(1, 2 * coarse.size // max(size, 1))).astype(int))
    found = _lags(_autocorrelations(coarse, starts, size), low * step / fs, high * step / fs, share) * step / fs
    good = np.isfinite(found)
    if not good.any():
        raise CisternaError("the signal has no rhythm", mend=f"expected between {60 * low:.3g} and {60 * high:.3g}/min")
    # One window that locks on half or twice the period is put right by its neighbours.
    typical = np.median(found[good])
    good &= (found > 0.6 * typical) & (found < 1.7 * typical)
    return np.interp(np.arange(wave.size), (starts[good] + size / 2) * step, found[good])


def local_median(values: Samples, reach: int = 5) -> Samples:
    """Median of each value and up to `reach` neighbours on either side.

    Examples
    --------
    >>> local_median(np.array([1.0, 9.0, 2.0, 3.0]), reach=1).tolist()
    [5.0, 2.0, 3.0, 2.5]
    """
    padded = np.concatenate([np.full(reach, np.inf), values, np.full(reach, np.inf)])
    rows = np.sort(sliding_window_view(padded, 2 * reach + 1), axis=1)
    at = np.arange(values.size)
    count = np.minimum(at, reach) + np.minimum(values.size - 1 - at, reach) + 1
    return np.asarray((rows[at, (count - 1) // 2] + rows[at, count // 2]) / 2)


def long_enough(array: Samples, rate: float, name: str) -> None:
    """Refuse a signal too short for any rhythm of this name.

    Raises
    ------
    CisternaError
        Says how long it should be.
    """
    shortest = 0.3 * min(_FEWEST / believed(name)[0], 10.0)
    if array.size / rate < shortest:
        found, mend = f"{array.size / rate:.2f} s", f"give {shortest:.1f} s"
        raise CisternaError("the signal is too short to find a rhythm", found=found, mend=mend)


def present(array: Samples, rate: float, times: Samples) -> NDArray[np.bool_]:
    """Whether the sample at each time was recorded."""
    index = np.clip(np.round(times * rate).astype(int), 0, array.size - 1)
    return np.isfinite(array[index])


def _autocorrelations(wave: Samples, starts: NDArray[np.intp], size: int) -> Samples:
    """Autocorrelation of each window over its variance, unbiased up to a floor: long lags rest on few samples."""
    from scipy.fft import irfft, next_fast_len, rfft

    parts = wave[starts[:, None] + np.arange(size)]
    parts = parts - parts.mean(axis=1, keepdims=True)
    length = next_fast_len(2 * size, real=True)
    auto = irfft(np.abs(rfft(parts, length)) ** 2, length)[:, :size]
    energy = auto[:, :1]
    weight = size / np.maximum(size - np.arange(size), size // 4)
    return np.asarray(np.where(energy > 0, auto / np.where(energy > 0, energy, 1.0) * weight, np.nan))


def _lags(auto: Samples, low: float, high: float, share: float) -> Samples:
    """Shortest lag (samples) with a peak of each row that counts, between two frequencies (cycles a sample)."""
    first, last = max(int(1 / high), 1), min(int(1 / low), auto.shape[1] - 2)
    if last <= first:
        return np.full(auto.shape[0], np.nan)
    inside = auto[:, first - 1 : last + 2]
    left, middle, right = inside[:, :-2], inside[:, 1:-1], inside[:, 2:]
    heights = np.where((middle > left) & (middle >= right), middle, -np.inf)
    top = heights.max(axis=1)
    at = np.argmax(heights >= share * top[:, None], axis=1)
    rows = np.arange(auto.shape[0])
    before, here, after = left[rows, at], middle[rows, at], right[rows, at]
    bend = before - 2 * here + after
    # The crest of the parabola through three samples: finer than the step of the search.
    shift = np.where(bend < 0, (before - after) / (2 * np.where(bend < 0, bend, 1.0)), 0.0)
    return np.where(top >= _SURE, first + at + shift, np.nan)
