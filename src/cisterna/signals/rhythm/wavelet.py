"""Morlet wavelets: when in a record a rhythm is there (Torrence & Compo 1998, Bull Am Meteorol Soc 79:61)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples, as_samples


def morlet(values: ArrayLike, rate: float, frequencies: ArrayLike, cycles: float = 6.0) -> NDArray[np.complex128]:
    """Continuous wavelet transform; |result| is the amplitude of a sine of that frequency, its angle the phase.

    Parameters
    ----------
    values : array (time,)
        Finite samples.
    rate : float
        Samples a second.
    frequencies : array (frequency,)
        Hz.
    cycles : float
        omega_0: longer wavelets tell frequencies better and times worse.

    Returns
    -------
    array (frequency, time)
        NaN within sqrt(2) standard deviations of the wavelet from an end, where the record does not fill it.

    Examples
    --------
    >>> t = np.arange(0, 400.0)
    >>> w = morlet(3.0 * np.sin(2 * np.pi * 0.1 * t), 1.0, [0.05, 0.1])
    >>> [round(float(np.nanmedian(np.abs(row))), 2) for row in w]
    [0.0, 3.0]
    """
    from scipy import fft

    array = as_samples(values, rate)
    wanted = np.atleast_1d(np.asarray(frequencies, dtype=np.float64))
    if not np.isfinite(array).all():
        raise CisternaError("samples are missing", mend="give a part without gaps")
    if np.any(wanted <= 0) or np.any(wanted >= rate / 2):
        raise CisternaError("frequency outside what the rate can hold", found=f"{wanted.max():g} Hz at {rate:g} Hz")
    size = fft.next_fast_len(2 * array.size)
    spectrum = fft.fft(array - array.mean(), size)
    at = fft.fftfreq(size, 1.0 / rate)
    spread = cycles / (2.0 * np.pi * wanted)  # standard deviation in time, s
    bell = np.exp(-0.5 * (2.0 * np.pi * spread[:, None] * (at[None] - wanted[:, None])) ** 2)
    out = 2.0 * fft.ifft(spectrum[None] * bell * (at > 0.0), axis=1)[:, : array.size]
    for row, width in zip(out, spread, strict=True):
        edge = min(int(np.ceil(np.sqrt(2.0) * width * rate)), array.size)
        row[:edge] = np.nan
        row[array.size - edge :] = np.nan
    return np.asarray(out, dtype=np.complex128)


def wavelet_coherence(
    one: ArrayLike, two: ArrayLike, rate: float, frequencies: ArrayLike, periods: float = 8.0, cycles: float = 6.0
) -> Samples:
    """Squared coherence of two signals over time, averaged over so many periods.

    Returns
    -------
    array (frequency, time)
        0 to 1; NaN near the ends.

    Examples
    --------
    >>> t = np.arange(0, 600.0)
    >>> rng = np.random.default_rng(0)
    >>> a, b = (np.sin(2 * np.pi * 0.1 * t) + 0.1 * rng.normal(size=t.size) for _ in range(2))
    >>> bool(np.nanmedian(wavelet_coherence(a, b, 1.0, [0.1])) > 0.95)
    True
    """
    wanted = np.atleast_1d(np.asarray(frequencies, dtype=np.float64))
    first, second = morlet(one, rate, wanted, cycles), morlet(two, rate, wanted, cycles)
    out = np.full(first.shape, np.nan)
    for k, f in enumerate(wanted):
        window = np.ones(max(int(periods / f * rate), 1))
        good = np.isfinite(first[k])
        if good.sum() < window.size:
            continue
        a, b = first[k, good], second[k, good]
        # At the ends fewer samples are averaged, in all three sums alike.
        cross, aa, bb = (np.convolve(x, window, mode="same") for x in (a * np.conj(b), np.abs(a) ** 2, np.abs(b) ** 2))
        out[k, good] = np.abs(cross) ** 2 / np.maximum(aa * bb, 1e-300).real
    return out
