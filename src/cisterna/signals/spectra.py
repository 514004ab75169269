"""Sizes of rhythms: amplitude at a frequency, peak to peak of each pulse, power in a band."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import as_samples


def fundamental_amplitude(values: ArrayLike, rate: float, f: float) -> float:
    """Amplitude of the sine at one frequency (half its peak to peak), by least squares with a straight trend.

    Missing samples are left out, so that a gap does not count as zero. This is AMP of the pressure literature
    when `f` is the heart rate.

    Parameters
    ----------
    values : array (time,)
        Samples.
    rate, f : float
        Samples a second and frequency, Hz.

    Returns
    -------
    float
        Amplitude in the unit of the values.

    Raises
    ------
    CisternaError
        The frequency is not below half the rate, or less than one period was recorded.

    Examples
    --------
    >>> t = np.arange(0, 10, 0.01)
    >>> round(fundamental_amplitude(8 + 1.5 * np.sin(2 * np.pi * 1.2 * t), 100.0, 1.2), 6)
    1.5
    """
    array = as_samples(values, rate)
    good = np.isfinite(array)
    at = np.flatnonzero(good) / rate
    if not 0 < f < rate / 2:
        raise CisternaError("frequency outside what the rate can hold", found=f"{f:g} Hz at {rate:g} samples/s")
    if at[-1] - at[0] < 0.95 / f:
        raise CisternaError("less than one period was recorded", found=f"{at[-1] - at[0]:.3g} s of {1 / f:.3g} s")
    turn = 2 * np.pi * f * at
    columns = np.column_stack([np.cos(turn), np.sin(turn), np.ones_like(at), at - at.mean()])
    cosine, sine = np.linalg.lstsq(columns, array[good], rcond=None)[0][:2]
    return float(np.hypot(cosine, sine))


def pulse_amplitude(values: ArrayLike, rate: float, beats: ArrayLike) -> NDArray[np.float64]:
    """Peak to peak of each pulse.

    Parameters
    ----------
    values : array (time,)
        Samples, rate in Hz.
    beats : array (beat,)
        Times of the beats, s from the first sample; pulse k lies between beats k and k + 1.

    Returns
    -------
    array (beat - 1,)
        Highest minus lowest sample of each pulse; NaN where a sample of it is missing or it lies outside.

    Examples
    --------
    >>> t = np.arange(0, 4, 0.001)
    >>> pulse_amplitude(2 * np.sin(2 * np.pi * t), 1000.0, [0.0, 1.0, 2.0]).round(3).tolist()
    [4.0, 4.0]
    """
    array = as_samples(values, rate)
    edges = np.round(np.asarray(beats, dtype=np.float64) * rate).astype(int)
    spans = zip(edges[:-1], edges[1:], strict=True)
    inside = [array[a:b] if 0 <= a < b <= array.size else array[:0] for a, b in spans]
    return np.array([np.ptp(part) if part.size and np.isfinite(part).all() else np.nan for part in inside])


def band_power(values: ArrayLike, rate: float, low: float, high: float) -> float:
    """Power between two frequencies, in the square of the unit; a sine of amplitude a has a^2 / 2.

    From a Welch periodogram whose windows hold eight periods of the lowest frequency and split the band in twenty
    where the record is long enough; the mean and a straight trend are taken out first.

    Raises
    ------
    CisternaError
        Samples are missing (bridge or slice first), or the band is empty or beyond the rate.

    Examples
    --------
    >>> t = np.arange(0, 200, 0.1)
    >>> round(band_power(3 * np.sin(2 * np.pi * 0.1 * t), 10.0, 0.05, 0.15), 1)
    4.5
    """
    from scipy import signal

    array = as_samples(values, rate)
    if not np.isfinite(array).all():
        mend = "bridge the gaps or slice a part without"
        raise CisternaError("samples are missing", found=f"{np.sum(~np.isfinite(array))}", mend=mend)
    if not 0 <= low < high <= rate / 2:
        raise CisternaError("the band does not fit the rate", found=f"{low:g} to {high:g} Hz at {rate:g} samples/s")
    seconds = max(8.0 / low if low > 0 else np.inf, 20.0 / (high - low))
    size = min(array.size, int(np.ceil(min(seconds * rate, array.size))))
    if size / rate < 2.0 / (high - low):
        found = f"{array.size / rate:.3g} s"
        mend = f"give {2.0 / (high - low):.3g} s or more"
        raise CisternaError("the record is too short to see this band", found=found, mend=mend)
    frequency, density = signal.welch(signal.detrend(array), rate, nperseg=size)
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(frequency))])
    return float(np.diff(np.interp([low, high], frequency, below))[0])
