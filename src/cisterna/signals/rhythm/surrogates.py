"""Surrogate series: what a record would look like if only chance joined it to another.

Phase-randomised (Theiler et al. 1992, Physica D 58:77 doi:10.1016/0167-2789(92)90102-S) keep the spectrum; IAAFT
(Schreiber & Schmitz 1996, Phys Rev Lett 77:635 doi:10.1103/PhysRevLett.77.635) keep spectrum and distribution;
cyclic shifts keep everything but the alignment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples

KINDS = ("phase", "iaaft", "shift")
#: Rounds of the IAAFT; it settles long before on slow signals.
_ROUNDS = 100


def surrogate(values: ArrayLike, rng: np.random.Generator, kind: str = "phase") -> Samples:
    """One surrogate of each row.

    Parameters
    ----------
    values : array (..., time)
        Finite samples; each row gets its own surrogate.
    rng : numpy.random.Generator
    kind : {"phase", "iaaft", "shift"}

    Returns
    -------
    array
        Of the same shape.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> x = np.cumsum(rng.normal(size=256))
    >>> y = surrogate(x, rng)
    >>> bool(np.allclose(np.abs(np.fft.rfft(x)), np.abs(np.fft.rfft(y)))), bool(np.allclose(x, y))
    (True, False)
    """
    array = np.asarray(values, dtype=np.float64)
    if kind not in KINDS:
        raise CisternaError(f"unknown kind of surrogate '{kind}'", mend=f"one of {', '.join(KINDS)}")
    if not np.isfinite(array).all():
        raise CisternaError("samples are missing", mend="give segments between the gaps")
    if kind == "phase":
        return _phases(array, rng)
    rows = array.reshape(-1, array.shape[-1])
    make = _iaaft if kind == "iaaft" else _shift
    return np.stack([make(row, rng) for row in rows]).reshape(array.shape)


def level_ends(values: ArrayLike) -> Samples:
    """Each row without the straight line from its first to its last sample, so that its ends join up.

    A transform takes a record for one turn of something periodic. A step where the ends meet has power at every
    frequency and fills what a moving average has emptied; surrogates of it would be rid of the hole.

    Examples
    --------
    >>> level_ends([1.0, 5.0, 2.0]).tolist()
    [0.0, 3.5, 0.0]
    """
    array = np.asarray(values, dtype=np.float64)
    first, last = array[..., :1], array[..., -1:]
    return np.asarray(array - first - (last - first) * np.linspace(0.0, 1.0, array.shape[-1]))


def coloured(
    frequency: Samples, density: Samples, shape: tuple[int, int], rate: float, rng: np.random.Generator
) -> Samples:
    """Gaussian noise of a given one-sided power density (unit^2/Hz), rows of one length.

    Between the frequencies given the density runs straight in its logarithm; outside it stays at the ends.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = coloured(np.array([0.01, 0.5]), np.array([2.0, 2.0]), (200, 512), 1.0, rng)
    >>> round(float(x.var()), 1)
    1.0
    """
    from scipy import fft

    count, size = shape
    # Twice the length is drawn, so that the ends of a row do not join up.
    at = fft.rfftfreq(2 * size, 1.0 / rate)
    wanted = np.exp(np.interp(at, frequency, np.log(density)))
    noise = rng.normal(size=(2, count, at.size))
    spectrum = (noise[0] + 1j * noise[1]) * np.sqrt(wanted * rate * size / 2.0)
    spectrum[:, 0] = 0.0
    return np.asarray(fft.irfft(spectrum, 2 * size, axis=1)[:, :size])


def _phases(array: Samples, rng: np.random.Generator) -> Samples:
    from scipy import fft

    size = array.shape[-1]
    spectrum = fft.rfft(array, axis=-1)
    turn = np.exp(2j * np.pi * rng.random(spectrum.shape))
    turn[..., 0] = 1.0
    if size % 2 == 0:
        turn[..., -1] = 1.0  # the bin at half the rate is real
    return np.asarray(fft.irfft(spectrum * turn, size, axis=-1))


def _iaaft(row: Samples, rng: np.random.Generator) -> Samples:
    from scipy import fft

    ordered = np.sort(row)
    size = np.abs(fft.rfft(row))
    now = rng.permutation(row)
    before = None
    for _ in range(_ROUNDS):
        spectrum = fft.rfft(now)
        shaped = fft.irfft(size * np.exp(1j * np.angle(spectrum)), row.size)
        rank = np.argsort(np.argsort(shaped))
        if before is not None and np.array_equal(rank, before):
            break
        now, before = ordered[rank], rank
    return np.asarray(now)


def _shift(row: Samples, rng: np.random.Generator) -> Samples:
    # At least a tenth of the record away from where it was.
    least = max(row.size // 10, 1)
    return np.roll(row, int(rng.integers(least, max(row.size - least, least + 1))))
