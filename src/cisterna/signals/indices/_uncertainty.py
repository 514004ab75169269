"""How sure an index is, when neighbouring epochs resemble each other.

Epochs of 10 s are no independent draws: slow waves run through many of them. Every interval here counts them as
fewer: the effective number of Bartlett 1935 (J R Stat Soc 98:536) with first-order memory inside a window, of Geyer
1992 (Stat Sci 7:473) over a whole record, or blocks drawn together in the stationary bootstrap of Politis and Romano
1994 (J Am Stat Assoc 89:1303).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Rows = NDArray[np.float64]
_LEVEL = 0.975
#: Estimated memory is kept below this: beyond it a window holds hardly one independent value.
_MOST_MEMORY = 0.95


@dataclass(frozen=True)
class Estimate:
    """Values with their 95 % interval; arrays (window,) or plain numbers in arrays of one."""

    value: Column
    low: Column
    high: Column
    n: NDArray[np.intp]


def memory(rows: Rows) -> Column:
    """Correlation of each value of a row with the next, NaN-aware and corrected for its bias in short rows.

    The bias of the estimate, -(1 + 4 r) / n for an unknown mean, is that of Kendall 1954 (Biometrika 41:403).
    """
    good = np.isfinite(rows)
    count = good.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(good, rows - (np.where(good, rows, 0.0).sum(axis=1) / count)[:, None], 0.0)
        pairs = (good[:, 1:] & good[:, :-1]).sum(axis=1)
        raw = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / pairs / ((centred**2).sum(axis=1) / count)
        better = raw + (1 + 4 * raw) / count
    return np.clip(np.where(np.isfinite(better), better, 0.0), 0.0, _MOST_MEMORY)


def means(rows: Rows, least: float = 0.5) -> Estimate:
    """Mean of each row with a t interval on its effective number; NaN where less than `least` of it is good."""
    from scipy.special import stdtrit

    good = np.isfinite(rows)
    count = good.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(good, rows, 0.0).sum(axis=1) / count
        spread = np.sqrt(np.where(good, (rows - value[:, None]) ** 2, 0.0).sum(axis=1) / (count - 1))
        r = memory(rows)
        free = np.maximum(count * (1 - r) / (1 + r), 2.0)
        half = stdtrit(free - 1, _LEVEL) * spread / np.sqrt(free)
    return _kept(value, half, count, count >= np.maximum(least * rows.shape[1], 2))


def correlations(x: Rows, y: Rows, least: float = 0.5) -> Estimate:
    """Pearson correlation of each pair of rows with Fisher's z interval on the effective number.

    Variance of z: (1 + r_x r_y) / (1 - r_x r_y) / (n - 3) with the memories r_x, r_y (Bartlett 1935).
    """
    good = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(good, x, np.nan), np.where(good, y, np.nan)
    count = good.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx, dy = (np.where(good, v - (np.where(good, v, 0.0).sum(axis=1) / count)[:, None], 0.0) for v in (x, y))
        power = np.sqrt((dx * dx).sum(axis=1) * (dy * dy).sum(axis=1))
        r = (dx * dy).sum(axis=1) / power
        both = memory(x) * memory(y)
        free = np.maximum((count - 3) * (1 - both) / (1 + both), 1.0)
        z, half = np.arctanh(np.clip(r, -1, 1)), 1.96 / np.sqrt(free)
        low, high = np.tanh(z - half), np.tanh(z + half)
    kept = (count >= np.maximum(least * x.shape[1], 4)) & (power > 0)
    r, low, high = (np.where(kept, np.clip(v, -1, 1), np.nan) for v in (r, low, high))
    return Estimate(r, low, high, np.asarray(count, dtype=np.intp))


def lines(x: Rows, y: Rows, least: float = 0.5) -> tuple[Estimate, Estimate]:
    """Slope of y over x in each row, and the x at which the line meets y = 0, by least squares.

    The error of the slope is that of independent points times (1 + r_x r_e) / (1 - r_x r_e), with the memories of
    x and of the residuals. The meeting point has the interval of Fieller 1954 (J R Stat Soc B 16:175), NaN where it
    is unbounded because the slope may be zero.
    """
    from scipy.special import stdtrit

    good = np.isfinite(x) & np.isfinite(y)
    count = good.sum(axis=1)
    x, y = np.where(good, x, np.nan), np.where(good, y, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my = (np.where(good, v, 0.0).sum(axis=1) / count for v in (x, y))
        dx, dy = np.where(good, x - mx[:, None], 0.0), np.where(good, y - my[:, None], 0.0)
        sxx = (dx * dx).sum(axis=1)
        slope = (dx * dy).sum(axis=1) / sxx
        rest = np.where(good, dy - slope[:, None] * dx, np.nan)
        r_x, r_e = memory(x), memory(rest)
        both = r_x * r_e
        free = np.maximum(count * (1 - both) / (1 + both), 4.0)
        variance = (np.where(good, rest, 0.0) ** 2).sum(axis=1) / (count - 2) * (count - 2) / (free - 2) * free / count
        t = stdtrit(free - 2, _LEVEL)
        half = t * np.sqrt(variance * count / (free * sxx))
        zero = mx - my / slope
        # Fieller: where the band of the line meets zero; the level of the line has its own memory.
        level = np.maximum(count * (1 - r_e) / (1 + r_e), 2.0)
        a = slope**2 - half**2
        b = my * slope
        c = my**2 - t**2 * variance / level
        root = np.sqrt(b * b - a * c)
        far, near = mx - (b + root) / a, mx - (b - root) / a
        bounded = (a > 0) & np.isfinite(root)
        low, high = np.where(bounded, np.minimum(far, near), np.nan), np.where(bounded, np.maximum(far, near), np.nan)
    kept = (count >= np.maximum(least * x.shape[1], 5)) & (sxx > 0)
    zero, low, high = (np.where(kept, v, np.nan) for v in (zero, low, high))
    crossing = Estimate(zero, low, high, np.asarray(count, dtype=np.intp))
    return _kept(slope, half, count, kept), crossing


def effective_number(values: Column) -> float:
    """How many independent values a series is worth for its mean (Geyer's initial positive sequence).

    Examples
    --------
    >>> 800 < effective_number(np.random.default_rng(1).standard_normal(1000)) <= 1000
    True
    """
    good = np.isfinite(values)
    n = int(good.sum())
    if n < 4:
        return float(n)
    centred = np.where(good, values - values[good].mean(), 0.0)
    size = 1 << (2 * centred.size - 1).bit_length()
    power, there = (np.abs(np.fft.rfft(v, size)) ** 2 for v in (centred, good.astype(np.float64)))
    pairs = np.fft.irfft(there, size)[: centred.size]
    lags = np.fft.irfft(power, size)[: centred.size] / np.maximum(pairs, 1.0)
    if lags[0] <= 0:
        return float(n)
    rho = lags / lags[0]
    most = centred.size // 2
    sums = rho[0 : most - most % 2 : 2] + rho[1 : most - most % 2 : 2]
    if sums.size == 0:
        return float(n)
    stop = np.flatnonzero(sums <= 0)
    sums = np.minimum.accumulate(sums[: stop[0]] if stop.size else sums)
    # A short series hides its own memory: the mean is taken from it. One step of correction as for AR(1).
    time = max(2 * float(sums.sum()) - 1, 1.0)
    time *= 1 + min(2 * time / n, 1.0)
    return float(np.clip(n / time, 2.0, n))


def mean_of(values: Column) -> tuple[float, float, float, int]:
    """Mean of a series, its 95 % t interval on the effective number, and how many values it has."""
    from scipy.special import stdtrit

    good = values[np.isfinite(values)]
    if good.size == 0:
        return (np.nan, np.nan, np.nan, 0)
    value = float(good.mean())
    if good.size < 4:
        return value, np.nan, np.nan, int(good.size)
    free = effective_number(values)
    half = float(stdtrit(free - 1, _LEVEL) * good.std(ddof=1) / np.sqrt(free))
    return value, value - half, value + half, int(good.size)


def pooled(moving: Column, apart: Estimate) -> tuple[float, float, float, int]:
    """Mean of a moving index over a record, with an interval from its windows that do not overlap.

    The error of the mean is the larger of what the windows' own intervals say and what their scatter says; the
    first alone when there are fewer than three.
    """
    from scipy.special import stdtrit

    good = moving[np.isfinite(moving)]
    own = np.isfinite(apart.value)
    if good.size == 0:
        return np.nan, np.nan, np.nan, 0
    value, m = float(good.mean()), int(own.sum())
    if m == 0:
        return value, np.nan, np.nan, int(good.size)
    within = float(np.mean(((apart.high[own] - apart.low[own]) / (2 * 1.96)) ** 2))
    between = float(apart.value[own].var(ddof=1)) if m >= 3 else 0.0
    wide = between > within
    half = (stdtrit(m - 1, _LEVEL) if wide else 1.96) * np.sqrt(max(within, between) / m)
    if m == 1:  # one window: its own, lopsided interval
        return value, float(apart.low[own][0]), float(apart.high[own][0]), 1
    return value, max(value - half, -1.0), min(value + half, 1.0), m


def block_length(values: Column) -> float:
    """Mean length of blocks for the stationary bootstrap of a mean: Politis and White 2004 (Econom Rev 23:53).

    With the correction of Patton, Politis and White 2009 (Econom Rev 28:372).
    """
    x = values[np.isfinite(values)]
    n = x.size
    if n < 10 or x.std() == 0:
        return 1.0
    x = x - x.mean()
    most = int(min(np.ceil(np.sqrt(n)) + 5, n - 1))
    lags = np.array([np.dot(x[k:], x[: n - k]) / n for k in range(most + 1)])
    small = np.abs(lags / lags[0]) < 2 * np.sqrt(np.log10(n) / n)
    quiet = max(5, int(np.sqrt(np.log10(n))))
    first = next((k for k in range(1, most - quiet + 2) if small[k : k + quiet].all()), most)
    reach = min(2 * max(first - 1, 1), most)
    k = np.arange(-reach, reach + 1)
    taper = np.clip(2 * (1 - np.abs(k) / reach), 0, 1)
    spread = (taper * lags[np.abs(k)]).sum()
    slope = (taper * np.abs(k) * lags[np.abs(k)]).sum()
    if spread <= 0:
        return 1.0
    length = (slope**2 / spread**2) ** (1 / 3) * n ** (1 / 3)
    return float(np.clip(length, 1.0, np.ceil(min(3 * np.sqrt(n), n / 3))))


def redraw(n: int, length: float, times: int, seed: int) -> NDArray[np.intp]:
    """Numbers of the values of `times` resampled records (times, n): blocks of random length around the circle."""
    rng = np.random.default_rng(seed)
    fresh = rng.random((times, n)) < 1.0 / max(length, 1.0)
    fresh[:, 0] = True
    start = rng.integers(0, n, (times, n))
    at = np.arange(n)
    last = np.maximum.accumulate(np.where(fresh, at, 0), axis=1)
    return np.asarray((np.take_along_axis(start, last, axis=1) + at - last) % n, dtype=np.intp)


def _kept(value: Column, half: Column, count: NDArray[np.intp], kept: NDArray[np.bool_]) -> Estimate:
    value, half = np.where(kept, value, np.nan), np.where(kept, half, np.nan)
    return Estimate(value, value - half, value + half, np.asarray(count, dtype=np.intp))
