"""Multitaper spectra (Thomson 1982, Proc IEEE 70:1055 doi:10.1109/PROC.1982.12433): power, coherence, partial
coherence, and the F test for a line.

A record is cut into equal segments; each is multiplied by K orthogonal tapers (Slepian sequences) and transformed.
Every number here rests on the L = segments x K coefficients at a frequency, which are close to independent complex
Gaussians in noise; neighbours nearer than the half width W share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Spectral:
    """Tapered Fourier coefficients of one or several series.

    Attributes
    ----------
    frequency : array (frequency,)
        Hz.
    value : array (frequency, row)
        Complex; mean of |value|^2 over the rows is the one-sided power density, unit^2/Hz. A row is one taper of
        one segment.
    half_width : float
        W, Hz.
    tapers : int
        K; rows of one segment stand together.
    """

    frequency: Samples
    value: Complex
    half_width: float
    tapers: int

    @property
    def power(self) -> Samples:
        """Power density, unit^2/Hz."""
        return np.asarray(np.mean(np.abs(self.value) ** 2, axis=1))


@lru_cache(maxsize=16)
def _slepian(size: int, bandwidth: float, count: int) -> Samples:
    from scipy.signal import windows

    return np.asarray(windows.dpss(size, bandwidth, Kmax=count, sym=False), dtype=np.float64)


def taper_count(seconds: float, half_width: float) -> int:
    """Tapers that keep their energy inside the band: 2 T W - 1.

    Examples
    --------
    >>> taper_count(600.0, 0.01)
    11
    """
    return int(2.0 * seconds * half_width + 1e-9) - 1


def transform(
    segments: ArrayLike, rate: float, half_width: float, low: float = 0.0, high: float | None = None
) -> Spectral:
    """Tapered Fourier coefficients of equal segments.

    Parameters
    ----------
    segments : array (segment, time) or (time,)
        Finite samples. A straight trend is taken out of each segment.
    rate : float
        Samples a second.
    half_width : float
        W, Hz; the spectrum is averaged over +- W.
    low, high : float
        Frequencies kept, Hz; they lie about W / 2 apart.

    Raises
    ------
    CisternaError
        Samples are missing, or the segments are too short for one taper.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(20, 600))
    >>> round(float(transform(noise, 1.0, 0.01, 0.03, 0.3).power.mean()), 1)
    2.0
    """
    from scipy import fft

    array = np.atleast_2d(np.asarray(segments, dtype=np.float64))
    if not np.isfinite(array).all():
        raise CisternaError("samples are missing", mend="give segments between the gaps")
    size = array.shape[1]
    count = taper_count(size / rate, half_width)
    if count < 1:
        found = f"{size / rate:.3g} s at +- {half_width:g} Hz"
        raise CisternaError("the segments are too short for this resolution", found=found, mend="ask for wider bands")
    tapers = _slepian(size, size / rate * half_width, count)
    flat = detrended(array)
    every = fft.rfft(flat[:, None, :] * tapers[None], axis=2)
    bins = kept_bins(size, rate, half_width, low, high)
    value = every[:, :, bins].reshape(-1, bins.size).T * np.sqrt(2.0 / rate)
    return Spectral(bins * rate / size, np.ascontiguousarray(value), half_width, count)


def kept_bins(size: int, rate: float, half_width: float, low: float, high: float | None) -> NDArray[np.intp]:
    """Bins of the transform that are kept: about two a half width, from `low` to `high` (Hz)."""
    top = rate / 2 if high is None else min(high, rate / 2)
    if not 0.0 <= low < top:
        raise CisternaError("the band does not fit the rate", found=f"{low:g} to {high or top:g} Hz at {rate:g} Hz")
    every = max(int(0.5 * half_width * size / rate), 1)
    first, last = int(np.ceil(low * size / rate - 1e-9)), int(np.floor(top * size / rate + 1e-9))
    return np.arange(max(first, 1), last + 1, every)


def detrended(array: Samples) -> Samples:
    """Each row without its mean and straight trend."""
    size = array.shape[-1]
    t = np.arange(size) - 0.5 * (size - 1)
    slope = array @ t / (t @ t)
    return np.asarray(array - array.mean(axis=-1, keepdims=True) - slope[..., None] * t)


def coherence(one: Complex, two: Complex) -> Samples:
    """Squared coherence of two series, one value a frequency; coefficients as (frequency, row).

    In unrelated noise it exceeds c with probability (1 - c)^(L - 1).
    """
    cross = np.abs(np.sum(np.conj(one) * two, axis=1)) ** 2
    return np.asarray(cross / (np.sum(np.abs(one) ** 2, axis=1) * np.sum(np.abs(two) ** 2, axis=1)))


@dataclass(frozen=True)
class Removal:
    """What other series explain, per frequency: an orthonormal basis of their coefficients."""

    basis: Complex
    factor: Complex

    @property
    def count(self) -> int:
        """Series removed, q."""
        return int(self.basis.shape[2])

    def gain(self, value: Complex) -> Complex:
        """Transfer function (frequency, series) from each removed series to this one."""
        from scipy.linalg import solve_triangular

        inner = np.einsum("flq,fl->fq", np.conj(self.basis), value)
        found = [solve_triangular(r, y) for r, y in zip(self.factor, inner, strict=True)]
        return np.asarray(found)

    def residual(self, value: Complex) -> Complex:
        """Coefficients (frequency, row) or (frequency, row, record) without what the removed series explain."""
        if self.count == 0:
            return value
        each = value if value.ndim == 3 else value[:, :, None]
        left = each - np.matmul(self.basis, np.matmul(np.conj(np.swapaxes(self.basis, 1, 2)), each))
        return np.asarray(left if value.ndim == 3 else left[:, :, 0])


def removal(others: list[Complex]) -> Removal:
    """Prepare to remove series (each (frequency, row)) from others; they must not be copies of one another."""
    if not others:
        return Removal(np.zeros((0, 0, 0), dtype=np.complex128), np.zeros((0, 0, 0), dtype=np.complex128))
    basis, factor = np.linalg.qr(np.stack(others, axis=2))
    size = np.abs(np.diagonal(factor, axis1=1, axis2=2))
    if np.any(size.min(axis=1) <= 1e-9 * size.max(axis=1)):
        raise CisternaError("two of the signals to be removed are the same", mend="leave one of them out")
    return Removal(basis, factor)


def partial_coherence(one: Complex, two: Complex, others: list[Complex]) -> Samples:
    """Squared coherence of two series after others are removed from both.

    With q series removed it exceeds c by chance with probability (1 - c)^(L - q - 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> driver, a, b = (rng.normal(size=(1, 4000)) + 1j * rng.normal(size=(1, 4000)) for _ in range(3))
    >>> one, two = driver + a, driver + b
    >>> [round(float(c[0]), 1) for c in (coherence(one, two), partial_coherence(one, two, [driver]))]
    [0.3, 0.0]
    """
    without = removal(others)
    return coherence(without.residual(one), without.residual(two))


def line_test(segment: ArrayLike, rate: float, half_width: float, low: float, high: float) -> tuple[Samples, Samples]:
    """Thomson's F test for a line of constant frequency and phase in one segment.

    Returns
    -------
    array (frequency,), array (frequency,)
        Hz, four points a resolvable step 1 / T, and the p value at each for a sine there against smooth noise
        (F with 2 and 2 K - 2 degrees of freedom).

    Examples
    --------
    >>> t = np.arange(0, 600.0)
    >>> rng = np.random.default_rng(1)
    >>> f, p = line_test(np.sin(2 * np.pi * 0.12 * t) + rng.normal(size=t.size), 1.0, 0.01, 0.03, 0.3)
    >>> round(float(f[np.argmin(p)]), 3), bool(p.min() < 1e-6)
    (0.12, True)
    """
    from scipy import fft, stats

    array = np.asarray(segment, dtype=np.float64)
    count = taper_count(array.size / rate, half_width)
    if count < 2:
        raise CisternaError("a line test needs two tapers", found=f"{array.size / rate:.3g} s at +- {half_width:g} Hz")
    tapers = _slepian(array.size, array.size / rate * half_width, count)
    padded = 4 * array.size
    spectra = fft.rfft(detrended(array[None])[0] * tapers, padded, axis=1)
    frequency = np.arange(spectra.shape[1]) * rate / padded
    keep = (frequency >= low) & (frequency <= high)
    spectra, frequency = spectra[:, keep], frequency[keep]
    at_zero = tapers.sum(axis=1)
    strength = float(at_zero @ at_zero)
    mean = at_zero @ spectra / strength
    rest = np.sum(np.abs(spectra - at_zero[:, None] * mean) ** 2, axis=0)
    ratio = (count - 1) * np.abs(mean) ** 2 * strength / np.maximum(rest, 1e-300)
    return frequency, np.asarray(stats.f.sf(ratio, 2, 2 * count - 2))
