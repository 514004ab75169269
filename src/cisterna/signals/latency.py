"""Delay between the pulses of two signals, by two means that do not share an error.

Foot to foot takes the beginnings of the pulses; cross-correlation of the band-passed pulses takes their whole
shape, to a fraction of a sample by a cubic through the correlations. Where the shapes differ the two differ, and
then the recording does not decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples, as_samples, band_pass, fill, resample
from cisterna.signals.result import Result

#: Band of the pulse with its first harmonics (Hz).
BAND = (0.5, 10.0)
#: Length of the pieces whose delays give the interval (s): several breaths' worth of beats in a minute of record.
_PIECE = 8.0
#: Fewest pairs of feet or pieces, and replicates of the resampling.
_FEWEST, _REPLICATES = 4, 400
#: Steps of the search on the cubic (s).
_STEP = 5e-4


@dataclass(frozen=True)
class Latency:
    """How much later the second signal's pulse comes; negative where it leads.

    Attributes
    ----------
    correlation : Result
        ``latency_xcorr``, s: lag of the highest cross-correlation, 95 % t-interval over pieces of 8 s.
    feet : Result or None
        ``latency_foot``, s: median of foot to foot, 95 % interval by resampling pairs; None without feet.
    r : Result
        ``latency_r``: correlation at the best whole lag of the coarser signal's samples; its `extra` has ``r_sub``,
        the highest value of the cubic.
    verdict : str
        ``leads``, ``follows``, ``together`` (the interval holds zero), or ``undetermined`` with the reason.
    """

    correlation: Result
    feet: Result | None
    r: Result
    verdict: str

    @property
    def results(self) -> tuple[Result, ...]:
        """All results."""
        return (self.correlation, self.r) if self.feet is None else (self.correlation, self.feet, self.r)


def pulse_latency(
    first: ArrayLike,
    second: ArrayLike,
    rate: float,
    feet: tuple[ArrayLike, ArrayLike] | None = None,
    channels: tuple[str, str] = ("abp", "icp"),
    rate_second: float | None = None,
) -> Latency:
    """Delay of the second signal's pulse behind the first one's.

    Parameters
    ----------
    first, second : array (time,)
        Two signals that begin at the same moment; NaN where missing.
    rate, rate_second : float
        Samples a second, Hz; the second only where it differs.
    feet : pair of arrays, optional
        Feet of the pulses of both, s from the first sample.
    channels : pair of str
        Names; the results are of ``first:second``.

    Raises
    ------
    CisternaError
        Less than four pieces of 8 s in which both signals were recorded.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.04)
    >>> abp, icp = (np.exp(-(((t - d) % 0.9 - 0.3) / 0.08) ** 2) for d in (0.0, -0.03))
    >>> found = pulse_latency(abp, icp, 25.0)
    >>> round(found.correlation.value, 3), found.verdict
    (-0.03, 'leads')
    """
    a, b = as_samples(first, rate), as_samples(second, rate_second or rate)
    name = ":".join(channels)
    fs = min(rate, rate_second or rate)
    a, b = _at(a, rate, fs), _at(b, rate_second or rate, fs)
    size = min(a.size, b.size)
    known = np.isfinite(a[:size]) & np.isfinite(b[:size])
    most = default_parameters()["latency_longest"].value
    x, y = (band_pass(fill(s[:size]), fs, *BAND) for s in (a, b))
    lags = np.arange(-int(np.ceil(most * fs)) - 1, int(np.ceil(most * fs)) + 2)
    pieces = _pieces(known, int(_PIECE * fs), lags[-1])
    if len(pieces) < _FEWEST:
        found = f"{len(pieces)} pieces of {_PIECE:g} s"
        raise CisternaError("too little of both signals for a delay", name, found, "give half a minute or more")
    alike = np.array([_correlation(x, y, p, int(_PIECE * fs), lags) for p in pieces])
    each = np.array([_best(row, lags, fs, most) for row in alike])
    whole = alike.mean(axis=0)
    value, top = _best(whole, lags, fs, most)
    low, high = _interval(each[:, 0], value)
    note = f"lag of the highest cross-correlation, {BAND[0]:g}-{BAND[1]:g} Hz, cubic between samples of {1 / fs:g} s; "
    note += f"95 % t-interval over pieces of {_PIECE:g} s"
    correlation = Result("latency_xcorr", name, value, "s", low, high, len(pieces), note)
    r_low, r_high = _interval(alike.max(axis=1), float(whole.max()))
    note = f"correlation at the best whole lag, {BAND[0]:g}-{BAND[1]:g} Hz; 95 % t-interval over pieces of {_PIECE:g} s"
    r = Result("latency_r", name, float(whole.max()), "1", r_low, min(r_high, 1.0), len(pieces), note, {"r_sub": top})
    pair = _foot_to_foot(feet, most, name) if feet is not None else None
    return Latency(correlation, pair, r, _verdict(correlation, pair, most))


def _at(array: Samples, rate: float, fs: float) -> Samples:
    """The signal at the coarser of two rates; missing where a sample beside it is."""
    if abs(rate / fs - 1) < 1e-12:
        return array
    values = resample(fill(array), rate, fs)
    at = np.arange(values.size) / fs * rate
    missing = ~np.isfinite(array)
    near = missing[np.floor(at).astype(int)] | missing[np.minimum(np.ceil(at).astype(int), array.size - 1)]
    return np.where(near, np.nan, values)


def _pieces(known: np.ndarray, size: int, side: int) -> list[int]:
    """First samples of pieces with margins in which both signals were recorded."""
    first = np.arange(side, known.size - size - side + 1, size)
    lost = np.concatenate([[0], np.cumsum(~known)])
    return [int(p) for p in first if lost[p + size + side] == lost[p - side]]


def _correlation(x: Samples, y: Samples, start: int, size: int, lags: np.ndarray) -> Samples:
    """Pearson correlation of a piece of x with y moved by each lag."""
    part = x[start : start + size]
    moved = sliding_window_view(y[start + lags[0] : start + size + lags[-1]], size)
    part = part - part.mean()
    moved = moved - moved.mean(axis=1, keepdims=True)
    norm = np.sqrt((part @ part) * np.sum(moved**2, axis=1))
    return np.asarray(moved @ part / np.where(norm > 0, norm, np.inf))


def _best(r: Samples, lags: np.ndarray, fs: float, most: float) -> tuple[float, float]:
    """Lag (s) and value of the highest point of a cubic through correlations."""
    from scipy.interpolate import CubicSpline

    fine = np.arange(-most, most + _STEP / 2, _STEP)
    curve = CubicSpline(lags / fs, r)(fine)
    k = int(np.argmax(curve))
    return float(fine[k]), float(curve[k])


def _interval(values: Samples, about: float) -> tuple[float, float]:
    """95 % t-interval of the mean of pieces, around the value found from all."""
    from scipy.special import stdtrit

    half = float(stdtrit(values.size - 1, 0.975)) * float(values.std(ddof=1)) / np.sqrt(values.size)
    shift = float(values.mean()) - about
    return about - half + min(shift, 0.0), about + half + max(shift, 0.0)


def _foot_to_foot(feet: tuple[ArrayLike, ArrayLike], most: float, name: str) -> Result | None:
    """Median delay of each foot of the second signal behind the nearest foot of the first."""
    first, second = (np.asarray(f, dtype=np.float64) for f in feet)
    if first.size == 0 or second.size == 0:
        return None
    at = np.clip(np.searchsorted(first, second), 1, max(first.size - 1, 1))
    at = np.where(np.abs(second - first[at - 1]) <= np.abs(second - first[np.minimum(at, first.size - 1)]), at - 1, at)
    delay = second - first[np.minimum(at, first.size - 1)]
    delay = delay[np.abs(delay) <= most]
    if delay.size < _FEWEST:
        return None
    rng = np.random.default_rng(0)
    draws = np.median(delay[rng.integers(0, delay.size, (_REPLICATES, min(delay.size, 2000)))], axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    note = f"median of foot to nearest foot within {most:g} s; 95 % interval by resampling pairs {_REPLICATES} times"
    return Result("latency_foot", name, float(np.median(delay)), "s", float(low), float(high), delay.size, note)


def _verdict(correlation: Result, feet: Result | None, most: float) -> str:
    agree = default_parameters()["latency_agree"].value
    if abs(correlation.value) > 0.95 * most:
        return "undetermined: the highest correlation lies at the edge of what is searched"
    if feet is not None and abs(feet.value - correlation.value) > agree:
        text = f"feet {1000 * feet.value:+.0f} ms, whole pulses {1000 * correlation.value:+.0f} ms"
        return f"undetermined: the two ways differ ({text})"
    if feet is not None and (feet.low > 0 > correlation.high or feet.high < 0 < correlation.low):
        text = f"feet {1000 * feet.value:+.0f} ms, whole pulses {1000 * correlation.value:+.0f} ms"
        return f"undetermined: the two ways differ in sign ({text})"
    if correlation.low <= 0 <= correlation.high:
        return "together"
    return "leads" if correlation.value < 0 else "follows"
