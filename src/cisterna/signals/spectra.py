"""Sizes of rhythms: amplitude at a frequency, peak to peak of each pulse, spectra and the power in a band."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Spectrum:
    """A power spectrum by averaged periodograms, and how sure it is.

    Attributes
    ----------
    frequency : array (frequency,)
        Hz.
    density : array (frequency,)
        Square of the unit a Hz; one-sided, so that its area is the variance.
    segments : int
        Segments averaged; 0 when none is whole.
    segment : float
        Length of a segment, s.
    """

    frequency: NDArray[np.float64]
    density: NDArray[np.float64]
    segments: int
    segment: float

    def band(self, low: float, high: float) -> tuple[float, float, float]:
        """Power between two frequencies and its 95 % interval, in the square of the unit.

        The estimate is taken as a multiple of chi-squared with the degrees of freedom of Welch 1967
        (doi:10.1109/TAU.1967.1161901): overlap and the width of the Hann window count.
        """
        from scipy.special import chdtri

        step = self.frequency[1] - self.frequency[0] if self.frequency.size > 1 else 0.0
        # Each frequency stands for the strip around it; strips at the edges of the band count by their part.
        share = np.clip(
            np.minimum(self.frequency + step / 2, high) - np.maximum(self.frequency - step / 2, low), 0, None
        )
        power = float((self.density * share).sum()) if self.segments else float("nan")
        if not power > 0:
            return power, float("nan"), float("nan")
        # Neighbouring frequencies of a Hann window share 4/9 and 1/36 of their scatter.
        part = self.density * share
        scatter = (part**2).sum() + 2 * 4 / 9 * (part[1:] * part[:-1]).sum() + 2 / 36 * (part[2:] * part[:-2]).sum()
        # Hann windows that overlap by half share 1/36 of theirs.
        free = 2 * self.segments / (1 + 2 / 36 * (1 - 1 / self.segments)) * power**2 / scatter
        return power, power * free / float(chdtri(free, 0.025)), power * free / float(chdtri(free, 0.975))


def spectrum(values: ArrayLike, rate: float, segment: float, *, block: float = 0.0) -> Spectrum:
    """Power spectrum of a signal by Welch's method: Hann windows, half overlapped, mean and trend of each taken off.

    A segment that misses a sample is left out; nothing is filled.

    Parameters
    ----------
    values : array (time,)
        Samples, missing ones NaN.
    rate : float
        Samples a second, Hz.
    segment : float
        Length of a segment, s: the resolution is about 2 / segment.
    block : float
        Length of the block (s) of which each sample is the mean; its known loss of high frequencies is made good.

    Raises
    ------
    CisternaError
        The signal is shorter than a segment, or the segment is shorter than eight samples.

    Examples
    --------
    >>> t = np.arange(0, 600, 0.1)
    >>> [round(v, 2) for v in spectrum(3 * np.sin(2 * np.pi * 0.1 * t), 10.0, 100.0).band(0.05, 0.15)[:1]]
    [4.5]
    """
    array = as_samples(values, rate)
    size = int(round(segment * rate))
    if size < 8 or array.size < size:
        found = f"{array.size / rate:.3g} s of {segment:.3g} s at {rate:g} Hz"
        mend = "give a longer record or a shorter segment"
        raise CisternaError("no whole segment for a spectrum", found=found, mend=mend)
    starts = np.arange(0, array.size - size + 1, size // 2)
    rows = np.lib.stride_tricks.sliding_window_view(array, size)[starts]
    rows = rows[np.isfinite(rows).all(axis=1)]
    frequency = np.asarray(np.arange(size // 2 + 1) * (rate / size), dtype=np.float64)
    if rows.shape[0] == 0:
        return Spectrum(frequency, np.full(frequency.size, np.nan), 0, size / rate)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    at = np.arange(size) - (size - 1) / 2
    flat = rows - rows.mean(axis=1, keepdims=True)
    flat = flat - (flat @ at)[:, None] / (at @ at) * at
    power = (np.abs(np.fft.rfft(flat * window)) ** 2).mean(axis=0) / (rate * (window**2).sum())
    power[1 : (size + 1) // 2] *= 2
    return Spectrum(frequency, power / np.sinc(frequency * block) ** 2, int(rows.shape[0]), size / rate)
